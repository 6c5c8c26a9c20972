"""Scores of translations: BLEU and chrF against what sacreBLEU 2.6.0 gives for the same texts."""

from __future__ import annotations

import pytest

from fieldapp.lab.text_scores import bleu, chrf

REFERENCES = ["there are six cooks in the lake", "the hoe is very sharp", "how many birds do I have"]
SAID = ["there are six books in the lake", "the hoe is not very sharp", "how many birds have I"]


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
