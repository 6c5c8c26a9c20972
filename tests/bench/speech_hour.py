"""An hour of noises and real speech through the live engine: is every utterance there, was anything said where nobody spoke?

    PYTHONPATH=.:tests python tests/bench/speech_hour.py [--minutes 60] [--slower 1] [--model resources/models/starter] [--bare]

The voice detector and all rules are the real ones; the recogniser is the one named, else the tiny random model, which says six
words to whatever it is shown, so every false alarm would show as words. With --bare the noises are shown to the model without the
detector: how often would the guards let a text stand, were it ever wrong? Prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from speech.sounds import NOISES

from fieldapp.commands.bench.live import BLOCK, OURS, SimulatedClock
from fieldapp.commands.bench.rehearsal import talk
from fieldapp.model import Span
from fieldapp.speech.finals import FinalRules, transcribe
from fieldapp.speech.live import Final, Live, LiveRules, Pending
from fieldapp.speech.random_whisper import make
from fieldapp.speech.recogniser import F32, RATE
from fieldapp.speech.vad import VoiceActivity
from fieldapp.speech.whisper import Whisper, load


def hour(minutes: float) -> tuple[F32, list[Span]]:
    """Noises of 20 s in turn with half a minute of talk; and where the talk is."""
    speech, _ = talk(minutes, None)
    parts, spoken, at, number = list[F32](), list[Span](), 0, 0
    while at < minutes * 60 * RATE:
        noise = list(NOISES.values())[number % len(NOISES)](20.0)
        said = speech[number * 30 * RATE : (number + 1) * 30 * RATE]
        parts += [noise, said]
        spoken.append(Span(at + len(noise), at + len(noise) + len(said)))
        at, number = spoken[-1].stop, number + 1
    return np.concatenate(parts), spoken


def speech_windows(audio: F32) -> set[int]:
    """Windows the detector takes for speech in one pass over everything, runs of at least 10 (0.32 s)."""
    likely = VoiceActivity().push(audio) >= 0.5
    edges = np.flatnonzero(np.diff(np.concatenate([[0], likely.astype(np.int8), [0]])))
    return {window for start, stop in zip(edges[::2], edges[1::2]) if stop - start >= 10 for window in range(start, stop)}


def bare(model: Whisper) -> dict[str, str]:
    """By kind of noise, how many pieces of 0.6 to 8 s get a text that stands, of how many."""
    found = {}
    for name, noise in NOISES.items():
        audio = noise(30.0)
        pieces = [audio[round(at * RATE) :][: round(length * RATE)] for length in (0.6, 1.0, 2.0, 4.0, 8.0) for at in (0.0, 5.3, 11.1, 16.7)]
        found[name] = f"{sum(bool(transcribe(model, piece, FinalRules(), model.manifest.live).text) for piece in pieces)} of {len(pieces)}"
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--slower", type=float, default=1.0)
    parser.add_argument("--model", type=Path, help="a model's folder; its languages are detected")
    parser.add_argument("--bare", action="store_true", help="only the noises, without the voice detector")
    options = parser.parse_args()
    if options.bare and not options.model:
        parser.error("--bare asks a trained model: --model")
    if options.bare:
        told = {"bench": "noises without the detector", "model": options.model.name, "texts_that_stand": bare(load(options.model, "cpu", threads=1))}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return
    audio, spoken = hour(options.minutes)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        clock, heard = SimulatedClock(options.slower, time.process_time), 0
        rules = LiveRules() if options.model else OURS
        live = Live(load(options.model or make(Path(folder) / "mini"), "cpu", threads=1), rules, clock, read_back=lambda span: audio[span.start : span.stop])
        out: list[object] = []
        while heard < len(audio):
            if not live.has_work:
                clock.wait_until((heard + BLOCK) / RATE)
            until = min(len(audio), max(heard, int(clock() * RATE)))
            out += live.step(audio[heard:until])
            heard = until
        out += live.finish()
        out += live.catch_up()
    pending = [thing for thing in out if isinstance(thing, Pending)]
    finals = [thing for thing in out if isinstance(thing, Final)]
    covered = {window for thing in pending for window in range(thing.span.start // 512, -(-thing.span.stop // 512))}
    in_noise = [final for final in finals if not any(final.span.overlaps(Span(max(0, s.start - RATE // 2), s.stop + RATE // 2)) for s in spoken)]
    found = {
        "bench": "speech hour",
        "model": options.model.name if options.model else "mini, random weights",
        "minutes": round(len(audio) / RATE / 60, 1),
        "segments": len(pending),
        "finals": len({final.number for final in finals}),
        "segments_without_final": len({p.number for p in pending} - {f.number for f in finals}),
        "speech_windows": len(windows := speech_windows(audio)),
        "speech_windows_in_no_segment": len(windows - covered),
        "words_in_noise": sum(len(final.utterance.text.split()) for final in in_noise),
        "seconds_it_took": round(time.monotonic() - began, 1),
    }
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
