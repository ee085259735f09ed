"""The two icons of the app package: PNG pictures read and written without a library, and Teams' rules for them.

Rules: 192 by 192 for the colour icon, on a plain or clear ground and with 48 pixels kept free on each side, because
Teams cuts squares and hexagons out of it; 32 by 32 for the outline, white and nothing else, without a border.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

COLOUR, OUTLINE = 192, 32
#: What Teams may cut off the colour icon, on each side.
FREE = 48
#: How many pixels of the outline may be clear beside the drawing, on each side.
BORDER = 2

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Bytes a pixel of the colour types that are read: without and with transparency.
_DEPTH = {2: 3, 6: 4}
_RGBA = 6
_WHITE = b"\xff\xff\xff"
_LARGEST = 4096
#: The name under which a picture says what it was drawn from.
_SOURCE = b"Source"


class BadPicture(Exception):
    """The sentence says what is wrong with the file."""


@dataclass(frozen=True, slots=True)
class Picture:
    """*rows* from the top, four bytes (red, green, blue, alpha) a pixel; *source* is a mark of what it was drawn from,
    in ASCII.
    """

    rows: tuple[bytes, ...]
    source: str = ""

    @property
    def width(self) -> int:
        return len(self.rows[0]) // 4

    @property
    def height(self) -> int:
        return len(self.rows)

    def pixels(self) -> Iterator[tuple[int, int, bytes]]:
        """Column, row and the four bytes of each."""
        for y, row in enumerate(self.rows):
            for x in range(self.width):
                yield x, y, row[4 * x : 4 * x + 4]


def read(data: bytes) -> Picture:
    """Raises BadPicture for anything but a PNG of 8 bits a channel that is not interlaced."""
    chunks = list(_chunks(data))
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise BadPicture("it is not a PNG picture")
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if bits != 8 or colour not in _DEPTH or interlaced or not 0 < max(width, height) <= _LARGEST:
        raise BadPicture("it is not a plain PNG picture of 8 bits a channel")
    depth = _DEPTH[colour]
    try:
        raw = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    except zlib.error as fault:
        raise BadPicture("it is damaged") from fault
    line = width * depth
    if len(raw) != height * (line + 1):
        raise BadPicture("it is damaged")
    rows, above = [], bytes(line)
    for start in range(0, len(raw), line + 1):
        above = _unfiltered(raw[start], raw[start + 1 : start + 1 + line], above, depth)
        rows.append(above if depth == 4 else _opaque(above))
    return Picture(tuple(rows), _source(chunks))


def write(picture: Picture) -> bytes:
    head = struct.pack(">IIBBBBB", picture.width, picture.height, 8, _RGBA, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + row for row in picture.rows), 9)
    note = [_chunk(b"tEXt", _SOURCE + b"\0" + picture.source.encode("ascii"))] if picture.source else []
    return b"".join([_SIGNATURE, _chunk(b"IHDR", head), *note, _chunk(b"IDAT", packed), _chunk(b"IEND", b"")])


def colour_faults(picture: Picture) -> list[str]:
    """What Teams would not have of this colour icon; each begins in the middle of a sentence."""
    if (picture.width, picture.height) != (COLOUR, COLOUR):
        return [_size(picture, COLOUR)]
    ground = picture.rows[0][:4]
    if ground[3] not in {0, 255}:
        return ["has a ground that is half transparent. Make it plain or wholly clear"]
    inside = range(FREE, COLOUR - FREE)
    if any(pixel != ground for x, y, pixel in picture.pixels() if x not in inside or y not in inside):
        return [f"is not plain near its edges. Keep {FREE} pixels free on each side, and do not round the corners"]
    if all(pixel == ground for _, _, pixel in picture.pixels()):
        return ["shows nothing"]
    return []


def outline_faults(picture: Picture) -> list[str]:
    """What Teams would not have of this outline icon; each begins in the middle of a sentence."""
    if (picture.width, picture.height) != (OUTLINE, OUTLINE):
        return [_size(picture, OUTLINE)]
    drawn = [(x, y, pixel) for x, y, pixel in picture.pixels() if pixel[3]]
    if not drawn:
        return ["shows nothing"]
    if any(pixel[:3] != _WHITE for _, _, pixel in drawn):
        return ["has a colour other than white. Only white on a clear ground is allowed"]
    if len(drawn) == OUTLINE * OUTLINE:
        return ["has no clear ground"]
    ys = [y for _, y, _ in drawn]
    if min(ys) > BORDER or max(ys) < OUTLINE - 1 - BORDER:
        return ["has a clear border above or below. Let the drawing fill the height"]
    return []


def _size(picture: Picture, wanted: int) -> str:
    return f"must be {wanted} by {wanted} pixels, not {picture.width} by {picture.height}"


def _source(chunks: list[tuple[bytes, bytes]]) -> str:
    notes = (body.partition(b"\0") for kind, body in chunks if kind == b"tEXt")
    return next((text.decode("latin-1") for key, _, text in notes if key == _SOURCE), "")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each. Raises BadPicture where one is cut short or was changed."""
    if not data.startswith(_SIGNATURE):
        raise BadPicture("it is not a PNG picture")
    at = len(_SIGNATURE)
    while at < len(data):
        head, after = data[at : at + 8], data[at + 8 :]
        if len(head) < 8:
            raise BadPicture("it is damaged")
        length, kind = struct.unpack(">I4s", head)
        body, check = after[:length], after[length : length + 4]
        if len(check) < 4 or struct.unpack(">I", check)[0] != zlib.crc32(kind + body):
            raise BadPicture("it is damaged")
        yield kind, body
        at += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _opaque(row: bytes) -> bytes:
    return b"".join(row[i : i + 3] + b"\xff" for i in range(0, len(row), 3))


def _unfiltered(kind: int, line: bytes, above: bytes, depth: int) -> bytes:
    """One row with the filter of the PNG standard (section 9.2) taken off. Raises BadPicture."""
    if kind == 0:
        return line
    if kind > 4:
        raise BadPicture("it is damaged")
    out = bytearray(line)
    for i in range(len(out)):
        left = out[i - depth] if i >= depth else 0
        corner = above[i - depth] if i >= depth else 0
        guess = (0, left, above[i], (left + above[i]) // 2, _paeth(left, above[i], corner))[kind]
        out[i] = (out[i] + guess) & 255
    return bytes(out)


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda value: abs(guess - value))
