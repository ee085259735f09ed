"""The doctor on set-ups that are broken for real, in practice mode's addresses: quick, and everything but TLS."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.doctor import Finding, Mark, examine, report
from bot.doctor.here import MOST_LOSSES, calendars, keys, roster
from bot.doctor.microsoft import proxy
from bot.doctor.settings import look
from bot.practice.mailbox import Mailbox
from bot.settings import read
from bot.verify import note_verified
from pathway.provider import Provider
from storage.backup import note_backup
from storage.seal import MainKeys
from tests.install.standins import SECRET, Microsoft, plainly, refused
from tests.keys import KEYS, NAME, open_stores
from tests.postgres import fresh_schema
from tests.school import APP_ID, TENANT, School
from tests.storage.test_drafts import MIA, PLACEMENT, SAM

NOBODY = 65534


@pytest.fixture
async def microsoft() -> Microsoft:
    return Microsoft()


@pytest.fixture
async def env(microsoft: Microsoft, store_folder: Path, provider_file: Path) -> AsyncIterator[dict[str, str]]:
    """A set-up in which everything is well."""
    async with plainly(microsoft) as origin:
        yield {
            "MicrosoftAppId": APP_ID,
            "MicrosoftAppTenantId": TENANT,
            "MicrosoftAppPassword": f"practice-{SECRET}",
            "PATHWAY_PRACTICE": origin,
            "PATHWAY_STORE": f"tinydb://{store_folder}",
            "PATHWAY_PROVIDER": str(provider_file),
            NAME: os.environ[NAME],
            "PORT": str(free_port()),
        }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number: int = taken.getsockname()[1]
    return number


async def seen(env: Mapping[str, str], folder: Path, patience: float = 5.0) -> list[Finding]:
    found = await examine(env, folder, patience)
    assert SECRET not in str(found)
    assert "@" not in str(found)
    assert all(finding.sentence.endswith((".", ")")) or ": " in finding.sentence for finding in found)
    return found


def wrongs(found: list[Finding]) -> dict[str, str]:
    return {finding.topic: finding.sentence for finding in found if finding.mark is Mark.WRONG}


def rewrite(file: Path, **changes: str) -> None:
    """Puts the values of *changes* in the place of `old`, one after the other."""
    text = file.read_text(encoding="utf-8")
    for old, new in changes.items():
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def topic(found: list[Finding], name: str) -> list[tuple[Mark, str]]:
    return [(finding.mark, finding.sentence) for finding in found if finding.topic == name]


# -- well -------------------------------------------------------------------------------------------------------------


async def test_where_everything_is_well_each_topic_says_so(env: dict[str, str], tmp_path: Path) -> None:
    found = await seen(env, tmp_path)
    assert wrongs(found) == {}
    assert {finding.topic for finding in found if finding.mark is Mark.WELL} == {
        "settings", "main key", "provider", "calendars", "store", "roster", "port", "proxy", "keys", "clock", "token",
    }  # fmt: skip
    lines, status = report(found)
    assert status == 0
    assert lines[-1] == "Everything that must be well is well."


async def test_nothing_is_changed_by_looking(env: dict[str, str], store_folder: Path, tmp_path: Path) -> None:
    def files() -> dict[str, bytes]:
        return {str(file): file.read_bytes() for file in sorted(store_folder.rglob("*")) if file.is_file()}

    before = files()
    await seen(env, tmp_path)
    assert files() == before


async def test_a_bot_that_runs_is_found_on_its_port(tmp_path: Path, provider_file: Path) -> None:
    async with School(tmp_path / "school") as school:
        school.teams.app_password = f"practice-{SECRET}"
        env = {
            "MicrosoftAppId": school.teams.app_id,
            "MicrosoftAppTenantId": school.teams.tenant_id,
            "MicrosoftAppPassword": school.teams.app_password,
            "PATHWAY_PRACTICE": school.teams.url,
            "PATHWAY_STORE": f"tinydb://{school.folder}",
            "PATHWAY_PROVIDER": str(provider_file),
            NAME: os.environ[NAME],
            "PORT": school.url.rpartition(":")[2],
        }
        found = await examine(env, tmp_path, 5)
    assert wrongs(found) == {}
    assert topic(found, "port") == [(Mark.WELL, f"The bot is running on port {env['PORT']}, and ready.")]


# -- Microsoft --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "mend"),
    [
        (7000215, "Copy the Value, not the Secret ID"),
        (7000222, "The client secret has expired. Make a new one"),
        (700016, "No app registration with this MicrosoftAppId is in this tenant"),
        (7000229, "az ad sp create"),
        (53003, "Conditional Access"),
    ],
)
async def test_what_entra_says_in_a_number_the_doctor_says_in_words(
    env: dict[str, str], microsoft: Microsoft, tmp_path: Path, code: int, mend: str
) -> None:
    microsoft.entra = refused(code)
    sentence = wrongs(await seen(env, tmp_path))["token"]
    assert mend in sentence
    assert sentence.endswith(f"(AADSTS{code})")


@pytest.mark.parametrize("answer", [refused(123456), {"error": "<script>", "error_codes": ["7"]}, {}])
async def test_an_answer_that_nobody_has_seen_before_is_passed_on_without_its_words(
    env: dict[str, str], microsoft: Microsoft, tmp_path: Path, answer: Any
) -> None:
    microsoft.entra = answer
    sentence = wrongs(await seen(env, tmp_path))["token"]
    assert sentence.startswith("Microsoft gave none (")
    assert APP_ID not in sentence
    assert "script" not in sentence


async def test_endpoints_that_hang_are_given_up_together(
    env: dict[str, str], microsoft: Microsoft, tmp_path: Path
) -> None:
    microsoft.entra, microsoft.keys = "hangs", "hangs"
    found = wrongs(await seen(env, tmp_path, patience=0.2))
    assert "does not answer within 0.2 seconds" in found["token"]
    assert "does not answer within 0.2 seconds" in found["keys"]


async def test_a_sign_in_page_of_the_network_is_not_taken_for_keys(
    env: dict[str, str], microsoft: Microsoft, tmp_path: Path
) -> None:
    microsoft.keys = "sign-in"
    assert "a sign-in page of your network may stand between" in wrongs(await seen(env, tmp_path))["keys"]


async def test_a_page_of_keys_that_is_not_microsofts_is_called_so(
    env: dict[str, str], microsoft: Microsoft, tmp_path: Path
) -> None:
    microsoft.keys = "another"
    assert "is not Microsoft's page of keys" in wrongs(await seen(env, tmp_path))["keys"]


@pytest.mark.parametrize("mood", ["elsewhere", "empty"])
async def test_keys_that_the_bot_would_not_believe_are_not_well(
    env: dict[str, str], microsoft: Microsoft, tmp_path: Path, mood: str
) -> None:
    microsoft.keys = mood
    assert "cannot be had or used" in wrongs(await seen(env, tmp_path))["keys"]


@pytest.mark.parametrize(
    ("ahead", "mark", "words"),
    [
        (timedelta(minutes=10), Mark.WRONG, "10 minutes slow, so every message is refused"),
        (-timedelta(hours=1), Mark.WRONG, "60 minutes fast"),
        (timedelta(seconds=60), Mark.NOTE, "seconds slow. Switch on time synchronisation"),
        (timedelta(seconds=5), Mark.WELL, "It goes as Microsoft's does."),
    ],
)
async def test_a_clock_that_was_moved_is_compared_with_microsofts(
    env: dict[str, str], microsoft: Microsoft, ahead: timedelta, mark: Mark, words: str
) -> None:
    microsoft.clock = ahead
    [(found, sentence)] = topic(await seen(env, Path("/nowhere")), "clock")
    assert (found, words in sentence) == (mark, True), sentence


async def test_nobody_at_the_address_is_said_so(env: dict[str, str], tmp_path: Path) -> None:
    found = wrongs(await seen(env | {"PATHWAY_PRACTICE": f"http://127.0.0.1:{free_port()}"}, tmp_path))
    assert "cannot be reached" in found["keys"]
    assert "cannot be reached" in found["token"]


# -- the store --------------------------------------------------------------------------------------------------------


@contextmanager
def as_somebody_who_may_not_write(folder: Path) -> Iterator[None]:
    """As root, who may write anywhere: for a while somebody else. As anybody else: the folder is closed for a while."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
    else:
        folder.chmod(0o500)
        try:
            yield
        finally:
            folder.chmod(0o700)


