// The conversation that is open.

import { arrowKeys, avatar, el, icon, iconButton, toast } from "./dom.js";
import { composer } from "./composer.js";
import { faultName } from "./faults.js";
import { clock, locale, t } from "./i18n.js";
import { delivery, messageNode } from "./message.js";
import { arrive, isGroup, key, messagesIn, on, open, person, post, store, switched, titleOf } from "./store.js";
import { isDrawerOpen, showDrawer, showExchange } from "./layout.js";

/** A pause after which a conversation shows the time again. */
const PAUSE = 5 * 60 * 1000;
const EXAMPLES = ["help", "ping", "whoami"];

/** Says something where one is, as the person one is. */
async function say(body) {
  try {
    const { message } = await post("say", { person: store.me, place: store.place, ...body });
    if (body.pressed) store.pressed.add(message.id);
    arrive(message);
    if (body.pressed) refresh(message.id);
    return true;
  } catch (error) {
    toast(t("composer.failed", { error: error.message }), "bad");
    return false;
  }
}

const press = (text) => say({ text, pressed: true });

/** Shows again what became of a message. */
function refresh(id) {
  const message = store.messages.get(id);
  const foot = message && document.getElementById(id)?.querySelector(".foot");
  foot?.replaceChildren(delivery(message, showExchange) ?? "");
}

function when(at) {
  const day = (time) => new Date(time).toDateString();
  const time = clock(at);
  if (day(at) === day(Date.now())) return time;
  if (day(at) === day(Date.now() - 24 * 3600 * 1000)) return t("chat.yesterday", { time });
  return `${new Date(at).toLocaleDateString(locale(), { month: "long", day: "numeric" })} ${time}`;
}

/** What is wrong on purpose, for all of the chat to see. */
function banner() {
  const box = el("div", { class: "banner-box", role: "status" });
  const draw = () => {
    const named = (of) => {
      const { every, next } = store[of];
      const first = next[0] && t("faults.next", { name: faultName(of, next[0].fault) });
      return [every && t("faults.on", { name: faultName(of, every.fault) }), first].filter(Boolean);
    };
    const all = ["answer", "callback"].flatMap(named);
    const off = async () => {
      for (const of of ["answer", "callback"]) for (const once of [true, false]) switched(await post("faults", { of, fault: null, once }));
    };
    const shown = el("p", { class: "banner" }, icon("alert"), el("span", { text: all.join(" · ") }), el("button", { type: "button", text: t("faults.off"), on: { click: off } }));
    box.replaceChildren(...(all.length ? [shown] : []));
  };
  for (const event of ["loaded", "switches", "language"]) on(event, draw);
  return box;
}

function welcome() {
  const example = (name) => {
    const text = t(`welcome.${name}.say`);
    return el("button", { type: "button", class: "example", on: { click: () => say({ text }) } }, el("b", { text }), el("small", { text: t(`welcome.${name}`) }));
  };
  return el(
    "section",
    { class: "welcome" },
    avatar("robot", "", "huge"),
    el("h2", { text: t("welcome.title", { nick: store.robot.nick }) }),
    el("p", { text: t("welcome.text") }),
    el("div", { class: "examples" }, ...EXAMPLES.map(example)),
  );
}

function heading() {
  const group = isGroup(store.place);
  const subtitle = group ? t("chat.members", { count: store.people.length, nick: store.robot.nick }) : t("chat.private");
  const wire = el(
    "button",
    { type: "button", class: "drawer-toggle", "aria-expanded": isDrawerOpen(), "aria-controls": "drawer", on: { click: () => showDrawer(!isDrawerOpen()) } },
    icon("wire"),
    el("span", { text: t("drawer.open") }),
  );
  return [
    iconButton("back", t("back"), () => open(null), { class: "back" }),
    avatar(group ? "group" : "robot", titleOf(store.place)),
    el("div", { class: "title" }, el("h2", {}, titleOf(store.place), !group && el("span", { class: "tag", text: t("chat.robot") })), el("small", { text: subtitle })),
    wire,
  ];
}

