// The panes of the page: a person's chat, the Partnership channel, the mailbox.

import { draw, filler, heading, prose } from "./card.js";
import { announce, get, icon, make, post } from "./dom.js";
import { count, day, initials, longDay, sameDay, time, tint } from "./words.js";

const NOT_SENT = "Not sent. The bot is not answering just now.";

export function avatar(name, key) {
  return make("span", { class: `avatar ${tint(key)}`, "aria-hidden": "true" }, initials(name));
}

const BOT_FACE = () => make("img", { class: "avatar", src: "/static/icon.svg", alt: "", width: 32, height: 32 });

// One pane. *shell* is what the page gives to it: names, and how to close it or to go back.
export class Pane {
  constructor(key, title, what, shell) {
    this.key = key;
    this.title = title;
    this.shell = shell;
    this.list = make("div", { class: "messages", role: "log", "aria-live": "off", "aria-label": `Messages, ${title}`, tabindex: "0" });
    const titleId = `title-${key}`;
    this.close = make("button", { type: "button", class: "quiet icon-only close", "aria-label": `Close the chat with ${title}`, onclick: () => shell.close(key) }, icon("close"));
    this.element = make(
      "section",
      { class: "pane", "aria-labelledby": titleId, "data-key": key },
      make(
        "header",
        { class: "pane-head" },
        make("button", { type: "button", class: "quiet icon-only back", "aria-label": "Back to the people", onclick: shell.back }, icon("back")),
        this.face(),
        make("div", { class: "who" }, make("h2", { id: titleId, tabindex: "-1" }, title), make("p", {}, what)),
        this.more(),
        this.close,
      ),
      this.list,
    );
  }

  face() {
    return avatar(this.title, this.key);
  }

  // What else stands in the head of the pane.
  more() {
    return null;
  }

  focusTitle() {
    this.element.querySelector("h2").focus({ preventScroll: true });
  }

  scrolledDown() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 160;
  }

  // The newest message in view: its end, or its beginning where it is taller than the pane.
  showNewest() {
    const newest = this.list.querySelector(".message:last-of-type:not(.own)") ?? this.list.lastElementChild;
    if (!newest) return;
    const tall = newest.offsetHeight > this.list.clientHeight - 24;
    this.list.scrollTop = tall ? newest.offsetTop - 12 : this.list.scrollHeight;
  }
}

// One message; it keeps its element for as long as nothing in it changes, so that a half-filled form stays.
class Shown {
  constructor(message, pane) {
    this.pane = pane;
    this.element = make("article", { class: "message", "data-id": message.id });
    this.fill(message);
  }

  fill(message) {
    const json = JSON.stringify(message);
    if (json === this.json) return false;
    const isNew = this.json === undefined;
    this.json = json;
    this.message = message;
    const own = message.from !== "bot";
    const name = own ? this.pane.shell.name(message.from) : "Pathway";
    const at = new Date(message.at);
    this.element.className = own ? "message own" : "message";
    this.element.setAttribute("aria-label", `${name}, ${day(at)}, ${time(at)}`);
    this.element.replaceChildren(
      own ? avatar(name, message.from) : BOT_FACE(),
      make(
        "div",
        { class: "said" },
        make(
          "p",
          { class: "by" },
          make("b", {}, name),
          " ",
          make("time", { datetime: message.at }, time(at)),
          message.edited ? make("span", { class: "edited" }, this.edited(at, new Date(message.edited))) : null,
        ),
        this.content(message, own),
      ),
    );
    return !isNew;
  }

  edited(at, edited) {
    return sameDay(at, edited) ? `Edited ${time(edited)}` : `Edited ${day(edited)}, ${time(edited)}`;
  }

  content(message, own) {
    if (message.deleted) return make("p", { class: "gone" }, "This message was deleted.");
    const holder = make("div", { class: "content" });
    if (message.text) holder.append(make("div", { class: "bubble" }, own ? message.text : prose(message.text)));
    if (message.card) {
      this.card = make("div", { class: "card" });
      const drawn = draw(message.card, (verb, data) => this.press(verb, data));
      this.card.append(drawn);
      this.card.addEventListener("click", () => { this.pressed = document.activeElement; });
      holder.append(this.card);
      const fill = filler(drawn);
      if (fill) holder.append(this.samples(fill));
    }
    this.notice = make("p", { class: "notice", hidden: !message.notice }, message.notice);
    holder.append(this.notice);
    return holder;
  }

  // Practice only: nobody who judges the app wants to invent a lesson.
  samples(fill) {
    const button = make("button", { type: "button", class: "quiet samples" }, "Fill in sample words");
    button.addEventListener("click", () => {
      fill();
      announce("Sample words are filled in. Check them, and press the card's button.");
    });
    return button;
  }

