// The conversations, and who one is.

import { arrowKeys, avatar, el, icon, iconButton } from "./dom.js";
import { clock, switchLanguage, t } from "./i18n.js";
import { isExternal, preview } from "./message.js";
import { author, become, isGroup, key, messagesIn, on, open, person, places, store, titleOf, unreadByRobot, unreadOf } from "./store.js";
import { isDark, isNarrow, switchTheme } from "./layout.js";

/** Of a preview, more than any list is wide. */
const WIDE = 120;

const dot = (count) => count > 0 && el("span", { class: "dot", "aria-label": t("list.unread", { count }), text: count > 99 ? "99+" : count });

function role(someone) {
  const kind = isExternal(someone.name) ? "external" : someone.admin ? "admin" : someone.staffId ? "member" : "nobody";
  const words = t(`me.${kind}`);
  return someone.staffId ? t("me.id", { role: words, id: someone.staffId }) : words;
}

/** A place for a count that changes while the rest stays: `draw` looks again. */
function counter(count) {
  const node = el("span", { class: "counter" });
  const draw = () => node.replaceChildren(dot(count()) || "");
  draw();
  return { node, draw };
}

/** Who one is, and a menu of who one could be; `count` draws again what waits for the others. */
function me() {
  const someone = person(store.me) ?? { name: "", nick: "…" };
  const others = counter(() => store.people.reduce((sum, { name }) => sum + (name === store.me ? 0 : unreadByRobot(name)), 0));
  const counters = [others];
  const menu = el("ul", { class: "menu", id: "people", role: "menu", "aria-label": t("me.who"), hidden: true });
  const toggle = (shown) => {
    menu.hidden = !shown;
    button.setAttribute("aria-expanded", shown);
    if (shown) (menu.querySelector("[aria-checked=true]") ?? menu.firstChild).focus();
  };
  const button = el(
    "button",
    { type: "button", class: "me", "aria-haspopup": "menu", "aria-expanded": false, "aria-controls": "people", title: t("me.choose"), on: { click: () => toggle(menu.hidden) } },
    avatar("person", someone.nick),
    el("span", { class: "who" }, el("small", { text: t("me.who") }), el("b", { text: someone.nick })),
    others.node,
    icon("down"),
  );
  for (const other of store.people) {
    const isMe = other.name === store.me;
    const unread = counter(() => (isMe ? 0 : unreadByRobot(other.name)));
    counters.push(unread);
    const click = () => {
      become(other.name);
      document.querySelector(".me")?.focus();
    };
    menu.append(
      el(
        "li",
        { class: "person", role: "menuitemradio", tabindex: -1, "aria-checked": isMe, data: { name: other.name }, on: { click, keydown: (event) => ["Enter", " "].includes(event.key) && (event.preventDefault(), click()) } },
        avatar("person", other.nick),
        el("span", { class: "who" }, el("b", { text: other.nick }), el("small", { text: role(other) })),
        unread.node,
        isMe && icon("check"),
      ),
    );
  }
  arrowKeys(menu, "[role=menuitemradio]");
  const box = el("div", { class: "me-box" }, button, menu);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || menu.hidden) return;
    event.stopPropagation();
    toggle(false);
    button.focus();
  });
  box.addEventListener("focusout", ({ relatedTarget }) => {
    if (!menu.hidden && !box.contains(relatedTarget)) toggle(false);
  });
  return { node: box, count: () => counters.forEach((each) => each.draw()) };
}

function lastLine(place) {
  const last = messagesIn(place).at(-1);
  if (!last) return { text: t("list.empty") };
  const { nick, mine, robot } = author(last);
  const text = preview(last).slice(0, WIDE);
  const named = isGroup(place) || mine ? t("list.preview", { nick: mine ? t("list.me") : nick, text }) : text;
  const mentioned = robot && (last.mentions.all || last.mentions.people.includes(store.me)) && unreadOf(store.me, place) > 0;
  const time = clock(last.at);
  return { text: named, mentioned, time };
}

/** Opens a conversation to write in; a phone's keyboard waits until it is asked for. */
function show(place) {
  open(place);
  if (!isNarrow()) document.getElementById("text").focus();
}

function conversation(place) {
  const { text, mentioned, time } = lastLine(place);
  const isOpen = key(place) === key(store.place);
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", class: "conversation", data: { place: key(place) }, "aria-current": isOpen ? "page" : null, on: { click: () => show(place) } },
      avatar(isGroup(place) ? "group" : "robot", titleOf(place)),
      el(
        "span",
        { class: "summary" },
        el("span", { class: "first" }, el("b", { text: titleOf(place) }), !isGroup(place) && el("span", { class: "tag", text: t("chat.robot") }), time && el("time", { text: time })),
        el("span", { class: "second" }, el("span", { class: "preview" }, mentioned && el("em", { text: t("list.mentioned") }), text), dot(unreadOf(store.me, place))),
      ),
    ),
  );
}

/** The whole column. */
export function sidebar() {
  const column = el("aside", { class: "sidebar" });
  const rows = new Map();
  let who = null;
  const draw = () => {
    const focused = document.activeElement?.dataset?.place;
    rows.clear();
    for (const place of places()) rows.set(key(place), conversation(place));
    const list = el("ul", { class: "conversations" }, ...rows.values());
    arrowKeys(list, ".conversation");
    who = me();
    column.replaceChildren(
      el("header", { class: "brand" }, el("img", { src: "/page/robot.svg", alt: "" }), el("h1", { text: t("title") })),
      who.node,
      el("nav", { "aria-label": t("list.label") }, list),
      el(
        "footer",
        { class: "settings" },
        iconButton(isDark() ? "light" : "dark", t(isDark() ? "theme.light" : "theme.dark"), switchTheme, { class: "theme" }),
        el("button", { type: "button", class: "icon-button language", "aria-label": t("language.switch"), title: t("language.switch"), text: t("language.other"), on: { click: switchLanguage } }),
      ),
    );
    if (focused) column.querySelector(`[data-place="${CSS.escape(focused)}"]`)?.focus();
  };
  for (const event of ["loaded", "view", "language", "theme"]) on(event, draw);
  // Only the conversations that something was said in.
  on("messages", (messages) => {
    for (const [at, { place }] of new Map(messages.map((message) => [key(message.place), message]))) {
      const old = rows.get(at);
      if (!old) continue;
      const hadFocus = old.contains(document.activeElement);
      const made = conversation(place);
      old.replaceWith(made);
      rows.set(at, made);
      if (hadFocus) made.firstChild.focus();
    }
    who.count();
  });
  let known = "";
  on("switches", () => {
    const now = JSON.stringify([store.people, store.groups, store.robot]);
    if (now !== known) draw();
    known = now;
  });
  draw();
  return column;
}
