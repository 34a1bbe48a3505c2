// The drawer: what went over the wire, and what shall go wrong.

import { arrowKeys, copy, el, icon, iconButton } from "./dom.js";
import { faultName, faultsPanel } from "./faults.js";
import { clock, has, milliseconds, t } from "./i18n.js";
import { showDrawer } from "./layout.js";
import { on, store } from "./store.js";

const TOKENS = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** A body: JSON with its parts coloured, anything else as it is. */
function body(text) {
  let shown = text;
  let isJson = false;
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2);
    isJson = true;
  } catch {
    // No JSON.
  }
  const pre = el("pre", { tabindex: 0 });
  if (!isJson) {
    pre.textContent = shown || t("wire.empty.body");
    return pre;
  }
  let at = 0;
  for (const match of shown.matchAll(TOKENS)) {
    const [whole, string, colon] = match;
    const kind = string ? (colon ? "json-key" : "json-text") : "json-value";
    pre.append(shown.slice(at, match.index), el("span", { class: kind, text: string ?? whole }), colon ?? "");
    at = match.index + whole.length;
  }
  pre.append(shown.slice(at));
  return pre;
}

function block(title, text) {
  return el("section", { class: "wire-block" }, el("header", {}, el("h4", { text: title }), iconButton("copy", t("copy"), () => copy(text, t("copied")))), body(text));
}

/** How it ended: its words and its colour. */
function result({ direction, answer }) {
  if (!answer) return { text: t("wire.waiting"), state: "waiting" };
  if (!answer.status) return { text: t("wire.none"), state: "bad" };
  const is2xx = answer.status >= 200 && answer.status < 300;
  const isTaken = is2xx && (direction === "toRobot" || answer.code === "0");
  const code = answer.code && answer.code !== "0" ? `${answer.status} · ${shorten(answer.code)}` : `${answer.status}`;
  return { text: code, state: isTaken ? "good" : "bad" };
}

/** `Forbidden.AccessDenied.ApiCountLimitForOrg` is too long for a row. */
const shorten = (code) => code.split(".").at(-1);

function notes({ direction, notes: all, answer }) {
  const of = direction === "toRobot" ? "callback" : "answer";
  const words = all.map(({ note, value }) => t(`note.${note}`, { value: note === "fault" ? faultName(of, value) : value }));
  if (answer?.code && has(`code.${answer.code}`)) words.push(`${answer.code}: ${t(`code.${answer.code}`)}`);
  return words.length > 0 && el("ul", { class: "wire-notes", "aria-label": t("wire.notes") }, ...words.map((text) => el("li", { text })));
}

function details(exchange) {
  const { method, target, headers, answer } = exchange;
  const list = el("dl", {}, ...headers.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]));
  return el(
    "div",
    { class: "wire-details" },
    notes(exchange),
    el("p", { class: "wire-target" }, el("b", { text: method }), ` ${target}`),
    el("details", {}, el("summary", { text: t("wire.headers") }), list),
    block(t("wire.body"), exchange.body),
    answer && block(t("wire.answer"), answer.body),
  );
}

function row(exchange, isOpen, toggle) {
  const { id, direction, target, bytes, answer, at } = exchange;
  const { text, state } = result(exchange);
  const time = clock(at, "2-digit");
  const ms = answer && milliseconds(answer.took);
  const facts = [time, t("wire.bytes", { count: bytes.toLocaleString() }), ms].filter(Boolean).join(" · ");
  const path = el("b", { text: target.split("?")[0] });
  // The robot's path says little: it is what its owner chose.
  const what = el("span", { class: "wire-path" }, direction === "toRobot" && el("span", { text: t("wire.toRobot") }), path);
  const button = el(
    "button",
    { type: "button", class: "wire-row", "aria-expanded": isOpen, on: { click: () => toggle(id) } },
    el("span", { class: `arrow ${direction}`, role: "img", "aria-label": t(`wire.${direction}`), title: t(`wire.${direction}`) }, icon(direction)),
    el("span", { class: "wire-what" }, what, el("small", { text: facts })),
    exchange.notes.length > 0 && el("span", { class: "noted", "aria-label": t("wire.notes"), role: "img" }),
    el("span", { class: `pill ${state}`, text }),
  );
  return el("li", { class: `exchange ${isOpen ? "open" : ""}`, data: { exchange: id } }, button, isOpen && details(exchange));
}