  async press(verb, data) {
    if (this.busy) return;
    const button = document.activeElement;
    this.busy = true;
    this.notice.hidden = true;
    this.notice.classList.remove("problem");
    this.card.setAttribute("aria-busy", "true");
    this.card.inert = true;
    let answer;
    try {
      answer = await post(`/api/chats/${this.pane.key}/acts`, { message: this.message.id, verb, data, as: this.pane.speaker?.() });
    } catch {
      answer = { kind: "error", text: "Something went wrong. Please try again." };
    }
    this.busy = false;
    this.card.removeAttribute("aria-busy");
    this.card.inert = false;
    if (answer.kind === "error" || answer.error) {
      this.problem(answer.text ?? answer.error);
      button?.focus({ preventScroll: true });
      return;
    }
    await this.pane.refresh();
    if (answer.kind === "card") this.arrive();
    else {
      announce(answer.text);
      button?.focus({ preventScroll: true });
    }
  }

  problem(words) {
    this.notice.textContent = words;
    this.notice.classList.add("problem");
    this.notice.hidden = false;
    this.notice.scrollIntoView({ block: "nearest" });
    announce(words);
  }

  // After a card was replaced: its heading takes the focus and its beginning is in view.
  arrive() {
    if (!this.card?.isConnected) return;
    const top = heading(this.card);
    top.focus({ preventScroll: true });
    const list = this.pane.list;
    const above = this.element.offsetTop < list.scrollTop;
    const below = this.element.offsetTop + this.element.offsetHeight > list.scrollTop + list.clientHeight;
    if (above || below) list.scrollTop = this.element.offsetTop - 12;
  }
}

// A box to type in, with suggestions that type for you.
function composer(label, suggestions, send) {
  const id = `box-${Math.random().toString(36).slice(2)}`;
  const box = make("textarea", { id, rows: 1, maxlength: 4000, placeholder: label, autocomplete: "off" });
  const problem = make("p", { class: "problem", role: "alert", hidden: true });
  const form = make("form", { class: "composer" });
  const go = async (words) => {
    if (!words || form.inert) return;
    form.inert = true;
    problem.hidden = true;
    const fault = await send(words).catch(() => NOT_SENT);
    form.inert = false;
    if (fault) {
      problem.textContent = fault;
      problem.hidden = false;
      box.value = words;
    } else {
      box.value = "";
    }
    box.focus({ preventScroll: true });
  };
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      go(box.value.trim());
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(box.value.trim());
  });
  const chips = suggestions.map((words) =>
    make("button", { type: "button", class: "chip", onclick: () => go(words) }, words),
  );
  form.append(
    chips.length ? make("div", { class: "chips", role: "group", "aria-label": "Things to say" }, ...chips) : "",
    problem,
    make(
      "div",
      { class: "typing" },
      make("label", { for: id, class: "unseen" }, label),
      box,
      make("button", { type: "submit", class: "quiet icon-only send", "aria-label": "Send" }, icon("send")),
    ),
  );
  return form;
}

export class ChatPane extends Pane {
  constructor(person, shell) {
    super(person.key, person.name, person.what, shell);
    this.shown = new Map();
    const suggestions = person.group === "Students" ? ["help", "my cases"] : ["help", "concern", "my cases"];
    this.element.append(
      composer("Type a message to Pathway", suggestions, async (text) => {
        const answer = await post(`/api/chats/${this.key}/messages`, { text });
        await this.refresh();
        this.showNewest();
        return answer.ok ? "" : answer.error ?? NOT_SENT;
      }),
    );
  }

  more() {
    return this.shell.toCalendar(this.key);
  }

  async refresh() {
    const { messages } = await get(`/api/chats/${this.key}`);
    const first = this.shown.size === 0;
    const follow = first || this.scrolledDown();
    let added = 0;
    for (const message of messages) {
      const shown = this.shown.get(message.id);
      if (shown) {
        shown.fill(message);
        continue;
      }
      this.append(new Shown(message, this));
      added += 1;
      if (!first && message.from === "bot") announce(`Pathway: ${message.summary || message.text}`);
    }
    if (messages.length < this.shown.size) this.forget(messages);
    this.list.classList.toggle("empty", messages.length === 0);
    if (added && follow) this.showNewest();
  }

  append(shown) {
    const at = new Date(shown.message.at);
    if (!this.lastDay || !sameDay(this.lastDay, at)) {
      this.list.append(make("p", { class: "day" }, make("span", {}, longDay(at))));
    }
    this.lastDay = at;
    this.shown.set(shown.message.id, shown);
    this.list.append(shown.element);
  }

  forget(messages) {
    this.shown.clear();
    this.list.replaceChildren();
    this.lastDay = null;
    for (const message of messages) this.append(new Shown(message, this));
  }
}