def opened_to_all(folder: Path) -> None:
    """The folders above, as far as pytest made them, so that somebody else comes as far as *folder*."""
    made = Path(tempfile.gettempdir())
    for above in (folder, *folder.parents):
        if made in above.parents and above.stat().st_uid == os.geteuid():
            above.chmod(above.stat().st_mode | 0o055)


async def test_a_folder_that_cannot_be_written_is_named_with_the_reason(
    env: dict[str, str], store_folder: Path, tmp_path: Path
) -> None:
    opened_to_all(store_folder)
    (store_folder / "roster.json").chmod(0o644)
    with as_somebody_who_may_not_write(store_folder):
        found = await seen(env, tmp_path)
    sentences = [sentence for mark, sentence in topic(found, "store") if mark is Mark.WRONG]
    assert any(f"Nothing can be written into {store_folder}: permission denied" in sentence for sentence in sentences)


only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else for a while")


@only_root
async def test_somebody_else_than_the_bots_user_is_told_so(env: dict[str, str], store_folder: Path) -> None:
    with as_somebody_who_may_not_write(store_folder):
        found = wrongs(await seen(env, Path("/nowhere")))
    assert "cannot come as far as" in found["store"]
    assert "cannot be read" in found["roster"]
    assert "cannot be read" in found["provider"]