/** The list of exchanges, and a way to open one of them. */
function wirePanel() {
  const list = el("ol", { class: "wire-list" });
  const empty = el("p", { class: "wire-empty" });
  const opened = new Set();
  const rows = new Map();
  const rowOf = (id) => rows.get(id);
  const toggle = (id) => {
    if (!opened.delete(id)) opened.add(id);
    put(store.traffic.get(id));
    rowOf(id)?.querySelector(".wire-row").focus();
  };
  const put = (exchange) => {
    const made = row(exchange, opened.has(exchange.id), toggle);
    const old = rowOf(exchange.id);
    const hadFocus = old?.querySelector(".wire-row") === document.activeElement;
    if (old) old.replaceWith(made);
    else list.prepend(made);
    rows.set(exchange.id, made);
    if (hadFocus) made.querySelector(".wire-row").focus();
  };
  const putAll = (exchanges) => {
    exchanges.forEach(put);
    for (const [id, old] of rows) {
      if (store.traffic.has(id)) continue;
      old.remove();
      rows.delete(id);
      opened.delete(id);
    }
    empty.hidden = true;
  };
  const draw = () => {
    list.setAttribute("aria-label", t("wire.list"));
    rows.clear();
    list.replaceChildren();
    [...store.traffic.values()].forEach(put);
    empty.replaceChildren(icon("wire"), t("wire.empty"));
    empty.hidden = rows.size > 0;
  };
  on("exchanges", putAll);
  for (const event of ["loaded", "language"]) on(event, draw);
  arrowKeys(list, ".wire-row");
  const show = (id) => {
    opened.add(id);
    if (store.traffic.has(id)) put(store.traffic.get(id));
    rowOf(id)?.scrollIntoView({ block: "start" });
    rowOf(id)?.querySelector(".wire-row").focus();
  };
  return { node: el("div", {}, empty, list), show };
}

/** The whole column: two tabs. */
export function drawer() {
  const wire = wirePanel();
  const panels = { wire: wire.node, faults: faultsPanel() };
  const names = Object.keys(panels);
  const tabs = names.map((name) => el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, on: { click: () => select(name), focus: () => select(name) } }, icon(name === "wire" ? "wire" : "fault"), el("span")));
  const bar = el("div", { class: "tabs", role: "tablist" }, ...tabs);
  arrowKeys(bar, "[role=tab]", { vertical: false });
  const close = iconButton("close", "", () => showDrawer(false), { class: "drawer-close" });
  const boxes = names.map((name) => el("div", { class: "panel", role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}` }, panels[name]));
  const node = el("aside", { class: "drawer", id: "drawer" }, el("header", {}, bar, close), ...boxes);

  function select(name) {
    tabs.forEach((tab, index) => {
      const isIt = names[index] === name;
      tab.setAttribute("aria-selected", isIt);
      tab.tabIndex = isIt ? 0 : -1;
      boxes[index].hidden = !isIt;
    });
  }
  const draw = () => {
    tabs.forEach((tab, index) => (tab.lastChild.textContent = t(`${names[index]}.tab`)));
    node.setAttribute("aria-label", t("drawer.label"));
    close.setAttribute("aria-label", t("close"));
    close.title = t("close");
  };
  on("language", draw);
  on("show-exchange", (id) => {
    select("wire");
    wire.show(id);
  });
  draw();
  select("wire");
  return node;
}
