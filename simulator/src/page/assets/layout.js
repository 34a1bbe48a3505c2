// Light or dark, and which of the columns is seen: three beside each other, or one at a time on a phone.

import { el } from "./dom.js";
import { emit, key, on, open, places, save, saved, store } from "./store.js";

const app = document.getElementById("app");
const dark = matchMedia("(prefers-color-scheme: dark)");
/** There is room for the drawer beside the chat. */
const wide = matchMedia("(min-width: 1120px)");
/** There is room for one column. */
const narrow = matchMedia("(max-width: 767px)");

export const isNarrow = () => narrow.matches;

export const isDark = () => (saved("theme") ?? (dark.matches ? "dark" : "light")) === "dark";

function drawTheme() {
  document.documentElement.dataset.theme = isDark() ? "dark" : "light";
  emit("theme");
}

export function switchTheme() {
  save("theme", isDark() ? "light" : "dark");
  drawTheme();
}

let drawerOpen = wide.matches && saved("drawer") !== "closed";
let focusedBefore = null;

export const isDrawerOpen = () => drawerOpen;

export function showDrawer(shown) {
  if (shown && !drawerOpen) focusedBefore = document.activeElement;
  const changes = shown !== drawerOpen;
  drawerOpen = shown;
  if (wide.matches) save("drawer", shown ? "open" : "closed");
  draw();
  emit("drawer");
  // The keyboard goes to a sheet with it, and comes back.
  if (wide.matches || !changes) return;
  if (shown) app.querySelector(".drawer [role=tab][aria-selected=true]").focus();
  else (focusedBefore?.isConnected ? focusedBefore : app.querySelector(".drawer-toggle"))?.focus();
}

/** Shows an exchange in the drawer. */
export function showExchange(id) {
  showDrawer(true);
  emit("show-exchange", id);
}

function draw() {
  app.dataset.drawer = drawerOpen ? "open" : "closed";
  app.dataset.view = store.place ? "chat" : "list";
  const sheet = drawerOpen && !wide.matches;
  for (const column of app.querySelectorAll(".sidebar, .chat")) column.inert = sheet;
  app.querySelector(".drawer").inert = !drawerOpen;
}

/** The address says what is open: the browser's own way back leads from a chat to the list on a phone. */
const addressOf = (place) => (place ? `#${place.kind === "private" ? "private" : key(place)}` : "#");

function fromAddress() {
  const wanted = decodeURIComponent(location.hash || "#");
  open(places().find((place) => addressOf(place) === wanted) ?? (narrow.matches ? null : places()[0]));
}

let shownBefore = null;

function toAddress() {
  const address = addressOf(store.place);
  const isNew = narrow.matches && !shownBefore && store.place;
  if (decodeURIComponent(location.hash || "#") !== address) history[isNew ? "pushState" : "replaceState"](null, "", address);
  shownBefore = store.place;
}

/** Puts the columns side by side, and keeps them so. */
export function start(...columns) {
  app.replaceChildren(...columns, el("div", { class: "shade", on: { click: () => showDrawer(false) } }));
  drawTheme();
  draw();
  on("view", () => {
    draw();
    toAddress();
  });
  let loaded = false;
  on("loaded", () => {
    if (!loaded) {
      fromAddress();
      if (store.place && !narrow.matches) document.getElementById("text").focus();
    }
    loaded = true;
  });
  addEventListener("popstate", fromAddress);
  dark.addEventListener("change", drawTheme);
  wide.addEventListener("change", () => {
    drawerOpen = wide.matches && saved("drawer") !== "closed";
    draw();
    emit("drawer");
  });
  narrow.addEventListener("change", () => !narrow.matches && !store.place && fromAddress());
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drawerOpen && !wide.matches) showDrawer(false);
  });
}
