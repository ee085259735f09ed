"""What a student writes is kept word for word, and all of it can be read by those who may."""

from __future__ import annotations

from tests.conversations import planning
from tests.school import School

LONG = "I have thought about this and want it to be read as I wrote it. " * 9


async def test_everything_a_student_has_written_can_be_read_however_much_it_is(school: School) -> None:
    await school.opens("helen", "tom", "sam")
    reference = await planning.starts_a_plan(school)
    written = [f"{n} {LONG}{n} **not bold**".strip() for n in range(1, 31)]
    assert all(550 < len(words) <= 600 for words in written)
    for words in written:
        await school.presses("tom", "Write something for the record")
        await school.fills("tom", words=words, press="Put it on the record")
    for who in ("tom", "helen", "priya", "sam"):
        await school.says(who, reference)
        if "Something else" in school.buttons(who):
            await school.presses(who, "Something else")
        read = await school.presses(who, "Read everything")
        if "Word for word" not in read:
            await school.says(who, reference)
            read = await school.presses(who, "Read everything Tom has written")
        assert "(part 1 of " in read
        everything = read
        while any(title == "Show the next part" for title in school.buttons(who)):
            everything += await school.presses(who, "Show the next part")
        for words in written:
            assert words in everything, who
        assert "I can do this" in everything, "what was said in the talk about the plan is the student's word too"
    await school.presses("tom", "Show the part before")
    assert "Write something for the record" in school.buttons("tom")


async def test_nobody_else_reads_a_word_of_it(school: School) -> None:
    await school.opens("helen", "tom", "gareth", "alan", "joanne")
    await planning.starts_a_plan(school)
    for words in ("The first of my words", LONG, LONG):
        await school.presses("tom", "Write something for the record")
        await school.fills("tom", words=words, press="Put it on the record")
    _, verb, data = school.wire("tom", "Read everything I have written")
    for who in ("gareth", "alan", "joanne"):
        answer = await school.sends(who, school.newest(who).id, verb, data)
        assert "The first of my words" not in answer
        assert "nothing here for you" in answer


async def test_where_nothing_is_hidden_there_is_no_button_for_it(school: School) -> None:
    await school.opens("helen", "tom")
    await planning.starts_a_plan(school)
    assert not any(title.startswith("Read everything I") for title in school.buttons("tom"))
    await school.presses("tom", "Write something for the record")
    await school.fills("tom", words="Thank you", press="Put it on the record")
    assert not any(title.startswith("Read everything I") for title in school.buttons("tom"))