@only_root
def test_somebody_who_may_not_read_the_env_file_sees_a_line_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").touch(0o600)
    monkeypatch.chdir(tmp_path)
    with as_somebody_who_may_not_write(tmp_path / "store"):
        assert main(["doctor"]) == 1
    assert capsys.readouterr().out == (
        "WRONG  settings   This user cannot read .env. Run the doctor as the user that the bot runs as.\n"
    )


async def test_a_full_disk_is_told_of_before_anybody_loses_an_act(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int, _data: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    assert "no space left on device" in wrongs(await seen(env, tmp_path))["store"]


@pytest.mark.parametrize(
    ("room", "mark", "words"),
    [
        ((10_000_000, 10**6), Mark.WRONG, "Only 10 MB are free"),
        ((500_000_000, 10**6), Mark.NOTE, "500 MB are free"),
        ((10**12, 3), Mark.WRONG, "hardly any more files"),
    ],
)
async def test_little_room_is_told_of(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch, room: tuple[int, int], mark: Mark, words: str
) -> None:
    """*room*: free bytes and free files, as the system would tell them."""
    blocks, files = room
    said = os.statvfs_result((1, 1, 10**12, blocks, blocks, 10**6, files, files, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _path: said)
    found = topic(await seen(env, Path("/nowhere")), "store")
    assert any(words in sentence for told, sentence in found if told is mark)


async def test_another_main_key_than_the_stores_is_told_of_before_the_bot_refuses_to_start(
    env: dict[str, str], tmp_path: Path
) -> None:
    other = MainKeys.made()
    said = wrongs(await seen({**env, NAME: other.text()}, tmp_path))["main key"]
    assert KEYS.current in said
    assert other.text().strip() not in said


async def test_without_a_main_key_it_is_said_how_to_make_one(env: dict[str, str], tmp_path: Path) -> None:
    without = {name: value for name, value in env.items() if name != NAME}
    assert any("python -m bot key new" in said for said in wrongs(await seen(without, tmp_path)).values())


async def test_a_keyring_that_is_torn_is_told_of(env: dict[str, str], store_folder: Path, tmp_path: Path) -> None:
    for file in (store_folder / "keys").glob("own.audit*"):
        file.write_bytes(b"half a k")
    said = wrongs(await seen(env, tmp_path))["main key"]
    assert "put the keyring of a backup back" in said


def test_a_main_key_that_lies_with_what_it_opens_is_told_of(store_folder: Path, provider_file: Path) -> None:
    file = store_folder / "main.key"
    file.write_text(KEYS.text(), encoding="ascii")
    file.chmod(0o600)
    env = {
        "MicrosoftAppId": APP_ID,
        "MicrosoftAppTenantId": TENANT,
        "MicrosoftAppPassword": SECRET,
        "PATHWAY_STORE": f"tinydb://{store_folder}",
        "PATHWAY_PROVIDER": str(provider_file),
        "PATHWAY_KEY_FILE": str(file),
    }
    found = {(x.mark, x.sentence) for x in keys(read(env), env, store_folder)}
    assert any(mark is Mark.WRONG and f"Move {file} somewhere else." in said for mark, said in found)


async def test_a_folder_that_others_can_look_into_is_told_of(
    env: dict[str, str], store_folder: Path, tmp_path: Path
) -> None:
    await asyncio.to_thread(store_folder.chmod, 0o750)
    assert f"chmod 700 {store_folder}" in wrongs(await seen(env, tmp_path))["store"]


async def test_a_folder_that_is_not_there_yet_is_no_fault_but_an_empty_list_is(
    env: dict[str, str], tmp_path: Path
) -> None:
    found = await seen(env | {"PATHWAY_STORE": f"tinydb://{tmp_path / 'new' / 'store'}"}, tmp_path)
    assert topic(found, "store")[0][0] is Mark.NOTE
    assert "roster import FILE" in wrongs(found)["roster"]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("memory:", "forgets every case"),
        ("mysql://db/pathway", "is not known"),
        ("tinydb://relative", "after three slashes"),
        ("tinydb:///dev/null", "is a file"),
    ],
)
async def test_a_store_that_keeps_nothing_is_no_store(
    env: dict[str, str], tmp_path: Path, url: str, words: str
) -> None:
    assert words in wrongs(await seen(env | {"PATHWAY_STORE": url}, tmp_path))["store"]


