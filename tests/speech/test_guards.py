from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.speech.guards import Fault, GuardRules, compression_ratio, judge, looped_share, may_retry, reason, token_limit

from .scripted import INVENTED, LOOP, said

RULES = GuardRules()


def test_a_plain_sentence_stands() -> None:
    assert judge(said("the sun rises over the hill behind the village"), RULES) == Fault.NOTHING


def test_a_loop_is_a_loop() -> None:
    fault = judge(LOOP, RULES)
    assert fault & Fault.LOOP
    assert fault & Fault.COMPRESSIBLE
    assert may_retry(fault)


@pytest.mark.parametrize("text", ["sun sun sun", "sun sun sun sun", "no no no", "one two three one two three one two three"])
def test_a_speaker_may_repeat_a_word(text: str) -> None:
    assert judge(said(text), RULES) == Fault.NOTHING


def test_text_from_silence_is_dropped_without_a_second_look() -> None:
    assert judge(INVENTED, RULES) == Fault.SILENCE
    assert not may_retry(Fault.SILENCE)
    assert judge(said("  "), RULES) == Fault.SILENCE


def test_one_sign_of_silence_is_not_enough() -> None:
    assert judge(said("quiet but clear", no_speech=0.9, avg_logprob=-0.4), RULES) == Fault.NOTHING


def test_an_endless_or_unsure_text_is_doubted() -> None:
    assert judge(said("some words", capped=True), RULES) == Fault.CAPPED
    assert judge(said("some words", avg_logprob=-1.3), RULES) == Fault.IMPROBABLE
    assert reason(Fault.CAPPED | Fault.IMPROBABLE) == "the text did not end, the model is unsure"


def test_the_token_limit_grows_with_the_time() -> None:
    assert token_limit(16_000, RULES) == 20
    assert token_limit(0, RULES) == 8


@given(st.lists(st.integers(0, 50), max_size=30), st.lists(st.integers(0, 5), min_size=1, max_size=6), st.integers(5, 20))
def test_the_share_of_a_loop_is_at_least_its_length(before: list[int], unit: list[int], rounds: int) -> None:
    tokens = [*before, *unit * rounds]
    assert looped_share(tokens, 5) >= len(unit) * rounds / len(tokens) - 1e-9


@given(st.lists(st.integers(0, 10_000), unique=True, max_size=60))
def test_different_tokens_are_no_loop(tokens: list[int]) -> None:
    assert looped_share(tokens, 5) == 0.0


def test_loops_compress_and_sentences_do_not() -> None:
    assert compression_ratio("la " * 60) > 2.4
    assert compression_ratio("太阳从山后面升起来了") < 2.4
    assert compression_ratio("") == 0.0
