"""The rules by which a closed segment becomes text, the same live and in bulk: one look, guards, at most one padded second look.

Pure but for the recogniser that is handed in. Text that the guards refuse is not kept: the segment stays, without words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from fieldapp.speech.guards import Fault, GuardRules, judge, may_retry, reason, token_limit
from fieldapp.speech.manifest import WINDOW_SECONDS, Context
from fieldapp.speech.recogniser import F32, RATE, Decoded, Encoded, Recogniser, Word

PADDED = Context("padded", 0.0)
LONGEST = int((WINDOW_SECONDS - 2.0) * RATE)  # a longer segment is read in parts
FADE = RATE // 10


@dataclass(frozen=True, slots=True)
class FinalRules:
    """How finals are made. `language` empty: detected for each segment."""

    language: str = ""
    task: str = "transcribe"
    beam: int = 1
    words: bool = False
    retry: bool = True
    guards: GuardRules = field(default_factory=GuardRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What became of a segment. `text` is empty when nothing may stand; `fault` then says why.

    `frames` are the encoder's states over the segment's own audio, for vectors: nothing needs to be encoded again.
    """

    text: str
    language: str
    model: str
    avg_logprob: float = 0.0
    fault: Fault = Fault.NOTHING
    words: tuple[Word, ...] = ()
    frames: F32 | None = None
    retried: bool = False
    tokens: int = 0

    @property
    def confidence(self) -> float:
        """The geometric mean of the token probabilities."""
        return math.exp(min(0.0, self.avg_logprob))

    @property
    def reason(self) -> str:
        """Why there is no text, in words."""
        return reason(self.fault)


def look(recogniser: Recogniser, audio: F32, rules: FinalRules, context: Context) -> Utterance:
    """One encoder run over the audio and everything that follows from it. A doubted text is still in it."""
    encoded = recogniser.encode([audio], context)
    language = rules.language or recogniser.detect_language(encoded)[0][0]
    decoded = recogniser.generate(encoded, [language], task=rules.task, beam=rules.beam, limits=[token_limit(len(audio), rules.guards)])[0]
    return _utterance(recogniser, encoded, decoded, rules)


def wants_second_look(utterance: Utterance, rules: FinalRules, context: Context) -> bool:
    """Whether full padding could mend the text."""
    return rules.retry and not utterance.retried and context.policy == "flexible" and may_retry(utterance.fault)


def second_look(recogniser: Recogniser, audio: F32, rules: FinalRules, first: Utterance) -> Utterance:
    """Look again, padded to 30 s; the vectors stay those of the first look."""
    return replace(look(recogniser, audio, rules, PADDED), frames=first.frames, retried=True)


def settled(utterance: Utterance) -> Utterance:
    """The last word: what is still doubted loses its text."""
    return utterance if not utterance.fault else replace(utterance, text="", words=())


def transcribe(recogniser: Recogniser, audio: F32, rules: FinalRules, context: Context) -> Utterance:
    """A whole segment of any length, settled."""
    if not len(audio):
        return Utterance(text="", language=rules.language, model=recogniser.manifest.name, fault=Fault.SILENCE)
    if len(audio) > LONGEST:
        parts = cut_quietly(audio)
        return _joined([transcribe(recogniser, part, rules, context) for part in parts], [len(part) for part in parts])
    utterance = look(recogniser, audio, rules, context)
    if wants_second_look(utterance, rules, context):
        utterance = second_look(recogniser, audio, rules, utterance)
    return settled(utterance)


def cut_quietly(audio: F32) -> list[F32]:
    """Parts that fit into a window, cut where it is quietest near the even division."""
    count = -(-len(audio) // (LONGEST - 2 * RATE))
    cuts = [0]
    for number in range(1, count):
        middle = len(audio) * number // count
        low = max(cuts[-1] + FADE, middle - RATE)
        energy = np.convolve(audio[low : middle + RATE] ** 2, np.ones(FADE), "valid")
        cuts.append(low + int(energy.argmin()) + FADE // 2)
    return [audio[start:stop] for start, stop in zip(cuts, [*cuts[1:], len(audio)])]


def _utterance(recogniser: Recogniser, encoded: Encoded, decoded: Decoded, rules: FinalRules) -> Utterance:
    fault = judge(decoded, rules.guards)
    return Utterance(
        text=decoded.text,
        language=decoded.language,
        model=recogniser.manifest.name,
        avg_logprob=decoded.avg_logprob,
        fault=fault,
        words=recogniser.align(encoded, [decoded], rules.task)[0] if rules.words and not fault else (),
        frames=recogniser.frames(encoded)[0],
        tokens=len(decoded.tokens),
    )


def _joined(parts: list[Utterance], lengths: list[int]) -> Utterance:
    """Parts of one long segment as one utterance; a part without words leaves a gap, not a fault."""
    offsets = np.cumsum([0, *lengths[:-1]])
    spoken = [part for part in parts if part.text]
    faults = Fault.NOTHING if spoken else parts[0].fault
    tokens = sum(part.tokens for part in parts)
    return Utterance(
        text=" ".join(part.text for part in spoken),
        language=parts[0].language,
        model=parts[0].model,
        avg_logprob=sum(part.avg_logprob * part.tokens for part in spoken) / max(1, sum(part.tokens for part in spoken)),
        fault=faults,
        words=tuple(word.shifted(int(offset)) for part, offset in zip(parts, offsets) for word in part.words),
        frames=np.concatenate([part.frames for part in parts if part.frames is not None]),
        retried=any(part.retried for part in parts),
        tokens=tokens,
    )
