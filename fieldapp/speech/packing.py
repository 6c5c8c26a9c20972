"""Several segments in one 30 s window, for models that were trained on full windows: one encoder run serves them all.

Which words belong to which segment is read from the decoder's attention. Where that leaves a segment without words, or
the guards doubt the window, its segments are looked at one by one. Pure but for the recogniser that is handed in.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fieldapp.model import Span
from fieldapp.speech.features import WINDOW
from fieldapp.speech.finals import PADDED, FinalRules, Utterance, transcribe
from fieldapp.speech.guards import judge, token_limit
from fieldapp.speech.recogniser import F32, STEP, Recogniser, Word

ROOM = WINDOW - 25 * STEP  # half a second stays empty, so that the last word has an end
LOOK_AHEAD = 16


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment's audio under the caller's name for it."""

    key: str
    audio: F32


def pack(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Groups that fit into one window, filled well by looking a few segments ahead; each group in order."""
    source, waiting = iter(pieces), list[Piece]()
    while waiting := [*waiting, *itertools.islice(source, LOOK_AHEAD - len(waiting))]:
        group, left, room = [waiting[0]], list[Piece](), ROOM - _room_for(waiting[0])
        for piece in waiting[1:]:
            fits = _room_for(piece) <= room
            (group if fits else left).append(piece)
            room -= _room_for(piece) if fits else 0
        waiting = left
        yield group


def transcribe_window(recogniser: Recogniser, pieces: Sequence[Piece], rules: FinalRules) -> list[Utterance]:
    """Text for each piece of one window, by the same guards as anywhere."""
    if len(pieces) == 1:
        return [transcribe(recogniser, pieces[0].audio, rules, PADDED)]
    starts = list(itertools.accumulate((_room_for(piece) for piece in pieces), initial=0))
    row = np.zeros(starts[-1], np.float32)
    for piece, start in zip(pieces, starts):
        row[start : start + len(piece.audio)] = piece.audio
    encoded = recogniser.encode([row], PADDED)
    language = rules.language or recogniser.detect_language(encoded)[0][0]
    decoded = recogniser.generate(encoded, [language], task=rules.task, beam=rules.beam, limits=[token_limit(len(row), rules.guards)])[0]
    if judge(decoded, rules.guards):
        return [_alone(recogniser, piece, rules) for piece in pieces]
    words = recogniser.align(encoded, [decoded], rules.task)[0]
    frames = recogniser.frames(encoded)[0]
    found: list[Utterance] = []
    for piece, start, stop in zip(pieces, starts, starts[1:]):
        mine = [word for word in words if start <= (word.span.start + word.span.stop) // 2 < stop]
        text = "".join(word.text for word in mine).strip()
        if not text:
            found.append(_alone(recogniser, piece, rules))
            continue
        found.append(
            Utterance(
                text=text,
                language=language,
                model=recogniser.manifest.name,
                avg_logprob=decoded.avg_logprob,
                words=tuple(_within(word, start, len(piece.audio)) for word in mine) if rules.words else (),
                frames=frames[start // STEP : -(-(start + len(piece.audio)) // STEP)],
                tokens=len(decoded.tokens) * len(mine) // len(words),
            )
        )
    return found


def _alone(recogniser: Recogniser, piece: Piece, rules: FinalRules) -> Utterance:
    return transcribe(recogniser, piece.audio, rules, recogniser.manifest.live)


def _room_for(piece: Piece) -> int:
    return -(-len(piece.audio) // STEP) * STEP


def _within(word: Word, start: int, length: int) -> Word:
    begin, end = (min(max(0, at - start), length) for at in (word.span.start, word.span.stop))
    return Word(word.text, Span(begin, end))
