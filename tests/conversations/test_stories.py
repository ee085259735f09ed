"""The acceptance stories of the process, as the people in them live them in Teams and by mail."""

from __future__ import annotations

from tests.conversations import road
from tests.school import School


async def test_put_right_within_the_week(school: School) -> None:
    """Story 1."""
    await school.opens("priya", "tom", "helen", "sam")
    before = {who: school.news(who) for who in ("helen", "sam", "channel")}
    await school.says("priya", "concern about Tom Ashworth")
    await school.presses("priya", "I am just starting")
    assert "Is a child at risk" in school.reads("priya")
    await school.presses("priya", "No, carry on")
    answers = await school.fills("priya", road.concern(school), press="Check my answers")
    for typed in (road.SEEN, road.GOING_WELL, road.TARGET, road.MEASURE, "Tom Ashworth", "Tuesday 13 October"):
        assert typed in answers
    receipt = await school.presses("priya", "Set the weekly target")
    assert "Tuesday 13 October" in receipt
    assert "Nobody else has been told" in receipt
    assert "If nobody answers by Friday 16 October" in receipt
    copy = school.reads("tom")
    for shared in (road.TARGET, road.SEEN, road.GOING_WELL, "Tuesday 13 October"):
        assert shared in copy

    await school.on("2026-10-12 07:59")
    quiet = school.news("priya")
    await school.on("2026-10-12 08:00")
    assert school.news("priya") == quiet + 1
    assert "Tomorrow" in school.reads("priya")
    await school.on("2026-10-13 15:29")
    assert school.news("priya") == quiet + 1
    await school.on("2026-10-13 15:30")
    assert school.news("priya") == quiet + 2
    assert "How is Tom Ashworth getting on?" in school.reads("priya")
    assert road.TARGET in school.reads("priya")
    assert [b.split(",")[0].split(":")[0] for b in school.buttons("priya")] == ["Met", "Not yet", "Not yet"]

    await school.presses("priya", "Met, and I have told Tom")
    assert "met" in school.reads("priya")
    assert "met your weekly target" in school.reads("tom")
    await school.passes(days=14)
    assert {who: school.news(who) for who in before} == before
    assert "You have no open cases" in await school.says("priya", "my cases")
    assert "You have no open cases" in await school.says("helen", "my cases")


async def test_support_across_half_term_from_the_talk_to_the_plan(school: School) -> None:
    """The first half of story 2: Gareth, Aisha and Dr Helen Marsh."""
    await school.opens("gareth", "aisha", "helen", "sam", "joanne")
    await school.on("2026-10-08 12:10")
    reference = await road.raises(school, "gareth", "Aisha Rahman", areas="TS4,assessment")
    assert "Thursday 15 October" in school.reads("gareth")
    await school.on("2026-10-15 15:30")
    await school.presses("gareth", "Not yet: tell the Link Tutor")
    assert school.value("gareth", "help") == "joint_planning,modelled_lesson"
    await school.fills(
        "gareth",
        evidence="Planning still starts from the activity",
        best_times="After 3:30",
        press="Tell the Link Tutor: ",
    )
    assert "Dr Helen Marsh" in school.reads("gareth")
    brief = school.reads("helen")
    for told in ("Gareth Bowen", "Aisha Rahman", "Planning still starts", "Planning together", reference):
        assert told in brief
    assert "Dr Helen Marsh" in school.reads("aisha")

    await school.presses("helen", "I have it")
    assert "Dr Helen Marsh has it" in school.reads("gareth")
    form = await school.presses("helen", "Arrange the meeting")
    assert "After 3:30" in form
    await school.fills("helen", day="2026-10-19", time="15:45", press="Make the invitation")
    assert "g.bowen%40st-oswins.example.org" in school.links("helen")["Open it in Teams"]
    await school.presses("helen", "It is booked for Monday 19 October, 3:45pm")
    assert "Monday 19 October, 3:45pm" in school.reads("gareth")
    await school.on("2026-10-19 16:20")
    await road.records(school, "helen")
    assert "What is your view?" in school.reads("gareth")
    await road.says_own_view(school, "gareth")
    await school.presses("helen", "Open the support plan")
    for who in ("helen", "gareth"):
        assert "support plan" in school.reads(who)
        assert "nothing is lost" in school.reads(who)
    assert "support plan" not in school.transcript("aisha")
    assert school.news("joanne") == 1

    between = {who: school.news(who) for who in ("gareth", "aisha")}
    await school.on("2026-10-24 00:00")
    term = {who: school.news(who) for who in between}
    await school.on("2026-11-01 23:59")
    assert {who: school.news(who) for who in between} == term


