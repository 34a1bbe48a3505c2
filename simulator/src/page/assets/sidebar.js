// The conversations, and who one is.

import { arrowKeys, avatar, el, icon, iconButton } from "./dom.js";
import { locale, switchLanguage, t } from "./i18n.js";
import { isExternal, preview } from "./message.js";
import { author, become, isGroup, key, messagesIn, on, open, person, places, store, titleOf, unreadByRobot, unreadOf } from "./store.js";
import { isDark, isNarrow, switchTheme } from "./layout.js";

const dot = (count) => count > 0 && el("span", { class: "dot", "aria-label": t("list.unread", { count }), text: count > 99 ? "99+" : count });

function role(someone) {
  const kind = isExternal(someone.name) ? "external" : someone.admin ? "admin" : someone.staffId ? "member" : "nobody";
  const words = t(`me.${kind}`);
  return someone.staffId ? t("me.id", { role: words, id: someone.staffId }) : words;
}

/** Who one is, and a menu of who one could be. */
function me() {
  const someone = person(store.me) ?? { name: "", nick: "…" };
  const others = store.people.reduce((sum, { name }) => sum + (name === store.me ? 0 : unreadByRobot(name)), 0);
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
    dot(others),
    icon("down"),
  );
  for (const other of store.people) {
    const click = () => {
      become(other.name);
      document.querySelector(".me")?.focus();
    };
    menu.append(
      el(
        "li",
        { class: "person", role: "menuitemradio", tabindex: -1, "aria-checked": other.name === store.me, data: { name: other.name }, on: { click, keydown: (event) => ["Enter", " "].includes(event.key) && (event.preventDefault(), click()) } },
        avatar("person", other.nick),
        el("span", { class: "who" }, el("b", { text: other.nick }), el("small", { text: role(other) })),
        other.name !== store.me && dot(unreadByRobot(other.name)),
        other.name === store.me && icon("check"),
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
  return box;
}

function lastLine(place) {
  const last = messagesIn(place).at(-1);
  if (!last) return { text: t("list.empty") };
  const { nick, mine, robot } = author(last);
  const text = preview(last);
  const named = isGroup(place) || mine ? t("list.preview", { nick: mine ? t("list.me") : nick, text }) : text;
  const mentioned = robot && (last.mentions.all || last.mentions.people.includes(store.me)) && unreadOf(store.me, place) > 0;
  const time = new Date(last.at).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });
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
  const draw = () => {
    const focused = document.activeElement?.dataset?.place;
    const list = el("ul", { class: "conversations" }, ...places().map(conversation));
    arrowKeys(list, ".conversation");
    column.replaceChildren(
      el("header", { class: "brand" }, el("img", { src: "/page/robot.svg", alt: "" }), el("h1", { text: t("title") })),
      me(),
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
  for (const event of ["loaded", "message", "switches", "view", "language", "theme"]) on(event, draw);
  draw();
  return column;
}
