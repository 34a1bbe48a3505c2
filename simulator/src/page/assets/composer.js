// Where one writes: Enter sends, `@` offers people, and a chip says whether the robot is mentioned.

import { arrowKeys, avatar, el, icon, iconButton } from "./dom.js";
import { t } from "./i18n.js";
import { preview } from "./message.js";
import { author, isGroup, key, messagesIn, store, titleOf } from "./store.js";

/** Other kinds than text; the last three only in private chats. */
const KINDS = ["picture", "richText", "chatRecord", "unknown", "audio", "file", "video"];
const IN_GROUPS = 4;
/** Those that hold no words. */
const WORDLESS = ["picture", "video"];

/** Whether a text mentions this name, by the rule that the callback goes by: `@dingops2` and `a@dingops` do not. */
function mentions(text, name) {
  const written = name.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  const another = /[\x00-\x7f]$/.test(name) ? "[A-Za-z0-9_]" : "(?:_|(?![A-Za-z0-9])[\\p{L}\\p{N}])";
  return new RegExp(`(?<![A-Za-z0-9])@${written}(?![.-]*${another})`, "u").test(text);
}

export function composer(say) {
  let mention = true;
  let quoting = null;
  let place = null;
  const drafts = new Map();

  const text = el("textarea", { rows: 1, id: "text", autocomplete: "off", "aria-autocomplete": "list", "aria-controls": "picker", enterkeyhint: "send" });
  const send = el("button", { type: "submit", class: "send" }, icon("send"));
  const chip = el("button", { type: "button", class: "chip", on: { click: () => ((mention = !mention), draw(), text.focus()) } });
  const hint = el("p", { class: "composer-hint", "aria-live": "polite" });
  const quoted = el("div", { class: "quoting", hidden: true });
  const picker = el("ul", { class: "menu picker", id: "picker", role: "listbox", hidden: true });
  const menu = el("ul", { class: "menu kinds", id: "kinds", role: "menu", hidden: true });
  const more = iconButton("plus", "", () => showMenu(menu.hidden), { class: "more", "aria-haspopup": "menu", "aria-controls": "kinds", "aria-expanded": "false" });
  const moreBox = el("div", { class: "more-box" }, more, menu);
  const node = el(
    "form",
    { class: "composer", on: { submit: (event) => (event.preventDefault(), submit()) } },
    quoted,
    el("div", { class: "field" }, moreBox, el("div", { class: "words" }, chip, text), send, picker),
    hint,
  );

  async function submit(kind = "text", words = text.value) {
    if (kind === "text" && !words.trim()) return;
    const quote = quoting?.id;
    const draft = text.value;
    text.value = "";
    quoting = null;
    offer([]);
    draw();
    if (await say({ text: words, kind, quote, mention })) return;
    text.value ||= draft;
    quoting ??= store.messages.get(quote) ?? null;
    draw();
  }

  function showMenu(shown) {
    menu.hidden = !shown;
    more.setAttribute("aria-expanded", shown);
    if (shown) menu.firstChild.focus();
  }

  function kinds() {
    const offered = isGroup(store.place) ? KINDS.slice(0, IN_GROUPS) : KINDS;
    const entry = (kind) => {
      const click = () => {
        showMenu(false);
        const words = text.value.trim() || (WORDLESS.includes(kind) ? "" : t(`kind.${kind}Sample`));
        submit(kind, kind === "chatRecord" ? `${t("kind.chatRecordTitle", { nick: titleOf(store.place) })}\n${words}` : words);
        text.focus();
      };
      return el("li", { role: "menuitem", tabindex: -1, data: { kind }, on: { click, keydown: (event) => event.key === "Enter" && (event.preventDefault(), click()) } }, icon(kind), t(kind === "unknown" ? "kind.unknownKind" : `kind.${kind}`));
    };
    menu.replaceChildren(...offered.map(entry));
  }
  arrowKeys(menu, "[role=menuitem]");
  moreBox.addEventListener("focusout", ({ relatedTarget }) => !moreBox.contains(relatedTarget) && !menu.hidden && showMenu(false));
  moreBox.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || menu.hidden) return;
    event.stopPropagation();
    showMenu(false);
    more.focus();
  });

  // The picker of people.
  let offered = [];
  let chosen = 0;

  function offer(people) {
    offered = people;
    chosen = 0;
    drawPicker();
  }

  function drawPicker() {
    picker.hidden = !offered.length;
    const option = (someone, index) =>
      el(
        "li",
        { role: "option", id: `pick-${index}`, "aria-selected": index === chosen, on: { mousedown: (event) => (event.preventDefault(), pick(index)) } },
        avatar(someone.robot ? "robot" : "person", someone.nick, "small"),
        el("b", { text: someone.nick }),
        el("small", { text: someone.robot ? t("chat.robot") : someone.name }),
      );
    picker.replaceChildren(...offered.map(option));
    picker.setAttribute("aria-label", t("composer.people"));
    text.setAttribute("aria-expanded", !picker.hidden);
    if (picker.hidden) text.removeAttribute("aria-activedescendant");
    else text.setAttribute("aria-activedescendant", `pick-${chosen}`);
  }

  const wanted = () => /(?:^|[^A-Za-z0-9])@([^\s@]{0,20})$/u.exec(text.value.slice(0, text.selectionStart));

  function look() {
    const asked = isGroup(store.place) && wanted();
    if (!asked) return offer([]);
    const part = asked[1].toLowerCase();
    const fits = ({ nick, name }) => [nick, name].some((each) => each?.toLowerCase().includes(part));
    offer([{ nick: store.robot.nick, robot: true }, ...store.people.filter(({ name }) => name !== store.me)].filter(fits));
  }

  function pick(index) {
    const someone = offered[index];
    const caret = text.selectionStart;
    const from = caret - wanted()[1].length - 1;
    const written = someone.robot ? "" : `@${someone.nick} `;
    if (someone.robot) mention = true;
    text.setRangeText(written, from, caret, "end");
    offer([]);
    draw();
    text.focus();
  }

  /** What one said last here, as it was written. */
  function lastLine() {
    const mine = messagesIn(store.place).findLast((message) => author(message).mine && message.content.type === "text");
    const prefix = `@${store.robot.nick} `;
    const said = mine?.content.text ?? "";
    return isGroup(store.place) && said.startsWith(prefix) ? said.slice(prefix.length) : said;
  }

  text.addEventListener("input", () => (look(), drawHint()));
  text.addEventListener("click", look);
  text.addEventListener("blur", () => offer([]));
  text.addEventListener("keydown", (event) => {
    // An input method takes Enter and the arrows for itself.
    if (event.isComposing || event.keyCode === 229) return;
    if (offered.length) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        chosen = (chosen + step + offered.length) % offered.length;
        drawPicker();
      } else if (event.key === "Enter" || event.key === "Tab") pick(chosen);
      else if (event.key === "Escape") offer([]);
      else return;
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "ArrowUp" && !text.value && lastLine()) {
      event.preventDefault();
      text.value = lastLine();
      drawHint();
    } else if (event.key === "Escape" && quoting) {
      event.stopPropagation();
      quote(null);
    }
  });

  function quote(message) {
    quoting = message;
    draw();
    text.focus();
  }

  function drawHint() {
    const named = mentions(text.value, store.robot.nick) || (quoting && author(quoting).kind === "robot");
    const deaf = isGroup(store.place) && !mention && !named;
    hint.textContent = deaf ? t("composer.unmentioned", { nick: store.robot.nick }) : t("composer.hint");
    hint.classList.toggle("deaf", deaf);
  }

  function draw() {
    const here = `${store.me} ${key(store.place)}`;
    if (place !== here) {
      if (place) drafts.set(place, text.value);
      text.value = drafts.get(here) ?? "";
      place = here;
      quoting = null;
      mention = true;
    }
    const group = isGroup(store.place);
    const label = group ? t("composer.group", { title: titleOf(store.place) }) : t("composer.private", { nick: store.robot.nick });
    text.placeholder = label;
    text.setAttribute("aria-label", label);
    for (const [button, words] of [[send, "composer.send"], [more, "composer.more"], [chip, "composer.mention"]]) {
      button.setAttribute("aria-label", t(words));
      button.title = t(words);
    }
    chip.hidden = !group;
    chip.textContent = `@${store.robot.nick}`;
    chip.setAttribute("aria-pressed", mention);
    quoted.hidden = !quoting;
    if (quoting) {
      const words = el("span", {}, el("b", { text: t("composer.quoting", { nick: author(quoting).nick }) }), preview(quoting));
      quoted.replaceChildren(words, iconButton("close", t("composer.unquote"), () => quote(null)));
    }
    kinds();
    drawHint();
  }

  return { node, draw, quote };
}
