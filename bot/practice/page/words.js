// Dates, times and names in words, on London's clock.

const LONDON = "Europe/London";
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", timeZone: LONDON });
const LONG_DAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: LONDON });
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "numeric", minute: "2-digit", hour12: true, timeZone: LONDON });

// As on the cards: "9am", "3:45pm", "midday", "midnight".
export function time(moment) {
  const parts = Object.fromEntries(TIME.formatToParts(moment).map((part) => [part.type, part.value]));
  const [hour, half] = [Number(parts.hour) || 12, parts.dayPeriod.toLowerCase()];
  if (parts.minute !== "00") return `${hour}:${parts.minute}${half}`;
  if (hour === 12) return half === "am" ? "midnight" : "midday";
  return `${hour}${half}`;
}

// "Tuesday 6 October"
export const day = (moment) => DAY.format(moment).replace(",", "");

// "Tuesday 6 October 2026"
export const longDay = (moment) => LONG_DAY.format(moment).replace(",", "");

export const yearOf = (moment) => longDay(moment).slice(-4);

export const sameDay = (one, other) => longDay(one) === longDay(other);

// "PN" for Priya Nair, "HM" for Dr Helen Marsh
export function initials(name) {
  const names = name.split(" ").filter((part) => !["Dr", "Prof"].includes(part));
  return names.map((part) => part[0]).slice(0, 2).join("").toUpperCase();
}

// One of eight tints, always the same for the same person.
export function tint(key) {
  let sum = 0;
  for (const letter of key) sum = (sum * 37 + letter.codePointAt(0)) % 1009;
  return `tint-${(sum >> 2) % 8}`;
}

export const count = (number, one, many) => (number === 1 ? `1 ${one}` : `${number} ${many}`);
