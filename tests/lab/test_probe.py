"""Probes read what is there and nothing that is not; chance and the control task say what they would read anyway."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.lab import labelling, probe
from fieldapp.lab.classify import balanced, learn
from fieldapp.lab.utterances import Utterance

SPEAKERS = ("a1", "a2", "b1", "b2")


def world(meanings: int = 12) -> list[Utterance]:
    made = [Utterance(id=f"{s}{m}", where="", speaker=s, variety=s[0], meaning=f"m{m}") for s in SPEAKERS for m in range(meanings)]
    return [replace(u, translation=f"{'big' if int(u.meaning[1:]) % 2 else 'small'} thing {u.meaning}") for u in made]


def vectors_of(utterances: list[Utterance], *, meaning: float, speaker: float, noise: float = 0.3) -> np.ndarray:
    chance = np.random.default_rng(5)
    tables = [{name: chance.standard_normal(30) for name in sorted({getattr(u, field) for u in utterances})} for field in ("meaning", "speaker")]
    rows = [meaning * tables[0][u.meaning] + speaker * tables[1][u.speaker] + noise * chance.standard_normal(30) for u in utterances]
    return np.stack(rows).astype(np.float32)


def readings(utterances: list[Utterance], vectors: np.ndarray) -> dict[str, probe.Reading]:
    seconds = [1.0 + 0.1 * number for number in range(len(utterances))]
    found = [probe.read(vectors, task, seed=1) for task in probe.tasks(utterances, seconds, "variety")]
    return {reading.task: reading for reading in found if reading}


def test_what_is_in_a_vector_is_read_and_what_is_not_is_not() -> None:
    said = world()
    by_meaning = readings(said, vectors_of(said, meaning=1, speaker=0))
    assert by_meaning["meaning"].accuracy > 0.9
    assert by_meaning["speaker"].accuracy < 0.5
    assert by_meaning["meaning"].control < 0.3
    assert by_meaning["meaning"].chance == pytest.approx(1 / 12)
    by_speaker = readings(said, vectors_of(said, meaning=0, speaker=1))
    assert by_speaker["speaker"].accuracy > 0.9
    assert by_speaker["meaning"].accuracy < 0.3
    assert by_speaker["speaker"].above > 0.8
    assert by_speaker["speaker"].selectivity > 0.4


def test_a_space_of_voices_is_warned_of() -> None:
    said = world()
    assert "speaker" in probe.warning(list(readings(said, vectors_of(said, meaning=0.1, speaker=2)).values()))
    assert probe.warning(list(readings(said, vectors_of(said, meaning=2, speaker=0.02)).values())) == ""


def test_words_are_read_from_sentences_the_probe_has_not_heard() -> None:
    said = world(24)
    chance = np.random.default_rng(1)
    direction = chance.standard_normal(30)
    vectors = np.stack([(1 if "big" in u.translation else -1) * direction + chance.standard_normal(30) for u in said])
    words = probe.joined_words(list(readings(said, vectors).values()))
    assert words is not None
    assert words.accuracy > 0.9
    assert words.chance == 0.5


def test_one_speaker_can_not_be_told_from_others() -> None:
    said = [u for u in world() if u.speaker == "a1"]
    found = readings(said, vectors_of(said, meaning=1, speaker=1))
    assert "speaker" not in found
    assert "meaning" not in found  # nobody else says it


@given(st.lists(st.sampled_from("xyz"), min_size=1, max_size=40), st.integers(0, 5))
def test_balanced_accuracy_is_chance_for_one_answer_whatever_is_frequent(labels: list[str], seed: int) -> None:
    classes = set(labels)
    assert balanced(labels, [min(classes)] * len(labels)) == pytest.approx(1 / len(classes))
    assert balanced(labels, labels) == 1
    chance = np.random.default_rng(seed)
    rows = np.array([[1.0 * (label == name) for name in "xyz"] for label in labels]) + 0.01 * chance.standard_normal((len(labels), 3))
    assert balanced(labels, learn(rows, labels)(rows)) == 1


def test_more_numbers_than_vectors_give_the_same_reader() -> None:
    chance = np.random.default_rng(0)
    narrow, labels = chance.standard_normal((20, 19)), ["u" if n % 3 else "v" for n in range(20)]
    wide = np.concatenate([narrow, np.zeros((20, 10))], axis=1)
    one, other = learn(narrow, labels), learn(wide, labels)
    assert one(narrow) == other(wide)


def test_nothing_asked_was_learned_from() -> None:
    said = world()
    labels = ["even" if int(u.meaning[1:]) % 2 == 0 else "odd" for u in said]
    cut = labelling.halves(labels, [u.speaker for u in said], [u.meaning for u in said])
    assert cut.strict
    for field in ("speaker", "meaning"):
        assert {getattr(said[row], field) for row in cut.learn}.isdisjoint(getattr(said[row], field) for row in cut.ask)
    alone = labelling.halves(labels[:12], ["a"] * 12, [u.meaning for u in said[:12]])
    assert not alone.strict
    assert set(alone.learn).isdisjoint(alone.ask)
    assert len(alone.ask) == 6


def test_the_words_of_a_label_do_without_examples_and_chance_is_told() -> None:
    chance = np.random.default_rng(3)
    names = chance.standard_normal((3, 20))
    labels = [f"l{n % 3}" for n in range(60)]
    vectors = np.stack([names[n % 3] + chance.standard_normal(20) for n in range(60)])
    found = labelling.by_words(vectors, names, ["l0", "l1", "l2"], labels, [f"m{n}" for n in range(60)], seed=0)
    assert found.accuracy > 0.8
    assert found.chance == pytest.approx(1 / 3)
    assert found.p is not None
    assert found.p < 0.01
    nothing = labelling.by_words(np.ones((60, 20)), np.ones((3, 20)), ["l0", "l1", "l2"], labels, labels, seed=0)
    assert nothing.accuracy == pytest.approx(1 / 3)
    assert nothing.p is not None
    assert nothing.p > 0.5


def test_labels_that_are_all_right_are_surely_right_however_unevenly_they_come() -> None:
    labels = ["many"] * 30 + ["few"] * 3
    vectors = np.array([[1.0, 0.0] if label == "many" else [0.0, 1.0] for label in labels])
    found = labelling.by_words(vectors, np.eye(2), ["many", "few"], labels, [f"m{n}" for n in range(33)], seed=0)
    assert (found.accuracy, found.interval.low, found.interval.high) == (1, 1, 1)


def test_more_examples_read_better_and_too_few_are_refused() -> None:
    chance = np.random.default_rng(4)
    names = chance.standard_normal((2, 20))
    labels = [f"l{n % 2}" for n in range(40)]
    vectors = np.stack([0.5 * names[n % 2] + chance.standard_normal(20) for n in range(40)])
    one, many = (labelling.few_shot(vectors, labels, vectors, labels, labels, shots, 0) for shots in (1, 16))
    assert one is not None
    assert many is not None
    assert many.accuracy > one.accuracy
    assert labelling.few_shot(vectors[:6], labels[:6], vectors, labels, labels, 4, 0) is None


def test_a_keyword_that_ties_with_everything_is_not_found() -> None:
    holds = np.array([True] + [False] * 9)
    assert labelling.spotted("w", np.zeros(10), holds).precision == pytest.approx(0.1)
    assert labelling.spotted("w", -np.arange(10.0), holds).precision == 1
