"""The rules by which a closed segment becomes text, the same live and in bulk: one look, guards, at most one padded second look.

Pure but for the recogniser that is handed in. Text that the guards refuse is not kept: the segment stays, without words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fieldapp.speech.guards import Fault, GuardRules, judge, may_retry, reason, token_limit
from fieldapp.speech.manifest import WINDOW_SECONDS, Context
from fieldapp.speech.recogniser import F32, RATE, Decoded, Recogniser, Word

PADDED = Context("padded", 0.0)
LONGEST = int((WINDOW_SECONDS - 2.0) * RATE)  # a longer segment is read in parts
FADE = RATE // 10
TRANSLATE = "translate"


@dataclass(frozen=True, slots=True)
class FinalRules:
    """How finals are made. `language` empty: detected for each segment. `translate`: an English translation too, from the same encoder run."""

    language: str = ""
    task: str = "transcribe"
    translate: bool = False
    beam: int = 1
    words: bool = False
    retry: bool = True
    guards: GuardRules = field(default_factory=GuardRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What became of a segment. `text` is empty when nothing may stand; `fault` then says why.

    `translation` is there when it was wanted and the guards let it stand. `frames` are the encoder's states over the segment's
    own audio, for vectors: nothing needs to be encoded again.
    """

    text: str
    language: str
    model: str
    avg_logprob: float = 0.0
    fault: Fault = Fault.NOTHING
    words: tuple[Word, ...] = ()
    translation: str = ""
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
    return look_at_all(recogniser, [audio], rules, context)[0]


def look_at_all(recogniser: Recogniser, rows: Sequence[F32], rules: FinalRules, context: Context) -> list[Utterance]:
    """The same for several rows in one batch; the shorter ones get silence up to the longest."""
    encoded = recogniser.encode(rows, context)
    languages = [rules.language] * len(rows) if rules.language else [language for language, _ in recogniser.detect_language(encoded)]
    limits = [token_limit(len(row), rules.guards) for row in rows]
    decoded = recogniser.generate(encoded, languages, task=rules.task, beam=rules.beam, limits=limits)
    meant = recogniser.generate(encoded, languages, task=TRANSLATE, beam=rules.beam, limits=limits) if rules.translate else [None] * len(rows)
    wanted = rules.words and not any(judge(row, rules.guards) for row in decoded)  # whoever wants words comes with one row
    words = recogniser.align(encoded, decoded, rules.task) if wanted else [()] * len(rows)
    every = zip(decoded, meant, words, recogniser.frames(encoded), strict=True)
    return [_utterance(recogniser.manifest.name, *each, rules.guards) for each in every]


def wants_second_look(utterance: Utterance, rules: FinalRules, context: Context) -> bool:
    """Whether full padding could mend the text."""
    return rules.retry and context.second_look and not utterance.retried and context.policy == "flexible" and may_retry(utterance.fault)


def second_look(recogniser: Recogniser, audio: F32, rules: FinalRules, first: Utterance) -> Utterance:
    """Look again, padded to 30 s; the vectors stay those of the first look."""
    return replace(look(recogniser, audio, rules, PADDED), frames=first.frames, retried=True)


def settled(utterance: Utterance) -> Utterance:
    """The last word: what is still doubted loses its text."""
    return utterance if not utterance.fault else replace(utterance, text="", words=(), translation="")


def transcribe(recogniser: Recogniser, audio: F32, rules: FinalRules, context: Context) -> Utterance:
    """A whole segment of any length, settled."""
    if not len(audio):
        return Utterance(text="", language=rules.language, model=recogniser.manifest.name, fault=Fault.SILENCE)
    if len(audio) > LONGEST:
        parts = cut_quietly(audio)
        return _joined([transcribe(recogniser, part, rules, context) for part in parts], [len(part) for part in parts])
    return _with_second_look(recogniser, audio, rules, context, look(recogniser, audio, rules, context))


def transcribe_together(recogniser: Recogniser, rows: Sequence[F32], rules: FinalRules, context: Context) -> list[Utterance]:
    """Several segments, each of which fits into a window, in one batch; settled."""
    looks = look_at_all(recogniser, rows, rules, context)
    return [_with_second_look(recogniser, audio, rules, context, utterance) for audio, utterance in zip(rows, looks)]


def _with_second_look(recogniser: Recogniser, audio: F32, rules: FinalRules, context: Context, utterance: Utterance) -> Utterance:
    if wants_second_look(utterance, rules, context):
        utterance = second_look(recogniser, audio, rules, utterance)
    return settled(utterance)


def states_of(recogniser: Recogniser, audio: F32) -> F32:
    """The encoder's states over a segment of any length, for vectors without text."""
    parts = [audio] if len(audio) <= LONGEST else cut_quietly(audio)
    return np.concatenate([recogniser.frames(recogniser.encode([part], recogniser.manifest.live))[0] for part in parts])


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


def _utterance(model: str, decoded: Decoded, meant: Decoded | None, words: tuple[Word, ...], frames: F32, rules: GuardRules) -> Utterance:
    fault = judge(decoded, rules)
    return Utterance(
        text=decoded.text,
        language=decoded.language,
        model=model,
        avg_logprob=decoded.avg_logprob,
        fault=fault,
        words=words,
        translation=meant.text if meant and not judge(meant, rules) else "",
        frames=frames,
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
        translation=" ".join(part.translation for part in spoken if part.translation),
        words=tuple(word.shifted(int(offset)) for part, offset in zip(parts, offsets) for word in part.words),
        frames=np.concatenate([part.frames for part in parts if part.frames is not None]),
        retried=any(part.retried for part in parts),
        tokens=tokens,
    )
