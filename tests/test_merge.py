"""Folding: idempotent, blind to order, and moving no more than has changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.match import same_entry
from aggregator.merge import ALIASES, fold, revise
from aggregator.model import Match, Sighting, Story
from tests.stories import NOW, sighting

LATER = NOW + timedelta(hours=1)


def keyed(made: Sighting) -> Sighting:
    return replace(made, keys=(f"guid:{made.source}:{made.entry.id}",))


FIRST = Match(sighting=keyed(sighting("bht", text="Kort bericht.", key="1")), story="tag:x", rule="first")
COPY = Match(sighting=keyed(sighting("hz", text="Kort bericht, maar langer.", key="2")), story="tag:x", rule="text")


def folded(*matches: Match) -> Story:
    story: Story | None = None
    for match in matches:
        story = fold(story, match, match.sighting.seen, same=same_entry)
    assert story is not None
    return story


def test_folding_twice_is_folding_once() -> None:
    """A refetch of what is known changes nothing at all."""
    once = folded(FIRST, COPY)
    assert fold(once, COPY, LATER, same=same_entry) == once
    assert fold(once, FIRST, LATER, same=same_entry) == once


@given(st.permutations([0, 1, 2, 3]))
def test_members_do_not_depend_on_the_order(order: list[int]) -> None:
    """The same copies make the same members and the same lead, in whatever order they were folded."""
    copies = [
        replace(FIRST, sighting=keyed(sighting("bht", text="x" * (n % 3), key=str(n), source=f"s{n}")))
        for n in range(4)
    ]
    story = folded(*(copies[index] for index in order))
    straight = folded(*copies)
    assert story.members == straight.members
    assert story.within(("bht",)) == replace(straight.within(("bht",)) or straight, id=story.id, updated=story.updated)


def test_id_and_publication_never_change() -> None:
    """A copy that claims to be older joins and moves neither."""
    older = replace(COPY, sighting=keyed(sighting("hz", published="2020-01-01 08:00", key="2")))
    story = folded(FIRST, older)
    assert (story.id, story.published) == (folded(FIRST).id, folded(FIRST).published)


def test_updated_moves_with_the_words_that_are_shown() -> None:
    """An edit of the lead's words moves ``updated``; markup and dates around the same words do not."""
    story = folded(FIRST)
    reworded = replace(FIRST, sighting=keyed(sighting("bht", text="Rechtzetting: het was zondag.", key="1")))
    redated = replace(
        FIRST, sighting=keyed(sighting("bht", text="Kort bericht.", published="2026-11-20 11:00", key="1"))
    )
    assert fold(story, reworded, LATER, same=same_entry).updated == LATER
    edited = fold(story, redated, LATER, same=same_entry)
    assert (edited.updated, edited.changed) == (story.updated, LATER)


def test_a_copy_that_shows_nothing_new_is_no_update() -> None:
    """A copy joining changes the document and not the story, unless its fuller text takes the lead."""
    story = folded(FIRST)
    shorter = replace(COPY, sighting=keyed(sighting("hz", text="Kort.", key="2")))
    joined = fold(story, shorter, LATER, same=same_entry)
    assert (joined.updated, joined.changed) == (story.updated, LATER)
    assert fold(story, COPY, LATER, same=same_entry).updated == LATER


def test_who_adds_a_line_does_not_take_the_lead() -> None:
    """Of copies that are about as full the one seen first leads; a teaser yields to the whole text."""
    news = "De brug is open. Het verkeer rijdt weer langs de gewone weg, en de omleiding is weg."
    first = replace(FIRST, sighting=keyed(sighting("bht", text=news, key="1")))
    for text, zone in ((f"{news} Lees meer.", "bht"), (f"{news} {news}", "hz"), (news[:40], "bht")):
        copy = Match(sighting=keyed(sighting("hz", text=text, key="2", seen=LATER)), story=first.story, rule="alike")
        assert leads(folded(first, copy)) == zone


def test_the_lead_is_preferred_then_fullest_then_first() -> None:
    """The operator's zone leads if it has a copy; else the fullest text; of equals the one seen first."""
    story = folded(FIRST, COPY)
    fullest, preferred = story.within(("bht", "hz")), story.within(("bht", "hz"), prefer="bht")
    assert fullest is not None
    assert preferred is not None
    assert (fullest.lead.zone, preferred.lead.zone) == ("hz", "bht")
    assert story.within(("elders",)) is None


def test_nothing_changed_is_nothing_changed() -> None:
    """Revising with the members that a story has gives that very story."""
    story = folded(FIRST, COPY)
    assert revise(story, story.members, LATER) is story


