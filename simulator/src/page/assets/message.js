// One message, as DingTalk draws its kind.

import { avatar, copy, el, icon, iconButton, toast } from "./dom.js";
import { clock, has, milliseconds, t } from "./i18n.js";
import { author, isGroup, person, store } from "./store.js";

/** Characters that fit in a line of a phone, with a name beside them. */
const SHORT = 20;

/** What an address does that DingTalk knows: says something, or opens a page. Nothing for any other. */
export function target(address) {
  const [, app, query] = /^(dtmd:\/\/dingtalkclient\/sendMessage|dingtalk:\/\/dingtalkclient\/page\/link)\/?\?([^#]*)/i.exec(address) ?? [];
  const parameters = new URLSearchParams(query ?? "");
  if (app?.toLowerCase().startsWith("dtmd:")) {
    const says = parameters.get("content")?.trim();
    return says ? { says } : null;
  }
  try {
    const url = new URL(app ? parameters.get("url") : address);
    return ["http:", "https:"].includes(url.protocol) ? { opens: url.href } : null;
  } catch {
    return null;
  }
}

/** What an address does, as an element around these children. `say` says a text. */
function pressable(address, say, properties, ...children) {
  const to = target(address);
  if (to?.says) {
    const title = t("card.says", { text: to.says });
    return el("button", { type: "button", title, ...properties, on: { click: () => say(to.says) } }, ...children);
  }
  if (to?.opens) {
    const title = t("card.opens", { url: to.opens });
    return el("a", { href: to.opens, target: "_blank", rel: "noopener noreferrer", title, ...properties }, ...children);
  }
  // The server takes an address away that no client opens.
  const dead = address ? t("card.dead", { url: address }) : t("card.unknown");
  const click = () => toast(dead);
  return el("button", { type: "button", title: dead, ...properties, class: `${properties.class} dead`, on: { click } }, ...children);
}

const PICTURES = /^data:image\/(?:png|jpeg|gif|webp);base64,/;
const LOOPBACK = /(?:^|\.)localhost\.?$|^127\.|^0\.0\.0\.0$|^\[::(?:1|ffff:7f.*)?\]$/;

/** Whether the simulator itself is at an address: its own pictures could keep all of a browser's connections to it. */
function isOwn(address) {
  const url = new URL(address);
  const own = [location.origin, store.origin].filter(Boolean).map((origin) => new URL(origin));
  return own.some(({ hostname, port }) => url.port === port && (url.hostname === hostname || LOOPBACK.test(url.hostname)));
}

/** A picture, or what stands for one that cannot be loaded. */
function picture(address, description = "") {
  const missing = () => el("span", { class: "picture missing", role: "img", "aria-label": description || t("kind.picture") }, icon("picture"));
  const { opens } = target(address) ?? {};
  if (opens ? isOwn(opens) : !PICTURES.test(address)) return missing();
  const image = el("img", { class: "picture", src: address, alt: description, loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(missing()));
  return image;
}

/** A robot's Markdown: the one thing that comes as markup, which the server made and cleaned. */
function markdown(html, say) {
  const body = el("div", { class: "markdown" });
  // Nothing in a template is loaded.
  const template = el("template");
  template.innerHTML = html;
  for (const image of template.content.querySelectorAll("img")) {
    image.replaceWith(picture(image.getAttribute("src") ?? "", image.alt));
  }
  body.append(template.content);
  for (const link of body.querySelectorAll("a")) {
    link.replaceWith(pressable(link.getAttribute("href") ?? "", say, { class: "link" }, ...link.childNodes));
  }
  for (const source of body.querySelectorAll(".unrendered")) {
    const kind = source.dataset.unrendered;
    const what = t(`unrendered.${kind}`);
    const why = has(`unrendered.why.${kind}`) ? t(`unrendered.why.${kind}`) : t("unrendered.why", { what });
    source.title = why;
    const label = t("unrendered.badge", { what });
    // In a line there is room for its name only, and what is short stays with it.
    const isBlock = source.classList.contains("block");
    const text = isBlock ? label : what;
    if (!isBlock && source.textContent.length <= SHORT) source.classList.add("short");
    source.append(el("button", { type: "button", class: "badge", title: why, "aria-label": `${label}. ${why}`, text, on: { click: () => toast(why) } }));
  }
  return body;
}

function runs(all) {
  const shown = { plain: (text) => text, mention: (text) => el("span", { class: "mention", text }) };
  shown.link = (text) => el("a", { class: "link", href: text, target: "_blank", rel: "noopener noreferrer", text });
  shown.picture = () => picture("");
  return all.map(({ kind, text }) => shown[kind](text));
}

const row = (kind, first, second) =>
  el("div", { class: "attachment" }, el("span", { class: "attachment-icon" }, icon(kind)), el("div", {}, el("b", { text: first }), second && el("small", { text: second })));

const contents = {
  text: ({ runs: all }) => el("p", { class: "text" }, ...runs(all)),
  richText: ({ runs: all }) => el("p", { class: "text" }, ...runs(all)),
  markdown: ({ html }, say) => markdown(html, say),
  link: ({ content }, say) =>
    pressable(content.url, say, { class: "link-card" }, el("b", { text: content.title }), el("span", { class: "link-body" }, el("span", { class: "link-text", text: content.text }), picture(content.picture))),
  actionCard: ({ content, html }, say) => [
    markdown(html, say),
    el("div", { class: `card-buttons ${content.horizontal && content.buttons.length > 1 ? "horizontal" : ""}` }, ...content.buttons.map(({ title, url }) => pressable(url, say, { class: "card-button" }, title))),
  ],
  feedCard: ({ content }, say) =>
    content.links.map((link, index) => pressable(link.url, say, { class: index ? "feed-row" : "feed-first" }, el("span", { text: link.title }), picture(link.picture))),
  picture: ({ content }) => picture(content.url, t("kind.picture")),
  audio: ({ content }) => row("audio", t("kind.seconds", { count: Math.round(content.duration / 1000) }), content.recognition && t("kind.recognised", { text: content.recognition })),
  video: ({ content }) => row("video", t("kind.video"), `${t("kind.seconds", { count: content.duration })} · ${content.format}`),
  file: ({ content }) => row("file", content.name, t("kind.file")),
  chatRecord: ({ content }) => [el("b", { text: content.title }), ...content.lines.map((text) => el("small", { class: "record", text }))],
  unknown: ({ content }) => el("p", { class: "text faint", text: t("kind.unknown", { kind: content.kind }) }),
};

/** A message in one line. */
export function preview(message) {
  const { content } = message;
  const tag = (kind, text = "") => `[${t(`kind.${kind}`)}]${text && " "}${text}`;
  switch (content.type) {
    case "text":
      return message.runs.map(({ text }) => text).join("");
    case "richText":
      return (message.mention ? `${message.mention} ` : "") + message.runs.map(({ kind, text }) => (kind === "picture" ? tag("picture") : text)).join("");
    case "markdown":
    case "actionCard":
      return content.title;
    case "link":
      return tag("link", content.title);
    case "feedCard":
      return tag("card", content.links[0].title);
    case "file":
      return tag("file", content.name);
    case "chatRecord":
      return tag("chatRecord", content.title);
    case "unknown":
      return t("kind.unknown", content);
    default:
      return tag(content.type);
  }
}

/** What somebody copies of a message. */
function textOf({ content, runs: all }) {
  return content.text ?? all?.map(({ text }) => text ?? "").join("") ?? content.title ?? content.links?.map(({ title }) => title).join("\n") ?? content.name ?? "";
}

function quoted(id) {
  const message = store.messages.get(id);
  if (!message) return el("span", { class: "quoted", text: t("chat.gone") });
  const { nick } = author(message);
  const click = () => {
    const shown = document.getElementById(id);
    shown?.scrollIntoView({ block: "center", behavior: "smooth" });
    shown?.focus({ preventScroll: true });
  };
  return el("button", { type: "button", class: "quoted", title: t("chat.expand"), on: { click } }, t("list.preview", { nick, text: preview(message) }));
}

/** What became of a message on its way to the robot; nothing for a robot's own. */
export function delivery(message, showExchange) {
  if (message.author.kind !== "person") return null;
  if (isGroup(message.place) && !message.mentionsRobot) {
    return el("small", { class: "delivery", text: t(store.pressed.has(message.id) ? "push.pressed" : "push.none") });
  }
  const pushes = (store.pushes.get(message.id) ?? []).map((id) => store.traffic.get(id)).filter(Boolean);
  const last = pushes.at(-1);
  if (!last) return null;
  const { answer } = last;
  const isTaken = answer?.status >= 200 && answer?.status < 300;
  let text = t("push.wait");
  if (isTaken) text = t("push.taken", { status: answer.status, ms: milliseconds(answer.took) });
  else if (answer?.status) text = t("push.refused", { status: answer.status });
  else if (answer) text = t("push.silent", { reason: answer.body });
  if (pushes.length > 1) text += ` · ${t("push.times", { count: pushes.length })}`;
  const state = isTaken ? "taken" : answer ? "failed" : "waiting";
  return el("button", { type: "button", class: `delivery ${state}`, title: t("push.open"), on: { click: () => showExchange(last.id) } }, isTaken && icon("check"), text);
}

/** The whole message. */
export function messageNode(message, { say, quote, showExchange }) {
  const { kind, nick, robot, mine } = author(message);
  const { type, hideAvatar } = message.content;
  const everybody = message.mentions.all && el("p", { class: `text ${type === "text" ? "mention" : ""}`, text: t("chat.all") });
  // Of what is no text of one's own the client shows it above.
  const mention = message.mention && el("span", { class: "mention", text: message.mention });
  const isText = type === "richText";
  const shown = contents[type](message, say);
  if (mention && isText) shown.prepend(mention, " ");
  const above = mention && !isText && el("p", { class: "text to" }, mention);
  const bubble = el("div", { class: `bubble is-${type}` }, message.quotes && quoted(message.quotes), above, shown, everybody);
  const time = clock(message.at);
  const from = el(
    "header",
    { class: "from" },
    el("span", { class: "nick", text: nick }),
    robot && el("span", { class: "tag", text: t("chat.robot") }),
    kind === "person" && isExternal(message.author.name) && el("span", { class: "tag plain", text: t("chat.external") }),
    el("time", { datetime: new Date(message.at).toISOString(), text: time }),
  );
  const tools = el(
    "div",
    { class: "tools" },
    iconButton("quote", t("chat.quote"), () => quote(message)),
    iconButton("copy", t("chat.copy"), () => copy(textOf(message), t("copied"))),
  );
  return el(
    "article",
    { class: `message ${mine ? "mine" : ""}`, id: message.id, tabindex: -1, "aria-label": t("chat.by", { nick }) },
    hideAvatar ? el("span", { class: "avatar none" }) : avatar(kind, nick),
    el("div", { class: "column" }, from, el("div", { class: "line" }, bubble, tools), el("div", { class: "foot" }, delivery(message, showExchange))),
  );
}

/** Whether somebody is of another organisation: without a staff id in it, but with a corp of their own. */
export function isExternal(name) {
  const someone = person(name);
  const own = store.people.find((each) => each.admin)?.corp;
  return Boolean(someone?.corp && own && someone.corp !== own);
}
