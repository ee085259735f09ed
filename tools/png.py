"""Makes a screenshot small: a PNG with a palette of 256 colours, which is all that words on a plain ground need."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from pathlib import Path

COLOURS = 256
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Bytes a pixel for the colour types that Chromium writes: without and with transparency.
_DEPTH = {2: 3, 6: 4}

Row = list[bytes]


def squeeze(file: Path) -> int:
    """Rewrites *file*, a PNG of 8 bits a channel that is not interlaced, and says how many bytes it has now.

    Raises ValueError for another kind of picture.
    """
    width, height, rows = _pixels(file.read_bytes())
    counted = Counter(pixel for row in rows for pixel in row)
    palette = [colour for colour, _ in counted.most_common(COLOURS)]
    number = {colour: _nearest(colour, palette) for colour in counted}
    packed = b"".join(b"\0" + bytes([number[pixel] for pixel in row]) for row in rows)
    small = [
        _SIGNATURE,
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        _chunk(b"PLTE", b"".join(palette)),
        _chunk(b"IDAT", zlib.compress(packed, 9)),
        _chunk(b"IEND", b""),
    ]
    return file.write_bytes(b"".join(small))


def _nearest(colour: bytes, palette: list[bytes]) -> int:
    near = min(palette, key=lambda p: sum((a - b) ** 2 for a, b in zip(colour, p, strict=True)))
    return palette.index(near)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _pixels(data: bytes) -> tuple[int, int, list[Row]]:
    """Width, height, and the rows of pixels, three bytes each."""
    at, packed, head = len(_SIGNATURE), b"", b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        head = body if kind == b"IHDR" else head
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", head)
    if bits != 8 or colour not in _DEPTH or interlaced:
        raise ValueError("only plain PNG pictures of 8 bits a channel can be made smaller")
    depth = _DEPTH[colour]
    raw, line = zlib.decompress(packed), width * depth
    before, rows = bytes(line), []
    for start in range(0, height * (line + 1), line + 1):
        before = _unfiltered(raw[start], raw[start + 1 : start + 1 + line], before, depth)
        rows.append([before[i : i + 3] for i in range(0, line, depth)])
    return width, height, rows


def _unfiltered(kind: int, line: bytes, above: bytes, depth: int) -> bytes:
    """One row with the filter of the PNG standard (section 9.2) taken off."""
    if kind == 0:
        return line
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
