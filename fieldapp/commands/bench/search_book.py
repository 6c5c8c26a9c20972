"""A synthetic fieldbook to search by vectors: words said by voices, each segment with a text and a vector of 256 numbers.

A vector is its word, its speaker and chance, added up. With a falling spectrum the first numbers carry most, as a trained head makes
them; with a flat one all carry the same, as whitening makes them. Queries are known words by voices that are not in the fieldbook.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldapp.commands import Progress
from fieldapp.commands.bench.words_book import Language
from fieldapp.model import Annotation, AnnotationId, PersonId, Recording, RecordingId, Segment, SegmentId, Space, Span, new_id
from fieldapp.store import people, segments, sessions, spaces, texts, vectors
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

F32 = NDArray[np.float32]
DIMS = 256
SPEAKERS = 100  # a hundredth of the segments each
TAKES = 20  # segments a word, on average
PER_SESSION = 500
_BATCH = 20_000


class Voices:
    """The vectors: always the same for the same number of segments and spectrum."""

    def __init__(self, count: int, *, flat: bool) -> None:
        chance = np.random.default_rng(20261121)
        self._weights = np.arange(1, DIMS + 1, dtype=np.float32) ** (0.0 if flat else -0.5)
        self._speakers = self._draw(chance, SPEAKERS)
        self._words = self._draw(chance, max(1, count // TAKES))

    def said(self, start: int, count: int) -> F32:
        """Vectors of so many segments; the n-th is said by speaker n modulo SPEAKERS."""
        chance = np.random.default_rng(start)
        who = np.arange(start, start + count) % SPEAKERS
        return self._mixed(chance, self._speakers[who], self._words[chance.integers(0, len(self._words), count)])

    def queries(self, count: int) -> F32:
        """Known words by new voices."""
        chance = np.random.default_rng(7)
        return self._mixed(chance, self._draw(chance, count), self._words[chance.integers(0, len(self._words), count)])

    def _draw(self, chance: np.random.Generator, count: int) -> F32:
        return chance.standard_normal((count, DIMS), np.float32) * self._weights

    def _mixed(self, chance: np.random.Generator, speakers: F32, words: F32) -> F32:
        made = words + np.float32(0.7) * speakers + np.float32(0.6) * self._draw(chance, len(words))
        unit: F32 = made / np.linalg.norm(made, axis=1, keepdims=True)
        return unit


def build(folder: Path, count: int, voices: Voices, progress: Progress) -> None:
    """A fieldbook of `count` segments with a text and a vector each."""
    chance = random.Random(20261121)
    han = Language(chance, [chr(0x4E00 + place) for place in range(3000)], (1, 2, 2, 3), 20_000, "")
    with Store.create(folder, "A synthetic fieldbook") as store:
        speakers = store.do(lambda tx: [people.ensure_person(tx, f"W{place}").id for place in range(SPEAKERS)])
        store.do(make_space)
        for start in range(0, count, _BATCH):
            size = min(_BATCH, count - start)
            said = voices.said(start, size)

            def work(tx: Transaction, start: int = start, size: int = size, said: F32 = said) -> None:
                made = [
                    segment for at in range(start, start + size, PER_SESSION) for segment in _session(tx, at, min(PER_SESSION, start + size - at), speakers)
                ]
                texts.add_texts(tx, (_text(segment.id, han.sentence()) for segment in made))
                vectors.put_vectors(tx, make_space(tx), zip((segment.id for segment in made), said))
                tx.db.execute("DELETE FROM word_stale")  # nobody searches it by words: their index would take longer than all the rest

            store.do(work, remade=True)
            progress((start + size) / count, f"writing segments {start + size:,} of {count:,}")


def make_space(tx: Transaction) -> Space:
    """The space of the synthetic vectors."""
    return spaces.ensure_space(tx, kind="meaning", model="synthetic", head="trained", dims=DIMS)


def add_one(tx: Transaction, recording: RecordingId, vector: F32) -> SegmentId:
    """A new segment with its vector."""
    made = Segment(id=SegmentId(new_id()), recording=recording, span=Span(0, 48_000), state="draft")
    segments.add_segments(tx, [made])
    vectors.put_vectors(tx, make_space(tx), [(made.id, vector)])
    return made.id


def _session(tx: Transaction, at: int, size: int, speakers: list[PersonId]) -> list[Segment]:
    session = sessions.ensure_session(tx, f"session{at // PER_SESSION:05}")
    path = f"audio/session{at // PER_SESSION:05}.wav"
    recording = Recording(id=RecordingId(new_id()), session=session.id, path=path, rate=48_000, channels=1, bits=24, frames=size * 96_000)
    sessions.add_recording(tx, recording)
    made = [
        Segment(
            id=SegmentId(new_id()),
            recording=recording.id,
            span=Span(96_000 * place, 96_000 * place + 90_000),
            speaker=speakers[(at + place) % SPEAKERS],
            state="checked",
        )
        for place in range(size)
    ]
    segments.add_segments(tx, made)
    return made


def _text(segment: SegmentId, text: str) -> Annotation:
    return Annotation(id=AnnotationId(new_id()), segment=segment, tier="transcription", text=text)
