"""Draws the icons of the app package anew from their SVG, with Chromium: `python tools/icons.py`.

Each PNG carries a mark of the SVG it was drawn from, so that a test sees when somebody changed one and not the other.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bot.icons import Picture, colour_faults, outline_faults, read, write  # noqa: E402
from tests.practice.house import chromium, find_chromium  # noqa: E402

MANIFEST = ROOT / "manifest"
SIZES = {"color": 192, "outline": 32}
FAULTS = {"color": colour_faults, "outline": outline_faults}


async def draw(name: str, executable: str) -> Picture:
    """The picture of manifest/NAME.svg, on a clear ground."""
    svg = (MANIFEST / f"{name}.svg").read_text(encoding="utf-8")
    size = SIZES[name]
    async with chromium(executable) as browser:
        page = await browser.new_page(viewport={"width": size, "height": size})
        await page.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{svg}")
        drawn = read(await page.screenshot(omit_background=True))
    source = hashlib.sha256(svg.encode()).hexdigest()
    return Picture(tuple(_whitened(row) if name == "outline" else row for row in drawn.rows), source)


def _whitened(row: bytes) -> bytes:
    """Where the edge is soft, Chromium's white is a shade off; the softness itself stays."""
    pixels = (row[i : i + 4] for i in range(0, len(row), 4))
    return b"".join(b"\xff\xff\xff" + pixel[3:] if pixel[3] else bytes(4) for pixel in pixels)


async def _main() -> int:
    executable = find_chromium()
    if executable is None:
        print("No Chromium was found. Run tools/setup.sh browser, or set PATHWAY_CHROMIUM to one.")
        return 1
    for name in SIZES:
        picture = await draw(name, executable)
        for fault in FAULTS[name](picture):
            print(f"{name}.png {fault}.")
            return 1
        size = (MANIFEST / f"{name}.png").write_bytes(write(picture))
        print(f"{name}.png: {size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