async def test_a_path_too_long_for_the_socket_in_it_is_told_of(env: dict[str, str], tmp_path: Path) -> None:
    found = await seen(env | {"PATHWAY_STORE": f"tinydb://{tmp_path / ('x' * 100)}"}, tmp_path)
    assert "too long for admin.sock" in wrongs(found)["store"]


async def test_it_says_when_the_record_was_last_verified_and_whether_it_was_whole(
    env: dict[str, str], tmp_path: Path, store_folder: Path
) -> None:
    assert topic(await seen(env, tmp_path), "record")[0][0] is Mark.NOTE
    note_verified(store_folder, 0, datetime.now(UTC))
    assert topic(await seen(env, tmp_path), "record")[0][0] is Mark.WELL
    note_verified(store_folder, 0, datetime.now(UTC) - timedelta(days=40))
    ((mark, sentence),) = topic(await seen(env, tmp_path), "record")
    assert (mark, "40 days ago" in sentence) == (Mark.NOTE, True)
    note_verified(store_folder, 1, datetime.now(UTC))
    ((mark, sentence),) = topic(await seen(env, tmp_path), "record")
    assert (mark, "Run: python -m bot audit verify. It says where" in sentence) == (Mark.WRONG, True)


async def test_it_says_when_the_last_backup_was_made_and_when_the_next_is_due(
    env: dict[str, str], store_folder: Path, tmp_path: Path
) -> None:
    assert topic(await seen(env, tmp_path), "backup")[0][0] is Mark.NOTE
    note_backup(store_folder, datetime.now(UTC))
    assert topic(await seen(env, tmp_path), "backup")[0][0] is Mark.WELL
    note_backup(store_folder, datetime.now(UTC) - timedelta(days=12))
    ((mark, sentence),) = topic(await seen(env, tmp_path), "backup")
    assert mark is Mark.NOTE
    assert "12 days ago" in sentence


async def test_a_roster_that_is_torn_is_told_of_by_its_name(
    env: dict[str, str], store_folder: Path, tmp_path: Path
) -> None:
    file = store_folder / "roster.json"
    file.write_bytes(file.read_bytes()[:-9])
    assert "roster.json cannot be read" in wrongs(await seen(env, tmp_path))["roster"]


async def test_a_torn_roster_that_has_a_good_copy_needs_only_a_start(
    env: dict[str, str], store_folder: Path, tmp_path: Path
) -> None:
    file = store_folder / "roster.json"
    file.with_name("roster.json.last").write_bytes(file.read_bytes())
    file.write_bytes(file.read_bytes()[:-9])
    assert "Start the bot again: it puts the last good copy back." in wrongs(await seen(env, tmp_path))["roster"]


async def test_each_file_that_was_found_damaged_has_a_line_and_many_have_few(
    env: dict[str, str], store_folder: Path, tmp_path: Path
) -> None:
    (store_folder / "damaged" / "c1.json").write_bytes(b"{")
    found = wrongs(await seen(env, tmp_path))["damaged"]
    assert found.startswith("damaged/c1.json was damaged, and there is no good copy of it. Restore it from a backup")
    for n in range(99):
        (store_folder / "damaged" / f"d{n}.json").write_bytes(b"{")
    lines = topic(await seen(env, tmp_path), "damaged")
    assert len(lines) == MOST_LOSSES + 1
    assert lines[-1] == (Mark.WRONG, f"And {100 - MOST_LOSSES} more, of which the log tells.")


