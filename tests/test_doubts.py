"""Answers that sounded like another item are found again after the recording, also as takes; what a person decides is done once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fieldapp import cli
from fieldapp.elicitation.events import DOUBT
from fieldapp.model import Event, EventId, Item, ItemId, PromptList, PromptListId, Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.session.doubts import WAS, dismiss, doubts, relabel
from fieldapp.store import people, prompts, segments, sessions
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

RATE = 100
SUN, MOON = ItemId("I-sun"), ItemId("I-moon")
TAKE = SegmentId("take")


def fill(tx: Transaction) -> None:
    session = sessions.ensure_session(tx, "S")
    master = Recording(id=RecordingId("M"), session=session.id, path="audio/S.wav", rate=RATE, channels=1, bits=16, frames=1000)
    sessions.add_recording(tx, master)
    listed = PromptList(id=PromptListId("P"), name="words")
    items = [Item(id=one, promptlist=listed.id, position=at, meaning_id=one.removeprefix("I-")) for at, one in enumerate((SUN, MOON))]
    prompts.add_promptlist(tx, listed, items)
    who = people.ensure_person(tx, "W1").id
    made = Segment(id=TAKE, recording=master.id, span=Span(100, 300), speaker=who, item=SUN, meaning_id="sun", best=True, state="draft")
    earlier = replace(made, id=SegmentId(new_id()), span=Span(400, 500), item=MOON, meaning_id="moon", take=1)
    segments.add_segments(tx, [made, earlier])
    value = {"segment": "a draft that went into the take", "shown": "sun", "heard": "moon", "witnesses": []}
    sessions.add_events(tx, [Event(id=EventId(new_id()), recording=master.id, frame=290, kind=DOUBT, item=SUN, value=value)])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "book", "book") as made:
        made.do(fill)
        yield made


def test_a_doubt_is_about_the_take_the_draft_became_part_of(store: Store) -> None:
    assert [(one.segment.id, one.shown, one.heard) for one in doubts(store.reader())] == [(TAKE, "sun", "moon")]


def test_relabelling_moves_it_to_the_other_prompt_and_can_be_undone(store: Store) -> None:
    doubted = doubts(store.reader())[0]
    before = segments.segment(store.reader(), TAKE)
    store.do(lambda tx: relabel(tx, doubted), undo="another item")
    now = segments.segment(store.reader(), TAKE)
    assert (now.meaning_id, now.item, now.take, now.best, now.metadata[WAS]) == ("moon", MOON, 2, False, "sun")
    assert doubts(store.reader()) == []
    store.undo().result()
    assert segments.segment(store.reader(), TAKE) == before
    assert len(doubts(store.reader())) == 1


def test_a_meaning_without_a_prompt_leaves_none(store: Store) -> None:
    doubted = replace(doubts(store.reader())[0], heard="star")
    store.do(lambda tx: relabel(tx, doubted))
    now = segments.segment(store.reader(), TAKE)
    assert (now.meaning_id, now.item, now.take, now.best) == ("star", None, 1, True)


def test_what_was_dismissed_is_not_asked_again(store: Store) -> None:
    doubted = doubts(store.reader())[0]
    store.do(lambda tx: dismiss(tx, doubted))
    assert doubts(store.reader()) == []
    assert segments.segment(store.reader(), TAKE).meaning_id == "sun"


def test_what_somebody_relabelled_or_rejected_meanwhile_is_not_asked_about(store: Store) -> None:
    take = segments.segment(store.reader(), TAKE)
    store.do(lambda tx: segments.update_segment(tx, replace(take, state="rejected")))
    assert doubts(store.reader()) == []
    store.do(lambda tx: segments.update_segment(tx, replace(take, meaning_id="star")))
    assert doubts(store.reader()) == []


def test_the_command_line_lists_and_decides(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store.close()
    folder = str(store.folder)
    assert cli.main(["doubts", folder]) == 0
    assert "shown: sun, sounded like: moon" in capsys.readouterr().out
    assert cli.main(["doubts", folder, "--accept", TAKE, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"doubts": []}
    assert cli.main(["doubts", folder, "--dismiss", TAKE]) == 1
    assert "Nobody doubts the segment" in capsys.readouterr().err