def test_an_edit_keeps_the_first_sight_and_the_old_keys() -> None:
    """What a member was ever recognised by still finds it after an edit."""
    edited = keyed(sighting("bht", text="Anders.", key="1", seen=LATER))
    edited = replace(edited, keys=(*edited.keys, "url:https://bht.example/1"))
    old = replace(FIRST, sighting=replace(FIRST.sighting, keys=(*FIRST.sighting.keys, "own:bht-nieuws:1")))
    (member,) = fold(folded(old), replace(FIRST, sighting=edited), LATER, same=same_entry).members
    assert member.sighting.seen == FIRST.sighting.seen
    assert set(member.sighting.keys) == {*edited.keys, "own:bht-nieuws:1"}


def told_apart(one: Sighting, other: Sighting) -> str:
    """A stand-in for the decision: copies are one while they begin with the same word."""
    words = [each.words.split("|")[1].split()[0] for each in (one, other)]
    return "" if words[0] == words[1] else f"'{words[0]}' is not '{words[1]}'"


def edited(match: Match, text: str) -> Match:
    seen = match.sighting
    made = sighting(seen.zone, text=text, key=seen.entry.id[-1], source=seen.source)
    return replace(match, sighting=replace(seen, words=made.words, entry=made.entry, length=made.length))


def refold(story: Story, match: Match) -> Story:
    return fold(story, match, LATER, same=same_entry, differs=told_apart)


def leads(story: Story) -> str:
    shown = story.within(("bht", "hz"))
    assert shown is not None
    return shown.lead.zone


def test_a_copy_that_was_edited_into_another_text_does_not_lead() -> None:
    """It stays, under the reason that joined it, says why it differs, and leads no more; undone, it may again."""
    story = folded(FIRST, COPY)
    assert leads(story) == "hz"
    strange = refold(story, edited(COPY, "Gans iets anders, en wel veel langer dan alles wat hier ooit stond."))
    assert [member.differs for member in strange.members] == ["", "'Gans' is not 'Kort'"]
    assert [member.rule for member in strange.members] == ["first", "text"]
    assert leads(strange) == "bht"
    assert leads(refold(strange, COPY)) == "hz"


def test_the_story_is_what_its_founder_says() -> None:
    """When the founder is edited into something else it goes on leading, and the copies are what differs."""
    story = refold(folded(FIRST, COPY), edited(FIRST, "Opgelost."))
    assert [bool(member.differs) for member in story.members] == [False, True]
    assert leads(story) == "bht"
    assert story.updated == LATER


def test_what_an_editor_joined_nobody_doubts() -> None:
    """A copy that an editor put into a story may be as different as it likes."""
    story = folded(FIRST, replace(COPY, rule="editor"))
    assert not any(member.differs for member in refold(story, edited(COPY, "Iets anders.")).members)


def test_churn_is_no_update() -> None:
    """What is told decides, and not every word: a counter changes the document and not the last update."""
    story = folded(FIRST)
    counted = edited(FIRST, "Kort bericht. Gelezen: 12 keer.")
    again = fold(story, counted, LATER, same=same_entry, told=lambda one: one.entry.title)
    assert (again.updated, again.changed) == (story.updated, LATER)


def test_a_moved_timestamp_is_nothing_at_all() -> None:
    """A system that touches atom:updated with every visit has changed nothing."""
    story = folded(FIRST)
    entry = replace(FIRST.sighting.entry, updated=LATER)
    assert fold(story, replace(FIRST, sighting=replace(FIRST.sighting, entry=entry)), LATER, same=same_entry) == story


def test_a_marked_update_that_joins_is_an_update() -> None:
    """Readers are to notice a correction, although a fuller copy leads."""
    story = folded(FIRST)
    shorter = replace(COPY, sighting=keyed(sighting("hz", text="Kort.", key="2")))
    assert fold(story, shorter, LATER, same=same_entry, updated=True).updated == LATER


def test_aliases_are_bounded() -> None:
    """An address with a new session in it at every visit leaves the last few; the guid still finds the entry."""
    story = folded(FIRST)
    for visit in range(100):
        seen = replace(FIRST.sighting, keys=(*FIRST.sighting.keys[:1], f"url:https://a.example/?s={visit}"))
        story = fold(story, replace(FIRST, sighting=seen), LATER, same=same_entry)
    keys = story.lead.keys
    assert len(keys) == 2 + ALIASES
    assert keys[0] == FIRST.sighting.keys[0]