export class ChannelPane extends Pane {
  constructor(channel, people, shell) {
    super("channel", channel.name, `${channel.team}: references, dates and counts only`, shell);
    this.shown = new Map();
    this.as = make("select", { id: "channel-as" }, ...people.map((p) => make("option", { value: p.key }, p.name)));
    this.element.append(
      make(
        "div",
        { class: "as" },
        make("label", { for: "channel-as" }, "Write as"),
        this.as,
      ),
      composer("Mention Pathway in the channel", ["help"], async (text) => {
        const answer = await post("/api/chats/channel/messages", { text, as: this.as.value });
        await this.refresh();
        this.showNewest();
        return answer.ok ? "" : answer.error ?? NOT_SENT;
      }),
    );
  }

  face() {
    return make("span", { class: "avatar square tint-5", "aria-hidden": "true" }, "PC");
  }

  speaker() {
    return this.as.value;
  }

  async refresh() {
    const { messages } = await get("/api/chats/channel");
    const follow = this.scrolledDown();
    const known = new Set(messages.map((m) => m.id));
    for (const id of this.shown.keys()) if (!known.has(id)) this.shown.delete(id);
    for (const message of messages) {
      if (this.shown.has(message.id)) this.shown.get(message.id).fill(message);
      else this.shown.set(message.id, new Shown(message, this));
    }
    const roots = messages.filter((m) => !m.thread);
    const threads = new Map([...this.list.children].map((e) => [e.dataset.thread, e]));
    for (const [id, element] of threads) if (!known.has(id)) element.remove();
    for (const root of roots) this.thread(root, messages, threads.get(root.id));
    this.list.classList.toggle("empty", roots.length === 0);
    if (follow) this.list.scrollTop = this.list.scrollHeight;
  }

  thread(root, messages, existing) {
    const replies = messages.filter((m) => m.thread === root.id);
    const element = existing ?? make("div", { class: "thread", "data-thread": root.id });
    const wanted = [root, ...replies].map((m) => this.shown.get(m.id).element);
    const title = element.querySelector(".replies") ?? make("p", { class: "replies" });
    title.textContent = count(replies.length, "reply", "replies");
    title.hidden = replies.length === 0;
    const day_ = element.querySelector(".day") ?? make("p", { class: "day" }, make("span", {}, longDay(new Date(root.at))));
    const order = [day_, wanted[0], title, ...wanted.slice(1)];
    if (order.length !== element.children.length || order.some((e, i) => element.children[i] !== e)) element.replaceChildren(...order);
    if (!existing) this.list.append(element);
  }
}

export class MailPane extends Pane {
  // All mail, or only that of *person*, who has no Teams.
  constructor(person, shell) {
    super(person?.key ?? "mail", person?.name ?? "Mailbox", person ? `${person.what}. No Teams: gets e-mail at ${person.email}` : "Everything that was sent by e-mail", shell);
    this.person = person;
    this.letters = new Map();
    this.list.setAttribute("aria-label", "Letters, newest first");
    this.list.classList.add("letters");
  }

  face() {
    return this.key === "mail" ? make("span", { class: "avatar square tint-2", "aria-hidden": "true" }, "@") : super.face();
  }

  more() {
    return this.key === "mail" ? null : this.shell.toCalendar(this.key);
  }

  async refresh() {
    const { mails } = await get("/api/mail");
    const wanted = mails.filter((m) => !this.person || m.to === this.person.email).reverse();
    const known = new Set(wanted.map((m) => m.id));
    for (const [id, element] of this.letters) {
      if (known.has(id)) continue;
      element.remove();
      this.letters.delete(id);
    }
    this.list.classList.toggle("empty", wanted.length === 0);
    for (const mail of wanted.toReversed()) {
      const before = this.letters.get(mail.id);
      if (before) before.classList.toggle("unread", !mail.read);
      else {
        const letter = this.letter(mail);
        this.letters.set(mail.id, letter);
        this.list.prepend(letter);
      }
    }
  }

  letter(mail) {
    const at = new Date(mail.at);
    const text = make("div", { class: "letter-text" });
    for (const [index, part] of mail.text.split(/(https?:\/\/[^\s<>]+)/).entries()) {
      text.append(index % 2 ? make("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part) : part);
    }
    const files = mail.attachments.map((file, index) =>
      make("a", { class: "file", href: `/api/mail/${mail.id}/attachments/${index}`, download: file.name }, icon("file"), file.name),
    );
    const summary = make(
      "summary",
      {},
      make("span", { class: "letter-to" }, this.person ? mail.from.replace(/ <.*/, "") : this.shell.addressee(mail.to)),
      make("time", { datetime: mail.at }, `${day(at)}, ${time(at)}`),
      make("span", { class: "letter-subject" }, mail.subject),
    );
    const letter = make(
      "details",
      { class: mail.read ? "letter" : "letter unread" },
      summary,
      make("dl", {}, make("dt", {}, "From"), make("dd", {}, mail.from), make("dt", {}, "To"), make("dd", {}, mail.to)),
      text,
      files.length ? make("p", { class: "files" }, ...files) : "",
    );
    letter.addEventListener("toggle", () => {
      if (letter.open && letter.classList.contains("unread")) post(`/api/mail/${mail.id}/read`);
    });
    return letter;
  }
}
