"""What encoding and decoding with a model costs on this machine, and whether it can keep up with a speaker. Any thread; waits."""

from __future__ import annotations

import statistics
import time
from dataclasses import asdict, dataclass

import numpy as np

from fieldapp.speech.guards import GuardRules, token_limit
from fieldapp.speech.live import FINALS_ONLY, FOLLOW, QUICK_FIRST
from fieldapp.speech.manifest import Context
from fieldapp.speech.recogniser import F32, RATE
from fieldapp.speech.whisper import Whisper

LENGTHS = (1.0, 2.0, 5.0, 10.0, 30.0)
LIVE_SECONDS = 0.9  # for 5 s of speech and 20 tokens: text follows the speaker
LATE_SECONDS = 2.0  # text comes, but late
TOKENS = 20
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of encoding by seconds of audio, milliseconds a token, seconds for a typical final, and the verdict."""

    encode_ms: dict[str, float]
    token_ms: float
    final_seconds: float
    verdict: str

    def row(self) -> dict[str, object]:
        """As it is printed and kept."""
        return asdict(self)


def measure(model: Whisper) -> Cost:
    """Medians of a few rounds on noise; language and text do not matter for the cost."""
    noise = np.random.default_rng(0).standard_normal(round(LENGTHS[-1] * RATE)).astype(np.float32) * 0.05
    model.rehearse()
    encoding = {f"{seconds:g}": round(1000 * _encode_seconds(model, noise[: round(seconds * RATE)]), 1) for seconds in LENGTHS}
    token = _token_seconds(model, noise[: 5 * RATE])
    final = round(encoding["5"] / 1000 + TOKENS * token, 3)
    return Cost(encoding, round(1000 * token, 2), final, verdict(final))


def verdict(final_seconds: float) -> str:
    """What a final of this cost is good for."""
    if final_seconds < LIVE_SECONDS:
        return "live"
    return "late" if final_seconds < LATE_SECONDS else "afterwards"


def pace(final_seconds: float, quick_seconds: float | None) -> str:
    """How a model of this cost follows a speaker, and with a quicker one beside it."""
    if verdict(final_seconds) == "live":
        return FOLLOW
    if quick_seconds is not None and verdict(quick_seconds) == "live":
        return QUICK_FIRST
    return FOLLOW if verdict(final_seconds) == "late" else FINALS_ONLY


def _encode_seconds(model: Whisper, audio: F32) -> float:
    spent = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        model.frames(model.encode([audio], Context("flexible", 0.0)))
        spent.append(time.perf_counter() - begun)
    return statistics.median(spent)


def _token_seconds(model: Whisper, audio: F32) -> float:
    """From two lengths of text, so that what comes before the first token does not count. Other work can only add to either: the quickest of each."""
    encoded = model.encode([audio], Context("flexible", 0.0))
    language = "en" if model.knows("en") else next(iter(model.manifest.languages), "en")
    longest = token_limit(len(audio), GuardRules())

    def decode(limit: int) -> tuple[float, int]:
        begun = time.perf_counter()
        made = model.generate(encoded, [language], task="transcribe", beam=1, limits=[limit])[0]
        return time.perf_counter() - begun, len(made.tokens)

    return _each_token(min(decode(2) for _ in range(_ROUNDS)), min(decode(longest) for _ in range(_ROUNDS)))


def _each_token(short: tuple[float, int], long: tuple[float, int]) -> float:
    """A model that ends its text early leaves nothing to subtract; then the first step is counted with the others."""
    if long[1] > short[1]:
        return max(0.0, long[0] - short[0]) / (long[1] - short[1])
    return long[0] / max(1, long[1])
