"""`python -m bot`: practise, serve, and administer."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import logs
from bot.admin import ask, private_folder
from bot.app import serve
from bot.audit import AuditCommand
from bot.backup import back_up, bring_back
from bot.erase import EraseCommand
from bot.jobs import JobsCommand
from bot.keys import make as make_key
from bot.keys import rotate
from bot.roster import RosterCommand, list_the_office
from bot.settings import SettingsFault, environment, main_keys, needed_keys, provider_path, read, run_folder, store_url
from bot.verify import BadHeads, note_verified, read_heads_file, write_heads
from pathway.casework import Casework
from pathway.dates import counted
from pathway.ports import NotAStore, StoreUnavailable
from pathway.provider import Provider, ProviderFault
from storage import POSTGRES, Stores, migrate_store, open_stores
from storage.backup import NotBackedUp, NotRestored
from storage.move import NotMoved, move

PRACTICE_PORT = 3979
#: The exit status of a package that was not made, and of a job that was left as it is.
REFUSED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 done, 1 a sentence on standard error says what is wrong, 2 one says why it was refused."""
    asked = _parser().parse_args(arguments)
    logs.start("text")
    return _run(asked)


def command(arguments: Sequence[str]) -> int:
    """What `main` does, in a process whose log goes somewhere already."""
    return _run(_parser().parse_args(arguments))


