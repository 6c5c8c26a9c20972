"""Phones, pronunciations, control sets and triples: what is known about sound without hearing it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.errors import WrongUsage
from fieldapp.lab import control, homophones, phones
from fieldapp.lab.pronounce import pronunciations, spoken_by_espeak, voice_of
from fieldapp.lab.retrieval import pairs_between
from fieldapp.lab.utterances import Utterance, rows_by
from fieldapp.lab.wording import edits


def distance(one: phones.Phones, other: phones.Phones, *, graded: bool = True) -> float:
    return float(phones.distances([one], [other], graded=graded)[0, 0])


def said(variety: str, meaning: str, transcript: str, ipa: str = "") -> Utterance:
    return Utterance(id=f"{variety}/{meaning}", where="", variety=variety, meaning=meaning, transcript=transcript, ipa=ipa)


WORDS = (
    said("A", "castle", "castle", "kasəl"),
    said("A", "sun", "sun", "sʌn"),
    said("A", "year", "1984 ended", "naɪntiːn ɛndɪd"),
    said("A", "dog", "dog", "dɒɡ"),
    said("B", "castle", "castillo", "kastiʎo"),
    said("B", "sun", "sol", "xrizo"),
    said("B", "year", "1984", "mil"),
    said("B", "dog", "perro", ""),
)


def made(threshold: float = 0.45) -> control.ControlSet:
    pairs = list(pairs_between(WORDS, rows_by(WORDS, "variety")))
    return control.build(WORDS, pairs, [word.ipa for word in WORDS], threshold)


def test_marks_stay_with_their_letter_and_ties_make_one_phone() -> None:
    assert phones.phones("t͡ʰaɪ˥˩ ˈjɑ̃ŋ2.ʨʰi") == ("tʰ", "a", "ɪ", "j", "ɑ̃", "ŋ", "t͡ɕʰ".replace("͡", ""), "i")
    assert phones.phones("çˈɯ̥ g") == ("ç", "ɯ̥", "ɡ")
    assert phones.plain(("tʰ", "ɑ̃", "ç")) == ("t", "ɑ", "ç")
    assert phones.words("ˈkasəl  ˌdɒɡ") == [("k", "a", "s", "ə", "l"), ("d", "ɒ", "ɡ")]


@pytest.mark.skipif(not voice_of("en"), reason="espeak-ng is not installed")
def test_what_was_asked_for_is_pronounced_where_nothing_was_written_and_the_report_says_so() -> None:
    asked = Utterance(id="1", where="", language="eng", metadata={"prompted": "the sun"})
    written = Utterance(id="2", where="", language="eng", transcript="the moon", metadata={"prompted": "the sun"})
    ipa, whence = pronunciations([asked, written])
    assert ipa == [spoken_by_espeak("the sun", "en"), spoken_by_espeak("the moon", "en")]
    assert "1 made by espeak-ng from transcripts" in whence
    assert "1 made by espeak-ng from what was asked for" in whence


@given(st.text("aeikpts", max_size=6), st.text("aeikpts", max_size=6))
def test_plain_distance_is_edits_by_length_and_graded_is_never_more(one: str, other: str) -> None:
    spoken, against = tuple(one), tuple(other)
    plain = distance(spoken, against, graded=False)
    expected = edits(one, other) / max(len(one), len(other)) if one and other else 1.0
    assert plain == pytest.approx(expected)
    assert distance(spoken, against) <= plain + 1e-9
    assert distance(spoken, against) == pytest.approx(distance(against, spoken))


def test_like_sounds_are_nearer() -> None:
    def apart(one: str, other: str) -> float:
        return distance(phones.phones(one), phones.phones(other))

    assert apart("pa", "pa") == 0
    assert apart("pa", "ba") < apart("pa", "ka") < apart("pa", "si")
    assert apart("tʰa", "ta") < apart("sa", "ta")
    assert apart("i", "j") < apart("i", "p") == 1
    assert apart("ʘ", "ǂ") == 1


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_what_has_no_ipa_is_pronounced_and_the_report_says_so() -> None:
    assert voice_of("gla") == "gd"
    assert voice_of("en") == "en"
    assert voice_of("cmn") == "cmn-latn-pinyin"
    assert not voice_of("zzz")
    assert not voice_of("no code!")
    assert phones.phones(spoken_by_espeak("perro", "spa"))[0] == "p"
    some = (said("A", "x", "dog"), Utterance(id="y", where="", transcript="dog", language="eng"), said("A", "z", "", "dɒɡ"))
    found, sentence = pronunciations(some)
    assert (found[0], bool(found[1]), found[2]) == ("", True, "dɒɡ")
    assert sentence.startswith("1 pronunciations from the IPA column; 1 made by espeak-ng")
    assert "1 missing" in sentence


@pytest.mark.skipif(not voice_of("en"), reason="espeak-ng is not installed")
def test_what_was_asked_for_goes_before_what_a_machine_wrote() -> None:
    drafted = Utterance(id="1", where="", language="eng", transcript="the gun", checked=False, metadata={"prompted": "the sun"})
    alone = Utterance(id="2", where="", language="eng", transcript="the gun", checked=False)
    ipa, whence = pronunciations([drafted, alone])
    assert ipa == [spoken_by_espeak("the sun", "en"), spoken_by_espeak("the gun", "en")]
    assert "1 made by espeak-ng from what a machine wrote and nobody confirmed" in whence


def test_the_number_of_a_tone_is_no_vowel() -> None:
    if not voice_of("yue"):
        pytest.skip("espeak-ng is not installed")
    assert phones.phones(spoken_by_espeak("個", "yue")) == ("ɡ", "o")
    assert phones.phones(spoken_by_espeak("湖", "cmn")) == ("χ", "u")
    assert "ɜ" in spoken_by_espeak("bird", "en")  # a vowel there


def test_in_sentences_short_words_may_be_near_by_chance_but_long_ones_may_not() -> None:
    english = {"a": "mai tofuː", "b": "siŋz laud", "c": "ɹivə ɡoz", "d": "tɔks fast", "e": "ðæt kat"}
    other = {"a": "ʃo teufu", "b": "siŋ vɛi", "c": "kʊm ɹaŋ", "d": "pɔk bʊs", "e": "ʒy mɔ"}
    some = tuple(said(variety, meaning, meaning, ipa) for variety, all_said in (("A", english), ("B", other)) for meaning, ipa in all_said.items())
    pairs = list(pairs_between(some, rows_by(some, "variety")))
    ipa = [one.ipa for one in some]
    lenient = control.build_by_chance(some, pairs, ipa, 0.01)
    assert control.build(some, pairs, ipa).kept("A", "B") < lenient.kept("B", "A")
    assert "a" not in lenient.kept("A", "B")
    assert next(one.reason for one in lenient.judged if one.meaning == "a") == "sounds alike, long words"
    assert lenient.threshold < control.THRESHOLD


def test_with_a_stranger_only_its_pairs_are_compared() -> None:
    three = [said(variety, meaning, meaning) for variety in "ABC" for meaning in "xyz"]
    pairs = list(pairs_between(three, rows_by(three, "variety"), against="B"))
    assert [(pair.source, pair.target) for pair in pairs] == [("A", "B"), ("B", "C")]


def test_words_that_sound_or_look_alike_and_what_cannot_be_judged_are_dropped() -> None:
    reasons = {one.meaning: (one.keep, one.reason) for one in made().judged}
    assert reasons == {"castle": (False, "sounds alike"), "sun": (True, ""), "year": (False, "same number: 1984"), "dog": (False, "no pronunciation")}
    assert made().kept("B", "A") == made().kept("A", "B") == {"sun"}
    assert made(0.01).kept("A", "B") == {"castle", "sun"}


def test_a_reviewed_list_comes_back_with_the_persons_word(tmp_path: Path) -> None:
    path = tmp_path / "control.csv"
    text = made().csv()
    path.write_text("\n".join(f"{line}{'yes' if ',castle,' in line else ''}" for line in text.splitlines()), encoding="utf-8-sig")
    back = control.read(path)
    assert back.kept("A", "B") == {"castle", "sun"}
    assert back.threshold == 0.45
    assert control.with_overrides(made(), back).kept("A", "B") == {"castle", "sun"}
    path.write_text(text.replace("0.45", "0.3", 1), encoding="utf-8")
    with pytest.raises(WrongUsage, match="mixes thresholds"):
        control.read(path)
    path.write_text(text.replace("keep,\n", "keep,perhaps\n", 1), encoding="utf-8")
    with pytest.raises(WrongUsage, match="neither keep nor drop"):
        control.read(path)
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(WrongUsage, match="no control list"):
        control.read(path)


def test_triples_have_a_synonym_that_sounds_different_and_a_homophone_that_means_something_else(tmp_path: Path) -> None:
    words = (
        said("A", "dog", "dog", "dɒɡ"),
        said("A", "cup", "cup", "kap"),
        said("B", "dog", "hund", "xuntə"),
        said("B", "cap", "kappe", "kapə"),
        said("B", "cup", "tasse", "ʃale"),
    )
    ipa = [word.ipa for word in words]
    pairs = list(pairs_between(words, rows_by(words, "variety")))
    found = homophones.find(words, [pairs[0].__class__("A", "B", (0, 1), (2, 3, 4))], ipa)
    assert homophones.Triple(1, 4, 3) in found
    path = tmp_path / "triples.csv"
    path.write_text(homophones.listed(found, words, ipa), encoding="utf-8")
    assert homophones.read(path, words) == found
    path.write_text("word,synonym,homophone\nA/dog,B/dog,nowhere\n", encoding="utf-8")
    with pytest.raises(WrongUsage, match="nowhere"):
        homophones.read(path, words)
    import numpy as np

    shares = homophones.preferred([homophones.Triple(1, 4, 3), homophones.Triple(0, 2, 3)], lambda _, there: np.array([[float(row == 4) for row in there]]))
    assert shares.tolist() == [1.0, 0.0]  # as near counts as not nearer