async def test_a_placement_in_trouble_from_the_talk_to_both_views(school: School) -> None:
    """The first half of story 3: Sian, Daniel and Martin Leigh."""
    await school.opens("sian", "daniel", "martin", "sam", "nadia", "alan", "ruth")
    await school.on("2026-11-09 13:00")
    reference = await road.raises(school, "sian", "Daniel Okoro", areas="TS1,TS7,TS4")
    assert "Monday 16 November" in school.reads("sian")
    await school.on("2026-11-16 15:30")
    await road.tells(school, "sian")
    await school.presses("martin", "I have it")
    await road.books(school, "martin", "2026-11-18", "16:00")
    assert [f"Ref {reference}" in p.text for p in school.channel() if p.thread] == [True]
    await school.on("2026-11-18 08:00")
    assert "brief" in school.reads("martin")
    assert road.EVIDENCE in school.reads("martin")
    await school.on("2026-11-18 16:45")
    await road.records(school, "martin")
    assert "Open the support plan" not in school.buttons("martin")
    await road.says_own_view(school, "sian")
    decide = school.reads("martin")
    assert "Routines are not there yet" in decide
    assert "I see the same in most lessons" in decide
    await school.presses("martin", "Open the support plan")
    assert "support plan" in school.reads("sian")
    assert [school.news(who) for who in ("nadia", "alan", "ruth")] == [1, 1, 1]


async def test_a_safeguarding_matter_is_stopped_at_the_door(school: School) -> None:
    """Story 7: Lucy Tran answers "yes or not sure", and nothing of it is kept."""
    await school.says("lucy", "hi")
    before = school.on_disk()
    await school.says("lucy", "concern")
    await school.presses("lucy", "I am just starting")
    stop = await school.presses("lucy", "Yes, or I am not sure")
    assert "designated safeguarding lead or headteacher" in stop
    assert "0113 496 0101" in stop
    assert school.on_disk() == before
    assert "Hello Lucy Tran" in await school.presses("lucy", "Back to the start")
    assert school.on_disk() == before


async def test_the_word_safeguarding_brings_the_same_card_before_anything_is_saved(school: School) -> None:
    await road.opens_form(school, "lucy", "Megan Doyle")
    before = school.on_disk()
    typed = road.concern(school, seen="A pupil told her something about Safeguarding")
    for button in ("Save for later", "I have not talked to them yet", "Check my answers"):
        warned = await school.fills("lucy", typed, press=button)
        assert "designated safeguarding lead or headteacher" in warned
        assert "0113 496 0101" in warned
        assert school.value("lucy", "seen") == typed["seen"]
        assert school.on_disk() == before
    assert "Check your answers" in await school.presses("lucy", "No child is at risk: carry on")


async def test_it_brings_that_card_in_every_other_form_too(school: School) -> None:
    await school.opens("helen")
    await road.raises(school)
    await school.on("2026-10-13 15:30")
    word = "There was a Safeguarding talk too"
    await school.presses("priya", "Not yet: tell the Link Tutor")
    for button in ("Save for later", "Tell the Link Tutor: "):
        warned = await school.fills("priya", evidence=word, press=button)
        assert "designated safeguarding lead or headteacher" in warned
        assert school.value("priya", "evidence") == word
    assert school.news("helen") == 1
    assert not any(word in text for text in school.on_disk().values())
    await school.presses("priya", "No child is at risk: carry on")
    assert word in school.reads("helen")
    await school.presses("helen", "We have already spoken")
    warned = await school.fills("helen", view="as expected", words=word, press="Record the meeting")
    assert "designated safeguarding lead or headteacher" in warned
    assert "Helen Marsh's view" not in school.reads("priya")