def _run(asked: argparse.Namespace) -> int:
    try:
        return int(asked.run(asked))
    except (NotBackedUp, NotRestored) as no:
        print(no, file=sys.stderr)
        return REFUSED
    except (SettingsFault, ProviderFault, StoreUnavailable, NotAStore, NotMoved, BadHeads) as fault:
        print(fault, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description="Pathway, a Teams bot for school placements.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    practice = commands.add_parser("practice", help="try everything in the browser, with made-up people")
    practice.add_argument("--port", type=int, default=PRACTICE_PORT)
    practice.add_argument("--data", type=Path, default=Path(".practice"))
    practice.add_argument(
        "--graph", choices=["fake"], help="with calendars, in which meetings stand: a made-up Microsoft Graph"
    )
    practice.add_argument("--no-open", action="store_true", help="do not open the browser")
    practice.set_defaults(run=_practice)
    commands.add_parser("serve", help="run the bot for Teams").set_defaults(run=_serve)
    roster = commands.add_parser("roster", help="the placement list").add_subparsers(required=True, metavar="COMMAND")
    for name, words in (("check", "read a CSV file and change nothing"), ("import", "take a CSV file over")):
        command = roster.add_parser(name, help=words)
        command.add_argument("file", type=Path)
        command.set_defaults(run=_roster, keep=name == "import")
    guest = roster.add_parser("confirm-guest", help="a guest account is the person on the list")
    guest.add_argument("email")
    guest.set_defaults(run=_confirm_guest)
    _jobs_parser(commands.add_parser("jobs", help="what comes next, what waits and what failed"))
    _audit_parser(commands.add_parser("audit", help="who did and who read what, for an appeal"))
    _erase_parser(commands.add_parser("erase", help="take a person or a case out for good"))
    backup = commands.add_parser("backup", help="everything there is in one file, also while the bot runs")
    backup.add_argument("file", type=Path)
    backup.set_defaults(run=_backup)
    restore = commands.add_parser("restore", help="back from such a file, while no bot runs")
    restore.add_argument("file", type=Path)
    restore.add_argument("--keys", type=Path, help="the newest keyring; FILE.keys where it is not named")
    restore.add_argument("--replace", action="store_true", help="move aside what is there now")
    restore.set_defaults(run=_restore)
    key = commands.add_parser("key", help="the main key of the store").add_subparsers(required=True, metavar="COMMAND")
    fresh = key.add_parser("new", help="make one in a file, before those that are in it already")
    fresh.add_argument("file", type=Path)
    fresh.set_defaults(run=_key_new)
    key.add_parser("rotate", help="wrap the keys of the store with the newest one").set_defaults(run=_key_rotate)
    commands.add_parser("migrate", help="bring the tables of PATHWAY_STORE up to date").set_defaults(run=_migrate)
    moving = commands.add_parser("move", help="carry everything from one store to another, and compare")
    moving.add_argument("--from", dest="source", required=True, metavar="URL")
    moving.add_argument("--to", dest="target", required=True, metavar="URL")
    moving.set_defaults(run=_move)
    doctor = commands.add_parser("doctor", help="say what of the set-up is well, and how to mend what is not")
    doctor.add_argument("--patience", type=float, default=10.0, metavar="SECONDS", help="for each answer from outside")
    doctor.add_argument("--seen", action="store_true", help="what was damaged and is back has been looked at")
    doctor.set_defaults(run=_doctor)
    _package_parser(commands.add_parser("package", help="make the zip that a Teams administrator uploads"))
    return parser


def _jobs_parser(jobs: argparse.ArgumentParser) -> None:
    jobs.set_defaults(run=_jobs, act="", id="", because="")
    acts = jobs.add_subparsers(metavar="COMMAND")
    retry = acts.add_parser("retry", help="try a message again now")
    retry.set_defaults(act="again")
    cancel = acts.add_parser("cancel", help="a message shall not go out any more")
    cancel.set_defaults(act="cancel")
    cancel.add_argument("--because", required=True, metavar="REASON", help="why; the case keeps it")
    for command in (retry, cancel):
        command.add_argument("id", help="as “python -m bot jobs” lists it")


def _audit_parser(audit: argparse.ArgumentParser) -> None:
    acts = audit.add_subparsers(required=True, metavar="COMMAND")
    show = acts.add_parser("show", help="everything that was recorded, sent and read of a case, by name")
    show.add_argument("reference")
    log = acts.add_parser("log", help="what administrators erased, when and why")
    verify = acts.add_parser("verify", help="whether every case is as it was recorded, and where it is not")
    verify.add_argument("--heads", type=Path, metavar="FILE", help="compare with what “audit heads” wrote once")
    verify.add_argument("--each", action="store_true", help="name the cases that are intact, too")
    verify.set_defaults(run=_verify)
    heads = acts.add_parser("heads", help="write down where every case stands, to be kept elsewhere")
    heads.add_argument("file", type=Path)
    heads.set_defaults(run=_heads)
    for name, command in (("show", show), ("log", log)):
        command.add_argument("--json", action="store_true", help="for a program")
        command.set_defaults(run=_audit, act=name)


def _erase_parser(erase: argparse.ArgumentParser) -> None:
    what = erase.add_subparsers(required=True, metavar="COMMAND")
    person = what.add_parser("person", help="name, e-mail, account, address and half-filled forms")
    person.add_argument("which", metavar="EMAIL")
    case = what.add_parser("case", help="the case, with everything that people typed on it")
    case.add_argument("which", metavar="REFERENCE")
    case.add_argument("--even-open", action="store_true", help="also while it is open")
    for name, command, metavar in (("person", person, "EMAIL"), ("case", case, "REFERENCE")):
        command.add_argument("--because", required=True, metavar="REASON", help="why; the administrators' log keeps it")
        command.add_argument("--yes", metavar=metavar, help="the same again, instead of typing it when asked")
        command.set_defaults(run=_erase, what=name)


def _package_parser(package: argparse.ArgumentParser) -> None:
    for name, words in (
        ("app-id", "the Application (client) ID of the bot; MicrosoftAppId where it is set"),
        ("domain", "the bot's public host name; PATHWAY_URL's where it is set"),
        ("developer", "who offers it, at most 32 characters; the provider's name"),
        ("website", "a page with help and somebody to ask; must open without signing in, as the next two"),
        ("privacy", "the privacy notice; the provider's"),
        ("terms", "the terms of use"),
        ("support", "whom to ask, in the long description; the website"),
    ):
        package.add_argument(f"--{name}", default="", help=words)
    package.add_argument("--name", default="Pathway", help="what people find it under")
    package.add_argument("--version", default="1.0.0", help="higher than the last one that was uploaded")
    package.add_argument("--provider", type=Path, help="your provider.toml; PATHWAY_PROVIDER where it is set")
    package.add_argument("--schema", type=Path, help="Microsoft's manifest schema, to check against that too")
    package.add_argument("--out", type=Path, default=Path("pathway-teams.zip"))
    package.set_defaults(run=_package)


def _practice(asked: argparse.Namespace) -> int:
    from bot.practice.server import run  # noqa: PLC0415 - a serving bot needs none of it

    return run(asked.port, asked.data, open_browser=not asked.no_open, graph=asked.graph == "fake")


def _serve(_asked: argparse.Namespace) -> int:
    settings = read(environment())
    logs.start(settings.log)
    asyncio.run(serve(settings))
    return 0


def _roster(asked: argparse.Namespace) -> int:
    wanted = {"do": "roster", "file": str(asked.file.resolve()), "keep": asked.keep}
    return _say(asyncio.run(_administer(wanted)))


def _confirm_guest(asked: argparse.Namespace) -> int:
    return _say(asyncio.run(_administer({"do": "confirm_guest", "email": asked.email})))


def _account() -> str:
    """Whose command it is, as records keep it."""
    return f"account {os.environ.get('SUDO_USER') or getpass.getuser()}"


def _audit(asked: argparse.Namespace) -> int:
    wanted = {"do": "audit", "act": asked.act, "json": asked.json, "by": _account()}
    return _say(asyncio.run(_administer({**wanted, "reference": getattr(asked, "reference", "")})))


def _verify(asked: argparse.Namespace) -> int:
    known = read_heads_file(asked.heads) if asked.heads else None
    answer = asyncio.run(_administer({"do": "audit", "act": "verify", "heads": known, "each": asked.each}))
    status = _say(answer) or int(answer.get("status", 0))
    folder = open_stores(store_url(environment())).folder
    if folder is not None and "said" in answer:
        note_verified(folder, status, datetime.now(UTC))
    return status


def _heads(asked: argparse.Namespace) -> int:
    answer = asyncio.run(_administer({"do": "audit", "act": "heads"}))
    if "json" not in answer:
        return _say(answer)
    print(write_heads(asked.file, answer["json"], datetime.now(UTC)))
    return 0


def _erase(asked: argparse.Namespace) -> int:
    """Nothing goes before the reference, or the address, was typed a second time."""
    wanted = {
        "do": "erase",
        "what": asked.what,
        "which": asked.which,
        "because": asked.because,
        "by": _account(),
        "even_open": getattr(asked, "even_open", False),
        "yes": asked.yes,
    }
    answer = asyncio.run(_administer(wanted))
    if "confirm" not in answer:
        return _say(answer)
    if asked.yes is None and sys.stdin.isatty():
        print(answer["will"])
        typed = input(f"Type {answer['confirm']} to go on: ")
        answer = asyncio.run(_administer({**wanted, "yes": typed}))
        if "confirm" in answer:
            return _say({"refused": f"That is not {answer['confirm']}. Nothing was changed."})
    if "confirm" in answer:
        return _say({"refused": f"{answer['will']} To go on, add: --yes {answer['confirm']} Nothing was changed."})
    return _say(answer)


def _jobs(asked: argparse.Namespace) -> int:
    wanted = {"do": "jobs", "act": asked.act, "id": asked.id, "because": asked.because, "by": _account()}
    return _say(asyncio.run(_administer(wanted)))


def _backup(asked: argparse.Namespace) -> int:
    env = environment()
    folder = open_stores(store_url(env)).folder
    print(back_up(folder, asked.file.resolve(), datetime.now(UTC), main_keys(env)))
    return 0


def _restore(asked: argparse.Namespace) -> int:
    folder = open_stores(store_url(environment())).folder
    keys = asked.keys.resolve() if asked.keys else None
    print(bring_back(asked.file.resolve(), folder, keys, replace=asked.replace))
    return 0


def _key_new(asked: argparse.Namespace) -> int:
    print(make_key(asked.file.resolve()))
    return 0


def _key_rotate(_asked: argparse.Namespace) -> int:
    return _say(asyncio.run(_administer({"do": "rotate_key"})))


def _package(asked: argparse.Namespace) -> int:
    from bot.package import PackageRefused, make  # noqa: PLC0415 - a serving bot needs none of it

    try:
        made = make(vars(asked), environment())
    except (PackageRefused, ProviderFault) as no:
        print(f"No package was written.\n{no}", file=sys.stderr)
        return REFUSED
    print(f"{made} is ready. Upload it in the Teams admin centre: Teams apps, Manage apps, Actions, Upload new app.")
    return 0


def _migrate(_asked: argparse.Namespace) -> int:
    done = asyncio.run(migrate_store(store_url(environment())))
    print(f"Brought up to date: {', '.join(done)}." if done else "The tables are up to date.")
    return 0


def _move(asked: argparse.Namespace) -> int:
    print(asyncio.run(_moved(asked.source, asked.target)))
    return 0


async def _moved(source: str, target: str) -> str:
    if source == target or "memory:" in (source, target):
        raise NotAStore("Name two stores: tinydb:///var/lib/pathway and postgresql://user@host/database, for example.")
    env = environment()
    keys = main_keys(env)
    async with AsyncExitStack() as opened:
        both = [open_stores(url, keys, alone=True) for url in (source, target)]
        for stores in both:
            await stores.open()
            opened.push_async_callback(stores.close)
        n = await move(*both)
    return (
        f"Moved, and compared: {counted(n.cases, 'case')}, {n.people} people, {counted(n.placements, 'placement')}, "
        f"{counted(n.drafts, 'half-filled form')}, the addresses of {n.addresses} and "
        f"{counted(n.notes, 'note')}. Set PATHWAY_STORE to the new store; then the old one can be deleted."
    )


def _doctor(asked: argparse.Namespace) -> int:
    from bot.doctor import examine, have_seen, report  # noqa: PLC0415 - a serving bot needs none of it

    try:
        env = environment()
    except OSError:
        print("WRONG  settings   This user cannot read .env. Run the doctor as the user that the bot runs as.")
        return 1
    if asked.seen and (folder := open_stores(store_url(env)).folder) is not None:
        try:
            print("\n".join(map(str, have_seen(folder))))
        except OSError:
            print(f"WRONG  damaged    This user cannot delete anything in {folder}. Run it as the bot's user.")
            return 1
        return 0
    logging.disable()  # the doctor's own lines say it better
    lines, status = report(asyncio.run(examine(env, Path.cwd(), asked.patience)))
    print("\n".join(lines))
    return status


async def _administer(wanted: dict[str, Any]) -> dict[str, Any]:
    """Through the running bot's socket where one runs, else straight on the store."""
    env = environment()
    provider = Provider.load(provider_path(env))
    stores = open_stores(store_url(env), needed_keys(env))
    url = store_url(env)
    folder = private_folder(run_folder(env)) if url.startswith(POSTGRES) else stores.folder
    if folder and (answer := await ask(folder, wanted)) is not None:
        return answer
    await stores.open()
    try:
        return await _straight(stores, provider, wanted)
    finally:
        await stores.close()


async def _straight(stores: Stores, provider: Provider, wanted: dict[str, Any]) -> dict[str, Any]:
    if wanted["do"] == "rotate_key":
        return await rotate(stores.book)
    await list_the_office(stores.roster, provider)
    casework = Casework(stores.book, stores.roster, provider, lambda: datetime.now(UTC))
    roster = RosterCommand(stores.book, stores.roster, stores.addresses, provider)
    match wanted["do"]:
        case "jobs":
            return await JobsCommand(casework, stores.reads).run(wanted)
        case "audit":
            return await AuditCommand(casework, stores).run(wanted)
        case "erase":
            return await EraseCommand(casework, stores).run(wanted)
        case "confirm_guest":
            return await roster.confirm_guest(wanted["email"])
        case _:
            return await roster.run(Path(wanted["file"]), keep=wanted["keep"])


def _say(answer: dict[str, Any]) -> int:
    if "error" in answer:
        print(answer["error"], file=sys.stderr)
        return 1
    if "refused" in answer:
        print(answer["refused"], file=sys.stderr)
        return REFUSED
    print(json.dumps(answer["json"], indent=1) if "json" in answer else answer.get("said", "Done."))
    return 0


if __name__ == "__main__":
    sys.exit(main())
