from __future__ import annotations

from pathlib import Path

import pytest

from bot.practice.roll import PARTNERSHIP, PROVIDER
from bot.roster import RosterCommand, list_the_office
from pathway.provider import Provider
from tests.keys import open_stores

#: The terms of practice mode's provider, so far away that no test will see them end.
FAR = PROVIDER.read_text(encoding="utf-8").replace("2026-", "2926-").replace("2027-", "2927-")


@pytest.fixture
def provider_file(tmp_path: Path) -> Path:
    file = tmp_path / "provider.toml"
    file.write_text(FAR, encoding="utf-8")
    return file


@pytest.fixture
async def store_folder(tmp_path: Path) -> Path:
    """A store with practice mode's placement list in it, closed again; its placements last for ever."""
    folder = tmp_path / "store"
    stores = open_stores(f"tinydb://{folder}")
    await stores.open()
    provider = Provider.load(PROVIDER)
    await list_the_office(stores.roster, provider)
    listed = tmp_path / "partnership.csv"
    listed.write_text(PARTNERSHIP.read_text(encoding="utf-8").replace("2027-", "2927-"), encoding="utf-8")
    said = await RosterCommand(stores.book, stores.roster, stores.addresses, provider).run(listed, keep=True)
    await stores.close()
    assert "error" not in said, said
    return folder
