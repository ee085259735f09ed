"""A partnership in which everybody's name, address and school, and every word that anybody types, carries a mark that
occurs nowhere else. The stories do not notice: the mark is put in on the way to the bot, and taken out again of what the
people of the story read. `marked` then says where it went that it should not have gone.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web

from bot.practice import hands
from bot.practice.calendars import Calendars
from bot.practice.channel import CHANNEL, Answer, Channel, Fault
from bot.practice.graph import Graph
from bot.practice.mailbox import Attachment, Mailbox
from bot.practice.people import PracticePerson
from bot.practice.roll import PARTNERSHIP, PROVIDER
from bot.practice.transcript import Message
from tests.logged import as_json, as_text
from tests.school import APP_ID, PASSWORD, TENANT, School, _Remembers, cast, in_tenant, mailbox_of
from tests.signing import signing_key

#: In any case, with nothing around it: a mail server makes addresses small. So long that it comes by chance in no cipher.
MARK = "Qzxvkwjq"
_MARKED = re.compile(rf" ?{MARK}", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<=[\w])(?=@[\w.-]+)")


def _names() -> re.Pattern[str]:
    """The words of names and schools, apart from those that are everybody's."""
    words = {w for p in cast() for text in (p.name, p.what.partition(", ")[2]) for w in re.findall(r"\w{3,}", text)}
    words -= {"Prof", "Primary", "Academy", "School", "and", "the", "Lead", "Office", "Team"}
    return re.compile(rf"\b(?:{'|'.join(sorted(words, key=len, reverse=True))})\b(?!{MARK})")


_NAMES = _names()


def mark(words: str) -> str:
    """*words* with the mark in every name and every address."""
    return _ADDRESS.sub(MARK.casefold(), _NAMES.sub(lambda found: found[0] + MARK, words))


def plain(words: str) -> str:
    return _MARKED.sub("", words)


def _plainly(part: Any) -> Any:
    return json.loads(plain(json.dumps(part, ensure_ascii=False)))


def _of_tenant(person: PracticePerson) -> PracticePerson:
    """As Entra knows somebody."""
    principal = re.sub(r"(?<=[a-z])(?=[@_])", MARK.casefold(), person.principal_name, count=1)
    return replace(person, name=mark(person.name), email=mark(person.email), principal_name=principal)


class _Chats(_Remembers):
    """*raw* is every message as it came."""

    def __init__(self) -> None:
        super().__init__()
        self.raw: list[tuple[str, Message]] = []

    def add(self, chat: str, message: Message) -> None:
        super().add(chat, self._read(chat, message))

    def edit(self, chat: str, message_id: str, change: Callable[[Message], Message]) -> Message:
        return super().edit(chat, message_id, lambda message: self._read(chat, change(message)))

    def _read(self, chat: str, message: Message) -> Message:
        if message.sender == "bot":
            self.raw.append((chat, message))
        return replace(
            message,
            text=plain(message.text),
            summary=plain(message.summary),
            notice=plain(message.notice),
            card=_plainly(message.card) if message.card else None,
        )


class _Loud(Fault):
    """A failure that says in words what was asked of it, as services do."""

    def answer(self) -> web.Response:
        found = super().answer()
        told = json.loads(found.body) if isinstance(found.body, bytes) else {}
        told["error"]["message"] = f"Tom {MARK} cannot be written to"
        return web.json_response(
            told, status=found.status, headers={k: found.headers[k] for k in _KEPT & set(found.headers)}
        )


_KEPT = {"Retry-After"}


