// Somebody's calendar, a week at a time, and what one does there in Outlook: move, delete, answer.

import { Pane, avatar } from "./chat.js";
import { announce, get, icon, make, post } from "./dom.js";
import { day, time } from "./words.js";

const MARK = "calendar-";
const NOT_DONE = "That did not work. Please try again.";
const ANSWERS = { none: "no answer yet", accepted: "accepted", tentativelyAccepted: "tentative", declined: "declined" };
const WEEK = 7 * 24 * 60 * 60 * 1000;

// The key of a calendar among the panes, and whose it is ("" for any other pane).
export const calendarOf = (person) => MARK + person;
export const ownerOf = (key) => (key.startsWith(MARK) ? key.slice(MARK.length) : "");

// A day without a time ("2026-10-19"): its midday.
const noon = (on) => new Date(`${on}T12:00:00Z`);
const wallTime = (moment) => moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/London" });
const wallDay = (moment) => moment.toLocaleDateString("sv-SE", { timeZone: "Europe/London" });

export class CalendarPane extends Pane {
  constructor(person, shell) {
    super(calendarOf(person.key), person.name, "Calendar, as in Outlook", shell);
    this.person = person;
    this.week = "";
    this.entries = new Map();
    this.element.classList.add("calendar");
    this.list.removeAttribute("role");
    this.list.removeAttribute("aria-live");
    this.list.setAttribute("role", "group");
    this.list.setAttribute("aria-label", `Calendar of ${person.name}`);
    this.close.setAttribute("aria-label", `Close the calendar of ${person.name}`);
    const back = this.element.querySelector(".back");
    back.setAttribute("aria-label", "Back to the chat");
    back.replaceWith(this.back(back));
    this.title = `Calendar of ${person.name}`;
    this.element.querySelector(".pane-head").after(this.bar());
  }

  face() {
    return avatar(this.title, ownerOf(this.key));
  }

  more() {
    return make("button", { type: "button", class: "to-chat", onclick: () => this.shell.toChat(ownerOf(this.key)) }, "Chat");
  }

  back(before) {
    const back = make("button", { type: "button", class: before.className, "aria-label": "Back to the chat", onclick: () => this.shell.toChat(this.person.key) });
    back.append(...before.childNodes);
    return back;
  }

  // Which week

  bar() {
    const step = (weeks) => () => this.turn(wallDay(new Date(noon(this.monday).getTime() + weeks * WEEK)));
    this.heading = make("h3", { class: "week", tabindex: "-1" });
    this.next = make("button", { type: "button", class: "chip next-meeting", hidden: true });
    return make(
      "div",
      { class: "week-bar" },
      make("button", { type: "button", class: "quiet icon-only", "aria-label": "The week before", onclick: step(-1) }, icon("back")),
      this.heading,
      make("button", { type: "button", class: "quiet icon-only later", "aria-label": "The week after", onclick: step(1) }, icon("back")),
      make("button", { type: "button", class: "quiet", onclick: () => this.turn("") }, "This week"),
      this.next,
    );
  }

  async turn(week) {
    this.week = week;
    await this.refresh();
    announce(this.heading.textContent);
  }

  // What stands there

  async refresh() {
    const asked = this.week;
    const shown = await get(`/api/calendar/${this.person.key}?week=${asked}`);
    if (asked !== this.week) return;
    const json = JSON.stringify(shown);
    if (json === this.json) return;
    this.json = json;
    const focused = this.list.contains(document.activeElement) ? document.activeElement : null;
    this.show(shown);
    if (focused?.isConnected) focused.focus({ preventScroll: true });
  }

  show(shown) {
    this.monday = shown.week;
    this.heading.textContent = `Week of ${day(noon(shown.week))}`;
    const elsewhere = shown.next && !shown.days.some((one) => one.on === shown.nextOn);
    this.next.hidden = !elsewhere;
    if (elsewhere) {
      this.next.textContent = `Next meeting: ${day(new Date(shown.next))}, ${time(new Date(shown.next))}`;
      this.next.onclick = () => this.turn(shown.nextOn);
    }
    const known = new Map();
    const days = shown.days.map((one) => {
      const drawn = one.entries.map((entry) => {
        const before = this.entries.get(entry.id);
        const kept = before && JSON.stringify(before.entry) === JSON.stringify(entry) ? before : new Entry(entry, this);
        known.set(entry.id, kept);
        return kept.element;
      });
      return this.day(one.on, drawn, shown.today);
    });
    this.entries = known;
    this.list.replaceChildren(...days, make("p", { class: "calendar-note" }, this.note(shown.inside)));
  }

  note(inside) {
    if (!inside) {
      return `${this.person.name}'s calendar belongs to the school: Pathway cannot read it. Here stands only what came as an invitation by e-mail.`;
    }
    return "What you change here is changed in Outlook, and nobody tells Pathway. It looks once an hour, and before each reminder: move the clock on.";
  }

  day(on, drawn, today) {
    const id = `${this.key}-${on}`;
    const section = make(
      "section",
      { class: on === today ? "cal-day today" : "cal-day", "aria-labelledby": id, "data-on": on },
      make("h4", { id, tabindex: "-1" }, day(noon(on)), on === today ? make("span", {}, " today") : null),
      ...(drawn.length ? drawn : [make("p", { class: "nothing" }, "Nothing")]),
    );
    section.addEventListener("dragover", (event) => {
      if (!this.dragged) return;
      event.preventDefault();
      section.classList.add("over");
    });
    section.addEventListener("dragleave", (event) => {
      if (!section.contains(event.relatedTarget)) section.classList.remove("over");
    });
    section.addEventListener("drop", (event) => {
      event.preventDefault();
      section.classList.remove("over");
      this.dragged?.move(on, wallTime(new Date(this.dragged.entry.starts)));
    });
    return section;
  }

