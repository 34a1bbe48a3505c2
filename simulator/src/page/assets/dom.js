// Elements, made one by one: what a robot sends never becomes markup here.

const SVG = "http://www.w3.org/2000/svg";

/** An element. `properties` are attributes; `text`, `class`, `data` and `on` are what they say. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    // What is false for a reader is said; what is false elsewhere is left out.
    if (value === undefined || value === null || (value === false && !name.startsWith("aria-"))) continue;
    if (name === "text") node.textContent = value;
    else if (name === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

/** Outlines on 24 by 24. */
const ICONS = {
  alert: ["M12 9v4.500", "M12 17.200v.1", "M10.300 4 2.400 17.800A2 2 0 0 0 4.100 20.800h15.800a2 2 0 0 0 1.700-3L13.700 4a2 2 0 0 0-3.400 0Z"],
  audio: ["M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3Z", "M5 11a7 7 0 0 0 14 0", "M12 18v3"],
  back: ["m15 18-6-6 6-6"],
  chatRecord: ["M4 5h11a1.500 1.500 0 0 1 1.500 1.500v6A1.500 1.500 0 0 1 15 14H8l-4 3.500V5Z", "M20 9.500V20l-3.500-2.500H11", "M7.500 8.500h5.500", "M7.500 11h3.500"],
  check: ["m5 12.500 4.500 4.500L19 7.500"],
  close: ["M6 6l12 12", "M18 6 6 18"],
  copy: ["M9 9h10a1.500 1.500 0 0 1 1.500 1.500v9A1.500 1.500 0 0 1 19 21h-9a1.500 1.500 0 0 1-1.500-1.500V9Z", "M15.500 9V4.500A1.500 1.500 0 0 0 14 3H5a1.500 1.500 0 0 0-1.500 1.500v9A1.500 1.500 0 0 0 5 15h3.500"],
  dark: ["M20.500 14.200A8.500 8.500 0 0 1 9.800 3.500a8.500 8.500 0 1 0 10.700 10.700Z"],
  down: ["m6 9 6 6 6-6"],
  fault: ["M13 2.500 4.500 13.500H11l-1 8 8.500-11H12l1-8Z"],
  file: ["M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8l-5-5Z", "M14 3v5h5"],
  group: ["M15.500 20v-1.500a4 4 0 0 0-4-4h-4a4 4 0 0 0-4 4V20", "M9.500 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Z", "M20.500 20v-1.500a4 4 0 0 0-3-3.850", "M15.500 4.200a3.500 3.500 0 0 1 0 6.700"],
  light: ["M12 16.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9Z", "M12 2v2.500", "M12 19.500V22", "m4.900 4.900 1.800 1.800", "m17.300 17.300 1.800 1.800", "M2 12h2.500", "M19.500 12H22", "m4.900 19.100 1.800-1.800", "m17.300 6.700 1.800-1.800"],
  picture: ["M5 4h14a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Z", "m21 15-4.500-4.500L6 20", "M8.500 10a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3Z"],
  plus: ["M12 5v14", "M5 12h14"],
  quote: ["M9.500 14.500 4 9l5.500-5.500", "M4 9h9.500a6.500 6.500 0 0 1 6.500 6.500V20"],
  richText: ["M4 6h16", "M4 11h8", "M4 16h6", "M14 13h6v6h-6v-6Z"],
  send: ["M21 3 10.500 13.500", "M21 3l-6.500 18-4-7.500L3 9.500 21 3Z"],
  toDingTalk: ["M20 12H5", "m11 18-6-6 6-6"],
  toRobot: ["M4 12h15", "m13 6 6 6-6 6"],
  unknown: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z", "M9.500 9.500a2.500 2.500 0 1 1 3.600 2.200c-.7.350-1.100.9-1.100 1.800", "M12 16.800v.1"],
  video: ["M4.500 6h9A1.500 1.500 0 0 1 15 7.500v9a1.500 1.500 0 0 1-1.500 1.500h-9A1.500 1.500 0 0 1 3 16.500v-9A1.500 1.500 0 0 1 4.500 6Z", "m15 10.500 6-3.500v10l-6-3.500"],
  wire: ["M3 12h4l3-8 4 16 3-8h4"],
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  for (const outline of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", outline);
    svg.append(path);
  }
  return svg;
}

/** A button that is only an icon: its label is read and shown on hovering. */
export function iconButton(name, label, click, properties = {}) {
  return el("button", { type: "button", "aria-label": label, title: label, on: { click }, ...properties, class: `icon-button ${properties.class ?? ""}` }, icon(name));
}

/** The robot's face, a group, or the first character of a nick on a colour made from it. */
export function avatar(kind, nick, size = "") {
  if (kind === "robot") return el("img", { class: `avatar ${size}`, src: "/page/robot.svg", alt: "" });
  if (kind === "group") return el("span", { class: `avatar group ${size}`, "aria-hidden": "true" }, icon("group"));
  if (kind === "customRobot") return el("span", { class: `avatar custom ${size}`, "aria-hidden": "true" }, icon("fault"));
  const sum = [...nick].reduce((total, c) => (total * 31 + c.codePointAt(0)) % 65521, 7);
  return el("span", { class: `avatar hue-${sum % 8} ${size}`, "aria-hidden": "true", text: [...nick][0] ?? "?" });
}

/** Says something for a moment, also to whoever only hears the page. */
export function toast(text, kind = "") {
  let shelf = document.querySelector(".toasts");
  if (!shelf) {
    shelf = el("div", { class: "toasts", role: "status", "aria-live": "polite" });
    document.body.append(shelf);
  }
  const note = el("p", { class: `toast ${kind}`, text });
  shelf.replaceChildren(note);
  setTimeout(() => note.remove(), 6000);
}

export async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    // No permission: somebody can still select it.
  }
}

/** The arrow keys move among the elements that the selector finds. */
export function arrowKeys(container, selector, { vertical = true } = {}) {
  const [next, previous] = vertical ? ["ArrowDown", "ArrowUp"] : ["ArrowRight", "ArrowLeft"];
  container.addEventListener("keydown", (event) => {
    const all = [...container.querySelectorAll(selector)];
    const at = all.indexOf(document.activeElement);
    const to = { [next]: at + 1, [previous]: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    all[(to + all.length) % all.length].focus();
  });
}
