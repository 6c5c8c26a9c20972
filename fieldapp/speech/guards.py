"""Guards against loops and invented text: pure judgements on what a decoder said. Any thread."""

from __future__ import annotations

import enum
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from fieldapp.speech.recogniser import RATE, Decoded


class Fault(enum.Flag):
    """What is wrong with a text."""

    NOTHING = 0
    SILENCE = enum.auto()
    CAPPED = enum.auto()
    LOOP = enum.auto()
    COMPRESSIBLE = enum.auto()
    IMPROBABLE = enum.auto()


REASONS = {
    Fault.SILENCE: "no speech heard",
    Fault.CAPPED: "the text did not end",
    Fault.LOOP: "the text runs in a circle",
    Fault.COMPRESSIBLE: "the text repeats itself",
    Fault.IMPROBABLE: "the model is unsure",
}


@dataclass(frozen=True, slots=True)
class GuardRules:
    """When a text is doubted. People do say a word three times to be clear, so repetition alone must be long."""

    tokens_per_second: float = 12.0
    spare_tokens: int = 8
    compression: float = 2.4
    no_speech: float = 0.6
    avg_logprob: float = -1.0
    loop_rounds: int = 5
    loop_share: float = 0.5


def token_limit(samples: int, rules: GuardRules) -> int:
    """More tokens than this nobody says in that time."""
    return math.ceil(rules.tokens_per_second * samples / RATE) + rules.spare_tokens


def compression_ratio(text: str) -> float:
    """How much shorter zlib makes the text; loops compress well."""
    raw = text.encode("utf-8")
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0


def judge(decoded: Decoded, rules: GuardRules) -> Fault:
    """Everything that is wrong with the text; NOTHING when it may stand."""
    if not decoded.text.strip():
        return Fault.SILENCE
    if decoded.no_speech > rules.no_speech and decoded.avg_logprob < rules.avg_logprob:
        return Fault.SILENCE
    fault = Fault.NOTHING
    if decoded.capped:
        fault |= Fault.CAPPED
    if decoded.compression > rules.compression:
        fault |= Fault.COMPRESSIBLE
    if decoded.avg_logprob < rules.avg_logprob:
        fault |= Fault.IMPROBABLE
    if looped_share(decoded.tokens, rules.loop_rounds) >= rules.loop_share:
        fault |= Fault.LOOP
    return fault


def may_retry(fault: Fault) -> bool:
    """Whether a second look with full padding could help: silence stays silence."""
    return bool(fault) and Fault.SILENCE not in fault


def reason(fault: Fault) -> str:
    """The faults in words."""
    return ", ".join(text for kind, text in REASONS.items() if kind in fault)


def looped_share(tokens: Sequence[int], rounds: int) -> float:
    """The share of the tokens lying in the longest run of one n-gram said at least `rounds` times in a row."""
    longest = 0
    for size in range(1, len(tokens) // rounds + 1):
        run = 0
        for i in range(size, len(tokens)):
            run = run + 1 if tokens[i] == tokens[i - size] else 0
            if run >= size * (rounds - 1):
                longest = max(longest, run + size)
    return longest / len(tokens) if tokens else 0.0
