"""How soon text appears after somebody spoke: measured costs on a simulated clock, so that a talk plays as fast as it can be computed.

Three arms on the same model and audio: the live policy; LocalAgreement over windows padded to 30 s (every second of talk
looked at again from the utterance's start, with a voice detector); the live policy on a machine that is slower by a factor.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fieldapp.commands import Answer, Progress
from fieldapp.commands.bench.rehearsal import TOKENS_PER_SECOND, WORK, Paced, machine, model_of, talk
from fieldapp.errors import WrongUsage
from fieldapp.speech.endpoints import NORMAL
from fieldapp.speech.finals import FinalRules
from fieldapp.speech.ladder import LadderRules
from fieldapp.speech.live import Final, Live, LiveRules, Partial, Pending
from fieldapp.speech.manifest import Context
from fieldapp.speech.partials import PartialRules
from fieldapp.speech.recogniser import F32, RATE
from fieldapp.speech.vad import VoiceActivity

BLOCK = RATE // 10
OURS = LiveRules(finals=FinalRules(language="en"))
NEVER = 1e9
AGREEMENT = replace(OURS, partials=PartialRules(window=30.0, interval=1.0, share=1.0), ladder=LadderRules(lags=(NEVER,) * 4, partial_cost=NEVER))


def arguments(parser: argparse.ArgumentParser) -> None:
    """How much, on what."""
    parser.add_argument("--minutes", type=float, default=3.0, help="minutes of talk (default 3)")
    parser.add_argument("--size", default="small", choices=("tiny", "base", "small"), help="the model's shape (default small)")
    parser.add_argument("--slower", type=float, default=4.0, help="the factor of the slow machine (default 4)")
    parser.add_argument("--audio", type=Path, help="a sound file or a folder of them (else: the recordings beside the project, or a synthetic voice)")
    parser.add_argument("--no-agreement", action="store_true", help="leave the padded policy out: it takes as long as the talk")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu counts processor time, for a machine that is busy with other things")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Play the talk three times."""
    if not options.minutes > 0 or not options.slower >= 1:
        raise WrongUsage("--minutes must be above 0 and --slower at least 1.")
    about = machine()
    audio, source = talk(options.minutes, options.audio)
    timer = time.perf_counter if options.clock == "wall" else time.process_time
    with tempfile.TemporaryDirectory() as folder:
        model = model_of(Path(folder), options.size)
        model.rehearse()
        arms: dict[str, dict[str, Any]] = {}
        plans = [("live", Context("flexible", 1.28), OURS, 1.0), ("live_on_a_slow_machine", Context("flexible", 1.28), OURS, options.slower)]
        if not options.no_agreement:
            plans.insert(1, ("local_agreement_padded", Context("padded"), AGREEMENT, 1.0))
        for number, (name, context, rules, slower) in enumerate(plans):
            progress(number / len(plans), name.replace("_", " "))
            arms[name] = play(Paced(model, context), audio, rules, slower, timer)
    data = {"bench": "live", "model": f"{options.size} int8, 1 thread", "minutes": options.minutes, "audio": source, "tokens_per_second": TOKENS_PER_SECOND}
    data |= {"slower": options.slower, "clock": options.clock, **arms, "vad_share_of_a_core": vad_share(audio[: 120 * RATE])}
    if agreement := arms.get("local_agreement_padded"):
        data["local_agreement_over_live_p50"] = round(agreement["final_p50"] / max(arms["live"]["final_p50"], 1e-9), 2)
    return Answer(_as_text(data), {**data, "how": WORK, "machine": about})


class SimulatedClock:
    """Seconds of the talk: they pass while something is computed (times `slower`) and jump over waiting."""

    def __init__(self, slower: float, timer: Callable[[], float]) -> None:
        self._slower, self._timer = slower, timer
        self._base, self._mark = 0.0, timer()
        self.waited = 0.0

    def __call__(self) -> float:
        return self._base + (self._timer() - self._mark) * self._slower

    def wait_until(self, moment: float) -> None:
        """Let the time pass to a moment, if it has not passed already."""
        now = self()
        self.waited += max(0.0, moment - now)
        self._base, self._mark = max(now, moment), self._timer()


def play(recogniser: Paced, audio: F32, rules: LiveRules, slower: float, timer: Callable[[], float]) -> dict[str, Any]:
    """One talk under one policy: what came when, and what it cost."""
    clock, heard, encodes = SimulatedClock(slower, timer), 0, recogniser.encodes
    live = Live(recogniser, rules, clock)
    out: list[Pending | Final | Partial] = []
    while heard < len(audio):
        if not live.has_work:
            clock.wait_until((heard + BLOCK) / RATE)
        until = min(len(audio), max(heard, int(clock() * RATE)))
        out += live.step(audio[heard:until])
        heard = until
    out += live.finish()
    out += live.catch_up()
    spent = clock()
    finals = [thing for thing in out if isinstance(thing, Final) and not thing.provisional]
    partials = [thing for thing in out if isinstance(thing, Partial)]
    pending = [thing for thing in out if isinstance(thing, Pending)]
    speech = sum(len(thing.span) for thing in pending) / RATE
    delays = np.array([final.delay + NORMAL.after for final in finals]) if finals else np.zeros(1)  # the span ends a little after the speech
    late = [partial.delay / (len(partial.span) / RATE) for partial in partials]
    return {
        "final_p50": round(float(np.percentile(delays, 50)), 3),
        "final_p95": round(float(np.percentile(delays, 95)), 3),
        "final_max": round(float(delays.max()), 3),
        "segments": len(pending),
        "lost": len({thing.number for thing in pending} - {thing.number for thing in finals}),
        "speech_seconds": round(speech, 1),
        "worker_busy": round(1 - clock.waited / spent, 3),
        "partials": len(partials),
        "partials_per_speech_second": round(len(partials) / max(speech, 1e-9), 2),
        "latest_partial_in_windows": round(max(late, default=0.0), 2),
        "encodes": recogniser.encodes - encodes,
        "encodes_beyond_one_a_final_and_partial": recogniser.encodes - encodes - len(finals) - len(partials) - sum(final.utterance.retried for final in finals),
    }


def vad_share(audio: F32) -> float:
    """The share of one core that listening takes, one 100 ms block at a time."""
    voice, began = VoiceActivity(), time.process_time()
    for start in range(0, len(audio), BLOCK):
        voice.push(audio[start : start + BLOCK])
    return round((time.process_time() - began) / (len(audio) / RATE), 5)


def _as_text(data: dict[str, Any]) -> str:
    lines = [f"{data['model']}, {data['minutes']:g} min of talk ({data['audio']}), {data['tokens_per_second']:g} tokens a second of speech"]
    for name in ("live", "local_agreement_padded", "live_on_a_slow_machine"):
        if arm := data.get(name):
            times = f"final p50 {arm['final_p50']:6.2f} s  p95 {arm['final_p95']:6.2f} s"
            lines.append(f"  {name.replace('_', ' '):<24} {times}  busy {arm['worker_busy']:4.0%}  lost {arm['lost']}")
    if "local_agreement_over_live_p50" in data:
        lines.append(f"  padded local agreement is {data['local_agreement_over_live_p50']} times as late")
    lines.append(f"  listening takes {data['vad_share_of_a_core']:.2%} of a core")
    return "\n".join(lines)
