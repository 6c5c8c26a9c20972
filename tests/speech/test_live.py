from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fieldapp.model import Span
from fieldapp.speech.finals import FinalRules
from fieldapp.speech.ladder import FEWER_PARTIALS, NO_PARTIALS, QUICK_MODEL, RECORD_ONLY, Ladder, LadderRules
from fieldapp.speech.live import FINALS_ONLY, QUICK_FIRST, Final, Live, LiveRules, Partial, Pending
from fieldapp.speech.manifest import Context, Manifest
from fieldapp.speech.partials import Agreement, PartialRules, pause_between, window_of
from fieldapp.speech.recogniser import RATE, Decoded
from fieldapp.speech.tail import Tail
from fieldapp.speech.vad import VoiceActivity
from fieldapp.speech.whisper import Whisper

from .scripted import INVENTED, LOOP, Clock, Scripted, said
from .sounds import F32, NOISES, real_speech, silence

ENGLISH = LiveRules(finals=FinalRules(language="en"))
QUIET = LiveRules(finals=FinalRules(language="en"), partials=PartialRules(wanted=False))


def talk(dev: Path, pauses: float = 1.0) -> F32:
    """Half a minute of real speech with pauses."""
    return np.concatenate([part for speech in real_speech(dev, 4) for part in (speech, silence(pauses))])


def play(live: Live, clock: Clock, audio: F32, block: float = 0.1) -> list[Pending | Final | Partial]:
    """Audio arrives as time passes; while a job takes its time on the clock, more arrives."""
    out: list[Pending | Final | Partial] = []
    heard, step = 0, round(block * RATE)
    while heard < len(audio):
        clock.now = max(clock.now, (heard + step) / RATE)
        until = min(len(audio), int(clock.now * RATE))
        out += live.step(audio[heard:until])
        heard = until
    out += live.finish()
    out += live.catch_up()
    return out


def of(kind: type, out: list[Pending | Final | Partial]) -> list[Pending | Final | Partial]:
    return [thing for thing in out if isinstance(thing, kind)]


def session(
    scripted: Scripted, audio: F32, rules: LiveRules = ENGLISH, quick: Scripted | None = None, **options: object
) -> tuple[Live, list[Pending | Final | Partial]]:
    live = Live(scripted, rules, scripted.clock, quick=quick, **options)  # type: ignore[arg-type]
    return live, play(live, scripted.clock, audio)


def test_every_pending_row_comes_before_its_final_and_each_gets_one(dev_data: Path) -> None:
    _, out = session(Scripted(), talk(dev_data))
    pending = [thing.number for thing in out if isinstance(thing, Pending)]
    finals = [thing.number for thing in out if isinstance(thing, Final)]
    assert pending == finals == list(range(len(pending)))
    assert len(pending) >= 4
    order = [(thing.number, isinstance(thing, Final)) for thing in out if not isinstance(thing, Partial)]
    assert all(order.index((n, False)) < order.index((n, True)) for n in pending)


def test_a_final_tells_where_in_it_somebody_spoke(dev_data: Path) -> None:
    audio = talk(dev_data)
    _, out = session(Scripted(), audio, QUIET)
    whole = VoiceActivity().push(audio)
    for final in out:
        if isinstance(final, Final):
            first = final.span.start // 512
            np.testing.assert_allclose(final.probabilities, whole[first : first + len(final.probabilities)], atol=1e-5)
            assert abs(len(final.probabilities) * 512 - len(final.span)) < 1024
            assert final.probabilities.max() > 0.5


def test_a_segment_is_never_encoded_twice(dev_data: Path) -> None:
    scripted = Scripted()
    _, out = session(scripted, talk(dev_data), QUIET)
    assert scripted.encodes == len(of(Final, out)) == len(of(Pending, out))


def test_a_final_is_made_from_the_audio_of_its_span(dev_data: Path) -> None:
    audio, clock = talk(dev_data), Clock()
    recogniser = Scripted()
    out = play(Live(recogniser, QUIET, clock), clock, audio)
    assert [samples for samples, _ in recogniser.asked] == [len(thing.span) for thing in out if isinstance(thing, Final)]


