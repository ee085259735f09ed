"""A main key made for this run of the tests: every process of it finds it in its environment."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import Any

import storage
from storage import Stores
from storage.atomic import read_document
from storage.chain import about
from storage.folder import Folder
from storage.record import open_rest
from storage.seal import MainKeys, case_key
from storage.tinydb_book import TinyCaseBook
from storage.tinydb_keys import TinyKeys, key_outside

NAME = "PATHWAY_KEY"
KEYS = MainKeys.parse(os.environ.setdefault(NAME, base64.b64encode(secrets.token_bytes(32)).decode("ascii")))


def open_stores(url: str, keys: MainKeys | None = KEYS, *, alone: bool = False) -> Stores:
    """`storage.open_stores` with that key."""
    return storage.open_stores(url, keys, alone=alone)


def tiny_ring(folder: Path) -> TinyKeys:
    return TinyKeys(Folder(folder), KEYS)


def tiny_book(folder: Path) -> TinyCaseBook:
    return TinyCaseBook(tiny_ring(folder))


def case_on_disk(store: Path, file: Path) -> dict[str, Any]:
    """A case as it stands on the disk, opened: its `summary`, its `events` as they were recorded, its `letters`, ..."""
    key = key_outside(store, case_key(file.stem), KEYS)
    found = dict(read_document(file, "case") or {})
    events = [key.open_json(sealed, about(file.stem, n)) for n, sealed, _ in found["events"]]
    return {**open_rest(found, key), "events": events}
