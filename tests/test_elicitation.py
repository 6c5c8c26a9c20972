"""The elicitation clock: keys to events, events and loudness to takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.elicitation.boundaries import Limits, Rules
from fieldapp.elicitation.loudness import Loudness, LoudnessMeter
from fieldapp.elicitation.sitting import KEYS, Sitting
from fieldapp.elicitation.takes import Taken, derive_takes, utterances
from fieldapp.model import Event, EventId, ItemId, RecordingId, Span

RATE = 1000  # frames are milliseconds in here
HOP = RATE // 100
MASTER = RecordingId("master")


def event(frame: int, kind: str, topic: str = "", take: int | None = None, **value: object) -> Event:
    return Event(id=EventId(f"{frame}{kind}"), recording=MASTER, frame=frame, kind=kind, item=ItemId(topic) if topic else None, take=take, value=value)


def sound(frames: int, *spoken: tuple[int, int], floor: float = -70.0, loud: float = -20.0) -> Loudness:
    levels = np.full(-(-frames // HOP), floor, np.float32)
    for start, stop in spoken:
        levels[start // HOP : stop // HOP] = loud
    return Loudness(levels, HOP, frames)


def spans(takes: Sequence[Taken]) -> list[tuple[str, int, int, int]]:
    return [(taken.topic, taken.take, taken.span.start, taken.span.stop) for taken in takes]


def played(keys: Sequence[tuple[int, str]], topics: Sequence[str], begun: int = 0, end: int | None = None) -> list[Event]:
    """The events of a session in which these keys were pressed at these frames."""
    sitting = Sitting(topics)
    found = [event(begun, h.kind, h.topic, h.take, **h.value) for h in sitting.begin()]
    for frame, key in keys:
        found += [event(frame, h.kind, h.topic, h.take, **h.value) for h in sitting.press(key)]
    return found + ([event(end, "end", h.topic) for h in sitting.end()] if end is not None else [])


# --- the course of a session ---


def test_next_skip_and_back_go_through_the_list() -> None:
    sitting = Sitting(["a", "b", "c"])
    sitting.begin()
    assert [h.kind for h in sitting.press("next")] == ["take", "prompt"]
    assert (sitting.view.place, sitting.view.take) == (1, 1)
    assert [h.kind for h in sitting.press("skip")] == ["skip", "prompt"]
    assert [(h.kind, h.topic) for h in sitting.press("back")] == [("back", "c"), ("prompt", "b")]
    assert [(h.kind, h.take) for h in sitting.press("back")] == [("back", 1), ("prompt", 2)]
    for _ in range(3):
        sitting.press("next")
    assert sitting.done
    assert sitting.press("next") == []
    assert [(h.kind, h.topic, h.take) for h in sitting.press("back")] == [("prompt", "c", 2)]


def test_redo_keeps_and_discard_does_not() -> None:
    sitting = Sitting(["a"])
    sitting.begin()
    takes = [sitting.view.take]
    for key in ("redo", "discard", "second", "next"):
        sitting.press(key)
        takes.append(sitting.view.take)
    assert takes == [1, 2, 2, 3, 1]  # after the last prompt there is no topic


def test_any_key_goes_on_after_a_pause() -> None:
    sitting = Sitting(["a", "b"])
    sitting.begin()
    sitting.press("pause")
    assert sitting.view.paused
    assert [h.kind for h in sitting.press("next")] == ["resume", "take", "prompt"]
    assert [h.kind for h in [*sitting.press("pause"), *sitting.press("pause")]] == ["pause", "resume"]


def test_a_key_that_means_nothing_makes_no_event() -> None:
    sitting = Sitting([])
    sitting.begin()
    assert [sitting.press(key) for key in ("next", "redo", "skip", "back", "discard", "nonsense")] == [[]] * 6
    assert [h.kind for h in sitting.press("mark")] == ["mark"]
    sitting.end()
    assert sitting.press("mark") == []
    assert sitting.end() == []


@given(keys=st.lists(st.sampled_from(KEYS), max_size=40), split=st.integers(0, 40), count=st.integers(0, 5))
def test_a_session_taken_over_goes_on_as_if_nothing_had_happened(keys: list[str], split: int, count: int) -> None:
    topics = [f"t{number % 4}" for number in range(count)]
    whole, first, second = Sitting(topics), Sitting(topics), Sitting(topics)
    before = [*whole.begin(), *(h for key in keys[:split] for h in whole.press(key))]
    first.begin()
    second.replay([event(n, h.kind, h.topic, h.take, **h.value) for n, h in enumerate(before)])
    assert second.view == whole.view
    assert [second.press(key) for key in keys[split:]] == [whole.press(key) for key in keys[split:]]


# --- where takes lie ---


def test_a_take_is_what_was_said_between_its_keys_with_some_air() -> None:
    takes = derive_takes(played([(3000, "next"), (6000, "next")], "ab", end=7000), sound(7000, (1000, 1800), (4000, 4500)), RATE)
    assert spans(takes) == [("a", 1, 900, 1950), ("b", 1, 3900, 4650)]
    assert [taken.speech for taken in takes] == [Span(1000, 1800), Span(4000, 4500)]


@pytest.mark.parametrize("early", range(0, 310, 20))
@pytest.mark.parametrize("length", [80, 250, 700])
def test_an_answer_that_begins_before_the_key_is_not_cut(early: int, length: int) -> None:
    keys = [(3000, "next"), (6000, "next")]
    takes = derive_takes(played(keys, "ab", end=8000), sound(8000, (1500, 2400), (3000 - early, 3000 - early + length)), RATE)
    assert takes[1].span.start <= 3000 - early
    assert takes[1].span.stop >= 3000 - early + length
    assert takes[0].span.stop <= 3000 - early


def test_an_early_answer_right_after_the_one_before_is_told_from_it_by_the_gap() -> None:
    takes = derive_takes(played([(3000, "next"), (6000, "next")], "ab", end=8000), sound(8000, (1500, 2730), (2800, 3300)), RATE)
    assert 2730 <= takes[0].span.stop <= takes[1].span.start <= 2800


def test_the_end_of_an_answer_is_kept_when_the_key_came_too_soon() -> None:
    takes = derive_takes(played([(3000, "next"), (6000, "next")], "ab", end=8000), sound(8000, (2200, 3150), (4500, 5000)), RATE)
    assert takes[0].span.stop >= 3150
    assert takes[1].speech == Span(4500, 5000)


def test_a_slow_answer_given_while_the_key_is_pressed_belongs_to_its_own_prompt() -> None:
    takes = derive_takes(played([(3000, "next"), (6000, "next")], "ab", end=8000), sound(8000, (2850, 3200), (4500, 5000)), RATE)
    assert [taken.speech for taken in takes] == [Span(2850, 3200), Span(4500, 5000)]


def test_somebody_who_never_stops_is_cut_at_the_key_at_the_latest_at_its_tolerance() -> None:
    takes = derive_takes(played([(3000, "next"), (6000, "next")], "ab", end=8000), sound(8000, (100, 2000), (2050, 7900), floor=-30), RATE)
    assert takes[0].span.stop == takes[1].span.start == 3000


def test_a_click_of_the_key_is_no_answer() -> None:
    takes = derive_takes(played([(3000, "next"), (6000, "next")], "ab", end=8000), sound(8000, (1000, 1500), (2990, 3020), (4000, 4400)), RATE)
    assert [taken.speech for taken in takes] == [Span(1000, 1500), Span(4000, 4400)]


def test_redo_deletes_nothing_and_the_last_take_is_the_best() -> None:
    keys = [(2000, "redo"), (4000, "discard"), (6000, "redo"), (8000, "next")]
    takes = derive_takes(played(keys, "a", end=9000), sound(9000, (500, 1000), (2500, 3000), (4500, 5000), (6500, 7000)), RATE)
    assert [(taken.take, taken.best) for taken in takes] == [(1, False), (2, False), (3, True)]
    assert [taken.speech for taken in takes] == [Span(500, 1000), Span(4500, 5000), Span(6500, 7000)]


def test_a_take_in_which_nothing_was_heard_is_not_the_best_but_is_there() -> None:
    takes = derive_takes(played([(2000, "redo"), (4000, "next")], "a", end=9000), sound(9000, (500, 1000)), RATE)
    assert [(taken.take, taken.best, taken.speech) for taken in takes] == [(1, True, Span(500, 1000)), (2, False, None)]
    assert takes[1].span == Span(2000, 4000)


def test_a_take_marked_as_good_stays_the_best() -> None:
    takes = derive_takes(played([(1500, "best"), (2000, "redo"), (4000, "next")], "a", end=9000), sound(9000, (500, 1000), (2500, 3000)), RATE)
    assert [taken.best for taken in takes] == [True, False]


def test_a_second_answer_is_a_take_of_its_own_and_not_the_best() -> None:
    keys = [(2000, "second"), (4000, "alternative"), (6000, "next")]
    takes = derive_takes(played(keys, "a", end=9000), sound(9000, (500, 1000), (2500, 3000), (4500, 5000)), RATE)
    assert [(taken.take, taken.answer, taken.best) for taken in takes] == [(1, "", True), (2, "second", False), (3, "alternative", False)]


def test_what_is_said_in_a_pause_is_no_answer() -> None:
    keys = [(1000, "pause"), (5000, "pause"), (8000, "next")]
    takes = derive_takes(played(keys, "a", end=9000), sound(9000, (2000, 4000), (4850, 5500)), RATE)
    assert [taken.speech for taken in takes] == [Span(4850, 5500)]


def test_an_answer_before_the_pause_is_found_when_none_follows_it() -> None:
    keys = [(2000, "pause"), (5000, "pause"), (6000, "next")]
    takes = derive_takes(played(keys, "a", end=9000), sound(9000, (500, 1000), (3000, 4000)), RATE)
    assert [taken.speech for taken in takes] == [Span(500, 1000)]


def test_back_gives_another_take_of_an_earlier_prompt() -> None:
    keys = [(2000, "next"), (3000, "back"), (5000, "next"), (7000, "next")]
    takes = derive_takes(played(keys, "ab", end=9000), sound(9000, (500, 1000), (3500, 4000), (5500, 6000)), RATE)
    assert [(taken.topic, taken.take, taken.best) for taken in takes] == [("a", 1, False), ("a", 2, True), ("b", 1, True)]


@pytest.mark.parametrize("end", [5000, None])
def test_stopping_keeps_an_answer_that_was_given_even_when_it_was_a_crash(end: int | None) -> None:
    assert len(derive_takes(played([(2000, "next")], "ab", end=end), sound(5000, (500, 1000), (3000, 3500)), RATE)) == 2
    assert len(derive_takes(played([(2000, "next")], "ab", end=end), sound(5000, (500, 1000)), RATE)) == 1


def test_marks_remarks_and_gaps_stay_with_their_take() -> None:
    happened = [
        *played([(2000, "next"), (4000, "next")], "ab", end=5000),
        event(500, "mark"),
        event(2500, "remark", text="hoarse"),
        event(2600, "gap", frames=100),
    ]
    one, two = derive_takes(happened, sound(5000, (500, 1000), (2400, 2900)), RATE)
    assert (one.marks, one.remarks, one.gap) == ((500,), (), False)
    assert (two.marks, two.remarks, two.gap) == ((), ("hoarse",), True)


def test_the_tolerances_can_be_set() -> None:
    strict = derive_takes(played([(3000, "next")], "ab", end=6000), sound(6000, (1000, 1500), (2700, 3500)), RATE, Rules(early=0.0, late=0.0))
    assert strict[0].span.stop == strict[1].span.start == 3000


# --- what holds whatever happens ---

SPOKEN = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 120)), max_size=25)
PRESSED = st.lists(st.tuples(st.integers(1, 700), st.sampled_from(KEYS)), max_size=30)


@given(pressed=PRESSED, spoken=SPOKEN, count=st.integers(1, 6), floor=st.sampled_from([-70.0, -120.0, -30.0]), ended=st.booleans())
def test_takes_lie_in_their_prompts_in_order_without_overlap_one_for_each_kept(
    pressed: list[tuple[int, str]], spoken: list[tuple[int, int]], count: int, floor: float, ended: bool
) -> None:
    frame, keys = 500, []
    for step, key in pressed:
        frame += step
        keys.append((frame, key))
    last = frame + 1000
    happened = played(keys, [f"t{number}" for number in range(count)], begun=500, end=last if ended else None)
    loudness = sound(last, *[(start * 10, (start + length) * 10) for start, length in spoken], floor=floor)
    takes = derive_takes(happened, loudness, RATE)

    assert takes == derive_takes(happened, loudness, RATE)
    assert all(one.span.stop <= other.span.start for one, other in pairwise(takes))
    limits = Limits.of(Rules(), RATE)
    opened = {(e.item, e.frame) for e in happened if e.kind in ("prompt", "redo", "second", "alternative", "discard", "resume")}
    closed = {(e.item, e.frame) for e in happened if e.kind in ("take", "redo", "second", "alternative", "pause")} | {(e.item, last) for e in happened}
    for taken in takes:
        assert 0 <= taken.turn.start <= taken.span.start < taken.span.stop <= taken.turn.stop <= last
        assert any(topic == taken.topic and taken.turn.start >= frame - limits.earliest for topic, frame in opened)
        assert any(topic == taken.topic and taken.turn.stop <= frame + limits.late for topic, frame in closed)
    kept = [e.item for e in happened if e.kind in ("take", "redo", "second", "alternative")]
    assert len(kept) <= len(takes) <= len(kept) + 1
    assert not Counter(map(str, kept)) - Counter(taken.topic for taken in takes)
    for topic in {taken.topic for taken in takes}:
        mine = [taken for taken in takes if taken.topic == topic]
        assert [taken.take for taken in mine] == list(range(1, len(mine) + 1))
        assert sum(taken.best for taken in mine) == 1


@given(
    happened=st.lists(
        st.builds(
            event,
            st.integers(0, 3000),
            st.sampled_from(["prompt", "take", "redo", "pause", "resume", "back", "skip", "end", "best", "gap", "discard"]),
            st.sampled_from("ab"),
        ),
        max_size=20,
    ),
    spoken=SPOKEN,
)
def test_events_in_any_order_give_takes_or_none_but_never_an_error(happened: list[Event], spoken: list[tuple[int, int]]) -> None:
    takes = derive_takes(happened, sound(2500, *[(start * 10, (start + length) * 10) for start, length in spoken]), RATE)
    assert all(one.span.stop <= other.span.start for one, other in pairwise(takes))
    assert all(0 <= taken.span.start < taken.span.stop <= 2500 for taken in takes)


# --- loudness ---


@given(sizes=st.lists(st.integers(1, 700), min_size=1, max_size=20), channels=st.integers(1, 2))
def test_loudness_does_not_depend_on_how_the_sound_was_cut_into_blocks(sizes: list[int], channels: int) -> None:
    whole = np.random.default_rng(5).normal(0, 0.1, (sum(sizes), channels)).astype(np.float32)
    meter, at = LoudnessMeter(RATE * 44 + 100), 0
    for size in sizes:
        meter.push(whole[at : at + size])
        at += size
    at_once = LoudnessMeter(RATE * 44 + 100)
    at_once.push(whole)
    one, other = meter.loudness(), at_once.loudness()
    assert (one.frames, one.hop) == (other.frames, 441) == (sum(sizes), 441)
    np.testing.assert_allclose(one.levels, other.levels, atol=1e-3)


def test_speech_is_found_in_noise_and_a_rising_noise_is_followed() -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 1, 8000 * 60).astype(np.float32) * np.repeat(np.array([0.001, 0.01], np.float32), 8000 * 30)
    for second in range(2, 60, 4):
        noise[second * 8000 : second * 8000 + 4000] += np.float32(0.2) * np.sin(np.arange(4000) * 0.3).astype(np.float32)
    meter = LoudnessMeter(8000)
    meter.push(noise[:, np.newaxis])
    found = [(round(stretch.start / 8000, 1), round(stretch.stop / 8000, 1)) for stretch in meter.loudness().speech()]
    assert found == [(float(second), second + 0.5) for second in range(2, 60, 4)]


def test_no_sound_is_no_speech() -> None:
    assert LoudnessMeter(48000).loudness().speech() == []
    assert derive_takes([], LoudnessMeter(48000).loudness(), 48000) == []


def test_a_recording_without_prompts_is_cut_into_utterances() -> None:
    spoken = [(1000, 2000), (2300, 3000), (4500, 5000), *((second * 1000, second * 1000 + 800) for second in range(10, 50))]
    found = utterances(sound(60_000, *spoken), RATE)
    assert found[:2] == [Span(900, 3150), Span(4400, 5150)]
    assert all(len(one) <= 31_000 for one in found)
    assert all(one.stop <= other.start for one, other in pairwise(found))


def test_a_recording_in_which_nobody_speaks_has_no_utterances() -> None:
    assert utterances(sound(60_000), RATE) == []