# -- provider, calendars, placement list ------------------------------------------------------------------------------


async def test_term_dates_that_have_run_out_are_wrong_and_ones_that_soon_will_are_noted(provider_file: Path) -> None:
    provider = Provider.load(provider_file)
    ends = date(2927, 7, 23)

    def on(day: date) -> list[Mark]:
        return [finding.mark for finding in calendars(provider, day) if "[calendars.A]" in finding.sentence]

    assert on(ends - timedelta(days=61)) == [Mark.WELL]
    assert on(ends - timedelta(days=60)) == [Mark.NOTE]
    assert on(ends) == [Mark.NOTE]
    assert on(ends + timedelta(days=1)) == [Mark.WRONG]


async def test_a_set_up_of_last_year_is_told_what_to_write(
    env: dict[str, str], provider_file: Path, tmp_path: Path
) -> None:
    rewrite(provider_file, **{"2926-": "2024-", "2927-": "2025-"})
    found = wrongs(await seen(env, tmp_path))
    assert "ended on" in found["calendars"]
    assert "Write the next terms into provider.toml" in found["calendars"]


async def test_a_provider_file_with_faults_gives_each_of_them_and_no_address(
    env: dict[str, str], provider_file: Path, tmp_path: Path
) -> None:
    rewrite(provider_file, **{"pebblepad": "pebblpad", "s.whitfield@": "s whitfield@"})
    faults = [sentence for _, sentence in topic(await seen(env, tmp_path), "provider")]
    assert len(faults) == 2
    assert 'Did you mean "pebblepad"?' in faults[0]
    assert "[[partnership_team]] number 1 email is not an e-mail address" in faults[1]


async def test_placements_with_a_calendar_that_is_gone_are_told_of(
    env: dict[str, str], provider_file: Path, tmp_path: Path
) -> None:
    rewrite(provider_file, **{"[calendars.B]": "[calendars.C]"})
    assert "Placements name [calendars.B]" in wrongs(await seen(env, tmp_path))["roster"]


def test_a_placement_list_of_last_year_is_told_of(store_folder: Path) -> None:
    [finding] = roster(store_folder, KEYS, None, date(3000, 1, 1))
    assert (finding.mark, "is over" in finding.sentence) == (Mark.WRONG, True)


# -- a database as the store ------------------------------------------------------------------------------------------


async def test_a_database_is_looked_at_and_not_touched(env: dict[str, str], tmp_path: Path) -> None:
    async with fresh_schema(bare=True) as url:
        inside = env | {"PATHWAY_STORE": url, "PATHWAY_RUN": str(tmp_path / "run")}
        before = await seen(inside, tmp_path)
        assert topic(before, "store")[0][0] is Mark.NOTE
        assert "python -m bot migrate" in topic(before, "store")[0][1]
        assert "There is no placement list" in wrongs(before)["roster"]
        stores = open_stores(url)
        await stores.open()
        await stores.roster.load([MIA, SAM], [PLACEMENT])
        found = await seen(inside, tmp_path)
        assert topic(found, "store") == [(Mark.WELL, "The database answers, and its tables are up to date.")]
        assert "roster" in {finding.topic for finding in found}
        await stores.close()


async def test_a_database_that_does_not_answer_is_told_of_without_the_password(
    env: dict[str, str], tmp_path: Path
) -> None:
    found = await seen(env | {"PATHWAY_STORE": "postgresql://me:hunter2@127.0.0.1:1/pathway"}, tmp_path)
    assert "nobody answers there" in wrongs(found)["store"]
    assert "hunter2" not in str(found)


async def test_a_bot_on_a_database_is_found_on_its_port(tmp_path: Path, provider_file: Path) -> None:
    async with fresh_schema() as url, School(tmp_path / "school", store=url) as school:
        school.teams.app_password = f"practice-{SECRET}"
        env = {
            "MicrosoftAppId": school.teams.app_id,
            "MicrosoftAppTenantId": school.teams.tenant_id,
            "MicrosoftAppPassword": school.teams.app_password,
            "PATHWAY_PRACTICE": school.teams.url,
            "PATHWAY_STORE": url,
            "PATHWAY_RUN": str(school.folder),
            "PATHWAY_PROVIDER": str(provider_file),
            NAME: os.environ[NAME],
            "PORT": school.url.rpartition(":")[2],
        }
        found = await examine(env, tmp_path, 5)
    assert wrongs(found) == {}
    assert topic(found, "port") == [(Mark.WELL, f"The bot is running on port {env['PORT']}, and ready.")]