def test_partials_show_what_is_being_said_and_their_common_beginning(dev_data: Path) -> None:
    def growing(row: F32, _context: Context) -> Decoded:
        return said(" ".join(f"word{i}" for i in range(len(row) // 8000)))

    _, out = session(Scripted(growing), talk(dev_data))
    partials = [thing for thing in out if isinstance(thing, Partial)]
    assert len(partials) > 10
    assert all(partial.text.startswith(partial.stable) for partial in partials)
    assert any(partial.stable for partial in partials)
    assert all(len(partial.span) <= 8 * RATE for partial in partials)


def test_partials_take_at_most_half_of_the_worker(dev_data: Path) -> None:
    audio = np.concatenate([talk(dev_data, 0.1)] * 2)
    scripted = Scripted(cost=lambda _seconds, _context: 0.9)
    _, out = session(scripted, audio)
    starts = [thing.span.stop for thing in out if isinstance(thing, Partial)]
    assert starts
    assert min(b - a for a, b in pairwise(starts)) >= 1.8 * RATE - 1600


def test_a_final_never_waits_for_more_than_one_partial(dev_data: Path) -> None:
    scripted = Scripted(cost=lambda _seconds, _context: 0.3)
    _, out = session(scripted, talk(dev_data))
    delays = [thing.delay for thing in out if isinstance(thing, Final)]
    assert max(delays[:-1]) < 0.5 + 0.2 + 0.3 + 0.3 + 0.2  # endpoint, window, a partial, itself, blocks


def test_a_quick_model_goes_first_where_the_other_cannot_follow(dev_data: Path) -> None:
    clock = Clock()
    slow = Scripted(lambda _a, _c: said("read with care"), lambda _s, _c: 3.0, clock, Manifest(name="slow"))
    quick = Scripted(lambda _a, _c: said("a first draft"), lambda _s, _c: 0.2, clock, Manifest(name="quick"))
    _, out = session(slow, talk(dev_data), replace(ENGLISH, pace=QUICK_FIRST), quick)
    finals = [thing for thing in out if isinstance(thing, Final)]
    first = {thing.number: thing for thing in finals if thing.provisional}
    last = {thing.number: thing for thing in finals if not thing.provisional}
    assert set(first) == set(last) == {thing.number for thing in out if isinstance(thing, Pending)}
    assert {thing.utterance.model for thing in first.values()} == {"quick"}
    assert {thing.utterance.model for thing in last.values()} == {"slow"}
    assert {thing.text for thing in out if isinstance(thing, Partial)} == {"a first draft"}


def test_a_slow_model_makes_no_partials_and_no_final_waits_for_a_pause(dev_data: Path) -> None:
    scripted = Scripted(cost=lambda _seconds, _context: 2.5)
    _, out = session(scripted, talk(dev_data, 0.6), replace(ENGLISH, pace=FINALS_ONLY))
    assert of(Partial, out) == []
    delays = [thing.delay for thing in out if isinstance(thing, Final)]
    assert len(delays) == len(of(Pending, out)) >= 4
    _, ladder_alone = session(Scripted(cost=lambda _seconds, _context: 2.5), talk(dev_data, 0.6), QUIET)
    assert delays == [thing.delay for thing in ladder_alone if isinstance(thing, Final)]


@pytest.mark.parametrize("kind", NOISES)
def test_noise_commits_no_words(kind: str) -> None:
    scripted = Scripted(lambda _a, _c: INVENTED)
    _, out = session(scripted, NOISES[kind](20.0))
    assert out == []
    assert scripted.encodes == 0


def test_words_invented_where_the_voice_detector_erred_are_not_committed(dev_data: Path) -> None:
    _, out = session(Scripted(lambda _a, _c: INVENTED), talk(dev_data))
    assert of(Partial, out) == []
    finals = [thing for thing in out if isinstance(thing, Final)]
    assert len(finals) == len(of(Pending, out))
    assert all(thing.utterance.text == "" and thing.utterance.reason == "no speech heard" for thing in finals)


def test_a_loop_is_looked_at_once_more_after_all_other_finals(dev_data: Path) -> None:
    def answer(row: F32, context: Context) -> Decoded:
        return LOOP if context.policy == "flexible" and len(row) > 3 * RATE else said("all is well")

    scripted = Scripted(answer)
    _, out = session(scripted, talk(dev_data), QUIET)
    finals = [thing for thing in out if isinstance(thing, Final)]
    assert sorted(thing.number for thing in finals) == [thing.number for thing in out if isinstance(thing, Pending)]
    assert all(thing.utterance.text == "all is well" for thing in finals)
    retried = sum(thing.utterance.retried for thing in finals)
    assert retried > 0
    assert scripted.encodes == len(finals) + retried


def test_a_machine_far_too_slow_loses_nothing(dev_data: Path) -> None:
    scripted = Scripted(cost=lambda seconds, _context: 6.0 * seconds)
    live, out = session(scripted, talk(dev_data))
    assert [thing.number for thing in out if isinstance(thing, Final)] == [thing.number for thing in out if isinstance(thing, Pending)]
    assert not live.has_work
    assert live.status.waiting == 0


def test_with_lag_the_quick_model_drafts_and_the_good_one_follows(dev_data: Path) -> None:
    clock = Clock()
    good = Scripted(lambda _a, _c: said("good text"), lambda seconds, _context: 4.0 * seconds, clock)
    quick = Scripted(lambda _a, _c: said("quick text"), lambda seconds, _context: 0.1 * seconds, clock, Manifest(name="quick"))
    audio = np.concatenate([talk(dev_data, 0.6)] * 3)
    _, out = session(good, audio, quick=quick)
    provisional = [thing for thing in out if isinstance(thing, Final) and thing.provisional]
    lasting = [thing for thing in out if isinstance(thing, Final) and not thing.provisional]
    assert provisional
    assert all(thing.utterance.model == "quick" for thing in provisional)
    assert sorted(thing.number for thing in lasting) == [thing.number for thing in out if isinstance(thing, Pending)]
    assert all(thing.utterance.text == "good text" for thing in lasting)


def test_long_waiting_audio_is_read_back_from_the_master(dev_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldapp.speech.live.KEPT_SECONDS", 5.0)
    audio, reads = talk(dev_data), []

    def read_back(span: Span) -> F32:
        reads.append(span)
        return audio[span.start : span.stop]

    rows: list[F32] = []

    def answer(row: F32, _context: Context) -> Decoded:
        rows.append(row)
        return said("x y")

    scripted = Scripted(answer, lambda seconds, _context: 5 * seconds)
    _, out = session(scripted, audio, QUIET, read_back=read_back)
    assert reads
    for thing, row in zip(of(Final, out), rows):
        assert isinstance(thing, Final)
        np.testing.assert_array_equal(row, audio[thing.span.start : thing.span.stop])


def test_the_last_words_are_not_lost_when_the_recording_stops_in_them(dev_data: Path) -> None:
    speech = real_speech(dev_data, 1)[0][: 3 * RATE]
    _, out = session(Scripted(), speech)
    finals = [thing for thing in out if isinstance(thing, Final)]
    assert len(finals) == 1
    assert finals[0].span.stop == len(speech)


def test_the_real_engine_writes_while_real_people_talk(dev_data: Path, mini: Whisper) -> None:
    clock, before = Clock(), mini.encodes
    out = play(Live(mini, ENGLISH, clock), clock, talk(dev_data))
    finals = [thing for thing in out if isinstance(thing, Final)]
    assert len(finals) == len(of(Pending, out)) >= 4
    assert all(thing.utterance.text == "denbo gerban mibun panbir sardo zedan" for thing in finals)
    assert all(thing.utterance.frames is not None and len(thing.utterance.frames) == -(-len(thing.span) // 320) for thing in finals)
    assert mini.encodes - before == len(finals) + len(of(Partial, out))


@pytest.mark.slow
def test_a_quarter_of_an_hour_of_noises_and_speech_loses_nothing_and_invents_nothing(dev_data: Path) -> None:
    speeches = real_speech(dev_data)
    parts: list[F32] = []
    spoken: list[Span] = []
    for i in range(15):
        parts += [noise(8.0) for noise in NOISES.values()]
        parts.append(speeches[i % 5])
        stop = sum(map(len, parts))
        spoken.append(Span(stop - len(speeches[i % 5]), stop))
    audio = np.concatenate(parts)
    scripted = Scripted()
    _, out = session(scripted, audio, QUIET)
    finals = [thing for thing in out if isinstance(thing, Final)]
    assert len(finals) == len(of(Pending, out))
    near = [Span(max(0, span.start - RATE), span.stop + RATE) for span in spoken]
    assert all(any(final.span.overlaps(span) for span in near) for final in finals)
    assert all(any(final.span.overlaps(span) for final in finals) for span in spoken)


def test_the_ladder_climbs_at_once_and_comes_down_a_step_after_ten_calm_seconds() -> None:
    ladder = Ladder(LadderRules())
    assert ladder.update(0.5, 0.2, 0.0) == 0
    assert ladder.update(0.5, 1.2, 1.0) == FEWER_PARTIALS
    assert ladder.update(11.0, 0.2, 2.0) == QUICK_MODEL
    assert ladder.update(61.0, 0.2, 3.0) == RECORD_ONLY
    assert ladder.update(1.0, 0.2, 4.0) == RECORD_ONLY
    assert ladder.update(1.0, 0.2, 13.9) == RECORD_ONLY
    assert ladder.update(1.0, 0.2, 14.0) == QUICK_MODEL
    assert ladder.update(1.0, 0.2, 23.0) == QUICK_MODEL
    assert ladder.update(1.0, 0.2, 24.0) == NO_PARTIALS
    assert ladder.update(5.0, 0.2, 25.0) == NO_PARTIALS
    assert ladder.update(1.0, 0.2, 26.0) == NO_PARTIALS


def test_a_partial_window_hops_by_halves() -> None:
    begins = [window_of(Span(100, 100 + RATE * seconds), 8.0).start for seconds in range(1, 20)]
    assert begins[:8] == [100] * 8
    assert len(set(begins)) == 4
    assert all(len(window_of(Span(0, RATE * s), 8.0)) <= 8 * RATE for s in range(1, 60))


def test_partials_pause_twice_their_cost_and_twice_that_when_slowed() -> None:
    assert pause_between(PartialRules(), 0.1, False) == 1.0
    assert pause_between(PartialRules(), 0.8, False) == 1.6
    assert pause_between(PartialRules(), 0.8, True) == 3.2


def test_two_looks_agree_on_whole_words() -> None:
    agreement, here = Agreement(), Span(0, 10)
    assert agreement.stable(here, "the sun is") == ""
    assert agreement.stable(here, "the sun isn't out") == "the sun"
    assert agreement.stable(here, "the sun isn't out yet") == "the sun isn't out"
    assert agreement.stable(Span(5, 20), "the sun isn't out yet") == ""
    assert agreement.stable(Span(5, 20), "太阳从") == ""
    assert agreement.stable(Span(5, 20), "太阳出来") == "太阳"


def test_the_tail_remembers_the_last_seconds_and_says_so() -> None:
    tail, audio = Tail(2.0), np.arange(10 * RATE, dtype=np.float32)
    for start in range(0, len(audio), 3000):
        tail.push(audio[start : start + 3000])
        span = Span(max(0, tail.stop - 2 * RATE), tail.stop)
        np.testing.assert_array_equal(tail.read(span), audio[span.start : span.stop])
    with pytest.raises(ValueError, match="not within"):
        tail.read(Span(0, 100))
