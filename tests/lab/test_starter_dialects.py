"""Made dialects: what changes, what stays, and that distance grows with strength."""

from __future__ import annotations

import shutil

import pytest

from fieldapp.lab.starter.dialects import CHANGES, Change, MadeDialect, phonemes, written
from fieldapp.lab.starter.grammar import Speaker
from fieldapp.lab.starter.voices import Voice

spoken = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def test_a_sound_before_a_vowel_is_an_initial_and_one_before_a_consonant_a_final() -> None:
    lost = Change("finals are lost", finals={"n": "", "t": ""})
    assert lost(("n", "'a2", "n", "t", "'u1", "t")) == ("n", "'a2", "t", "'u1")
    assert lost(("t", "j", "'a2", "t")) == ("t", "j", "'a2")


def test_initials_change_and_finals_of_the_same_sound_stay() -> None:
    merged = Change("n- becomes l-", sounds={"n": "l"})
    assert merged(("n", "'a2", "n")) == ("l", "'a2", "n")


def test_merged_tones_keep_their_vowels() -> None:
    merged = Change("the fifth tone joins the second", tones={"5": "2"})
    assert merged(("k", "'eoi5")) == ("k", "'eoi2")


def test_a_word_that_was_only_lost_sounds_is_gone() -> None:
    assert MadeDialect("yue", 2)([("N",), ("N", "'o5")]) == (("N",), ("'o5",))


@pytest.mark.parametrize("base", CHANGES)
def test_strength_nought_is_the_base_and_more_than_there_is_is_refused(base: str) -> None:
    words = (("n", "'a2", "n"),)
    assert MadeDialect(base, 0)(words) == words
    with pytest.raises(ValueError, match="no dialect"):
        MadeDialect(base, len(CHANGES[base]) + 1)


@spoken
@pytest.mark.parametrize("base", CHANGES)
def test_every_change_takes_a_dialect_further_from_its_base(base: str) -> None:
    speaker = Speaker(11)
    texts = [speaker.sentence().said[base] for _ in range(12)]
    distances = [MadeDialect(base, strength).distance(texts) for strength in (0, 2, 4, 6, 8)]
    assert distances[0] == 0
    assert distances == sorted(distances)
    assert distances[-1] > 0.15


@spoken
def test_a_dialect_of_strength_nought_sounds_like_its_base_and_a_strong_one_does_not() -> None:
    voice, text = Voice("m1", 150, 50), "老师没有买鱼"
    assert MadeDialect("cmn", 0).phonemes(text) == written(phonemes(text, "cmn"))
    whole, changed = MadeDialect("cmn", 0).speak(text, voice), MadeDialect("cmn", 8).speak(text, voice)
    assert len(whole) != len(changed)
    assert len(changed) > 0.5 * len(whole)
