"""Scores of texts: errors by their definition, BLEU and chrF against what sacreBLEU 2.6.0 gives for the same texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.lab.text_scores import bleu, character_errors, chrf, plain, words
from fieldapp.lab.wording import edits

REFERENCES = ["there are six cooks in the lake", "the hoe is very sharp", "how many birds do I have"]
SAID = ["there are six books in the lake", "the hoe is not very sharp", "how many birds have I"]


def test_blanks_case_and_punctuation_are_no_errors_and_tone_marks_are() -> None:
    assert plain("Ngài yû kí-tô, chak?") == "ngàiyûkítôchak"
    assert character_errors("湖里有六个厨师。", "湖里 有六个厨师") == (0, 7)
    assert character_errors("ngài", "ngai")[0] == 1
    assert words("There are, 6!") == ["there", "are", "6"]


def test_one_deletion_in_four_characters_is_a_quarter() -> None:
    assert character_errors("abcd", "abd") == (1, 4)


@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_edits_are_a_distance(one: str, other: str) -> None:
    assert edits(one, other) == edits(other, one) <= max(len(one), len(other))
    assert (edits(one, other) == 0) == (one == other)


@pytest.mark.parametrize(
    ("references", "said", "expected_bleu", "expected_chrf"),
    [
        (REFERENCES, SAID, 31.5247, 77.7190),
        (["a b c d"], ["a b x d"], 35.3553, 27.0833),
        (REFERENCES, REFERENCES, 100.0, 100.0),
        (REFERENCES, ["", "", ""], 0.0, 0.0),
    ],
)
def test_translations_score_as_sacrebleu_says(references: list[str], said: list[str], expected_bleu: float, expected_chrf: float) -> None:
    assert bleu(references, said) == pytest.approx(expected_bleu, abs=1e-3)
    assert chrf(references, said) == pytest.approx(expected_chrf, abs=1e-3)
