// Elements without a framework. Words are always set as text, never as HTML.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const ICONS = {
  back: "M12.500 4 6.500 10l6 6",
  beside: "M3 4h14v12H3zM10 4v12",
  calendar: "M3 5h14v12H3zM3 9h14M7 3v4M13 3v4",
  close: "M5 5l10 10M15 5 5 15",
  send: "M3 10 17 4l-4.500 13-2.800-5.500z",
  file: "M6 3h6l3 3v11H6zM12 3v3h3",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

export async function post(path, body = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  return answer.ok ? said : { error: "That did not work. Please try again.", ...said };
}

let clearing = 0;

// Says *words* to screen readers, after what they are reading.
export function announce(words) {
  const live = document.getElementById("live");
  live.append(make("p", {}, words));
  clearTimeout(clearing);
  clearing = setTimeout(() => live.replaceChildren(), 4000);
}
