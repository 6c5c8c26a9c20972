"""Folding: what counts as the same, that a loose form can stand for every choice, and that matches map back to the text."""

from __future__ import annotations

import sys
import unicodedata
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.store.fold import EVERYTHING, FOLDS, NOTHING, fold, fold_with_spans, folds_for, joins, loose, merge_ranges

CHOICES = [frozenset(some) for size in range(len(FOLDS) + 1) for some in combinations(FOLDS, size)]
choices = st.sampled_from(CHOICES)
TRICKY = 'aàɑ̃ą̀ı̨̀ɡgː:ʔ?ʧt͡ʃ’ʼ˥˦˧˨˩¹⁵05 \u0300\u0303\u0328\u0345ẞßİıłØ天氣天气天한ᄒ\u1161\u11abكَتَبَـأاىي\u200d\u00ad\u034f\u3000ﾊﾞＡक्षिกี่\0\ue020\ue080\n\t"*-('
texts = st.text(st.sampled_from(TRICKY), max_size=24) | st.text(max_size=24)


def test_composed_and_decomposed_text_are_the_same() -> None:
    for text in ("Tłı̨chǫ ą̀ ı̨̀", "naïve", "한국어", "ḗ", "ẹ̀"):
        forms = {fold(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")}
        assert len(forms) == 1


@pytest.mark.parametrize(
    ("folds", "one", "other"),
    [
        ("", "STRASSE", "straße"),
        ("", "a\u00a0b", "a b"),
        ("", "كت\u200dب", "كتب"),
        ("marks", "Tłı̨chǫ ą̀", "Tlıcho a"),
        ("marks", "ɑ̃ ə̃ mə̥", "ɑ ə mə"),
        ("marks", "كَتَبَ", "كتب"),
        ("tones", "ma˥˩ tʰa˧˥", "ma tʰa"),
        ("tones", "ma55 tʰa214 ni³", "ma tʰa ni"),
        ("tones", "mā má mǎ mà", "ma ma ma ma"),
        ("lookalikes", "ɡaː ʔa", "ga: ?a"),
        ("lookalikes", "ʧa ʦa t͡ʃa", "tʃa tsa tʃa"),
        ("lookalikes", "k’a kʼa", "k'a k'a"),
        ("lookalikes", "ＡＢ ｶﾞ", "ab ガ"),
        ("lookalikes", "أحمد إلى آن", "احمد الي ان"),
        ("lookalikes", "كتـــاب", "كتاب"),
        ("lookalikes", "ə", "ǝ"),
    ],
)
def test_what_an_option_makes_the_same(folds: str, one: str, other: str) -> None:
    chosen = frozenset(folds.split())
    assert fold(one, chosen) == fold(other, chosen)
    if chosen:
        assert fold(one) != fold(other)


def test_options_do_not_reach_further_than_they_say() -> None:
    tones, marks = frozenset({"tones"}), frozenset({"marks"})
    assert fold("in 1998, 12 oxen", tones) == "in 1998, 12 oxen"
    assert fold("word1998", tones) == "word1998"
    assert fold("第3", tones) == "第3"
    assert fold("ą̀ ɑ̃", tones) == "ą ɑ̃"
    assert fold("कि कु", marks) == "कि कु"
    assert fold("ma˥˩", marks) == "ma˥˩"


def test_a_query_of_nothing_but_tones_is_meant_literally() -> None:
    assert folds_for("˥˩", EVERYTHING) == NOTHING
    assert folds_for("ma˥˩", EVERYTHING) == EVERYTHING


@given(texts, choices)
def test_folding_twice_is_folding_once(text: str, folds: frozenset[str]) -> None:
    once = fold(text, folds)
    if "tones" not in folds:  # letters that dropped out may bring a digit next to a letter
        assert fold(once, folds) == once
    assert "\0" not in once
    once.encode()


@given(texts, texts, texts, choices)
def test_the_loose_form_finds_whatever_any_choice_finds(before: str, sought: str, after: str, folds: frozenset[str]) -> None:
    text = before + sought + after
    if fold(sought, folds) in fold(text, folds):
        assert loose(sought) in loose(text)


@given(texts, choices)
def test_spans_cover_the_text_in_order(text: str, folds: frozenset[str]) -> None:
    folded = fold_with_spans(text, folds)
    assert folded.text == fold(text, folds)
    assert len(folded.spans) == len(folded.text)
    assert list(folded.spans) == sorted(folded.spans)
    assert all(0 <= start < stop <= len(text) for start, stop in folded.spans)


@given(texts, texts, texts, choices)
def test_a_marked_range_holds_what_was_sought(before: str, sought: str, after: str, folds: frozenset[str]) -> None:
    text = before + sought + after
    wanted = fold(sought, folds)
    for start, stop in fold_with_spans(text, folds).matches(wanted):
        assert not joins(text[start]) or start == 0
        assert wanted in fold(text[start:stop], folds) or "tones" in folds  # a digit at the edge is a tone only beside its letter


def test_a_letter_is_never_parted_from_its_marks() -> None:
    assert list(fold_with_spans("mə̃n").matches("ə")) == [(1, 3)]
    assert list(fold_with_spans("ą̀ma", frozenset({"marks"})).matches("a")) == [(0, 2), (3, 4)]


def test_ranges_are_merged() -> None:
    assert merge_ranges([(4, 6), (0, 2), (1, 3), (6, 7)]) == ((0, 3), (4, 7))


def test_every_code_point_folds_steadily() -> None:
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        if unicodedata.category(letter) in ("Cn", "Co", "Lo") and not unicodedata.decomposition(letter):
            continue  # folds to itself; a hundred thousand of them
        for folds in (NOTHING, EVERYTHING):
            once = fold(letter, folds)
            assert fold(once, folds) == once
            assert loose(once) == loose(letter)
        parts = unicodedata.decomposition(letter).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            assert joins(chr(int(parts[1], 16))), f"{code:04x} would be composed across a border"
