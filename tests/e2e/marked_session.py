"""A session whose every answer says which one it is: the number of the attempt as the pitch of a tone, the keys as lines of a script."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from fieldapp.elicitation.sitting import Sitting

RATE = 48_000
EARLY = 0.3
_LOWEST, _STEP, _CHATTER = 300.0, 15.0, 7000.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A tone: which attempt, at which prompt, from second to second, and whether its take is kept."""

    number: int
    topic: str
    start: float
    stop: float
    kept: bool


@dataclass
class MarkedSession:
    """What is played, what is pressed, and what should come out."""

    topics: list[str]
    keys: list[tuple[float, str]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    chatter: list[tuple[float, float]] = field(default_factory=list)
    seconds: float = 0.0

    def script(self) -> str:
        """The lines for standard input, the end included."""
        return "".join(f"@{second:.4f} {key}\n" for second, key in self.keys) + f"@{self.seconds:.4f} stop\n"

    def write_list(self, path: Path) -> Path:
        """The prompt list."""
        path.write_text("meaning_id,text\n" + "".join(f"{topic},say {topic}\n" for topic in self.topics), encoding="utf-8")
        return path

    def write_sound(self, path: Path, seconds_before: float = 0.0) -> Path:
        """The signal; a little noise below it, as in any room."""
        sound = np.random.default_rng(1).normal(0, 0.0005, round((self.seconds + seconds_before + 0.5) * RATE)).astype(np.float32)
        for start, stop, pitch in [*((a.start, a.stop, _LOWEST + _STEP * a.number) for a in self.answers), *((a, b, _CHATTER) for a, b in self.chatter)]:
            first = round((start + seconds_before) * RATE)
            tone = 0.25 * np.sin(2 * np.pi * pitch / RATE * np.arange(round((stop - start) * RATE)))
            sound[first : first + len(tone)] += tone.astype(np.float32)
        soundfile.write(path, sound, RATE, subtype="PCM_24")
        return path

    def mistakes(self, segments: Sequence[Mapping[str, Any]], sound: NDArray[np.float32], jitter: float = 0.0) -> dict[str, list[str]]:
        """Everything that is not as it should be: wrong answer in a segment, onsets or ends cut, takes too many or too few.

        `jitter` (s) is how far the microphone's clock may be off; segments are judged by what is heard in them.
        """
        found: dict[str, list[str]] = {"mismatched": [], "cut": [], "missing": []}
        kept = [answer for answer in self.answers if answer.kept]
        for segment, answer in zip(segments, kept, strict=False):
            heard = sound[round(segment["start"] * RATE) : round(segment["stop"] * RATE)]
            number, seconds = read_tone(heard)
            if number != answer.number or segment["meaning_id"] != answer.topic:
                found["mismatched"].append(f"{segment['meaning_id']} at {segment['start']}: heard {number}, not {answer.number} ({answer.topic})")
            elif seconds < answer.stop - answer.start - 0.002 - jitter:
                found["cut"].append(f"{segment['meaning_id']} at {segment['start']}: {seconds:.4f} s of {answer.stop - answer.start:.4f} s")
        if len(segments) != len(kept):
            found["missing"].append(f"{len(segments)} segments for {len(kept)} takes")
        return found


def read_tone(sound: NDArray[np.float32]) -> tuple[int, float]:
    """Which attempt is heard (-1: none or several) and for how long."""
    if len(sound) < RATE // 50:
        return -1, 0.0
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 18)) ** 2
    pitch = np.arange(len(power)) * RATE / (1 << 18)
    loudest = float(pitch[power.argmax()])
    number = round((loudest - _LOWEST) / _STEP)
    beside = power[(np.abs(pitch - loudest) > 5 * RATE / len(sound)) & (pitch > 100)]
    if abs(loudest - _LOWEST - _STEP * number) > 3 or beside.max(initial=0) > 0.1 * power.max():
        return -1, 0.0
    windows = sound[: len(sound) // 24 * 24].reshape(-1, 24)
    return number, float((np.abs(windows).max(axis=1) > 0.05).sum() * 24 / RATE)


def make_session(prompts: int, seed: int, begins: float = 1.0) -> MarkedSession:
    """A session with random next, redo, skip, back, discard, second answers and pauses; every third answer begins before its key."""
    drawn = random.Random(seed)
    session = MarkedSession([f"m{number:03d}" for number in range(prompts)])
    sitting = Sitting(session.topics)
    sitting.begin()
    now, number = 0.0, 0  # `now`: when the key before was pressed
    free = begins  # nothing sounds from here on

    def press(second: float, key: str) -> None:
        nonlocal now
        session.keys.append((round(second, 4), key))
        sitting.press(key)
        now = round(second, 4)

    while not sitting.done:
        topic = session.topics[sitting.view.place or 0]
        key = drawn.choices(["next", "redo", "skip", "back", "discard", "second", "alternative", "pause"], [60, 9, 6, 5, 5, 3, 3, 5])[0]
        if key == "pause":
            press(max(now, free) + drawn.uniform(0.4, 0.6), "pause")
            session.chatter.append((now + 0.5, now + 1.2))
            press(now + drawn.uniform(1.8, 2.2), "pause")
            free = now - 0.35
            continue
        if key in ("skip", "back"):
            if key == "skip" or (sitting.view.place or 0) > 0:
                press(max(now, free) + drawn.uniform(0.4, 0.9), key)
                free = max(free, now - 0.35)
            continue
        early = drawn.random() < 0.35 and now > 0
        onset = max(free + 0.06, now - (EARLY if drawn.random() < 0.5 else drawn.uniform(0, EARLY))) if early else max(now, free) + drawn.uniform(0.25, 0.8)
        length = drawn.uniform(0.35, 0.7)
        session.answers.append(Answer(number, topic, round(onset, 4), round(onset + length, 4), key != "discard"))
        number += 1
        free = onset + length
        press(max(now + 0.5, free + drawn.uniform(0.38, 0.8)), key)
    session.seconds = round(now + 0.8, 4)
    return session
