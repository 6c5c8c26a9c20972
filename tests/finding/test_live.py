"""Neighbours and the radar while recording."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.recorders import until

from fieldapp.bulk.embedding import Embeddings
from fieldapp.commands.record.screen import nearby_line
from fieldapp.elicitation.events import BEGIN, DOUBT, DOUBT_DISMISSED, PROMPT, TAKE
from fieldapp.finding.finder import Finder
from fieldapp.finding.live import neighbours
from fieldapp.model import Event, EventId, Item, ItemId, PromptList, PromptListId, Segment, SegmentId, Span, new_id
from fieldapp.session.nearby import Nearby, NearbyLook
from fieldapp.session.plan import Plan, Wish, make_plan
from fieldapp.store import people, prompts, segments, sessions
from finding.toybook import RATE, Toy, sound, toy

MEANINGS = 12


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Toy]:
    """Labels enough for a basis: 12 meanings by 4 speakers."""
    with (made := toy(tmp_path / "book", range(MEANINGS), range(4))).store:
        yield made


def said_now(book: Toy, plan: Plan, meaning: int, span: Span, speaker: int = 8) -> Segment:
    """A live row with its vectors, as live text leaves it."""
    row = Segment(id=SegmentId(new_id()), recording=plan.master.id, span=span, speaker=plan.course.speaker, variety=plan.course.variety, state="draft")
    book.store.do(lambda tx: segments.add_segments(tx, [row]))
    home = Embeddings.open(book.store, "toy", 32)
    assert book.store.do(lambda tx: home.put(tx, row, sound(meaning, speaker)))
    return row


def planned(book: Toy, variety: str = "Wu") -> tuple[Plan, list[Item]]:
    plan = make_plan(book.store, Wish(speaker="NEW", variety=variety), {"rate": RATE, "channels": 1, "bits": 24})
    listed = PromptList(id=PromptListId(new_id()), name="words")
    items = [Item(id=ItemId(new_id()), promptlist=listed.id, position=n, meaning_id=f"m{n}", text=f"say {n}") for n in range(MEANINGS)]
    book.store.do(lambda tx: prompts.add_promptlist(tx, listed, items))
    return Plan(plan.session, plan.master, plan.course, {item.id: item for item in items}), items


def shows(book: Toy, plan: Plan, items: list[Item], *when: int) -> None:
    """Prompts one after the other, each until the next."""
    events = [Event(id=EventId(new_id()), recording=plan.master.id, frame=0, kind=BEGIN)]
    for number, second in enumerate(when):
        if number:
            events.append(Event(id=EventId(new_id()), recording=plan.master.id, frame=second * RATE, kind=TAKE, item=items[number - 1].id))
        events.append(Event(id=EventId(new_id()), recording=plan.master.id, frame=second * RATE, kind=PROMPT, item=items[number].id))
    book.store.do(lambda tx: sessions.add_events(tx, events))


def kinds(book: Toy, plan: Plan) -> list[str]:
    return [event.kind for event in sessions.events(book.store.reader(), plan.master.id) if event.kind in (DOUBT, DOUBT_DISMISSED)]


def test_others_who_said_it_come_first_and_other_varieties_before_them(book: Toy) -> None:
    plan, _ = planned(book)
    with Finder(book.store) as finder:
        found = neighbours(finder, said_now(book, plan, 3, Span(0, RATE)).id)
    assert [match.hit.meaning_id for match in found.matches[:2]] == ["m3", "m3"]
    varieties = [match.hit.variety == "Wu" for match in found.matches]
    assert varieties == sorted(varieties)
    assert found.doubt is None


def test_a_wrong_item_is_told_with_its_basis_and_a_right_one_is_not(book: Toy) -> None:
    plan, _ = planned(book)
    row = said_now(book, plan, 5, Span(0, RATE))
    with Finder(book.store) as finder:
        wrong, right = neighbours(finder, row.id, "m4"), neighbours(finder, row.id, "m5")
    assert right.doubt is None
    assert wrong.doubt is not None
    assert (wrong.doubt.shown, wrong.doubt.heard) == ("m4", "m5")
    assert len(wrong.doubt.witnesses) >= 2
    assert "sounds like 'm5', not 'm4'" in wrong.doubt.sentence
    assert "pairs" in wrong.doubt.sentence


def test_without_a_basis_the_radar_is_silent(tmp_path: Path) -> None:
    with (few := toy(tmp_path / "few", range(4), range(3))).store, Finder(few.store) as finder:
        plan, _ = planned(few)
        assert neighbours(finder, said_now(few, plan, 2, Span(0, RATE)).id, "m1").doubt is None


def test_a_segment_without_vectors_or_one_that_is_gone_has_no_neighbours(book: Toy) -> None:
    with Finder(book.store) as finder:
        bare = book.add(99, 1, None)
        assert neighbours(finder, bare, "m1").matches == ()
        assert neighbours(finder, SegmentId("01ARZ3NDEKTSV4RRFFQ69G5FAV"), "m1").matches == ()


def test_a_session_hears_of_a_wrong_item_logs_it_and_lets_it_be_dismissed(book: Toy) -> None:
    plan, items = planned(book)
    shows(book, plan, items, 0, 10, 20)
    nearby = Nearby(book.store, plan)
    try:
        nearby.ask(said_now(book, plan, 1, Span(12 * RATE, 13 * RATE)))
        until(lambda: nearby.look().segment is not None)
        assert nearby.look().doubt is None
        wrong = said_now(book, plan, 7, Span(22 * RATE, 23 * RATE))
        nearby.ask(wrong)
        until(lambda: nearby.look().segment == wrong)
        look = nearby.look()
        assert look.doubt is not None
        assert (look.doubt.heard, look.item) == ("m7", items[2])
        assert kinds(book, plan) == [DOUBT]
        nearby.dismiss()
        assert nearby.look().doubt is None
        nearby.dismiss()
        assert kinds(book, plan) == [DOUBT, DOUBT_DISMISSED]
    finally:
        nearby.stop()


def test_an_answer_between_two_prompts_belongs_to_neither(book: Toy) -> None:
    plan, items = planned(book)
    shows(book, plan, items, 0, 10)
    nearby = Nearby(book.store, plan)
    try:
        row = said_now(book, plan, 7, Span(9 * RATE, 11 * RATE))
        nearby.ask(row)
        until(lambda: nearby.look().segment == row)
        assert nearby.look().doubt is None
        assert nearby.look().matches
    finally:
        nearby.stop()


def test_an_utterance_that_was_deleted_while_it_was_asked_about_hurts_nobody(book: Toy) -> None:
    plan, _ = planned(book)
    nearby = Nearby(book.store, plan)
    try:
        row = said_now(book, plan, 2, Span(0, RATE))
        book.store.do(lambda tx: segments.delete_segments(tx, [row.id]))
        nearby.ask(row)
        until(lambda: nearby.look().segment == row)
        assert nearby.look().matches == ()
    finally:
        nearby.stop()
    assert people.persons(book.store.reader())


def test_a_terminal_shows_who_else_said_it_and_a_doubt_before_that(book: Toy) -> None:
    plan, _ = planned(book)
    row = said_now(book, plan, 5, Span(0, RATE))
    with Finder(book.store) as finder:
        wrong = neighbours(finder, row.id, "m4")
    assert nearby_line(NearbyLook()) == ""
    assert nearby_line(NearbyLook(row, wrong.matches)).startswith("near: S")
    assert nearby_line(NearbyLook(row, wrong.matches, wrong.doubt)).startswith("? This sounds like 'm5', not 'm4'")
