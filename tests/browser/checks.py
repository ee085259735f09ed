"""What can be looked up in a drawn page about its use: names of fields, and contrast of words."""

from __future__ import annotations

from playwright.async_api import Page

from tests.browser.person import Person, Screen

#: Fields that a screen reader could not name; a hint inside the box is not a name.
_NAMELESS = """
() => [...document.querySelectorAll("main :is(input, textarea, select), header button, nav button, main button")]
  .filter((e) => e.checkVisibility() && !named(e))
  .map((e) => e.outerHTML.slice(0, 160));

function named(e) {
  const by = e.getAttribute("aria-labelledby");
  if (by) return by.trim().split(/\\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join("").trim();
  if (e.labels?.length) return [...e.labels].map((l) => l.textContent).join("").trim();
  return (e.getAttribute("aria-label") ?? "").trim() || e.textContent.trim();
}
"""

#: Groups of choices (ticks, one of several) that are not told to be one group with a name.
_LOOSE_GROUPS = """
() => [...document.querySelectorAll(".ac-choiceSetInput-expanded, .ac-choiceSetInput-multiSelect")]
  .filter((e) => !["group", "radiogroup"].includes(e.getAttribute("role")) || !e.getAttribute("aria-labelledby"))
  .map((e) => e.parentElement.parentElement.id);
"""

#: Words with less contrast against what is under them than WCAG 2.2 asks (1.4.3: 4.5, or 3 for large ones).
_PALE = """
() => {
  const rgb = (s) => (s.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const part = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const under = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const found = rgb(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
      if (found[3] > 0) throw new Error(`half transparent: ${at.className}`);
    }
    return [255, 255, 255];
  };
  const pale = [];
  const check = (e, colour, words) => {
    const style = getComputedStyle(e);
    const [a, b] = [light(rgb(colour)), light(under(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) pale.push(`${ratio.toFixed(2)}: ${words.slice(0, 60)}`);
  };
  for (const e of document.querySelectorAll("body *")) {
    if (!e.checkVisibility({ visibilityProperty: true }) || e.closest(":disabled, [aria-disabled=true], .unseen, .skip")) continue;
    const words = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join("");
    if (words) check(e, getComputedStyle(e).color, words);
    if (e.placeholder) check(e, getComputedStyle(e, "::placeholder").color, e.placeholder);
  }
  return pale;
}
"""


async def nameless(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(_wrapped(_NAMELESS))
    return found


async def loose_groups(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(_wrapped(_LOOSE_GROUPS))
    return found


async def pale_words(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(_wrapped(_PALE))
    return found


async def looks_right(screen: Screen) -> None:
    """Every field has a name, every word is plain to see and nothing is cut off, for whoever is in view."""
    page = screen.page
    assert await nameless(page) == []
    assert await loose_groups(page) == []
    assert await pale_words(page) == []
    assert await screen.cut_off() == []


async def looks_right_to(_name: str, person: Person) -> None:
    """The same, as a *look* at each card of a walk."""
    await person.looks()
    await looks_right(person.screen)


def _wrapped(script: str) -> str:
    """The script's first statement is the function to run; others may follow."""
    body = script.strip()
    return f"() => {{ const run = {body}\nreturn run(); }}"
