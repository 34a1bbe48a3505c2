// What goes wrong on demand, what nobody knows, and the month's quotas.

import { el, toast } from "./dom.js";
import { t } from "./i18n.js";
import { metered, on, post, store, switched } from "./store.js";

export const faultName = (of, name) => t(`fault.${of}.${name}`);

const failed = (error) => toast(error.message, "bad");

/** Values that somebody typed, by fault: kept while the list is drawn again. */
const typed = new Map();

/** The fields of a fault's value, and how to read them. */
function fields(of, { fault, value }, change) {
  const at = `${of} ${fault}`;
  const values = typed.get(at) ?? [value].flat();
  const name = faultName(of, fault);
  const names = Array.isArray(value) ? [t("faults.status"), t("faults.body")] : [t("faults.value", { name })];
  const field = (each, index) => {
    const isNumber = typeof [value].flat()[index] === "number";
    const input = el("input", { class: "value", type: isNumber ? "number" : "text", value: each, "aria-label": names[index] ?? name, spellcheck: "false" });
    input.addEventListener("change", () => {
      const now = [...(typed.get(at) ?? values)];
      now[index] = isNumber ? Math.trunc(input.valueAsNumber || 0) : input.value;
      typed.set(at, now);
      change();
    });
    return input;
  };
  const read = () => {
    const now = typed.get(at) ?? values;
    return Array.isArray(value) ? now : now[0];
  };
  return { inputs: value === undefined ? [] : values.map(field), read };
}

function row(of, kind) {
  const { every, next } = store[of];
  const isOn = every?.fault === kind.fault;
  const name = faultName(of, kind.fault);
  const text = `fault.${of}.${kind.fault}.text`;
  const set = (body) => post("faults", { of, ...body }).then(switched, failed);
  const fault = () => (kind.value === undefined ? { fault: kind.fault } : { fault: kind.fault, value: read() });
  // A value that is changed while its fault is on takes effect at once.
  const { inputs, read } = fields(of, kind, () => isOn && set({ fault: fault() }));
  const waiting = next.filter((each) => each.fault === kind.fault).length;
  const toggle = () => set({ fault: isOn ? null : fault() });
  return el(
    "li",
    { class: `fault ${isOn ? "on" : ""}` },
    el("div", { class: "fault-name" }, el("b", { text: name }), el("small", { text: t(text) }), inputs.length > 0 && el("div", { class: "values" }, ...inputs)),
    el("button", { type: "button", class: "once", "aria-label": t("faults.once.label", { name }), on: { click: () => set({ fault: fault(), once: true }) }, data: { once: kind.fault } }, waiting ? t("faults.waiting", { count: waiting }) : t("faults.once")),
    el("button", { type: "button", class: "switch", role: "switch", "aria-checked": isOn, "aria-label": t("faults.every.label", { name }), on: { click: toggle }, data: { every: `${of} ${kind.fault}` } }),
  );
}

const section = (name, ...children) => el("section", { class: "faults-section" }, el("h3", { text: t(`${name}.title`) }), el("p", { class: "faint", text: t(`${name}.text`) }), ...children);

function unknown(name) {
  const toggle = () => post("unknowns", { ...store.unknowns, [name]: !store.unknowns[name] }).then(switched, failed);
  return el(
    "li",
    { class: "fault" },
    el("div", { class: "fault-name" }, el("b", { text: t(`unknowns.${name}`) })),
    el("button", { type: "button", class: "switch", role: "switch", "aria-checked": store.unknowns[name], "aria-label": t(`unknowns.${name}`), on: { click: toggle }, data: { every: name } }),
  );
}

function quota(name, { used, limit }) {
  const words = t(`quotas.${name}`);
  const set = (to) => post("quotas", { quota: name, used: to }).then(metered, failed);
  const button = (what, to) =>
    el("button", { type: "button", class: "once", "aria-label": t(`quotas.${what}.label`, { name: words }), text: t(`quotas.${what}`), on: { click: () => set(to) }, data: { every: `${name} ${to}` } });
  const meter = el("meter", { min: 0, max: limit, high: limit * 0.8, optimum: 0, value: used, "aria-label": words });
  return el(
    "li",
    { class: "quota" },
    el("div", { class: "quota-name" }, el("b", { text: words }), el("span", { text: t("quotas.used", { used: used.toLocaleString(), limit: limit.toLocaleString() }) })),
    meter,
    el("div", { class: "quota-buttons" }, button("exhaust", "all"), button("reset", "nothing")),
  );
}

/** Draws into a node again, and leaves the keyboard where it was. */
function redraw(node, ...children) {
  const { every, once } = node.contains(document.activeElement) ? document.activeElement.dataset : {};
  node.replaceChildren(...children);
  const same = every ? `[data-every="${CSS.escape(every)}"]` : once && `[data-once="${CSS.escape(once)}"]`;
  if (same) node.querySelector(same)?.focus();
}

/** All of it. */
export function faultsPanel() {
  const [switches, quotas] = [el("div"), el("div")];
  const rows = (of) => el("ul", {}, ...store.faults[of].map((kind) => row(of, kind)));
  const drawSwitches = () =>
    redraw(
      switches,
      section("answer", rows("answer")),
      section("callback", rows("callback")),
      section("unknowns", el("ul", {}, ...Object.keys(store.unknowns).map(unknown))),
    );
  const drawQuotas = () => redraw(quotas, section("quotas", el("ul", {}, ...Object.entries(store.quotas).map(([name, each]) => quota(name, each)))));
  for (const event of ["loaded", "switches", "language"]) on(event, drawSwitches);
  for (const event of ["loaded", "quotas", "language"]) on(event, drawQuotas);
  return el("div", { class: "faults" }, switches, quotas);
}