  // Does something there, says it aloud, and puts the focus where the entry is now. A sentence where it failed.
  async act(what, body, words, on) {
    const answer = await post(`/api/calendar/${this.person.key}/${what}`, body).catch(() => ({ error: NOT_DONE }));
    if (answer.error) return answer.error;
    if (on) this.week = on;
    await this.refresh();
    const entry = this.entries.get(body.entry)?.element.querySelector(".cal-title");
    (entry ?? this.heading).focus({ preventScroll: true });
    entry?.scrollIntoView({ block: "nearest" });
    announce(words);
    return "";
  }
}

// One entry with its buttons; what is asked before something is done opens below them.
class Entry {
  constructor(entry, pane) {
    this.entry = entry;
    this.pane = pane;
    this.starts = new Date(entry.starts);
    this.others = entry.invited.length > 0;
    const mayChange = entry.mine && !entry.over;
    this.asked = make("div", { class: "cal-asked", hidden: true });
    this.problem = make("p", { class: "problem", role: "alert", hidden: true });
    this.element = make(
      "article",
      { class: this.others ? "cal-entry meeting" : "cal-entry", "data-id": entry.id, draggable: mayChange ? "true" : false },
      make("p", { class: "cal-time" }, `${time(this.starts)} to ${time(new Date(entry.ends))}`),
      make("h5", { class: "cal-title", tabindex: "-1" }, entry.title),
      ...this.lines().map((words) => make("p", { class: "cal-line" }, words)),
      this.buttons(mayChange),
      this.asked,
      this.problem,
    );
    this.element.addEventListener("dragstart", (event) => {
      pane.dragged = this;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", entry.title);
    });
    this.element.addEventListener("dragend", () => { pane.dragged = null; });
  }

  lines() {
    const { entry } = this;
    if (!this.others) return [];
    return [
      ...(entry.mine ? [] : [`From ${entry.organiser}`]),
      ...entry.invited.map((one) => `${one.name}: ${ANSWERS[one.answer]}`),
      [entry.place || (entry.link ? "Microsoft Teams meeting" : ""), entry.private ? "Private" : ""].filter(Boolean).join(" · "),
    ].filter(Boolean);
  }

  buttons(mayChange) {
    const { entry } = this;
    const named = (title, act) => make("button", { type: "button", "aria-label": `${title}: ${entry.title}`, onclick: act }, title);
    const answers = entry.answer && !entry.over ? this.answers() : [];
    const join = entry.link && make("a", { class: "join", href: entry.link, target: "_blank", rel: "noopener noreferrer" }, "Join", make("span", { class: "unseen" }, " the meeting in Teams (opens in a new tab)"));
    const own = mayChange ? [named("Move", () => this.askWhen()), named("Delete", () => this.askWhether())] : [];
    const all = [join, ...answers, ...own].filter(Boolean);
    return all.length ? make("div", { class: "cal-buttons" }, ...all) : null;
  }

  answers() {
    const { entry } = this;
    const given = [["accepted", "Accept"], ["tentativelyAccepted", "Tentative"], ["declined", "Decline"]];
    return given.map(([response, title]) =>
      make(
        "button",
        {
          type: "button",
          "aria-label": `${title}: ${entry.title}`,
          "aria-pressed": String(entry.answer === response),
          onclick: () => this.act("answer", { response }, `${entry.organiser} sees your answer.`),
        },
        title,
      ),
    );
  }

  askWhen() {
    const id = `when-${Math.random().toString(36).slice(2)}`;
    const on = make("input", { type: "date", id: `${id}-on`, required: true, value: wallDay(this.starts) });
    const at = make("input", { type: "time", id: `${id}-at`, required: true, value: wallTime(this.starts) });
    const form = make(
      "form",
      { class: "cal-form" },
      make("div", {}, make("label", { for: `${id}-on` }, "Day"), on),
      make("div", {}, make("label", { for: `${id}-at` }, "Time"), at),
      make("button", { type: "submit", class: "primary" }, this.others ? "Send the new time" : "Save"),
      make("button", { type: "button", onclick: () => this.stop() }, "Keep the time"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.move(on.value, at.value);
    });
    this.ask(form, on);
  }

  askWhether() {
    const yes = make("button", { type: "button", class: "primary", onclick: () => this.delete() }, this.others ? "Delete it and tell them" : "Delete it");
    const form = make(
      "div",
      { class: "cal-form" },
      make("p", {}, this.others ? "It goes out of every calendar, and whoever is invited hears of it." : "It goes out of this calendar."),
      yes,
      make("button", { type: "button", onclick: () => this.stop() }, "Keep it"),
    );
    this.ask(form, yes);
  }

  ask(form, first) {
    this.problem.hidden = true;
    this.before = document.activeElement;
    this.asked.replaceChildren(form);
    this.asked.hidden = false;
    form.addEventListener("keydown", (event) => { if (event.key === "Escape") this.stop(); });
    first.focus();
  }

  stop() {
    this.asked.hidden = true;
    this.asked.replaceChildren();
    this.before?.focus();
  }

  move(on, at) {
    const words = `It is on ${day(noon(on))} now.`;
    return this.act("move", { on, at }, this.others ? `${words} Whoever is invited hears of it.` : words, on);
  }

  delete() {
    return this.act("delete", {}, "It is deleted.");
  }

  async act(what, body, words, on) {
    const fault = await this.pane.act(what, { entry: this.entry.id, ...body }, words, on);
    this.problem.textContent = fault;
    this.problem.hidden = !fault;
  }
}
