"""The folder of the socket for commands, where the store has none of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.admin import private_folder
from bot.settings import SettingsFault, run_folder


def test_it_is_made_for_this_user_alone(tmp_path: Path) -> None:
    made = private_folder(tmp_path / "run" / "pathway")
    assert made.stat().st_mode & 0o777 == 0o700
    assert private_folder(made) == made


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_one_that_is_open_to_others_is_refused_with_a_sentence(tmp_path: Path, mode: int) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(mode)
    with pytest.raises(SettingsFault, match=r"open to others\. Set PATHWAY_RUN"):
        private_folder(tmp_path / "run")


def test_a_link_that_somebody_laid_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "run").symlink_to(tmp_path / "real")
    with pytest.raises(SettingsFault, match="open to others"):
        private_folder(tmp_path / "run")


def test_what_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsFault, match="cannot be made"):
        private_folder(tmp_path / "file" / "run")


def test_two_bots_on_one_machine_have_two_and_a_setting_names_another() -> None:
    one, other = (run_folder({"PORT": port, "XDG_RUNTIME_DIR": "/run/user/7"}) for port in ("3978", "3979"))
    assert one != other
    assert one.parent == Path("/run/user/7")
    assert run_folder({"PATHWAY_RUN": "/run/pathway"}) == Path("/run/pathway")
