// Cards, drawn by Microsoft's renderer with Teams' host configuration.

const AC = window.AdaptiveCards;
const SAFE = /^(https?:|mailto:|msteams:)/i;

// Teams shows little of Markdown in cards.
const markdown = window
  .markdownit("zero", { html: false, linkify: false, breaks: false })
  .enable(["emphasis", "link", "list", "escape", "newline", "entity"]);

AC.AdaptiveCard.onProcessMarkdown = (text, result) => {
  result.outputHtml = markdown.render(text);
  result.didProcess = true;
};
AC.GlobalSettings.setTabIndexAtCardRoot = false;
AC.GlobalSettings.useMarkdownInRadioButtonAndCheckbox = false;

let hostConfig = null;
let palettes = {};
let samples = {};
const fillers = new WeakMap();

// The colours become CSS variables, so that light and dark change nothing that is typed into a card.
export async function prepare() {
  const kept = await (await fetch("/static/hostconfig.json")).json();
  samples = await (await fetch("/static/samples.json")).json();
  const { about, light, dark, ...shared } = kept;
  palettes = { light: flat(light), dark: flat(dark) };
  hostConfig = new AC.HostConfig({ ...shared, containerStyles: variables(light) });
}

export function paint(theme) {
  for (const [name, colour] of Object.entries(palettes[theme])) document.documentElement.style.setProperty(name, colour);
}

function flat(node, path = "--card") {
  if (typeof node === "string") return { [path]: node };
  return Object.assign({}, ...Object.entries(node).map(([name, child]) => flat(child, `${path}-${name}`)));
}

function variables(node, path = "--card") {
  if (typeof node === "string") return `var(${path})`;
  return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, variables(child, `${path}-${name}`)]));
}

// Markdown of a text message, as nodes.
export function prose(text) {
  const holder = document.createElement("div");
  holder.className = "prose";
  holder.innerHTML = markdown.render(text);
  links(holder);
  return holder;
}

// Draws *json*; *pressed(verb, data)* is called for an Action.Execute whose inputs are as the card wants them.
export function draw(json, pressed) {
  const card = new AC.AdaptiveCard();
  card.hostConfig = hostConfig;
  card.onExecuteAction = (action) => {
    if (action instanceof AC.OpenUrlAction) open(action.url);
    else if (action instanceof AC.ExecuteAction || action instanceof AC.SubmitAction) pressed(action.verb, action.data ?? {});
  };
  card.parse(json);
  const element = card.render();
  if (!element) return document.createTextNode("This card cannot be drawn.");
  tidy(card, element);
  if (card.getAllInputs().some((input) => input instanceof AC.TextInput && samples[input.id] && !input.value)) {
    fillers.set(element, () => fillIn(card));
  }
  return element;
}

// For a form with empty boxes that there are sample words for: what fills them. Undefined for any other card.
export const filler = (element) => fillers.get(element);

// Fills the empty text boxes of *card* with words for practice. What is a choice stays with the person.
function fillIn(card) {
  const inputs = card.getAllInputs();
  const value = (id) => inputs.find((input) => input.id === id)?.value;
  for (const input of inputs) {
    if (input instanceof AC.TextInput && !input.value) write(input, value);
  }
}

// A second and third target only belong to an area that was chosen.
function write(input, value) {
  const number = /^(?:target|measure|support)([23])$/.exec(input.id)?.[1];
  const words = samples[input.id];
  if (!words || (number && !value(`area${number}`))) return;
  const box = input.renderedInputControlElement;
  (box.matches("input, textarea") ? box : box.querySelector("input, textarea")).value = words;
}

function open(url) {
  if (SAFE.test(url)) window.open(url, "_blank", "noopener,noreferrer");
}

function links(element) {
  for (const link of element.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
}

// What the renderer leaves undone.
function tidy(card, element) {
  links(element);
  for (const input of card.getAllInputs()) {
    if (input.style === "filtered") nameFiltered(input);
    else if (input.renderedInputControlElement?.querySelector("[type=radio], [type=checkbox]")) nameGroup(input);
  }
  for (const action of buttons(card)) {
    const button = action.renderedElement;
    if (!(action instanceof AC.OpenUrlAction) || !button) continue;
    button.classList.add("opens");
    button.setAttribute("aria-label", `${action.title} (opens in a new tab)`);
  }
}

function buttons(card) {
  const found = [];
  for (let index = 0; index < card.getActionCount(); index += 1) found.push(card.getActionAt(index));
  return found;
}

// Choices in view belong together: one group with the name of the field; each choice has its own name only.
function nameGroup(input) {
  const group = input.renderedInputControlElement;
  const title = group.closest(".ac-input-container")?.previousElementSibling;
  if (!title?.id || !(input instanceof AC.ChoiceSetInput)) return;
  group.setAttribute("role", input.isMultiSelect ? "group" : "radiogroup");
  group.setAttribute("aria-labelledby", title.id);
  for (const choice of group.querySelectorAll("input")) {
    const own = (choice.getAttribute("aria-labelledby") ?? "").split(" ").filter((id) => id && id !== title.id);
    if (own.length) choice.setAttribute("aria-labelledby", own.join(" "));
  }
}

// A filtered choice shows the value instead of its title at first, and has no label for screen readers.
function nameFiltered(input) {
  const box = input.renderedInputControlElement?.querySelector("input");
  if (!box) return;
  const chosen = input.choices.find((choice) => choice.value === box.value);
  if (chosen) box.value = chosen.title;
  const label = input.renderedInputControlElement.getAttribute("aria-labelledby");
  if (label) {
    box.setAttribute("aria-labelledby", label);
    input.renderedInputControlElement.removeAttribute("aria-labelledby");
  }
  if (input.isRequired) box.setAttribute("aria-required", "true");
}

// The first heading of a drawn card, ready to take the focus.
export function heading(element) {
  const found = element.querySelector('[role="heading"]') ?? element;
  found.tabIndex = -1;
  return found;
}
