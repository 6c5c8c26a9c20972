"""What a model is told of a variety."""

from __future__ import annotations

import pytest

from fieldapp.speech.spoken import model_language

STARTER = frozenset({"zh", "yue", "hak", "en", "es", "gd"})
OLD_WHISPER = frozenset({"zh", "en", "de", "ar"})


@pytest.mark.parametrize(
    ("codes", "model", "told"),
    [
        (("cmn", ""), STARTER, "zh"),
        (("yue", ""), STARTER, "yue"),
        (("hak", ""), STARTER, "hak"),
        (("hak", ""), OLD_WHISPER, ""),
        (("gla", ""), STARTER, "gd"),
        (("", "en-GB"), STARTER, "en"),
        (("gsw", "de"), OLD_WHISPER, "de"),
        (("arb", ""), OLD_WHISPER, "ar"),
        (("yue-Hant", "no code!"), STARTER, "yue"),
        (("qaa", "zxx"), STARTER, ""),
        ((), STARTER, ""),
    ],
)
def test_a_variety_is_told_by_the_code_the_model_has_for_it(codes: tuple[str, ...], model: frozenset[str], told: str) -> None:
    assert model_language(codes, model.__contains__) == told
