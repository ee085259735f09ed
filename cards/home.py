"""The welcome, help, privacy, and every small answer that leads somewhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cards.elements import Card, Element, button, buttons, card, facts, heading, link, literal, panel, quiet, text
from pathway.provider import Contact, Provider
from pathway.roles import Role
from pathway.standards import ATTRIBUTION

RAISERS = frozenset({Role.MENTOR, Role.LINK_TUTOR, Role.PARTNERSHIP_TEAM})


def raise_button() -> Element:
    return button("Raise a concern", "concern.start")


def cases_button() -> Element:
    return button("My cases", "cases.mine")


def _doors(roles: Collection[Role]) -> list[Element]:
    """At most three buttons: what this person comes here for."""
    first = [raise_button()] if RAISERS & set(roles) else []
    if Role.STUDENT in roles:
        first.append(button("Show my plan", "student.plan"))
    return [*first[:1], cases_button(), button("Privacy: what is kept", "home.privacy")]


def home(
    name: str,
    roles: Collection[Role],
    provider: Provider,
    *,
    news: str = "",
    first_time: bool = False,
    added_by: str = "",
) -> Card:
    """What Pathway is for this person. *news* answers what they typed; *first_time* says why they got this, and
    *added_by* (a name of the office) who added it for them.
    """
    why = f"You see this because you are on the placement list of {literal(provider.name)}." if first_time else ""
    if why and added_by:
        why += f" {literal(added_by)} of the {provider.role(Role.PARTNERSHIP_TEAM)} added me for you."
    return card(
        heading(f"Hello {literal(name)}" if first_time or not news else "Pathway"),
        text(news) if news else None,
        text(_for(roles, provider)),
        quiet(why) if why else None,
        quiet(f"You can also type: {', '.join(_words(roles))} or help."),
        actions=_doors(roles),
    )


def _words(roles: Collection[Role]) -> list[str]:
    """What they may type, beside "help"."""
    concern = ["concern"] if RAISERS & set(roles) else []
    plan = ["my plan"] if Role.STUDENT in roles else []
    office = ["reach", "not delivered", "jobs"] if Role.PARTNERSHIP_TEAM in roles else []
    return [*concern, *plan, "my cases", *office, "privacy"]


def _for(roles: Collection[Role], provider: Provider) -> str:
    plan, tutor = provider.words.support_plan, provider.role(Role.LINK_TUTOR)
    if Role.MENTOR in roles:
        return (
            "When a student is not making the progress you expect, Pathway helps you share it early: a talk, a weekly "
            f"target, and if a week is not enough, the {tutor}. It keeps the dates and writes nothing to anybody "
            "before you say so."
        )
    if Role.LINK_TUTOR in roles:
        return (
            "Pathway brings you a placement when a mentor asks for help. You arrange the meeting here, both of you "
            f"record your view, and it keeps the dates up to the {plan} and the review."
        )
    if Role.PARTNERSHIP_LEAD in roles and Role.PARTNERSHIP_TEAM not in roles:
        return (
            f"Pathway asks for your decision where a mentor and a {tutor} see it differently, and says when a case "
            "has waited too long for somebody."
        )
    if Role.PARTNERSHIP_TEAM in roles or Role.PARTNERSHIP_LEAD in roles:
        return (
            f"Pathway keeps the dates of every {provider.words.intervention}. You hear when a case waits for somebody, "
            f"name a {tutor} where none is there, and can enter any step for a mentor who has no Teams."
        )
    if Role.STUDENT in roles:
        return (
            "Pathway keeps what you and your mentor agreed where you can both see it: your target, the help you were "
            "promised and the dates. Nothing formal comes from here before a person has spoken to you."
        )
    return "Pathway writes to you when a placement needs you. It says what is needed and by when."


def reachable(contact: Contact | None) -> str:
    """Name, telephone and e-mail of a contact, for a sentence."""
    if contact is None:
        return ""
    return literal(", ".join(part for part in (contact.name, contact.phone, contact.email) if part))


def stranger(provider: Provider) -> Card:
    office = reachable(provider.contacts.office)
    return card(
        heading("We could not find you"),
        text("Pathway knows people by the e-mail address on the placement list, and yours is not on it."),
        text(
            f"Ask the {provider.role(Role.PARTNERSHIP_TEAM)}"
            + (f" ({office})" if office else "")
            + " to add you. Then write “hi” here again. Nothing you typed was kept."
        ),
        actions=[button("Try again", "home.hello")],
    )


def guest_to_confirm(provider: Provider) -> Card:
    office = reachable(provider.contacts.office)
    return card(
        heading("One more step"),
        text(
            "You are a guest here, so the office confirms once that you are the person on the placement list. "
            f"Ask the {provider.role(Role.PARTNERSHIP_TEAM)}" + (f" ({office})" if office else "") + " to do so."
        ),
        text("Then write “hi” here again."),
        actions=[button("Try again", "home.hello")],
    )


def privacy(provider: Provider) -> Card:
    notice = provider.privacy
    office, data = provider.contacts.office, provider.contacts.data_complaints
    return card(
        heading("What is kept, and who reads it"),
        text(notice.summary or "Pathway keeps what you send here about a placement, and the dates of each step."),
        text(
            "A draft is yours alone. A concern is read by the mentor and, as a copy, by the student. Once the "
            f"{provider.role(Role.LINK_TUTOR)} has been told, the {provider.role(Role.LINK_TUTOR)}, the "
            f"{provider.role(Role.PARTNERSHIP_TEAM)} and the {provider.role(Role.PARTNERSHIP_LEAD)} read it too. If a "
            f"placement ends, so does the {provider.role(Role.COURSE_DIRECTOR)}."
        ),
        text("Do not write health details or pupils' names. The student can ask for a copy of everything."),
        facts({"Questions": reachable(office), "Complaints": reachable(data)}) if office or data else None,
        quiet(ATTRIBUTION),
        actions=[*([link("Read the privacy notice", notice.notice)] if notice.notice else []), cases_button()],
    )


def safeguarding(provider: Provider, *, news: str = "") -> Card:
    """The way out: nothing is stored, and it says whom to ring now."""
    return card(
        heading("Stop here and speak to somebody now"),
        *off_ramp(provider, news=news),
        actions=[button("Back to the start", "home.hello")],
    )


def off_ramp(provider: Provider, *, news: str = "") -> list[Element]:
    contact = reachable(provider.contacts.safeguarding)
    return [
        panel(
            text(news, weight="Bolder") if news else None,
            text(
                "Speak to your designated safeguarding lead or headteacher **now**. If a child is in immediate danger, "
                "ring 999."
            ),
            text(f"At the university: {contact}.") if contact else None,
            text("Do not use Pathway for this, and do not speak to the student about it first. Nothing was kept."),
            style="attention",
        )
    ]


def before_saving(provider: Provider, again: Element) -> list[Element]:
    """Above a form in which somebody wrote about safeguarding; *again* is the button that was pressed."""
    title, data = "No child is at risk: carry on", {**again["data"], "cleared": "yes"}
    return [
        *off_ramp(provider, news="You wrote about safeguarding. Is a child at risk?"),
        buttons(button(title, again["verb"], **data)),
    ]


def note(title: str, *lines: str, actions: Sequence[Element] = ()) -> Card:
    """A short answer that leads on."""
    return card(heading(title), *(text(line) for line in lines), actions=actions or [cases_button()])


def not_found() -> Card:
    """The same for what does not exist and for what is not theirs."""
    return note(
        "There is nothing here for you",
        "This card belongs to a case that you are not part of, or that is no longer here.",
        "If you expected one, ask your office.",
        actions=[cases_button(), button("Help", "home.help")],
    )