class _Teams(Channel):
    """*refused* is what came back beside cards and words."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.refused: list[str] = []

    def take_fault(self, where: str) -> Fault | None:
        found = super().take_fault(where)
        return _Loud(found.where, found.status, found.retry_after, found.after_applying) if found else None

    async def _send(self, activity: Any, token: str | None = None) -> Answer:
        answer = await super()._send(_marked_activity(activity), token)
        if answer.status != 200:
            self.refused.append(json.dumps(answer.body))
        return replace(answer, body=_plainly(answer.body))


def _marked_activity(activity: Mapping[str, Any]) -> Mapping[str, Any]:
    """Names in what is written in a chat, and of the sender. What is typed into boxes is marked where it is typed."""
    marked = {**activity, "from": {**activity["from"], "name": mark(activity["from"].get("name") or "")}}
    return marked | ({"text": mark(activity["text"])} if "text" in activity else {})


class _Post(Mailbox):
    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.raw: list[Mapping[str, Any]] = []

    def put(
        self, *, to: str, sender: str, subject: str, text: str, html: str = "", attachments: tuple[Attachment, ...] = ()
    ) -> None:
        self.raw.append({"to": to, "subject": subject, "text": text, "html": html, "attachments": attachments})
        read = tuple(replace(a, content=plain(a.content.decode()).encode()) for a in attachments)
        super().put(to=plain(to), sender=sender, subject=subject, text=plain(text), html=plain(html), attachments=read)


class PlantedSchool(School):
    """Everything a process could say about itself is kept, down to what libraries say to those who mend them."""

    def __init__(self, folder: Path, *, has_mail: bool = True, calendars: bool = False, store: str = "") -> None:
        super().__init__(folder, has_mail=has_mail, calendars=calendars, store=store)
        self.roster_file = folder / f"the list of {MARK}.csv"
        self.roster_file.write_text(mark(PARTNERSHIP.read_text(encoding="utf-8")), encoding="utf-8")
        self.provider_file = folder / "provider.toml"
        self.provider_file.write_text(mark(PROVIDER.read_text(encoding="utf-8")), encoding="utf-8")
        self.tenant = [_of_tenant(person) for person in self.people.values()]
        self.teams = _Teams(
            self.tenant, app_id=APP_ID, app_password=PASSWORD, tenant_id=TENANT, now=self.wall, key=signing_key()
        )
        self.teams.transcript = self._remembered = _Chats()
        self.mailbox = _Post(self.wall)
        self.graph = Graph(Calendars([mailbox_of(p) for p in self.tenant if in_tenant(p)], self.wall))
        self.log.setLevel(logging.NOTSET)
        self.disk_is_ours = True
        """False where the test itself has written there."""
        self._level = logging.WARNING

    async def __aenter__(self) -> Self:
        self._level = logging.getLogger().level
        logging.getLogger().setLevel(logging.DEBUG)
        await super().__aenter__()
        logging.getLogger("bot").setLevel(logging.NOTSET)
        return self

    async def __aexit__(self, *problem: object) -> None:
        await super().__aexit__(*problem)
        logging.getLogger().setLevel(self._level)

    def wire(
        self,
        key: str,
        press: str,
        values: Mapping[str, str] | None = None,
        /,
        *,
        card: Message | None = None,
        **more: str,
    ) -> tuple[Message, str, dict[str, Any]]:
        """As it would be sent, with the mark at the end of whatever stands in a box for words."""
        message, verb, data = super().wire(key, press, values, card=card, **more)
        boxes = {i for i, x in hands.inputs(message.card or {}).items() if x["type"] == "Input.Text"} - {
            "typed_confirmation"
        }
        return message, verb, {k: f"{v} {MARK}" if k in boxes and v else v for k, v in data.items()}

    def address(self, key: str) -> str:
        """Somebody's e-mail address, as the bot knows it."""
        return next(person.email for person in self.tenant if person.key == key)

    # -- where the mark may be, and where not ----------------------------------------------------------------------------

    def reads_marked(self, key: str) -> bool:
        """Whether somebody reads it: else nothing is shown by its absence elsewhere."""
        chats = self.teams.transcript.raw  # type: ignore[attr-defined]
        return any(MARK in json.dumps([m.card, m.text]) for chat, m in chats if chat == key)

    def said(self) -> list[str]:
        """Everything that anybody could read who is not meant to read of a case."""
        assert isinstance(self.teams, _Teams)
        assert isinstance(self.mailbox, _Post)
        raw = self.teams.transcript.raw  # type: ignore[attr-defined]
        posts = [json.dumps([m.card, m.text], ensure_ascii=False) for chat, m in raw if chat == CHANNEL]
        posts = [
            post.replace(f"Hello. {mark('Sam Whitfield')} added me.", "") for post in posts
        ]  # who stands there too
        toasts = [m.summary for _, m in raw]
        subjects = [str(mail["subject"]) for mail in self.mailbox.raw] + [
            str(m.message["subject"]) for m in self.graph.mails
        ]
        files = [a.name + a.content.decode() for mail in self.mailbox.raw for a in mail["attachments"]]
        entries = [f"{x.subject}\n{x.place}" for x in self.graph.calendars.standing()]
        logged = [*as_text(self.log.records), *as_json(self.log.records)]
        return [*logged, *posts, *toasts, *subjects, *_without_addresses(files), *entries, *self.teams.refused]

    def marked(self) -> list[str]:
        """Where the mark is among all that; nowhere, when the promise is kept."""
        on_disk = [f"{name}: {words}" for name, words in self.on_disk().items() if self.disk_is_ours]
        return [words for words in (*self.said(), *on_disk) if _MARKED.search(words)]


def _without_addresses(files: Sequence[str]) -> list[str]:
    """An invitation names who invites and who is invited, in the way in which calendars find each other."""
    return [re.sub(r"mailto:\S+(?:\r\n \S+)*", "", file.replace("\r\n ", ""), flags=re.IGNORECASE) for file in files]


async def asks(school: School, method: str, path: str, **more: Any) -> tuple[int, str]:
    """What anybody on the internet gets: the status, and headers with what is below them."""
    async with aiohttp.ClientSession() as session, session.request(method, school.url + path, **more) as answer:
        return answer.status, f"{dict(answer.headers)} {await answer.text()}"
