"""Who has opened Pathway and who never did: the office sees it, with an invitation for each."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from tests.conversations import road
from tests.school import APP_ID, School


async def test_the_office_sees_who_has_never_opened_it_and_who_is_there(school: School) -> None:
    await school.opens("sam", "ruth", "priya", "helen")
    listed = await school.says("sam", "reach")
    assert "4 of " in listed
    pages = listed
    while "Show the next" in school.buttons("sam"):
        pages += await school.presses("sam", "Show the next")
    assert "Tom Ashworth" in pages
    assert "Student, Hollin Bank Primary" in pages
    assert "Has not opened Pathway yet" in pages
    for there in ("Priya Nair", "Helen Marsh", "Sam Whitfield", "Ruth Adeyemi"):
        assert there not in pages


async def test_who_is_out_of_reach_stands_first_with_the_reason(school: School) -> None:
    await school.opens("sam", "tom")
    await school.teams.uninstall(school.people["tom"])
    listed = await school.says("sam", "who can be reached")
    assert listed.splitlines()[3] == "Tom Ashworth"
    assert "Out of reach since Tuesday 6 October: Pathway was removed there." in listed


async def test_the_invitation_has_words_to_copy_a_chat_that_has_them_already_and_the_way_to_the_bot(
    school: School,
) -> None:
    await school.opens("sam")
    await school.says("sam", "reach")
    first = next(title for title in school.buttons("sam") if title.startswith("Invite "))
    invited = await school.presses("sam", first)
    bot = f"https://teams.microsoft.com/l/chat/0/0?users=28%3A{APP_ID}"
    assert bot in invited
    assert "Sam Whitfield" in invited
    (chat,) = [url for title, url in school.links("sam").items() if title.startswith("Write to ")]
    asked = parse_qs(urlsplit(chat).query)
    assert "@" in asked["users"][0]
    assert bot in asked["message"][0]
    assert not any(title.startswith("Install") for title in school.buttons("sam"))
    assert "Who can be reached" in await school.presses("sam", "Back to the list")


async def test_who_has_opened_it_meanwhile_is_on_no_list_any_more(school: School) -> None:
    await school.opens("sam")
    await school.says("sam", "reach")
    first = next(title for title in school.buttons("sam") if title.startswith("Invite "))
    page = school.newest("sam")
    name = first.removeprefix("Invite ")
    key = next(p.key for p in school.people.values() if p.name == name)
    await school.opens(key)
    assert "They can be reached now." in await school.presses("sam", first, card=page)


async def test_the_invitation_names_nobody_who_is_not_on_the_list(school: School) -> None:
    await school.opens("sam", "tom")
    await road.raises(school)
    said = await school.sends("sam", school.newest("sam").id, "reach.invite", {"person": "somebody else"})
    assert "Who can be reached" in said


async def test_without_the_directory_no_button_installs_it_and_a_forged_press_does_nothing(school: School) -> None:
    await school.opens("sam", "priya")
    await school.says("sam", "reach")
    assert not any(title.startswith("Install") for title in school.buttons("sam"))
    said = await school.sends("sam", school.newest("sam").id, "reach.install_all", {})
    assert "Pathway" not in said or "install" not in said.casefold()
    assert "Partnership Team" in await school.sends("priya", school.newest("priya").id, "reach.install_all", {})