async def test_no_link_tutor_and_a_mentor_outside_teams(school: School) -> None:
    """The first half of story 9: Sam enters everything for Dot, who follows by mail; Martin Leigh covers."""
    await school.opens("sam", "kai", "martin", "ruth")
    await school.on("2026-11-10 10:00")
    await school.says("sam", "concern about Kai Brennan")
    await school.presses("sam", "I am just starting")
    await school.presses("sam", "No, carry on")
    assert "You are entering this for Dot Ellery" in school.reads("sam")
    await school.fills("sam", road.concern(school, areas="TS2"), press="Check my answers")
    await school.presses("sam", "Set the weekly target")
    assert "Tuesday 17 November" in school.reads("sam")
    (letter,) = school.mail("dot")
    reference = school.reference("sam")
    assert reference in letter.subject
    assert "Sam Whitfield entered this for you" in letter.text
    assert road.TARGET in letter.text
    assert road.TARGET in school.reads("kai")

    await school.on("2026-11-17 15:30")
    assert [m.at.strftime("%d %H:%M") for m in school.mail("dot")] == ["10 10:00", "16 08:00", "17 15:30"]
    await school.says("sam", reference)
    await school.presses("sam", "Enter something for Dot Ellery")
    await school.presses("sam", "Not yet: tell the Link Tutor")
    await school.fills("sam", evidence="The same gaps as last week", press="Tell the Link Tutor: ")
    assert "No Link Tutor is named" in school.reads("sam")
    assert "entered this for you" in school.mail("dot")[-1].text

    await school.on("2026-11-18 09:30")
    await school.says("sam", reference)
    await school.presses("sam", "Name a Link Tutor")
    await school.fills("sam", person=school.choices("sam", "person")["Martin Leigh"], press="Make them the Link Tutor")
    assert "The same gaps as last week" in school.reads("martin")
    assert "You were told on Wednesday 18 November, 9:30am" in school.reads("martin")
    assert "Martin Leigh" in school.mail("dot")[-1].text
    await school.on("2026-11-19 10:00")
    await road.books(school, "martin", "2026-11-23", "15:45")
    invitation = school.mail("dot")[-1]
    assert "Monday 23 November, 3:45pm" in invitation.text
    assert [a.name for a in invitation.attachments] == ["meeting.ics"]
    assert b"Placement catch-up" in invitation.attachments[0].content

    await school.on("2026-11-23 16:30")
    await road.records(school, "martin", mentor_view="not as expected", mentor_words="Marking is too thin")
    assert "typed your view" in school.mail("dot")[-1].text
    await school.presses("martin", "Open the support plan")
    assert "support plan" in school.mail("dot")[-1].text
    everything = await school.presses("martin", "Read everything")
    told = [line for line in everything.splitlines() if " for Dot Ellery" in line]
    assert [line.split(": ")[1].split(" for ")[0] for line in told if ": " in line] == [
        "Sam Whitfield set the weekly target",
        "Sam Whitfield told the Link Tutor",
        "You recorded a view",
    ]
    assert "Marking is too thin" in everything
    assert all(reference in m.subject for m in school.mail("dot"))


async def test_the_wrong_student_was_chosen_and_it_is_put_right(school: School) -> None:
    """The beginning of story 12: Priya has two students with names alike."""
    await school.opens("priya", "tom", "tomas", "sam", "helen")
    await school.on("2026-10-12 12:00")
    await school.says("priya", "concern")
    await school.presses("priya", "I am just starting")
    await school.presses("priya", "No, carry on")
    for told in (
        "Tom Ashworth, PGCE Primary, Phase 1, Hollin Bank Primary",
        "Tomas Ashby, BA Primary Education, Phase 2",
    ):
        assert told in school.reads("priya")
    await school.presses("priya", "Tom Ashworth")
    typed = road.concern(school, areas="TS3,TS4,TS6,pedagogy")
    refused = await school.fills("priya", typed, press="Check my answers")
    assert "Choose up to 3 areas. You have chosen 4." in refused
    for field in typed:
        assert school.value("priya", field) == typed[field], field
    answers = await school.fills("priya", areas="TS4,pedagogy", press="Check my answers")
    assert "TS4 Planning and teaching lessons" in answers
    assert "You may need only one of them" in answers
    await school.presses("priya", "Set the weekly target")
    assert road.TARGET in school.reads("tom")

    await school.presses("priya", "Something else")
    await school.presses("priya", "It was raised in error")
    await school.fills("priya", reason="I chose the wrong student", press="Close it as raised in error")
    recalled = school.reads("tom")
    assert "sent to you in error" in recalled
    assert road.TARGET not in school.transcript("tom")
    assert road.SEEN not in school.transcript("tom")
    assert "data" in school.reads("sam")
    assert school.news("helen") == 1
    await road.raises(school, "priya", "Tomas")
    assert "Tomas Ashby" in school.reads("priya")
    assert road.TARGET in school.reads("tomas")
    assert "You have no open cases" in await school.says("tom", "my cases")
