"""Typed text that finds sound directly, where a head was trained towards a text encoder; evidence behind hits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fieldapp.bulk.embedding import Embeddings
from fieldapp.finding.explain import Carried, Evidence, explain
from fieldapp.finding.finder import Finder, TextSide
from fieldapp.finding.modes import ask
from fieldapp.finding.question import Question
from fieldapp.model import Query
from fieldapp.speech.embed import unit
from fieldapp.speech.heads import Head
from finding.toybook import STEPS, TEXT_MODEL, Toy, melody, text_vector, toy, understand, voice, with_texts

WIDTH = 32


@pytest.fixture
def finder(tmp_path: Path) -> Iterator[Finder]:
    """A fieldbook with the space of a head that turns sounds into the vectors of their texts."""
    with (made := toy(tmp_path / "book")).store, Finder(made.store, TextSide(TEXT_MODEL, understand)) as found:
        adopt_head(made)
        yield found


def adopt_head(made: Toy, *, turned: bool = False) -> None:
    centre = np.full(WIDTH, 1.3, np.float32) / np.sqrt(WIDTH)
    sounds = unit(np.stack([melody(meaning).mean(axis=0) + 2.0 for meaning in range(8)])) - centre
    matrix = np.linalg.pinv(sounds) @ unit(np.stack([text_vector(meaning) for meaning in range(8)]))
    head = Head("meaning", centre, matrix.astype(np.float32), text_model=TEXT_MODEL)
    if turned:
        turn = np.linalg.qr(np.random.default_rng(0).standard_normal((head.dims, head.dims)))[0].astype(np.float32)
        head = replace(head, matrix=head.matrix @ turn, texts=turn)
    Embeddings.open(made.store, "toy", WIDTH).adopt(made.store, "meaning", head)


def asked(text: str, limit: int = 3) -> Question:
    return Question(query=Query(text=text, mode="meaning", limit=limit))


def test_a_typed_word_finds_sound_that_has_no_text_vector(finder: Finder) -> None:
    answer = ask(finder, asked("what is 6"))
    assert [match.hit.meaning_id for match in answer.matches] == ["m6"] * 3
    reason = answer.matches[0].reasons[0]
    assert reason.why == "its sound lies near the typed text"
    assert reason.space is not None
    assert reason.space.head == "meaning"


def test_a_head_that_brings_texts_along_finds_the_same_both_ways(tmp_path: Path) -> None:
    answers = []
    for turned in (False, True):
        with (made := toy(tmp_path / f"turned {turned}")).store:
            adopt_head(made, turned=turned)
            with_texts(made)
            with Finder(made.store, TextSide(TEXT_MODEL, understand)) as found:
                typed, spoken = ask(found, asked("meaning 2", 6)), ask(found, Question(query=Query(mode="meaning", limit=6), heard=voice(2)))
                carried = explain(found, asked("meaning 2"), made.said[2, 1])
            assert isinstance(carried, Carried)
            seen = [[(match.hit.meaning_id, [reason.why for reason in match.reasons]) for match in answer.matches] for answer in (typed, spoken)]
            answers.append((seen, carried.cosines.round(4).tolist()))
    assert answers[0] == answers[1]


def test_what_texts_and_sounds_agree_on_comes_first_with_both_reasons(tmp_path: Path) -> None:
    with (made := toy(tmp_path / "both")).store:
        adopt_head(made)
        with_texts(made)
        with Finder(made.store, TextSide(TEXT_MODEL, understand)) as found:
            answer = ask(found, asked("meaning 2"))
            spoken = ask(found, Question(query=Query(mode="meaning", limit=3), heard=voice(2)))
    assert {len(match.reasons) for match in answer.matches} == {2}
    assert "its translation means what was heard" in {reason.why for match in spoken.matches for reason in match.reasons}


def test_another_encoder_is_never_compared_with_it(tmp_path: Path) -> None:
    with (made := toy(tmp_path / "other")).store:
        adopt_head(made)
        with Finder(made.store, TextSide("somebody else's", understand)) as found:
            assert found.reached_by_text() is None


def test_the_moments_that_carry_a_text_are_told(finder: Finder) -> None:
    segment = ask(finder, asked("6")).matches[0].hit.segment
    found = explain(finder, asked("6"), segment)
    assert isinstance(found, Carried)
    assert len(found.hit_seconds) == len(found.cosines) == STEPS // 2
    assert set(found.data()) == {"carried"}


def test_every_moment_of_a_query_has_its_answer(finder: Finder) -> None:
    question = Question(query=Query(mode="sound", limit=1), heard=voice(5))
    found = explain(finder, question, ask(finder, question).matches[0].hit.segment)
    assert isinstance(found, Evidence)
    assert found.cosines.shape == (STEPS // 2, STEPS // 2)
    assert np.abs(found.path - np.arange(STEPS // 2)).max() <= 3
    assert found.likeness > 0.5
    data = found.data()
    assert len(data["aligned"]) == len(data["query_answered"]) == len(data["hit_answered"]) == STEPS // 2


def test_words_have_no_evidence_but_their_marks(tmp_path: Path) -> None:
    with (made := toy(tmp_path / "words", heard=False)).store, Finder(made.store) as found:
        assert explain(found, asked("6"), made.said[6, 1]) is None
        assert explain(found, Question(query=Query(mode="sound"), like=made.said[6, 0]), made.said[6, 1]) is None


def test_the_same_translation_again_and_again_is_no_basis_for_a_paraphrase(tmp_path: Path) -> None:
    with (made := toy(tmp_path / "elicited", range(12), range(4))).store:
        with_texts(made)
        with Finder(made.store, TextSide(TEXT_MODEL, understand)) as found:
            reason = ask(found, asked("meaning 3")).matches[0].reasons[0]
    assert reason.basis is not None
    assert reason.basis.share is None
