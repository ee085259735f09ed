"""Who cannot be reached in Teams is noticed, written to another way, shown to those who can act, and never lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from bot.practice import hands
from tests.conversations import road
from tests.keys import case_on_disk
from tests.school import School


@pytest.fixture
async def without_mail(tmp_path: Path) -> AsyncIterator[School]:
    """The partnership of a university that has set no mail server."""
    async with School(tmp_path, has_mail=False) as it:
        yield it
        assert it.leaks() == []
        assert it.errors() == []


def blocks(school: School, who: str) -> None:
    """Teams says nothing of it: only the next message is refused."""
    school.teams.transcript.set_installed(who, installed=False)


def tries(school: School, who: str) -> int:
    """Requests of the bot to somebody's chat."""
    place = school.people[who].conversation_id
    return sum(place in unquote(call.path) for call in school.teams.calls)


async def test_a_student_who_blocked_the_bot_gets_mail_and_the_link_tutor_sees_it_on_the_case(school: School) -> None:
    await school.opens("helen", "tom", "sam", "martin")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    blocks(school, "tom")
    await road.tells(school)
    (letter,) = school.mail("tom")
    assert "Dr Helen Marsh" in letter.text
    told = school.reads("helen")
    assert "Teams took no message for Tom Ashworth. It went by e-mail instead." in told
    assert "Tom Ashworth cannot be reached in Teams since Tuesday 13 October" in told
    assert "Ask Tom Ashworth to open Pathway" in told
    for who in ("helen", "sam"):
        await school.says(who, "my cases")
        assert "cannot be reached in Teams" in await school.presses(who, "Open "), who
    await school.says("priya", "my cases")
    assert "cannot be reached" not in await school.presses("priya", "Open ")


async def test_nothing_more_is_tried_in_teams_until_they_write_and_then_it_is_teams_again(school: School) -> None:
    await school.opens("helen", "tom")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    blocks(school, "tom")
    await road.tells(school)
    before = tries(school, "tom")
    await road.presses_rarer(school, "priya", "Go on with the weekly target instead")
    await school.fills("priya", reason="It was one bad day", press="Go on with the target")
    assert tries(school, "tom") == before
    assert len(school.mail("tom")) == 2
    school.teams.transcript.set_installed("tom", installed=True)
    await school.says("tom", "hi")
    await school.on("2026-10-20 15:30")
    await school.presses("priya", "Met, and I have told Tom")
    assert len(school.mail("tom")) == 2
    assert "target met" in school.reads("tom").casefold()
    await school.says("helen", "my cases")
    assert not school.shows("sam", "cannot be reached")


async def test_the_link_tutor_is_told_once_a_case_however_many_letters_follow(school: School) -> None:
    await school.opens("helen", "tom")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    blocks(school, "tom")
    there_were = school.news("helen")
    await road.tells(school)
    assert school.newest("helen").summary.endswith("somebody is to be reached")
    assert school.news("helen") == there_were + 2
    await road.presses_rarer(school, "priya", "Go on with the weekly target instead")
    await school.fills("priya", reason="It was one bad day", press="Go on with the target")
    assert len(school.mail("tom")) == 2
    assert school.news("helen") == there_were + 3


async def test_before_the_link_tutor_is_told_only_the_mentor_hears_that_the_copy_did_not_arrive(
    without_mail: School,
) -> None:
    school = without_mail
    await school.opens("helen", "sam")
    await road.raises(school)
    assert "A message to Tom Ashworth did not arrive." in school.reads("priya")
    assert "Please ring or speak to Tom Ashworth" in school.reads("priya")
    assert not any(school.shows(who, "Ashworth") for who in ("helen", "sam"))
    listed = await school.says("sam", "not delivered")
    assert "One more belongs to a case that is not with you yet. Its mentor has been told." in listed
    assert "See to number 1" not in school.buttons("sam")


async def test_what_did_not_arrive_goes_out_as_soon_as_they_open_the_bot(without_mail: School) -> None:
    school = without_mail
    await road.raises(school)
    await school.opens("tom")
    await school.passes(minutes=1)
    assert school.shows("tom", road.TARGET)
    assert "Everything has reached its reader" in await school.says("sam", "not delivered")
    await school.says("priya", "my cases")
    assert "cannot be reached" not in await school.presses("priya", "Open ")


async def test_where_the_link_tutor_cannot_be_reached_at_all_the_office_is_told(without_mail: School) -> None:
    school = without_mail
    await school.opens("sam", "tom")
    reference = await road.told(school)
    assert school.shows("sam", "A message to Dr Helen Marsh did not arrive.")
    assert school.shows("sam", "A message did not reach its reader.")
    listed = await school.says("sam", "not delivered")
    assert "To Dr Helen Marsh" in listed
    assert f"Ref {reference}" in listed
    assert "Nothing arrives. Please ring or speak to Dr Helen Marsh" in await school.presses("sam", "See to number 1")
    assert f"Open {reference}" in school.buttons("sam")


async def test_the_office_has_it_tried_again_and_it_arrives(without_mail: School) -> None:
    school = without_mail
    await school.opens("sam", "tom")
    await road.told(school)
    await school.stops()
    school.has_mail = True
    await school.starts()
    await school.says("sam", "not delivered")
    await school.presses("sam", "See to number 1")
    assert "It is being tried again" in await school.presses("sam", "Try again")
    (letter,) = school.mail("helen")
    assert road.EVIDENCE in letter.text
    assert "Everything has reached its reader" in await school.says("sam", "not delivered")


