from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.model import Span
from fieldapp.speech.endpoints import ELICITATION, NORMAL, WINDOW, Endpointer, EndpointRules
from fieldapp.speech.recogniser import RATE


def windows(seconds: float) -> int:
    return round(seconds * RATE / WINDOW)


def spans_of(probabilities: list[float], rules: EndpointRules = NORMAL) -> list[Span]:
    machine = Endpointer(rules)
    found = machine.push(probabilities)
    last = machine.finish()
    return [*found, last] if last else found


def talk(*parts: tuple[float, float]) -> list[float]:
    """Seconds and probability, one after the other."""
    return [p for seconds, p in parts for _ in range(windows(seconds))]


def test_an_utterance_gets_a_bit_of_sound_before_and_after() -> None:
    (span,) = spans_of(talk((1, 0.0), (2, 0.9), (2, 0.0)))
    assert span.start / RATE == pytest.approx(0.7, abs=0.04)
    assert span.stop / RATE == pytest.approx(3.2, abs=0.04)


def test_an_utterance_closes_half_a_second_after_the_last_speech() -> None:
    machine = Endpointer()
    assert machine.push(talk((1, 0.0), (1, 0.9), (0.45, 0.0))) == []
    assert machine.open_since is not None
    assert len(machine.push(talk((0.1, 0.0)))) == 1
    assert machine.open_since is None


def test_elicitation_waits_longer_and_keeps_shorter_words() -> None:
    hesitant = talk((1, 0.0), (1, 0.9), (0.6, 0.0), (1, 0.9), (1, 0.0))
    assert len(spans_of(hesitant, NORMAL)) == 2
    assert len(spans_of(hesitant, ELICITATION)) == 1
    syllable = talk((1, 0.0), (0.16, 0.9), (1, 0.0))
    assert spans_of(syllable, NORMAL) == []
    assert len(spans_of(syllable, ELICITATION)) == 1


def test_a_click_is_no_utterance() -> None:
    assert spans_of([0.0] * 40 + [0.99] + [0.0] * 40) == []


def test_a_wavering_voice_does_not_end() -> None:
    assert len(spans_of(talk((1, 0.0), (1, 0.9), (1, 0.4), (1, 0.9), (1, 0.0)))) == 1


def test_beyond_eight_seconds_a_short_pause_is_enough() -> None:
    assert len(spans_of(talk((5, 0.9), (0.3, 0.0), (5, 0.9), (1, 0.0)))) == 1
    assert len(spans_of(talk((9, 0.9), (0.3, 0.0), (5, 0.9), (1, 0.0)))) == 2


def test_beyond_fifteen_seconds_the_deepest_dip_is_cut() -> None:
    spans = spans_of(talk((14, 0.9), (0.1, 0.4), (4, 0.9), (1, 0.0)))
    assert len(spans) == 2
    assert spans[0].stop / RATE == pytest.approx(14.1, abs=0.1)
    assert spans[1].start == spans[0].stop


def test_endless_speech_is_cut_before_twenty_seconds() -> None:
    spans = spans_of([0.95] * windows(300))
    assert all(len(span) <= 20 * RATE for span in spans)
    assert all(a.stop == b.start for a, b in pairwise(spans))


_stretches = st.lists(st.tuples(st.floats(0.03, 12.0), st.sampled_from([0.0, 0.1, 0.34, 0.36, 0.45, 0.5, 0.7, 0.99])), max_size=25)
_rules = st.sampled_from([NORMAL, ELICITATION])


@given(_stretches, _rules)
def test_spans_come_in_order_never_overlap_and_stay_short(stretches: list[tuple[float, float]], rules: EndpointRules) -> None:
    probabilities = talk(*stretches)
    spans = spans_of(probabilities, rules)
    assert all(a.stop <= b.start for a, b in pairwise(spans))
    assert all(0 < len(span) <= (rules.hard + rules.after) * RATE for span in spans)
    assert all(span.stop <= len(probabilities) * WINDOW for span in spans)


@given(_stretches, _rules)
def test_no_stretch_of_speech_is_lost(stretches: list[tuple[float, float]], rules: EndpointRules) -> None:
    probabilities = talk(*stretches)
    covered = {w for span in spans_of(probabilities, rules) for w in range(span.start // WINDOW, -(-span.stop // WINDOW))}
    least, run = max(rules.start_windows, windows(rules.shortest) + 1), []
    for window, probability in enumerate([*probabilities, 0.0]):
        if probability >= rules.start:
            run.append(window)
            continue
        assert len(run) < least or set(run) <= covered
        run = []


@given(_stretches, st.lists(st.integers(1, 200), max_size=10))
def test_the_way_the_probabilities_are_handed_in_changes_nothing(stretches: list[tuple[float, float]], cuts: list[int]) -> None:
    probabilities = talk(*stretches)
    machine, found, at = Endpointer(), [], 0
    for size in cuts:
        found += machine.push(probabilities[at : at + size])
        at += size
    found += machine.push(probabilities[at:])
    last = machine.finish()
    assert [*found, *([last] if last else [])] == spans_of(probabilities)
