"""What a model (or plain acoustics) hears in each utterance: the very frames and vectors the fieldbook would keep. Any thread.

A model is asked once an utterance. The floor below every model are 39 cepstral numbers, 25 times a second like kept frames.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np

from fieldapp.errors import AudioError, WrongUsage
from fieldapp.lab.metrics import Pool
from fieldapp.lab.utterances import F32, Selection, Utterance
from fieldapp.speech import heads
from fieldapp.speech.embed import Embedded, Mask, embedded, speech_steps
from fieldapp.speech.features import LogMel
from fieldapp.speech.finals import states_of
from fieldapp.speech.manifest import identity
from fieldapp.speech.recogniser import STEP, Recogniser
from fieldapp.speech.vad import VoiceActivity

MODEL_FILE = "model.bin"
CEPSTRA = 13
MELS = 40
ACOUSTICS = "acoustics (MFCC)"

Progress = Callable[[float, str], None]
_known: ContextVar[dict[tuple[str, bytes], Embedded] | None] = ContextVar("known", default=None)


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What one ear made of some utterances, row by row: frames, a pooled vector, a vector that knows the order, and one by the meaning head.

    `seconds` tells when each frame begins. `name` says model and layer. `meaning` and `sound` have no head; `headed` is None where the model has no head.
    """

    name: str
    layer: int
    frames: tuple[F32, ...]
    meaning: F32
    sound: F32
    headed: F32 | None = None
    seconds: tuple[F32, ...] = ()

    def pool(self, rows: Sequence[int]) -> Pool:
        """The frames of some rows, ready to be compared."""
        return Pool.of([self.frames[row] for row in rows])


def hear(recogniser: Recogniser, sounds: Sequence[F32], progress: Progress, *, head: heads.Head | None = None, workers: int = 1) -> Heard:
    """Let a model hear every sound; its frames are those of its last layer, silence left out."""

    def one(audio: F32) -> Embedded:
        states = states_of(recogniser, audio)
        return embedded(states, spoken(audio, len(states)))

    name, layer = identity(recogniser.manifest), recogniser.manifest.exit_layer
    exact = MODEL_FILE in recogniser.manifest.checksums  # then the name tells its weights, too
    found = list(_told(one, sounds, workers, progress, f"listening with {name}", name if exact else ""))
    meaning = np.stack([each.meaning for each in found])
    frames = tuple(each.kept.states for each in found)
    return Heard(name, layer, frames, meaning, np.stack([each.sound for each in found]), head(meaning) if head else None, _begin(found))


def hear_acoustics(sounds: Sequence[F32], progress: Progress, *, workers: int = 1) -> Heard:
    """The floor: cepstra with their movement, each utterance centred and scaled; no model."""
    mel = LogMel(MELS)

    def one(audio: F32) -> Embedded:
        frames = cepstra(audio, mel)
        return embedded(frames, spoken(audio, len(frames)))

    found = list(_told(one, sounds, workers, progress, "measuring acoustics", ACOUSTICS))
    frames = tuple(_scaled(each.kept.states) for each in found)
    return Heard(ACOUSTICS, 0, frames, np.stack([each.meaning for each in found]), np.stack([each.sound for each in found]), seconds=_begin(found))


def cepstra(audio: F32, mel: LogMel) -> F32:
    """13 cepstra and their first and second differences, 50 times a second."""
    spectrum = mel(audio if len(audio) >= 2 * STEP else np.pad(audio, (0, 2 * STEP - len(audio))))
    steps = max(1, spectrum.shape[1] // 2)
    halved = spectrum[:, : 2 * steps].reshape(len(spectrum), steps, -1).mean(axis=2)
    angles = np.pi * np.outer(np.arange(CEPSTRA), np.arange(len(spectrum)) + 0.5) / len(spectrum)
    still = (np.cos(angles) @ halved).T.astype(np.float32)
    moving = np.gradient(still, axis=0) if steps > 1 else np.zeros_like(still)
    faster = np.gradient(moving, axis=0) if steps > 1 else np.zeros_like(still)
    return np.concatenate([still, moving, faster], axis=1).astype(np.float32)


def spoken(audio: F32, steps: int) -> Mask:
    """Which steps of 20 ms are speech; long silence would otherwise find itself in every other recording."""
    voice = VoiceActivity()
    return speech_steps(np.concatenate([voice.push(audio), voice.finish()]), steps)


def sounds_of(selection: Selection, progress: Progress) -> tuple[Selection, list[F32]]:
    """The sound of every utterance that can be read and is not empty; the rest is set aside by name."""
    kept: list[Utterance] = []
    sounds: list[F32] = []
    aside = list(selection.aside)
    for number, utterance in enumerate(selection.utterances):
        progress(number / max(1, len(selection)), f"reading {utterance.id}")
        try:
            audio = selection.sound(utterance)
        except AudioError as trouble:
            aside.append(f"{utterance.id} left out: {trouble.message}")
            continue
        if len(audio) < STEP:
            aside.append(f"{utterance.id} left out: it holds no sound.")
            continue
        kept.append(utterance)
        sounds.append(audio)
    if not kept:
        raise WrongUsage("No utterance is left to listen to.", " ".join(aside[:3]))
    return Selection(selection.source, tuple(kept), selection.sound, tuple(aside)), sounds


def _begin(found: Sequence[Embedded]) -> tuple[F32, ...]:
    return tuple(each.kept.seconds() for each in found)


def _scaled(frames: F32) -> F32:
    spread = frames.std(axis=0)
    scaled: F32 = (frames - frames.mean(axis=0)) / np.maximum(spread, 1e-3)
    return scaled


@contextlib.contextmanager
def remembering() -> Iterator[None]:
    """Inside, no ear hears the same sound twice: experiments on the same recordings share one listening."""
    before = _known.set({})
    try:
        yield
    finally:
        _known.reset(before)


def _told(one: Callable[[F32], Embedded], sounds: Sequence[F32], workers: int, progress: Progress, doing: str, ear: str) -> Iterator[Embedded]:
    """What each sound gives; `ear` names who listens exactly enough to be remembered, or is empty."""
    known = _known.get() if ear else None

    def heard(audio: F32) -> Embedded:
        if known is None:
            return one(audio)
        name = (ear, hashlib.sha256(audio.tobytes()).digest())
        return known[name] if name in known else known.setdefault(name, one(audio))

    with ThreadPoolExecutor(max(1, workers), thread_name_prefix="hear") as pool:
        for number, found in enumerate(pool.map(heard, sounds)):
            progress(number / len(sounds), doing)
            yield found
