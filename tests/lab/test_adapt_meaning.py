"""A meaning head learns from what it may, is measured on what it has not heard, and says no when it is no better."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from adapted import DIMS, MODEL, WIDTH, encode, heard, make, raw_space

from fieldapp.bulk.embedding import Embeddings
from fieldapp.commands.lab.fieldbook import read
from fieldapp.errors import FieldError
from fieldapp.lab.adapt import growing
from fieldapp.lab.adapt import head as training
from fieldapp.lab.adapt.holding import hold_back
from fieldapp.lab.adapt.material import Example, material
from fieldapp.lab.adapt.meaning import adapt_meaning
from fieldapp.lab.adapt.telling import told
from fieldapp.model import Consent, ConsentId, SegmentId
from fieldapp.speech import heads
from fieldapp.speech.embed import unit
from fieldapp.store import consent, people, segments, texts


def test_a_head_finds_speech_by_text_that_it_never_learned(tmp_path: Path) -> None:
    with make(tmp_path / "book") as store:
        outcome = adapt_meaning(store.reader(), raw_space(store), encode, "words@1")
    adapted = {direction.asked: direction.row() for direction in outcome.spaces["adapted"]}
    assert adapted["text to speech"]["n"] == 15
    assert adapted["text to speech"]["R@1"] > 0.7 > 5 * adapted["text to speech"]["chance"]
    raw = {direction.asked: direction.row() for direction in outcome.spaces["raw"]}
    assert adapted["speech to speech, another speaker"]["R@1"] > raw["speech to speech, another speaker"]["R@1"]
    assert outcome.verdict.adopt
    assert outcome.tightness > 0.3
    assert [row["dims"] for row in outcome.dimensions] == [DIMS]


def test_the_same_seed_gives_the_same_head_to_the_digit(tmp_path: Path) -> None:
    with make(tmp_path / "book", meanings=30) as store:
        one, other = (adapt_meaning(store.reader(), raw_space(store), encode, "words@1", seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.head.matrix, other.head.matrix)
    assert one.split == other.split


def test_the_comparison_is_with_what_search_would_use_and_says_when_that_learned_from_the_test(tmp_path: Path) -> None:
    with make(tmp_path / "book", meanings=30) as store:
        home = Embeddings.open(store, MODEL, WIDTH)
        home.renew_heads(store)
        first = adapt_meaning(store.reader(), raw_space(store), encode, "words@1")
        assert (first.before, first.in_use) == ("whitening", "whitening")
        assert "which search by meaning uses now" in "\n".join(told(first, "words"))
        shipped = heads.Head("shipped", np.zeros(WIDTH, np.float32), np.eye(WIDTH, DIMS, dtype=np.float32), text_model="other@1")
        home.adopt(store, "meaning", shipped)
        home.adopt(store, "meaning", first.head)
        again = adapt_meaning(store.reader(), raw_space(store), encode, "words@1")
    assert (again.before, again.in_use) == ("shipped", "adapted")
    assert "has heard the test" in "\n".join(told(again, "words"))


def test_no_meaning_in_the_sound_is_told_and_not_used(tmp_path: Path) -> None:
    with make(tmp_path / "book", meanings=40, meaningful=False) as store:
        outcome = adapt_meaning(store.reader(), raw_space(store), encode, "words@1")
    assert not outcome.verdict.adopt
    assert "chance" in outcome.verdict.why


def test_too_few_queries_are_no_proof(tmp_path: Path) -> None:
    with make(tmp_path / "book", meanings=12) as store:
        outcome = adapt_meaning(store.reader(), raw_space(store), encode, "words@1")
    assert not outcome.verdict.adopt
    assert "needed to tell" in outcome.verdict.why


def test_nobody_enters_who_has_not_allowed_it(tmp_path: Path) -> None:
    with make(tmp_path / "book", allowed=False) as store:
        assert material(store.reader()).examples == ()
        with pytest.raises(FieldError, match="480 without consent to 'train'"):
            adapt_meaning(store.reader(), raw_space(store), encode, "words@1")


def test_a_withdrawal_reaches_the_next_training(tmp_path: Path) -> None:
    with make(tmp_path / "book", meanings=12) as store:
        before = material(store.reader())
        person = people.find_person(store.reader(), "B1")
        assert person is not None
        store.do(lambda tx: consent.withdraw(tx, person.id, "train"))
        after = material(store.reader())
        assert {example.speaker for example in before.examples} == {"A1", "A2", "A3", "A4", "B1", "B2", "B3", "B4"}
        assert {example.speaker for example in after.examples} == {"A1", "A2", "A3", "A4", "B2", "B3", "B4"}
        assert after.not_allowed == 12
        one = next(example for example in after.examples if example.speaker == "A1")
        refused = Consent(id=ConsentId("x"), person=person.id, purpose="train", allowed=False, given="2026-01-02", segment=one.segment)
        store.do(lambda tx: consent.give(tx, refused))
        assert one.segment not in {example.segment for example in material(store.reader()).examples}


def test_drafts_and_rejected_segments_are_no_material(tmp_path: Path) -> None:
    with make(tmp_path / "book", speakers=("A1",), meanings=10) as store:
        db = store.reader()
        first, second = material(db).examples[:2]
        (text,) = texts.texts(db, first.segment)

        def work(tx: object) -> None:
            from dataclasses import replace

            texts.update_text(tx, replace(text, state="draft"))  # type: ignore[arg-type]
            segments.update_segment(tx, replace(segments.segment(tx.db, second.segment), state="rejected"))  # type: ignore[arg-type,attr-defined]

        assert [one.translation for one in read(store).utterances if one.id == first.segment] == [first.text]
        store.do(work)
        assert [one.translation for one in read(store).utterances if one.id == first.segment] == [""]  # an experiment takes no draft for a fact
        now = material(store.reader())
        assert {first.segment, second.segment} & {example.segment for example in now.examples} == set()
        assert now.without_text == 1


def examples(speakers: dict[str, str], meanings: int) -> list[Example]:
    return [Example(SegmentId(f"{s}{m}"), s, variety, f"m{m}", f"t{m}", "translation") for s, variety in speakers.items() for m in range(meanings)]


def test_neither_a_speaker_nor_a_meaning_of_the_test_is_learned_from() -> None:
    these = examples({"a": "x", "b": "x", "c": "y", "d": "y"}, 20)
    split = hold_back(these)
    learned = [these[i] for i in split.train]
    tested = [these[i] for i in split.test]
    assert {e.speaker for e in learned}.isdisjoint(e.speaker for e in tested)
    assert {e.meaning for e in learned}.isdisjoint(e.meaning for e in tested)
    assert {e.variety for e in learned} == {e.variety for e in tested} == {"x", "y"}
    assert len(split.train) + len(split.test) + len(split.others) == len(these)


def test_one_voice_is_tested_with_other_meanings_and_the_report_says_so() -> None:
    split = hold_back(examples({"a": "x"}, 20))
    assert split.speakers == ()
    assert len(split.test) == 5
    assert "no speaker" in split.sentence()


def test_the_slope_of_the_loss_is_its_slope() -> None:
    chance = np.random.default_rng(1)
    made = chance.standard_normal((6, 5)).astype(np.float32)
    wanted = unit(chance.standard_normal((6, 5)).astype(np.float32))
    labels = np.array([0, 0, 1, 2, 3, 4])
    slope = growing.before_length(made, unit(made), growing.contrast(unit(made), wanted, labels)[1] @ wanted)
    of_voices = growing.before_length(made, unit(made), growing.voices(unit(made), labels // 2)[1])
    for place in ((0, 1), (3, 4)):
        step = np.zeros_like(made)
        step[place] = 1e-3
        up, down = (growing.contrast(unit(made + sign * step), wanted, labels)[0] for sign in (1, -1))
        assert slope[place] == pytest.approx((up - down) / 2e-3, rel=0.03, abs=1e-3)
        up, down = (growing.voices(unit(made + sign * step), labels // 2)[0] for sign in (1, -1))
        assert of_voices[place] == pytest.approx((up - down) / 2e-3, rel=0.03, abs=1e-3)


def test_where_nobody_has_a_fellow_other_voices_ask_nothing() -> None:
    loss, slope = growing.voices(np.eye(3, dtype=np.float32), np.arange(3))
    assert loss == 0
    assert not slope.any()


def test_turning_a_space_changes_no_likeness_and_puts_what_is_shared_first() -> None:
    chance = np.random.default_rng(2)
    shared = np.repeat(chance.standard_normal((30, 4)).astype(np.float32), 2, axis=0)
    speech, texts = (np.concatenate([0.7 * chance.standard_normal((60, 12)).astype(np.float32), shared], axis=1) for _ in range(2))
    plain = growing.Maps(np.eye(16, dtype=np.float32), np.zeros(16, np.float32), np.eye(16, dtype=np.float32))
    turned = growing.turned(plain, speech, texts)
    assert np.allclose(turned.of_speech(speech) @ turned.of_texts(texts).T, speech @ texts.T, atol=1e-3)
    cut = unit(turned.of_speech(speech)[:, :4]) * unit(turned.of_texts(texts)[:, :4])
    assert cut.sum(axis=1).mean() > 0.8 > (unit(speech[:, :4]) * unit(texts[:, :4])).sum(axis=1).mean()


def test_learning_may_begin_with_the_head_that_came_with_the_model() -> None:
    said = [(f"word {n}", code) for code in ("A1", "A2", "B1") for n in range(30)]
    sound, meanings = np.stack([heard(*one) for one in said]), [text for text, _ in said]
    wanted = encode(meanings)
    wide = [(f"word {n}", code) for code in ("C1", "C2", "C3", "C4") for n in range(200, 500)]
    given = np.stack([heard(*one) for one in wide])
    came = training.train(given, encode([text for text, _ in wide]), [text for text, _ in wide], training.Recipe(0.03, 0, 0.0, (DIMS,)))
    recipe = training.choose(sound, wanted, meanings, start=came)
    assert recipe.begun == came.name
    head = training.train(sound, wanted, meanings, recipe, start=came)
    assert head.texts is not None
    assert float((head(sound) * head.of_texts(wanted)).sum(axis=1).mean()) > 0.7


def test_two_copies_of_a_meaning_cost_nothing_when_masked() -> None:
    wanted = np.eye(4, dtype=np.float32)
    made = wanted.copy()
    twice = np.concatenate([made, made]), np.concatenate([wanted, wanted])
    masked, _ = growing.contrast(*twice, np.arange(8) % 4)
    unmasked, _ = growing.contrast(*twice, np.arange(8))
    assert unmasked - masked == pytest.approx(np.log(2), abs=1e-3)


def test_a_head_keeps_what_its_bias_did() -> None:
    said = [(f"word {n}", code) for code in ("A1", "A2") for n in range(40)]
    sound = np.stack([heard(*one) for one in said])
    wanted = encode([text for text, _ in said])
    recipe = training.choose(sound, wanted, [text for text, _ in said])
    head = training.train(sound, wanted, [text for text, _ in said], recipe)
    assert (head.takes, head.dims) == (WIDTH, DIMS)
    assert float((head(sound) * head.of_texts(wanted)).sum(axis=1).mean()) > 0.8


def test_a_fieldbook_without_vectors_says_what_to_do(tmp_path: Path) -> None:
    with make(tmp_path / "book", meanings=12) as store:
        store.do(lambda tx: tx.db.execute("DELETE FROM vector"))
        with pytest.raises(FieldError, match="fieldapp embed"):
            adapt_meaning(store.reader(), raw_space(store), encode, "words@1")
