"""Searching by meaning and sound on a fieldbook whose sounds are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldapp.bulk.embedding import Embeddings
from fieldapp.commands import search as command
from fieldapp.errors import NotThere, WrongUsage
from fieldapp.finding import modes
from fieldapp.finding.finder import Finder, TextSide
from fieldapp.finding.modes import MODES
from fieldapp.finding.question import Answer, Question
from fieldapp.model import Query, SegmentId
from fieldapp.speech.embed import embedded
from fieldapp.store import people, segments
from fieldapp.store.consent import withdraw
from fieldapp.store.index import VectorIndex
from finding.toybook import RATE, STEPS, TEXT_MODEL, Toy, sound, states, toy, understand, voice, with_texts


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Toy]:
    made = toy(tmp_path / "book")
    with made.store:
        yield made


def question(mode: str = "meaning", *, limit: int = 5, **more: Any) -> Question:
    of_query = {name: more.pop(name) for name in ("text", "tiers", "varieties", "speakers", "checked_only", "purpose") if name in more}
    return Question(query=Query(mode=mode, limit=limit, **of_query), **more)


def ask(book: Toy, asked: Question, text_side: TextSide | None = None) -> Answer:
    with Finder(book.store, text_side) as finder:
        return modes.ask(finder, asked)


def meanings(answer: Answer) -> list[str]:
    return [match.hit.meaning_id for match in answer.matches]


def test_a_voice_nobody_knows_finds_everybody_who_said_the_same(book: Toy) -> None:
    for mode in ("meaning", "sound", "hybrid"):
        answer = ask(book, question(mode, heard=voice(3), limit=3))
        assert meanings(answer) == ["m3"] * 3
        assert {match.hit.speaker for match in answer.matches} == {"S0", "S1", "S2"}


def test_a_segment_finds_its_like_and_not_itself(book: Toy) -> None:
    mine = book.said[5, 1]
    answer = ask(book, question(like=mine, limit=2))
    assert meanings(answer) == ["m5", "m5"]
    assert mine not in {match.hit.segment for match in answer.matches}


def test_text_finds_texts_that_mean_it(book: Toy) -> None:
    with_texts(book)
    answer = ask(book, question(text="the 4th", limit=3), TextSide(TEXT_MODEL, understand))
    assert meanings(answer) == ["m4"] * 3
    assert answer.matches[0].reasons[0].why == "its translation is near in meaning"


def test_every_hit_says_why_where_and_how_sure(book: Toy) -> None:
    answer = ask(book, question("hybrid", heard=voice(2)))
    for place, match in enumerate(answer.matches):
        assert match.hit.rank == place
        for reason in match.reasons:
            assert reason.space is not None
            assert reason.similarity is not None
            assert reason.basis is not None
            assert "not calibrated yet" in reason.basis.note


def test_a_percentage_has_a_basis(tmp_path: Path) -> None:
    with (made := toy(tmp_path / "many", range(15), range(4))).store:
        best = ask(made, question(heard=voice(2), limit=40)).matches
    first, last = best[0].reasons[0].basis, best[-1].reasons[0].basis
    assert first is not None
    assert last is not None
    assert (first.share or 0) > 0.6
    assert (last.share or 0) < 0.2
    assert f"of the {first.pairs} pairs" in first.note


def test_the_stretch_that_sounds_alike_is_marked_in_frames_of_the_master(book: Toy) -> None:
    long = book.add(6, 9, embedded(states(6, 9, before=60, after=50)), seconds=(110 + STEPS) / 50)
    answer = ask(book, question("sound", heard=voice(6), limit=20))
    found = next(match for match in answer.matches if match.hit.segment == long)
    assert found.stretch is not None
    start = found.hit.span.start
    assert abs(found.stretch.start - start - 60 * RATE // 50) <= RATE // 12
    assert abs(found.stretch.stop - start - (60 + STEPS) * RATE // 50) <= RATE // 12


def test_filters_narrow_what_is_near(book: Toy) -> None:
    assert {match.hit.variety for match in ask(book, question(heard=voice(3), varieties=("Hakka",))).matches} == {"Hakka"}
    assert {match.hit.speaker for match in ask(book, question("sound", heard=voice(3), speakers=("S2",))).matches} == {"S2"}
    assert len(ask(book, question(heard=voice(3), tiers=("translation",))).matches) == 5
    assert ask(book, question(heard=voice(3), tiers=("gloss",))).matches == ()
    with pytest.raises(NotThere, match="no speaker 'nobody'"):
        ask(book, question(heard=voice(3), speakers=("nobody",)))


def test_a_filter_that_allows_nothing_gives_an_empty_answer_in_every_mode(book: Toy) -> None:
    book.store.do(lambda tx: people.ensure_person(tx, "silent"))
    for mode, _ in MODES:
        asked = question(mode, speakers=("silent",), text="meaning" if mode == "words" else "", heard=None if mode == "words" else voice(1))
        assert ask(book, asked).matches == ()


def test_an_empty_fieldbook_says_what_is_missing(tmp_path: Path) -> None:
    with (made := toy(tmp_path / "empty", range(0))).store:
        for mode in ("meaning", "sound", "hybrid"):
            with pytest.raises(NotThere, match=r"no (meaning|sound) vectors"):
                ask(made, question(mode, heard=voice(1)))
        assert ask(made, question("words", text="sun")).matches == ()
        with pytest.raises(NotThere, match="no sentence encoder"):
            ask(made, question(text="sun"))


def test_what_makes_no_sense_is_said(book: Toy) -> None:
    for asked in (
        question("dreams", text="x"),
        question("sound", text="x"),
        question("words", heard=voice(1)),
        question(text=" "),
        question(spread="age", text="x"),
    ):
        with pytest.raises(WrongUsage):
            ask(book, asked)
    with pytest.raises(NotThere):
        ask(book, question(like=SegmentId("01ARZ3NDEKTSV4RRFFQ69G5FAV")))


def test_hybrid_goes_on_without_what_is_missing_and_says_so(book: Toy) -> None:
    answer = ask(book, question("hybrid", text="meaning 4"))
    assert meanings(answer) == ["m4"] * 3
    assert "no sentence encoder" in answer.remarks[0]


def test_what_was_deleted_rejected_or_withdrawn_meanwhile_is_not_told(book: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    really = VectorIndex.search

    def deleting(index: VectorIndex, *rest: Any) -> Any:
        found, store = really(index, *rest), book.store
        gone, rejected = book.said[3, 0], book.said[3, 1]
        store.do(lambda tx: segments.delete_segments(tx, [gone]))
        store.do(lambda tx: segments.update_segment(tx, replace(segments.segment(tx.db, rejected), state="rejected")))
        return found

    monkeypatch.setattr(VectorIndex, "search", deleting)
    answer = ask(book, question(heard=voice(3)))
    monkeypatch.undo()
    assert meanings(answer)[0] == "m3"
    assert not {book.said[3, 0], book.said[3, 1]} & {match.hit.segment for match in answer.matches}
    speaker = segments.segment(book.store.reader(), book.said[3, 2]).speaker
    assert speaker
    book.store.do(lambda tx: withdraw(tx, speaker, "search"))
    assert "S2" not in {match.hit.speaker for match in ask(book, question(heard=voice(3), limit=50)).matches}


def test_a_query_vector_of_nothing_is_a_sentence(book: Toy) -> None:
    nothing = replace(voice(1), embedded=replace(sound(1, 1), meaning=np.zeros(32, np.float32), sound=np.full(96, np.nan, np.float32)))
    for mode in ("meaning", "sound"):
        with pytest.raises(WrongUsage, match="nothing"):
            ask(book, question(mode, heard=nothing))


def test_answers_are_spread_and_the_same_meaning_first_or_left_out(book: Toy) -> None:
    for seed in range(3):
        book.add(3, 0, sound(3, 0, seed=seed + 50))
    crowded = ask(book, question(heard=voice(3, speaker=0), limit=3))
    assert [match.hit.speaker for match in crowded.matches] == ["S0"] * 3
    fair = ask(book, question(heard=voice(3, speaker=0), limit=3, spread="variety"))
    assert sorted(match.hit.variety for match in fair.matches) == ["Hakka", "Wu", "Yue"]
    others = ask(book, question(like=book.said[3, 1], same_meaning="exclude"))
    assert "m3" not in meanings(others)
    first = ask(book, question(heard=voice(3), meaning_id="m1", same_meaning="first", limit=4))
    assert meanings(first) == ["m1", "m1", "m1", "m3"]


def test_the_command_line_offers_every_mode() -> None:
    assert tuple(name for name, _ in MODES) == command.MODES


def test_what_is_near_is_put_in_the_order_of_its_frames(book: Toy) -> None:
    """Same notes in another order have the same mean: only frames tell them apart."""
    backwards = states(3, 4)[::-1]
    other = book.add(50, 4, embedded(np.ascontiguousarray(np.roll(backwards, 7, axis=1))))
    answer = ask(book, question(heard=voice(3), limit=24))
    order = [match.hit.segment for match in answer.matches]
    assert all(order.index(book.said[3, speaker]) < order.index(other) for speaker in range(3))


def test_segments_whose_frames_are_damaged_or_missing_are_found_by_their_vectors(book: Toy) -> None:
    book.store.do(lambda tx: tx.db.execute("UPDATE frames SET data = zeroblob(5) WHERE segment = ?", (book.said[3, 0],)))
    book.store.do(lambda tx: tx.db.execute("DELETE FROM frames WHERE segment = ?", (book.said[3, 1],)))
    assert sorted(meanings(ask(book, question(heard=voice(3), limit=3)))) == ["m3", "m3", "m3"]
    assert meanings(ask(book, question("sound", heard=voice(3), limit=1))) == ["m3"]
    book.store.do(lambda tx: tx.db.execute("DELETE FROM frames"))
    assert meanings(ask(book, question("sound", heard=voice(3), limit=3))) == ["m3"] * 3


def test_what_frames_have_in_common_is_learnt_anew_as_the_fieldbook_grows(tmp_path: Path) -> None:
    with (made := toy(tmp_path / "growing", range(1), range(1))).store, Finder(made.store) as finder:
        frames = finder.frames(Embeddings.open(made.store, "toy", 32).raw["meaning"])
        alone = frames.common(32).copy()
        for meaning in range(1, 6):
            made.add(meaning, 0, sound(meaning, 0))
        assert np.abs(frames.common(32) - alone).max() > 0.1
        assert np.abs(frames.common(32) - 2.0).mean() < np.abs(alone - 2.0).mean()