# -- the port ---------------------------------------------------------------------------------------------------------


async def test_a_port_that_somebody_else_has_is_told_of(env: dict[str, str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        found = await seen(env | {"PORT": str(other.getsockname()[1])}, tmp_path, patience=0.3)
    assert "Something else listens on port" in wrongs(found)["port"]


async def test_a_pathway_with_another_store_on_our_port_is_told_of(tmp_path: Path, env: dict[str, str]) -> None:
    async with School(tmp_path / "school") as school:
        found = await examine(env | {"PORT": school.url.rpartition(":")[2]}, tmp_path, 5)
    assert "a Pathway with another store" in wrongs(found)["port"]


async def test_a_bot_on_another_port_than_the_settings_say_is_told_of(tmp_path: Path, env: dict[str, str]) -> None:
    async with School(tmp_path / "school") as school:
        found = await examine(env | {"PATHWAY_STORE": f"tinydb://{school.folder}"}, tmp_path, 5)
    assert "but not on port" in wrongs(found)["port"]


# -- mail -------------------------------------------------------------------------------------------------------------


async def test_the_mail_server_is_asked_and_no_letter_is_sent(env: dict[str, str], tmp_path: Path) -> None:
    mailbox = Mailbox(lambda: datetime(2026, 10, 6, tzinfo=UTC))
    await mailbox.start()
    try:
        mailed = env | {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mailbox.port), "SMTP_FROM": "Pathway"}
        found = await seen(mailed, tmp_path)
        assert topic(found, "mail") == [(Mark.WELL, "The mail server answers, and lets the bot in.")]
        assert mailbox.all() == ()
        wanting = await seen(mailed | {"SMTP_USER": "pathway", "SMTP_PASSWORD": SECRET}, tmp_path)
        assert "mail" in wrongs(wanting)
    finally:
        await mailbox.stop()
    assert "cannot be used" in wrongs(await seen(mailed, tmp_path))["mail"]


# -- settings ---------------------------------------------------------------------------------------------------------

REAL = {
    "MicrosoftAppId": APP_ID,
    "MicrosoftAppTenantId": TENANT,
    "MicrosoftAppPassword": SECRET,
    "PATHWAY_STORE": "tinydb:///var/lib/pathway",
    "PATHWAY_PROVIDER": "provider.toml",
    NAME: os.environ[NAME],
    "PATHWAY_URL": "https://pathway.northdale.ac.uk",
}


def settings_faults(env: Mapping[str, str], folder: Path) -> list[str]:
    found = look(env, folder).findings
    assert SECRET not in str(found)
    return [finding.sentence for finding in found if finding.mark is Mark.WRONG]


def test_whole_settings_are_well(tmp_path: Path) -> None:
    read = look(REAL, tmp_path)
    assert [str(finding) for finding in read.findings] == [
        "well   settings   Everything that must be set is set: one tenant, with a client secret."
    ]
    assert read.has("MicrosoftAppId", "PORT")


def test_everything_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    faults = settings_faults({"PORT": "many", "SMTP_HOST": "mail.northdale.ac.uk"}, tmp_path)
    named = [fault.split()[0] for fault in faults]
    assert sorted(named) == sorted(
        ["MicrosoftAppId", "MicrosoftAppTenantId", "MicrosoftAppPassword", "PATHWAY_STORE", "PATHWAY_PROVIDER", "PORT", "SMTP_FROM"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"MicrosoftAppId": "pathway-bot"}, "MicrosoftAppId must be an id"),
        ({"MicrosoftAppTenantId": "northdale.ac.uk"}, "MicrosoftAppTenantId must be an id"),
        ({"MicrosoftAppPassword": APP_ID}, "looks like the Secret ID"),
        ({"MicrosoftAppPassword": f'"{SECRET}"'}, "quotation mark"),
        ({"MicrosoftAppPassword": f"{SECRET}\n"}, "begins or ends with a blank"),
        ({"MicrosoftAppType": "MultiTenant"}, "MicrosoftAppType is wrong"),
        ({"PATHWAY_URL": "http://pathway.northdale.ac.uk"}, "PATHWAY_URL must be https://"),
        ({"PATHWAY_URL": "https://pathway.northdale.ac.uk/api/messages"}, "without a page"),
        ({"PATHWAY_URL": "https://localhost"}, "public host name"),
        ({"PATHWAY_URL": "https://[::1"}, "public host name"),
    ],
)
def test_what_people_copy_wrongly_is_seen(change: dict[str, str], words: str, tmp_path: Path) -> None:
    assert [fault for fault in settings_faults(REAL | change, tmp_path) if words in fault]