/** What one does with a message is out of the Tab key's way, except while the message has the focus. */
function quiet(message, isQuiet) {
  for (const button of message?.querySelectorAll(".tools button, .delivery, .badge, .quoted") ?? []) button.tabIndex = isQuiet ? -1 : 0;
}

/** The messages: the arrow keys go from one to the next. */
function newLog() {
  const log = el("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": t("chat.label"), tabindex: 0 });
  log.addEventListener("keydown", (event) => {
    if (event.target !== log || !["ArrowUp", "ArrowDown"].includes(event.key) || !log.querySelector(".message")) return;
    event.preventDefault();
    [...log.querySelectorAll(".message")].at(event.key === "ArrowUp" ? -1 : 0).focus();
    event.stopImmediatePropagation();
  });
  arrowKeys(log, ".message");
  log.addEventListener("focusin", ({ target }) => quiet(target.closest(".message"), false));
  log.addEventListener("focusout", ({ target }) => quiet(target.closest(".message"), true));
  return log;
}

/** The whole column. */
export function chat() {
  const head = el("header", { class: "chat-head" });
  const offline = el("p", { class: "offline", role: "status", hidden: true });
  const scroller = el("div", { class: "scroller" });
  const column = el("main", { class: "chat" }, head, banner(), offline, scroller);
  const write = composer(say);
  column.append(write.node);

  let log;
  let last = null;
  let shownPlace = null;
  // Somebody who reads further up stays there; everybody else sees the end, however the chat grows or shrinks.
  let following = true;
  const toEnd = () => (scroller.scrollTop = scroller.scrollHeight);
  const follow = new ResizeObserver(() => following && toEnd());
  follow.observe(scroller);
  scroller.addEventListener("scroll", () => (following = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80));
  const append = (message) => {
    const between = !last || message.at - last.at > PAUSE ? [el("p", { class: "when" }, el("time", { text: when(message.at) }))] : [];
    const node = messageNode(message, { say: press, quote: write.quote, showExchange });
    quiet(node, true);
    log.append(...between, node);
    last = message;
    return node;
  };
  const draw = () => {
    column.hidden = !store.place;
    if (!store.place) return;
    head.replaceChildren(...heading());
    const messages = messagesIn(store.place);
    // A new element: what is already there is not read out as if it just came.
    log = newLog();
    last = null;
    messages.forEach(append);
    scroller.replaceChildren(...(messages.length ? [log] : [welcome(), log]));
    follow.observe(log);
    const here = `${store.me} ${key(store.place)}`;
    if (here !== shownPlace) following = true;
    if (following) toEnd();
    shownPlace = here;
    write.draw();
  };
  on("forgotten", (ids) => {
    for (const id of ids) document.getElementById(id)?.remove();
    // A time goes with what was said then.
    while (log?.querySelector(":scope > .when:first-child + .when")) log.firstChild.remove();
  });
  on("messages", (messages) => {
    const here = messages.filter((message) => store.place && key(message.place) === key(store.place));
    if (!here.length) return;
    following ||= here.some(({ author: { kind, name } }) => kind === "person" && name === store.me);
    scroller.querySelector(".welcome")?.remove();
    const node = here.map(append).at(-1);
    if (!following) return;
    // What is longer than the chat is read from its beginning.
    if (node.offsetHeight > scroller.clientHeight) node.scrollIntoView({ block: "start" });
    else toEnd();
  });
  on("exchanges", (exchanges) => {
    const ids = new Set(exchanges.map(({ id }) => store.pushed.get(id)));
    for (const id of ids) if (id) refresh(id);
  });
  on("drawer", () => store.place && head.replaceChildren(...heading()));
  on("connection", () => {
    offline.hidden = store.connected;
    offline.textContent = t(person(store.me) ? "disconnected" : "loading");
  });
  for (const event of ["loaded", "view", "language"]) on(event, draw);
  let people = "";
  on("switches", () => {
    // People or groups are others now: the names in the chat are as well.
    const now = JSON.stringify([store.people, store.groups, store.robot]);
    if (people && now !== people) draw();
    people = now;
  });
  return column;
}
