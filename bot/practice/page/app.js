// The page of practice mode: people down the side, one or two chats, the clock.

import { CalendarPane, calendarOf, ownerOf } from "./calendar.js";
import { paint, prepare } from "./card.js";
import { ChannelPane, ChatPane, MailPane, avatar } from "./chat.js";
import { announce, get, icon, make, post } from "./dom.js";
import { count, day, longDay, sameDay, time, yearOf } from "./words.js";

const GROUPS = ["Mentors", "Link Tutors", "Students", "University"];
const WIDE = window.matchMedia("(min-width: 1200px)");
const NARROW = window.matchMedia("(max-width: 719px)");
const at = (id) => document.getElementById(id);
const asked = () => new URLSearchParams(location.search);

let state = null;
let panes = [];
let ahead = 0;

// Light and dark

function theme() {
  const wanted = asked().get("theme") ?? localStorage.getItem("theme");
  if (wanted === "dark" || wanted === "light") return wanted;
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function dress(which) {
  document.documentElement.dataset.theme = which;
  paint(which);
  at("theme").textContent = which === "dark" ? "Light" : "Dark";
  at("theme").setAttribute("aria-label", which === "dark" ? "Show in light colours" : "Show in dark colours");
}

at("theme").addEventListener("click", () => {
  const which = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("theme", which);
  const search = asked();
  search.delete("theme");
  history.replaceState(null, "", address(search));
  dress(which);
});

// Where we are

function address(search) {
  const words = search.toString();
  return words ? `/?${words}` : "/";
}

function go(person, beside = "") {
  const search = asked();
  for (const [name, key] of [["person", person], ["beside", beside]]) {
    if (key) search.set(name, key);
    else search.delete(name);
  }
  history.pushState(null, "", address(search));
  arrange();
}

const somebody = (key) => state.people.find((p) => p.key === key);
const known = (key) => key === "channel" || key === "mail" || Boolean(somebody(ownerOf(key) ? state.calendars && ownerOf(key) : key));

// To somebody's chat; a calendar that stands beside becomes theirs.
function turnTo(key) {
  const beside = panes[1]?.key ?? "";
  if (ownerOf(beside)) go(key, somebody(key) ? calendarOf(key) : "");
  else go(key, beside === key ? "" : beside);
}

function wanted() {
  const search = asked();
  let person = search.get("person") ?? "";
  if (!known(person)) person = NARROW.matches ? "" : state.people[0].key;
  const beside = search.get("beside") ?? "";
  return person && WIDE.matches && known(beside) && beside !== person ? [person, beside] : [person].filter(Boolean);
}

const unread = (key) => (key === "channel" ? state.channel.unread : state.people.find((p) => p.key === key)?.unread ?? 0);

const shell = {
  back: () => go(""),
  close: (key) => go(...wanted().filter((k) => k !== key)),
  toChat: (key) => go(key),
  toCalendar: (key) => {
    if (!state.calendars) return null;
    const open = () => (WIDE.matches ? go(key, calendarOf(key)) : go(calendarOf(key)));
    return make("button", { type: "button", class: "to-calendar", onclick: open }, icon("calendar"), "Calendar");
  },
  read: (key) => {
    if (unread(key)) post(`/api/chats/${key}/read`);
  },
  name: (key) => state.people.find((p) => p.key === key)?.name ?? key,
  addressee: (email) => state.people.find((p) => p.email === email)?.name ?? email,
};

function pane(key) {
  if (ownerOf(key)) return new CalendarPane(somebody(ownerOf(key)), shell);
  if (key === "mail") return new MailPane(null, shell);
  if (key === "channel") {
    const writers = state.people.filter((p) => p.group === "University" || p.group === "Link Tutors");
    return new ChannelPane(state.channel, writers, shell);
  }
  const person = state.people.find((p) => p.key === key);
  return person.reach === "teams" ? new ChatPane(person, shell) : new MailPane(person, shell);
}

// Puts the wanted panes into the page; a pane that stays keeps what is typed in it.
function arrange({ focus = true } = {}) {
  const keys = wanted();
  const before = panes.map((p) => p.key);
  panes = keys.map((key) => panes.find((p) => p.key === key) ?? pane(key));
  const places = panes.map((p) => (p.scrolledDown() ? Infinity : p.list.scrollTop));
  at("main").replaceChildren(...panes.map((p) => p.element));
  document.body.classList.toggle("at-list", keys.length === 0);
  document.body.classList.toggle("two", keys.length === 2);
  panes.forEach((p, index) => { p.list.scrollTop = Math.min(places[index], p.list.scrollHeight); });
  document.title = panes.length ? `${panes.map((p) => p.title).join(" and ")} · Pathway practice` : "Pathway practice";
  for (const one of panes) one.refresh().then(() => { if (!before.includes(one.key)) one.showNewest(); });
  if (document.visibilityState === "visible") for (const one of panes) shell.read(one.key);
  const fresh = panes.find((p) => !before.includes(p.key));
  if (focus && fresh && before.length) fresh.focusTitle();
  side();
}

window.addEventListener("popstate", () => arrange());
WIDE.addEventListener("change", () => arrange({ focus: false }));
NARROW.addEventListener("change", () => arrange({ focus: false }));

// The side

// Somebody in the side. The element stays, whatever changes in it: a press must not lose the button under it.
class Row {
  constructor(key, name, what, face) {
    this.key = key;
    this.count = make("span", {});
    this.badge = make("span", { class: "badge", hidden: true }, this.count, make("span", { class: "unseen" }, " new"));
    this.choose = make(
      "button",
      { type: "button", class: "person", "data-key": key, onclick: () => turnTo(key) },
      face,
      make("span", { class: "person-words" }, make("span", { class: "person-name" }, name), make("span", { class: "person-what" }, what)),
      this.badge,
    );
    this.beside = make(
      "button",
      { type: "button", class: "quiet icon-only beside", "aria-label": `Open ${name} beside`, title: `Open ${name} beside`, "data-beside": key, onclick: () => go(panes[0]?.key, key) },
      icon("beside"),
    );
    this.element = make("li", {}, this.choose, this.beside);
  }

  show(fresh) {
    const open = panes.map((p) => p.key);
    const current = open.some((one) => one === this.key || ownerOf(one) === this.key);
    if (current) this.choose.setAttribute("aria-current", "true");
    else this.choose.removeAttribute("aria-current");
    this.element.classList.toggle("new", fresh > 0);
    this.badge.hidden = !fresh;
    this.count.textContent = String(fresh);
    this.beside.hidden = open[0] === this.key;
  }
}

let drawnFor = "";
let rows = [];
let chips = [];

function side() {
  const { people, channel, mail } = state;
  const wanted = JSON.stringify([people.map((p) => [p.key, p.name, p.group, p.what, p.reach]), channel.name, channel.team]);
  if (wanted !== drawnFor) drawSide(people, channel);
  drawnFor = wanted;
  for (const one of rows) one.show(one.key === "channel" ? channel.unread : one.key === "mail" ? mail.unread : newOf(somebody(one.key)));
  news();
}

const newOf = (person) => (person.reach === "teams" ? person.unread : person.mail);

function drawSide(people, channel) {
  const ofPerson = (p) => new Row(p.key, p.name, p.reach === "teams" ? p.what : `${p.what} · e-mail only`, avatar(p.name, p.key));
  const square = (words, tint) => make("span", { class: `avatar square ${tint}`, "aria-hidden": "true" }, words);
  const parts = GROUPS.map((group) => [group, people.filter((p) => p.group === group).map(ofPerson)]);
  parts.push(["Partnership channel", [new Row("channel", channel.name, channel.team, square("PC", "tint-5"))]]);
  parts.push(["Mail", [new Row("mail", "Mailbox", "Everything sent by e-mail", square("@", "tint-2"))]]);
  rows = parts.flatMap(([, ones]) => ones);
  at("people").replaceChildren(...parts.map(([title, ones]) => part(title, ones.map((one) => one.element))));
  chips = people.map((p) => [p.key, make("button", { type: "button", class: "chip", hidden: true, onclick: () => turnTo(p.key) }, p.name)]);
  at("fresh").replaceChildren(make("span", {}, "New for"), ...chips.map(([, chip]) => chip), make("span", { id: "others" }));
}

function part(title, rows) {
  const id = `group-${title.toLowerCase().replaceAll(" ", "-")}`;
  return make("section", { "aria-labelledby": id }, make("h2", { id }, title), make("ul", { role: "list" }, ...rows));
}

// Who has something new, at the foot of the side.
function news() {
  const open = panes.map((p) => p.key);
  const fresh = state.people.filter((p) => p.unread && !open.includes(p.key)).map((p) => p.key);
  at("fresh").hidden = fresh.length === 0;
  for (const [key, chip] of chips) chip.hidden = !fresh.slice(0, 4).includes(key);
  at("others").textContent = fresh.length > 4 ? `and ${count(fresh.length - 4, "other", "others")}` : "";
}

// The clock

const now = () => new Date(Date.now() + ahead);

function tick() {
  const year = make("span", { class: "year" }, ` ${yearOf(now())}`);
  at("clock-now").replaceChildren(day(now()), year, `, ${time(now())}`);
  at("clock-now").setAttribute("datetime", now().toISOString());
}

function coming(clock) {
  if (clock.error) return clock.error;
  if (!clock.next) return "Nothing is waiting for a date.";
  const due = new Date(clock.next.at);
  return `${clock.next.what} for ${clock.next.who}, ${sameDay(due, now()) ? "today" : day(due)}, ${time(due)}`;
}

function showClock(clock) {
  if (clock.now) ahead = new Date(clock.now) - Date.now();
  tick();
  at("clock-next").textContent = coming(clock);
  document.querySelector('[data-by="next"]').disabled = !clock.next;
}

async function move(button) {
  const buttons = [...document.querySelectorAll("[data-by]")];
  for (const one of buttons) one.setAttribute("aria-disabled", "true");
  at("clock-next").textContent = "Moving the clock on …";
  document.body.classList.add("moving");
  const clock = await post("/api/clock", { by: button.dataset.by }).catch(() => ({ error: "The bot is not answering just now." }));
  try {  // until all of it is shown, the clock may stand somewhere on the way
    await look();
    await Promise.all(panes.filter((p) => p instanceof CalendarPane).map((p) => p.refresh()));
  } finally {
    document.body.classList.remove("moving");
    for (const one of buttons) one.removeAttribute("aria-disabled");
  }
  if (clock.error) at("clock-next").textContent = clock.error;
  announce(clock.error ?? `It is now ${longDay(now())}, ${time(now())}.`);
}

for (const button of document.querySelectorAll("[data-by]")) {
  button.addEventListener("click", () => { if (!document.body.classList.contains("moving")) move(button); });
}

at("clock-open").addEventListener("click", () => {
  const open = at("clock-open").getAttribute("aria-expanded") !== "true";
  at("clock-open").setAttribute("aria-expanded", String(open));
  document.body.classList.toggle("clock-shown", open);
});

setInterval(tick, 5000);

// Start again

at("again").addEventListener("click", () => {
  at("ask-problem").hidden = true;
  at("ask-again").showModal();
  at("ask-no").focus();
});
at("ask-no").addEventListener("click", () => at("ask-again").close());
at("ask-yes").addEventListener("click", async () => {
  at("ask-yes").disabled = true;
  at("ask-yes").textContent = "Starting again …";
  const answer = await post("/api/restart").catch(() => ({ error: "That did not work. Please try again." }));
  at("ask-yes").disabled = false;
  at("ask-yes").textContent = "Start again";
  if (answer.error) {
    at("ask-problem").textContent = answer.error;
    at("ask-problem").hidden = false;
    return;
  }
  at("ask-again").close();
});

// What happens

let looking = null;
let lookAgain = false;

// Asks for the state; a second call while one runs leads to one more, not to many.
function look() {
  if (looking) {
    lookAgain = true;
    return looking;
  }
  looking = (async () => {
    do {
      lookAgain = false;
      state = await get("/api/state");
    } while (lookAgain);
    looking = null;
    shown();
  })().catch(() => { looking = null; });
  return looking;
}

function shown() {
  if (document.visibilityState === "visible") for (const one of panes) shell.read(one.key);
  side();
  showClock(state.clock);
  at("bot-state").textContent = state.bot.words;
  at("bot-state").hidden = state.bot.state === "ready";
}

async function heard(told) {
  if (!state) {  // news that comes before anybody is known here: the state that is on its way may be older
    await look();
    return;
  }
  if (told.kind === "again") {
    panes = [];
    await look();
    arrange({ focus: false });
    announce("Practice has started again.");
    return;
  }
  if (told.kind === "chat" && told.what !== "read") {
    await Promise.all(panes.filter((p) => p.key === told.chat).map((p) => p.refresh()));
    if (told.what === "new" && !panes.some((p) => p.key === told.chat)) newFor(told.chat);
  }
  if (told.kind === "mail") await Promise.all(panes.filter((p) => p instanceof MailPane).map((p) => p.refresh()));
  if (told.kind === "calendar") await Promise.all(panes.filter((p) => p instanceof CalendarPane).map((p) => p.refresh()));
  await look();
}

function newFor(chat) {
  announce(`New message for ${chat === "channel" ? "the Partnership channel" : shell.name(chat)}`);
}

function listen() {
  const events = new EventSource("/api/events");
  let lost = false;
  events.onmessage = (event) => heard(JSON.parse(event.data));
  events.onopen = async () => {
    if (!lost) return;
    lost = false;
    await look();
    arrange({ focus: false });
  };
  events.onerror = () => {
    lost = true;
    at("bot-state").textContent = "Practice is not running. Start it again with: make practice";
    at("bot-state").hidden = false;
  };
  window.addEventListener("pagehide", () => events.close());
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") for (const one of panes) shell.read(one.key);
});

document.body.classList.toggle("only-chat", asked().get("only") === "chat");
await prepare();
dress(theme());
listen();
await look();
arrange({ focus: false });
document.body.dataset.ready = "true";