def test_a_secret_that_others_on_the_machine_can_read_is_told_of(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("x", encoding="utf-8")
    file.chmod(0o644)
    assert settings_faults(REAL, tmp_path) == [
        "Other users of this machine can read .env, and a secret with it. Run: chmod 600 .env"
    ]
    file.chmod(0o600)
    assert settings_faults(REAL, tmp_path) == []


def test_no_public_address_is_noted_only(tmp_path: Path) -> None:
    read = look({name: value for name, value in REAL.items() if name != "PATHWAY_URL"}, tmp_path)
    assert [finding.mark for finding in read.findings] == [Mark.WELL, Mark.NOTE]


async def test_the_token_is_not_asked_for_while_the_settings_are_wrong(
    env: dict[str, str], microsoft: Microsoft, tmp_path: Path
) -> None:
    found = await seen({**env, "MicrosoftAppId": ""}, tmp_path)
    assert topic(found, "token") == [(Mark.NOTE, "It was not asked for: mend the settings first.")]
    assert microsoft.asked == ["keys", "keys"]


# -- proxies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("process", "mark", "words"),
    [
        ({}, Mark.WELL, "None is set"),
        ({"HTTPS_PROXY": "http://me:hidden@proxy.x.ac.uk:3128"}, Mark.WELL, "through proxy.x.ac.uk:3128."),
        ({"https_proxy": "http://proxy.x.ac.uk:3128"}, Mark.WELL, "through proxy.x.ac.uk:3128."),
        ({"HTTP_PROXY": "http://proxy.x.ac.uk:3128"}, Mark.WRONG, "Set HTTPS_PROXY as well"),
        ({"HTTPS_PROXY": "proxy.x.ac.uk:3128"}, Mark.WRONG, "must be http://"),
        ({"HTTPS_PROXY": "socks5://proxy.x.ac.uk:1080"}, Mark.WRONG, "must be http://"),
        ({"HTTPS_PROXY": "http://proxy.x.ac.uk:many"}, Mark.WRONG, "must be http://"),
    ],
)
def test_proxies_that_nobody_would_use_are_told_of(
    process: dict[str, str], mark: Mark, words: str, tmp_path: Path
) -> None:
    finding = proxy(look(REAL, tmp_path).settings, process, process)
    assert (finding.mark, words in finding.sentence) == (mark, True), finding.sentence
    assert "hidden" not in finding.sentence


def test_a_proxy_in_the_env_file_reaches_nobody(tmp_path: Path) -> None:
    finding = proxy(look(REAL, tmp_path).settings, {"HTTPS_PROXY": "http://proxy.x.ac.uk:3128"}, {})
    assert "stands in .env" in finding.sentence


def test_a_managed_identity_is_asked_past_the_proxy(tmp_path: Path) -> None:
    settings = look(REAL | {"MicrosoftAppType": "UserAssignedMSI"}, tmp_path).settings
    both = {"HTTPS_PROXY": "http://p.x.ac.uk:3128", "HTTP_PROXY": "http://p.x.ac.uk:3128"}
    assert "Add that to NO_PROXY" in proxy(settings, both, both).sentence
    assert proxy(settings, both, {**both, "NO_PROXY": "169.254.169.254"}).mark is Mark.WELL


def test_one_thing_is_one_and_two_are_two() -> None:
    one = Finding("store", Mark.WRONG, "It is full.")
    assert report([one])[0][-1] == "1 thing is wrong. Mend from the top, then run this again."
    assert report([one, one]) == ([str(one)] * 2 + ["2 things are wrong. Mend from the top, then run this again."], 1)


def test_this_python_checks_certificates() -> None:
    """What the process tests rest on: SSL_CERT_FILE is read by this build of Python."""
    assert ssl.get_default_verify_paths().openssl_cafile_env == "SSL_CERT_FILE"
