"""A voice query: from a short recording to what a search compares. Any thread; the recogniser decides whether two may share it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldapp.errors import AudioError
from fieldapp.speech.embed import F32, Embedded, embedded, speech_steps
from fieldapp.speech.finals import states_of
from fieldapp.speech.manifest import identity
from fieldapp.speech.recogniser import RATE, Recogniser
from fieldapp.speech.vad import VoiceActivity

LONGEST_SECONDS = 30.0
SHORTEST_SECONDS = 0.2
QUIET = 1e-4  # of full scale: below this there is no sound at all
SPOKEN = 0.15  # the probability of speech that some moment must reach; a word cut out tightly hardly reaches more


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What one encoder run over a query gave, and which model and exit layer did."""

    model: str
    layer: int
    embedded: Embedded
    seconds: float


def hear(recogniser: Recogniser, audio: F32) -> Heard:
    """A query from 16 kHz mono sound. What is too short, silent, speechless or too long is a sentence."""
    seconds = len(audio) / RATE
    if seconds < SHORTEST_SECONDS:
        raise AudioError(f"The query is {seconds:.2f} s long.", f"Say a word or a sentence: at least {SHORTEST_SECONDS} s.")
    if seconds > LONGEST_SECONDS:
        hint = "Cut the part that is sought, or import the recording and ask for segments like one of its own (--like)."
        raise AudioError(f"The query is longer than {LONGEST_SECONDS:.0f} s.", hint)
    if not np.isfinite(audio).all() or float(np.abs(audio).max()) < QUIET:
        raise AudioError("The query is silent.", "Was the microphone on? Say the word again, nearer to it.")
    voice = VoiceActivity()
    probabilities = np.concatenate([voice.push(audio), voice.finish()])
    if not len(probabilities) or float(probabilities.max()) < SPOKEN:
        raise AudioError("Nobody speaks in the query.", "Say the word again, nearer to the microphone.")
    states = states_of(recogniser, audio)
    manifest = recogniser.manifest
    return Heard(identity(manifest), manifest.exit_layer, embedded(states, speech_steps(probabilities, len(states))), seconds)
