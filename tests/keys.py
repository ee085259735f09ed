"""A main key made for this run of the tests: every process of it finds it in its environment."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

import storage
from storage import Stores
from storage.folder import Folder
from storage.seal import MainKeys
from storage.tinydb_book import TinyCaseBook
from storage.tinydb_keys import TinyKeys

NAME = "PATHWAY_KEY"
KEYS = MainKeys.parse(os.environ.setdefault(NAME, base64.b64encode(secrets.token_bytes(32)).decode("ascii")))


def open_stores(url: str, keys: MainKeys | None = KEYS, *, alone: bool = False) -> Stores:
    """`storage.open_stores` with that key."""
    return storage.open_stores(url, keys, alone=alone)


def tiny_ring(folder: Path) -> TinyKeys:
    return TinyKeys(Folder(folder), KEYS)


def tiny_book(folder: Path) -> TinyCaseBook:
    return TinyCaseBook(tiny_ring(folder))
