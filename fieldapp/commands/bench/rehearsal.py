"""What the speech benches share: models of true shape with random weights, speech to feed them, equal work for the decoder.

A random model has nothing to say, so how long it would talk is set by the bench: the same number of tokens for every
second of speech in every arm. Its text is replaced by words that pass the guards; what the guards do is not measured here.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fieldapp.errors import AudioError
from fieldapp.model import Span
from fieldapp.speech.device import processor_cores
from fieldapp.speech.manifest import Context, Manifest
from fieldapp.speech.random_whisper import make
from fieldapp.speech.recogniser import F32, RATE, STEP, Decoded, Encoded, Word
from fieldapp.speech.whisper import Whisper, load

TOKENS_PER_SECOND = 4.0
WORK = (
    "every arm decodes the same number of tokens for a second of speech; random weights: speed is real, text is not, "
    "and second looks after a refused text are not included"
)


def machine() -> dict[str, object]:
    """The machine in general terms, and how busy it was."""
    load_average = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {"cores": processor_cores(), "architecture": platform.machine(), "system": platform.system(), "load_before": load_average}


def peak_megabytes() -> int:
    """The most memory this process held, 0 where the system does not say. (getrusage would count what its parent held.)"""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)


def model_of(folder: Path, size: str, *, workers: int = 1) -> Whisper:
    """A model of true shape, made when it is not there yet; one thread a worker."""
    if not (folder / size / "tokenizer.json").exists():
        make(folder / size, size, words=None)
    return load(folder / size, "cpu", threads=1, workers=workers)


def talk(minutes: float, source: Path | None) -> tuple[F32, str]:
    """Speech of that length, and where it is from: sound files of a folder joined with pauses and repeated, else a synthetic voice."""
    from fieldapp.audio.resample import mono16k_array

    folder = source or _beside_the_project()
    wanted, parts, length = round(minutes * 60 * RATE), list[F32](), 0
    sounds: list[F32] = []
    if folder:
        for path in sorted(folder.iterdir() if folder.is_dir() else [folder]):
            try:
                sounds.append(mono16k_array(path))
            except AudioError:
                continue
    voices = sounds or [synthetic_voice(seconds, seed) for seed, seconds in enumerate((2.1, 4.3, 3.2, 7.5, 1.6, 11.0))]
    pauses = np.random.default_rng(1).uniform(0.7, 2.5, 10_000)
    while length < wanted:
        parts += [voices[len(parts) // 2 % len(voices)], np.zeros(round(pauses[len(parts)] * RATE), np.float32)]
        length += len(parts[-1]) + len(parts[-2])
    return np.concatenate(parts)[:wanted], f"{len(sounds)} sound files" if sounds else "synthetic voice"


def synthetic_voice(seconds: float, seed: int) -> F32:
    """Buzzing vowels in syllables, which a voice detector takes for speech."""
    rng, t = np.random.default_rng(seed), np.arange(round(seconds * RATE)) / RATE
    pitch = 120 + 15 * np.sin(2 * np.pi * 0.7 * t + seed)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    formants = np.repeat(rng.choice([[700, 1200, 2500], [300, 2200, 2900], [350, 800, 2400], [500, 1800, 2500]], len(t) // 3200 + 1), 3200, axis=0)[: len(t)]
    wave = np.zeros(len(t))
    for harmonic in range(1, 36):
        gain = sum(np.exp(-(((harmonic * pitch - formants[:, k]) / (90 + 40 * k)) ** 2)) / (k + 1) for k in range(3))
        wave += gain * np.sin(harmonic * phase)
    wave = wave * (0.25 + 0.75 * np.abs(np.sin(2 * np.pi * 2.1 * t))) + 0.003 * rng.standard_normal(len(t))
    return np.asarray(0.2 * wave / np.abs(wave).max(), np.float32)


class Paced:
    """A recogniser that talks for as long as the bench wants; everything else is the real one, and costs what it costs."""

    def __init__(self, inner: Whisper, live: Context, bulk: Context = Context("flexible"), tokens_per_second: float = TOKENS_PER_SECOND) -> None:  # noqa: B008
        self._inner, self._rate = inner, tokens_per_second
        self.manifest: Manifest = replace(inner.manifest, live=live, bulk=bulk)
        self.meaning = inner.meaning
        self.tokens = 0

    @property
    def encodes(self) -> int:
        """How many rows were encoded so far."""
        return self._inner.encodes

    def encode(self, rows: Sequence[F32], context: Context) -> Encoded:
        """The real encoder."""
        return self._inner.encode(rows, context)

    def frames(self, encoded: Encoded) -> list[F32]:
        """The real states."""
        return self._inner.frames(encoded)

    def detect_language(self, encoded: Encoded) -> list[tuple[str, float]]:
        """The real detector."""
        return self._inner.detect_language(encoded)

    def generate(self, encoded: Encoded, languages: Sequence[str], *, task: str, beam: int, limits: Sequence[int]) -> list[Decoded]:
        """The real decoder for a fixed number of tokens; the words it is said to have spoken pass the guards."""
        wanted = [max(1, round(self._rate * steps * STEP / RATE)) for steps in encoded.steps]
        found = self._inner.generate(encoded, languages, task=task, beam=beam, limits=wanted)
        self.tokens += sum(len(decoded.tokens) for decoded in found)
        return [
            replace(
                d,
                text=" ".join(f"w{i}" for i in range(len(d.tokens))),
                avg_logprob=-0.3,
                no_speech=0.0,
                compression=1.0,
                capped=False,
                tokens=tuple(range(len(d.tokens))),
            )
            for d in found
        ]

    def align(self, encoded: Encoded, decoded: Sequence[Decoded], task: str) -> list[tuple[Word, ...]]:
        """The real aligner's work; its words are spread evenly, because random attention points anywhere."""
        self._inner.align(encoded, [replace(d, tokens=tuple(1000 + token for token in d.tokens)) for d in decoded], task)
        return [
            tuple(Word(f" w{i}", Span(steps * i // n * STEP, steps * (i + 1) // n * STEP)) for i in range(n))
            for steps, n in ((steps, len(d.tokens)) for steps, d in zip(encoded.steps, decoded))
        ]


def _beside_the_project() -> Path | None:
    named = os.environ.get("FIELDAPP_SHARED")
    places = [Path(named)] if named else [folder / "shared" for folder in Path(__file__).resolve().parents]
    return next((place / "data" / "dev" / "asr" for place in places if (place / "data" / "dev" / "asr").is_dir()), None)
