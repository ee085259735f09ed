"""The two icons: what is checked in is what the SVG draws, and Teams would have it."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bot.icons import COLOUR, FREE, OUTLINE, BadPicture, Picture, colour_faults, outline_faults, read, write

MANIFEST = Path(__file__).resolve().parents[2] / "manifest"
SIZES = {"color": COLOUR, "outline": OUTLINE}
TEAL, WHITE, CLEAR, GREY = b"\x0f\x5c\x63\xff", b"\xff\xff\xff\xff", bytes(4), b"\xfe\xfe\xfe\x80"


def icon(name: str) -> Picture:
    return read((MANIFEST / f"{name}.png").read_bytes())


def plain(size: int, pixel: bytes) -> Picture:
    return Picture((pixel * size,) * size)


def dotted(picture: Picture, x: int, y: int, pixel: bytes) -> Picture:
    row = picture.rows[y]
    return Picture((*picture.rows[:y], row[: 4 * x] + pixel + row[4 * x + 4 :], *picture.rows[y + 1 :]))


def colour() -> Picture:
    return dotted(plain(COLOUR, TEAL), FREE, FREE, WHITE)


def outline() -> Picture:
    return dotted(dotted(plain(OUTLINE, CLEAR), 5, 0, WHITE), 5, OUTLINE - 1, WHITE)


@pytest.mark.parametrize("name", SIZES)
def test_the_picture_was_drawn_from_the_svg_beside_it(name: str) -> None:
    svg = (MANIFEST / f"{name}.svg").read_bytes()
    assert icon(name).source == hashlib.sha256(svg).hexdigest(), "Draw it anew: python tools/icons.py"


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_svg_and_picture_have_the_size_that_teams_wants(name: str, size: int) -> None:
    drawing = ET.fromstring((MANIFEST / f"{name}.svg").read_text(encoding="utf-8"))  # noqa: S314 - our own
    assert (drawing.get("width"), drawing.get("height"), drawing.get("viewBox")) == (
        str(size),
        str(size),
        f"0 0 {size} {size}",
    )
    assert (icon(name).width, icon(name).height) == (size, size)


def test_teams_would_have_both() -> None:
    assert colour_faults(icon("color")) == []
    assert outline_faults(icon("outline")) == []


def test_the_outline_fills_its_square() -> None:
    drawn = [(x, y) for x, y, pixel in icon("outline").pixels() if pixel[3] > 127]
    assert {min(x for x, _ in drawn), min(y for _, y in drawn)} == {0}
    assert {max(x for x, _ in drawn), max(y for _, y in drawn)} == {OUTLINE - 1}


def test_a_picture_is_read_as_it_was_written() -> None:
    picture = Picture(outline().rows, "what it was drawn from")
    assert read(write(picture)) == picture


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (plain(96, TEAL), "must be 192 by 192 pixels, not 96 by 96"),
        (plain(COLOUR, TEAL), "shows nothing"),
        (dotted(colour(), 0, 0, CLEAR), "is not plain near its edges"),
        (dotted(colour(), COLOUR // 2, FREE - 1, WHITE), "Keep 48 pixels free"),
        (plain(COLOUR, b"\x0f\x5c\x63\x80"), "half transparent"),
    ],
)
def test_a_colour_icon_that_teams_would_cut_or_refuse_is_found(picture: Picture, reason: str) -> None:
    assert reason in " ".join(colour_faults(picture))


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (plain(COLOUR, WHITE), "must be 32 by 32 pixels, not 192 by 192"),
        (plain(OUTLINE, CLEAR), "shows nothing"),
        (plain(OUTLINE, WHITE), "has no clear ground"),
        (dotted(outline(), 9, 9, GREY), "a colour other than white"),
        (dotted(plain(OUTLINE, CLEAR), 16, 16, WHITE), "a clear border"),
    ],
)
def test_an_outline_that_is_not_white_on_nothing_is_found(picture: Picture, reason: str) -> None:
    assert reason in " ".join(outline_faults(picture))


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"<svg/>",
        write(outline())[:-20],
        write(outline()).replace(b"IDAT", b"IDAX"),
        write(outline())[:40] + b"x" + write(outline())[41:],
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_is_no_whole_picture_is_refused(spoilt: bytes) -> None:
    with pytest.raises(BadPicture):
        read(spoilt)


def test_a_picture_that_says_it_is_enormous_is_not_unpacked() -> None:
    good = write(outline())
    head = good[16:24]
    huge = (1 << 30).to_bytes(4) * 2
    body = b"IHDR" + huge + good[24:29]
    with pytest.raises(BadPicture, match="plain PNG"):
        read(good.replace(b"IHDR" + head + good[24:33], body + zlib.crc32(body).to_bytes(4)))