async def test_what_is_tried_again_in_vain_is_back_on_the_list(without_mail: School) -> None:
    school = without_mail
    await school.opens("sam", "tom")
    await road.told(school)
    await school.says("sam", "not delivered")
    await school.presses("sam", "See to number 1")
    await school.presses("sam", "Try again")
    assert "To Dr Helen Marsh" in await school.says("sam", "not delivered")


async def test_the_office_says_that_it_told_them_itself_and_the_case_keeps_who(without_mail: School) -> None:
    school = without_mail
    await school.opens("sam", "tom")
    await road.told(school)
    await school.says("sam", "not delivered")
    await school.presses("sam", "See to number 1")
    page = school.newest("sam")
    assert "you told them yourself" in await school.presses("sam", "I told Dr Helen Marsh myself")
    (case,) = (school.folder / "cases").glob("*.json")
    assert "told in person by" in str(case_on_disk(school.folder, case)["settled"])
    assert "seen to already" in await school.presses("sam", "I told Dr Helen Marsh myself", card=page)
    assert "seen to already" in await school.presses("sam", "Try again", card=page)
    await school.opens("helen")
    assert not school.shows("helen", "wants your help")


async def test_a_message_that_teams_will_not_have_for_itself_is_no_fault_of_its_reader(school: School) -> None:
    await school.opens("helen", "sam", "tom")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Not yet: tell the Link Tutor")
    school.teams.fail_next(413, times=3)
    await school.fills("priya", evidence=road.EVIDENCE, press="Tell the Link Tutor: ")
    await school.says("sam", "not delivered")
    told = await school.presses("sam", "See to number 1")
    assert "a fault of ours" in told
    assert "cannot be reached" not in told
    await school.presses("sam", "Back to the list")
    await school.presses("sam", "See to number 1")
    await school.presses("sam", "Try again")
    assert school.mail("helen") == school.mail("tom") == ()
    assert not school.shows("helen", "cannot be reached")


@pytest.mark.parametrize("typed", ["not delivered", "reach"])
@pytest.mark.parametrize("who", ["priya", "helen", "tom", "ruth"])
async def test_the_lists_are_the_offices_alone(without_mail: School, typed: str, who: str) -> None:
    school = without_mail
    await school.opens("tom", "sam")
    await road.told(school)
    await school.says(who, typed)
    answer = next(
        hands.words(m.card) for m in school.teams.chat(who) if m.card and "For the Partnership" in str(m.card)
    )
    assert "Marsh" not in answer


@pytest.mark.parametrize(
    "verb", ["delivery.list", "delivery.see", "delivery.again", "delivery.told", "reach.list", "reach.invite"]
)
async def test_the_buttons_of_the_lists_do_nothing_for_anybody_else(without_mail: School, verb: str) -> None:
    school = without_mail
    await school.opens("tom", "sam")
    await road.told(school)
    await school.says("sam", "not delivered")
    _, _, data = school.wire("sam", "See to number 1")
    card = school.newest("priya")
    await school.rests()
    before = school.on_disk()
    said = await school.sends("priya", card.id, verb, data)
    assert "For the Partnership Team" in said
    await school.rests()
    assert school.on_disk() == before


async def test_a_mail_server_that_is_down_for_a_while_delays_and_loses_nothing(school: School) -> None:
    await school.opens("sam")
    for _ in range(40):
        school.mailbox.refuse_next("451 Try again later")
    await road.raises(school)
    for _ in range(8):
        await school.passes(minutes=6)
    assert school.mail("tom") == ()
    assert "One message still waits" in school.reads("sam")
    assert "is tried again by itself" in await school.says("sam", "not delivered")
    for _ in range(40):
        await school.passes(minutes=6)
    assert len(school.mail("tom")) == 1
    assert "Everything has reached its reader" in await school.says("sam", "not delivered")


async def test_an_address_that_takes_no_letters_is_told_to_the_mentor_and_forgotten_when_one_arrives(
    school: School,
) -> None:
    school.mailbox.refuse_next("550 No such mailbox")
    await road.raises(school)
    assert "check the address on the placement list" in school.reads("priya")
    await school.on("2026-10-13 15:30")
    await school.presses("priya", "Met, and I have told Tom")
    assert len(school.mail("tom")) == 1
    await school.says("priya", "my cases")
    assert "check the address" not in school.reads("priya")


async def test_who_removed_the_bot_hears_nothing_there_and_everything_again_after_coming_back(school: School) -> None:
    await school.opens("helen", "tom")
    await school.teams.uninstall(school.people["helen"])
    before = tries(school, "helen")
    await road.told(school)
    assert tries(school, "helen") == before
    assert len(school.mail("helen")) == 1
    welcomed = school.news("helen")
    await school.opens("helen")
    await school.teams.greet(school.people["helen"])
    assert school.news("helen") == welcomed + 1
    await school.on("2026-10-15 10:00")
    assert school.news("helen") > welcomed + 1


async def test_the_office_hears_when_the_channel_takes_nothing_and_chooses_another(school: School) -> None:
    await school.opens("helen", "sam")
    blocks(school, "channel")
    await road.told(school)
    assert "The Partnership channel takes no posts any more" in await school.says("sam", "not delivered")
    await school.teams.add_to_channel(school.people["sam"])
    await school.teams.say_in_channel(school.people["sam"], "use this channel")
    assert "Everything has reached its reader" in await school.says("sam", "not delivered")
    await road.told(school, "sian", "Daniel Okoro", due="2026-10-20 15:30")
    assert any("Link Tutor told" in post.text for post in school.channel())
