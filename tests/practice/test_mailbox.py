"""Mail that the bot sends ends on this computer and can be read."""

from __future__ import annotations

import stat
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from bot.practice.mailbox import Mail, Mailbox
from tests.practice.standin import START


def letter(*to: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Pathway <pathway@northdale.example.ac.uk>"
    mail["To"] = ", ".join(to)
    mail["Subject"] = "A weekly target – noted"
    mail.set_content("Dear Dot,\n\nCafé talk noted.\n")
    mail.add_alternative("<p>Dear Dot,</p>", subtype="html")
    mail.add_attachment(b"BEGIN:VCALENDAR", maintype="text", subtype="calendar", filename="catch-up.ics")
    return mail


async def send(box: Mailbox, mail: EmailMessage) -> None:
    await aiosmtplib.send(mail, hostname=box.host, port=box.port)


async def test_dot_gets_her_mail_with_all_its_parts() -> None:
    heard: list[Mail] = []
    async with Mailbox(lambda: START, heard=heard.append) as box:
        await send(box, letter("Dot@FellView.example.org"))
        (mail,) = box.of("dot@fellview.example.org")
    assert mail.subject == "A weekly target – noted"
    assert mail.sender == "Pathway <pathway@northdale.example.ac.uk>"
    assert mail.text == "Dear Dot,\n\nCafé talk noted."
    assert mail.html == "<p>Dear Dot,</p>"
    assert [(a.name, a.kind, a.content) for a in mail.attachments] == [
        ("catch-up.ics", "text/calendar", b"BEGIN:VCALENDAR")
    ]
    assert mail.at == START
    assert heard == [mail]


async def test_everybody_named_gets_a_copy_of_their_own() -> None:
    async with Mailbox(lambda: START) as box:
        await send(box, letter("dot@fellview.example.org", "kai@example.org"))
        assert [m.to for m in box.all()] == ["dot@fellview.example.org", "kai@example.org"]
        box.mark_read(box.all()[1].id)
        assert [m.read for m in box.all()] == [False, True]
        assert box.of("nobody@example.org") == ()


async def test_a_refusal_that_was_asked_for_comes_once_and_nothing_is_kept() -> None:
    async with Mailbox(lambda: START) as box:
        box.refuse_next("451 Try again later")
        with pytest.raises(aiosmtplib.SMTPDataError):
            await send(box, letter("dot@fellview.example.org"))
        assert box.all() == ()
        await send(box, letter("dot@fellview.example.org"))
        assert len(box.all()) == 1


async def test_mail_is_there_after_a_restart_until_we_start_again(tmp_path: Path) -> None:
    file = tmp_path / "mail.json"
    async with Mailbox(lambda: START, file=file) as box:
        await send(box, letter("dot@fellview.example.org"))
        before = box.all()
    again = Mailbox(lambda: START, file=file)
    assert again.all() == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again.clear()
    assert Mailbox(lambda: START, file=file).all() == ()
