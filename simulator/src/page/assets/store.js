// What the page knows, and how it learns of what happens.

const listeners = new Map();

/** What is held, and drawn: whatever is older goes. */
const MESSAGES = 500;
const EXCHANGES = 200;

export const store = {
  origin: "",
  robot: { nick: "" },
  people: [],
  groups: [],
  messages: new Map(),
  traffic: new Map(),
  faults: { answer: [], callback: [] },
  answer: { every: null, next: [] },
  callback: { every: null, next: [] },
  unknowns: {},
  quotas: {},
  connected: false,
  /** The name of the person one is. */
  me: "",
  /** What is open: `{kind, name}`, or nothing on a phone that shows the list. */
  place: null,
  /** Messages that one has not seen, by person and place. */
  unread: new Map(),
  /** Pushes of a message, by `msgId`; and the `msgId` of a push. */
  pushes: new Map(),
  pushed: new Map(),
  /** Messages that a button or a link said. */
  pressed: new Set(),
};

/**
 * `loaded`, `switches`, `quotas`, `view`, `drawer`, `language`, `theme`, `connection`; and once a frame, with a list:
 * `messages`, `forgotten` (ids of messages) and `exchanges`.
 */
export function on(name, listener) {
  listeners.set(name, [...(listeners.get(name) ?? []), listener]);
}

export function emit(name, data) {
  for (const listener of listeners.get(name) ?? []) listener(data);
}

export const person = (name) => store.people.find((someone) => someone.name === name);
export const key = (place) => (place ? `${place.kind}/${place.name}` : "");
export const isGroup = (place) => place?.kind === "group";
const unreadKey = (name, place) => `${name} ${key(place)}`;

/** The places that somebody sees: the groups, and their own chat with the robot. */
export function places(name = store.me) {
  return [{ kind: "private", name }, ...store.groups.map((group) => ({ kind: "group", name: group.name }))];
}

export const titleOf = (place) =>
  isGroup(place) ? (store.groups.find((group) => group.name === place.name)?.title ?? place.name) : store.robot.nick;

/** The messages of each place, the oldest first. */
const conversations = new Map();

export const messagesIn = (place) => conversations.get(key(place)) ?? [];

export const unreadOf = (name, place) => store.unread.get(unreadKey(name, place)) ?? 0;

/** What waits for somebody in their own chat with the robot. */
export const unreadByRobot = (name) => unreadOf(name, { kind: "private", name });

export function read(name, place) {
  store.unread.delete(unreadKey(name, place));
}

/** Who wrote a message. */
export function author(message) {
  const { kind, name } = message.author;
  if (kind === "robot") return { kind, nick: store.robot.nick, robot: true };
  if (kind === "customRobot") return { kind, nick: name, robot: true };
  return { kind, nick: person(name)?.nick ?? name, robot: false, mine: name === store.me };
}

/** Becomes somebody; their chat with the robot instead of another's. */
export function become(name) {
  store.me = name;
  save("me", name);
  if (store.place?.kind === "private") store.place = { kind: "private", name };
  if (store.place) read(name, store.place);
  emit("view");
}

export function open(place) {
  store.place = place;
  if (place) read(store.me, place);
  emit("view");
}

// What one chose is kept in the browser, where that allows it.
export function save(name, value) {
  try {
    localStorage.setItem(`dingtalk-simulator.${name}`, value);
  } catch {
    // Nothing is kept.
  }
}

export function saved(name) {
  try {
    return localStorage.getItem(`dingtalk-simulator.${name}`);
  } catch {
    return null;
  }
}

