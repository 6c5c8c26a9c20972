"""The correction queue: what the machine, other takes and near segments disagree about comes first, and each says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.finding.doubtful import (
    MACHINE,
    NEIGHBOURS,
    TAKES,
    Worth,
    against_neighbours,
    against_takes,
    by_neighbours,
    by_words,
    difference,
    most_doubtful,
)
from fieldapp.finding.finder import Finder
from fieldapp.model import (
    Annotation,
    AnnotationId,
    Item,
    ItemId,
    PromptList,
    PromptListId,
    Recording,
    RecordingId,
    Segment,
    SegmentId,
    Span,
    new_id,
)
from fieldapp.store import people, prompts, segments, sessions, texts, vectors
from fieldapp.store.spaces import ensure_space
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction
from finding.toybook import MODEL, WIDTH, sound

WORDS = st.text("abcdø太ʰ ", max_size=12)
SHARES = st.floats(0, 1)


@given(WORDS, WORDS)
def test_a_difference_is_a_share_and_the_same_both_ways(one: str, other: str) -> None:
    assert 0 <= difference(one, other) <= 1
    assert difference(one, other) == difference(other, one)
    assert difference(one, one) == 0


@given(SHARES, st.none() | SHARES, st.none() | SHARES)
def test_more_doubt_never_makes_a_draft_less_doubtful(machine: float, takes: float | None, neighbours: float | None) -> None:
    worth = Worth(SegmentId("s"), "x", machine, takes, neighbours)
    assert 0 <= worth.score <= 1
    assert worth.score >= max(machine, takes or 0, neighbours or 0) - 1e-9
    assert worth.why in (MACHINE, TAKES, NEIGHBOURS)


def test_a_draft_is_held_against_the_take_nearest_to_it() -> None:
    assert against_takes("taijo", ["taiyo", "jitsu"]) == pytest.approx(0.2)
    assert against_takes("sun", []) is None


def test_near_segments_speak_only_when_two_of_the_nearest_agree() -> None:
    assert against_neighbours("moon", ["sun", "sun", "stone"]) == 0.75
    assert against_neighbours("moon", ["sun", "tree", "ox", "sun"]) is None
    assert against_neighbours("moon", ["moon", "moons", "sun"]) == 0
    assert against_neighbours("moon", ["sun"]) is None


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Store]:
    """Two words, each confirmed by three speakers of one variety; four drafts by a fourth."""

    def fill(tx: Transaction) -> None:
        session = sessions.ensure_session(tx, "S")
        listed = PromptList(id=PromptListId(new_id()), name="list")
        items = [Item(id=ItemId(new_id()), promptlist=listed.id, position=n, meaning_id=word, text=word) for n, word in enumerate(("sun", "moon"))]
        prompts.add_promptlist(tx, listed, items)
        master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/a.wav", rate=48_000, channels=1, bits=16, frames=48_000 * 60)
        sessions.add_recording(tx, master)
        variety = people.ensure_variety(tx, "Wu").id
        space = ensure_space(tx, kind="meaning", model=MODEL, dims=WIDTH, layer=-1)
        second = iter(range(60))

        def say(name: str, text: str, who: str, item: int | None, meaning: int | None, sure: float | None) -> None:
            start = next(second) * 48_000
            made = Segment(id=SegmentId(name), recording=master.id, span=Span(start, start + 40_000), speaker=people.ensure_person(tx, who).id,
                           variety=variety, state="checked" if sure is None else "draft", item=items[item].id if item is not None else None)  # fmt: skip
            segments.add_segments(tx, [made])
            note = Annotation(id=AnnotationId(new_id()), segment=made.id, tier="transcription", text=text, source="machine:m" if sure is not None else "person",
                              state="confirmed" if sure is None else "draft", confidence=sure)  # fmt: skip
            texts.add_texts(tx, [note])
            if meaning is not None:
                vectors.put_vectors(tx, space, [(made.id, sound(meaning, int(who[1:]), seed=len(name)).meaning)])

        for number in range(3):
            say(f"sun{number}", "thaijo", f"W{number}", None, 1, None)
            say(f"moon{number}", "nyeqkuang", f"W{number}", None, 2, None)
        say("first", "thaijo", "W9", 0, None, None)
        say("unsure", "xxxxx", "W9", None, None, 0.2)
        say("retake", "kaosu", "W9", 0, None, 0.9)
        say("sounds", "thaijo", "W9", None, 2, 0.9)
        say("good", "nyeqkuang", "W9", None, 2, 0.9)

    with Store.create(tmp_path / "book", "t") as store:
        store.do(fill)
        yield store


def test_drafts_come_in_the_order_of_doubt_and_say_who_doubts_them(book: Store) -> None:
    with Finder(book, background=False) as finder:
        order = by_neighbours(finder, by_words(book.reader()))
    assert {one.segment: one.why for one in order} == {"unsure": MACHINE, "retake": TAKES, "sounds": NEIGHBOURS, "good": MACHINE}
    assert order[-1].segment == "good"
    assert [one.score > 0.7 for one in order] == [True, True, True, False]


def test_without_vectors_the_machine_and_other_takes_decide(book: Store) -> None:
    order = most_doubtful(by_words(book.reader()))
    assert [one.segment for one in order][:2] in (["retake", "unsure"], ["unsure", "retake"])


def test_looking_can_be_stopped_between_two_segments(book: Store) -> None:
    class Enough(Exception):
        pass

    def go_on() -> None:
        raise Enough

    with Finder(book, background=False) as finder, pytest.raises(Enough):
        by_neighbours(finder, by_words(book.reader()), go_on)