export async function post(what, body) {
  const response = await fetch(`/page/${what}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

const nothing = () => ({ messages: [], forgotten: [], exchanges: new Set(), dirty: new Set() });

/** What came since it was told last: a burst is drawn once. */
let fresh = nothing();
let isFrameAsked = false;

function soon() {
  if (isFrameAsked) return;
  isFrameAsked = true;
  requestAnimationFrame(tell);
  // A page that nobody looks at has no frames.
  setTimeout(tell, 250);
}

function tell() {
  if (!isFrameAsked) return;
  isFrameAsked = false;
  const { messages, forgotten, exchanges, dirty } = fresh;
  fresh = nothing();
  const told = { forgotten, messages: messages.filter(({ id }) => store.messages.has(id)), exchanges: [...exchanges].map((id) => store.traffic.get(id)).filter(Boolean) };
  for (const [name, list] of Object.entries(told)) if (list.length) emit(name, list);
  for (const name of dirty) emit(name);
}

function takeMessage(message) {
  if (store.messages.has(message.id)) return false;
  store.messages.set(message.id, message);
  const place = key(message.place);
  if (!conversations.has(place)) conversations.set(place, []);
  conversations.get(place).push(message);
  if (store.messages.size > MESSAGES) forget(store.messages.values().next().value);
  return true;
}

/** The oldest of all is the oldest of its conversation. */
function forget({ id, place }) {
  store.messages.delete(id);
  store.pressed.delete(id);
  conversations.get(key(place)).shift();
  fresh.forgotten.push(id);
}

function takeExchange(exchange) {
  const { id, direction, body } = exchange;
  const isNew = !store.traffic.has(id);
  store.traffic.set(id, exchange);
  if (!isNew) return;
  if (store.traffic.size > EXCHANGES) forgetExchange(store.traffic.keys().next().value);
  if (direction !== "toRobot") return;
  try {
    const { msgId } = JSON.parse(body);
    if (!msgId) return;
    store.pushed.set(id, msgId);
    store.pushes.set(msgId, [...(store.pushes.get(msgId) ?? []), id]);
  } catch {
    // A body that was cut.
  }
}

function forgetExchange(id) {
  store.traffic.delete(id);
  const msgId = store.pushed.get(id);
  if (!msgId) return;
  store.pushed.delete(id);
  const others = store.pushes.get(msgId).filter((other) => other !== id);
  if (others.length) store.pushes.set(msgId, others);
  else store.pushes.delete(msgId);
}

/** A message that is put into the conversation, whether the answer to a post or an event says so first. */
export function arrive(message) {
  if (!takeMessage(message)) return;
  const writer = message.author.kind === "person" ? message.author.name : null;
  for (const { name } of store.people) {
    const sees = isGroup(message.place) || message.place.name === name;
    const looks = name === store.me && key(store.place) === key(message.place);
    if (sees && !looks && name !== writer) {
      const at = unreadKey(name, message.place);
      store.unread.set(at, (store.unread.get(at) ?? 0) + 1);
    }
  }
  fresh.messages.push(message);
  soon();
}

export function switched(switches) {
  Object.assign(store, switches);
  fresh.dirty.add("switches");
  soon();
}

export function metered(quotas) {
  store.quotas = quotas;
  fresh.dirty.add("quotas");
  soon();
}

const handlers = {
  message: arrive,
  exchange: (exchange) => {
    takeExchange(exchange);
    fresh.exchanges.add(exchange.id);
    soon();
  },
  switches: switched,
  quotas: metered,
};

/** What came while the whole was asked for: it is told after it. */
let waiting = null;

async function load() {
  waiting = [];
  const state = await fetch("/page/state")
    .then((response) => response.json())
    .catch((error) => {
      waiting = null;
      throw error;
    });
  store.origin = state.origin;
  store.faults = state.faults;
  store.quotas = state.quotas;
  Object.assign(store, state.switches);
  store.messages = new Map();
  store.traffic = new Map();
  store.pushes = new Map();
  store.pushed = new Map();
  conversations.clear();
  fresh = nothing();
  state.messages.forEach(takeMessage);
  state.traffic.forEach(takeExchange);
  if (!person(store.me)) store.me = store.people[0]?.name ?? "";
  const events = waiting ?? [];
  waiting = null;
  emit("loaded");
  for (const [name, data] of events) handlers[name](data);
}

/** Watches until the page is closed; the browser connects again by itself. */
export function watch() {
  const events = new EventSource("/page/events");
  const connection = (connected) => {
    store.connected = connected;
    emit("connection");
  };
  let isLoading = false;
  let isStale = false;
  const loading = async () => {
    // Where more happens than can be told, one question at a time is enough.
    isStale = isLoading;
    if (isLoading) return;
    isLoading = true;
    await load().then(() => connection(true), () => connection(false));
    isLoading = false;
    if (isStale) setTimeout(loading, 500);
  };
  events.addEventListener("open", loading);
  events.addEventListener("reload", loading);
  events.addEventListener("error", () => connection(false));
  for (const [name, handler] of Object.entries(handlers)) {
    events.addEventListener(name, (event) => {
      const data = JSON.parse(event.data);
      if (waiting) waiting.push([name, data]);
      else handler(data);
    });
  }
}
