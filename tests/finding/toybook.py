"""A fieldbook whose sounds are known: each meaning is a melody of encoder states, each speaker sings it in a colour of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldapp.bulk.embedding import Embeddings
from fieldapp.finding.voice import Heard
from fieldapp.model import Annotation, AnnotationId, Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.speech.embed import Embedded, embedded
from fieldapp.store import people, segments, sessions, texts, vectors
from fieldapp.store.spaces import ensure_space
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

F32 = NDArray[np.float32]
WIDTH, STEPS, RATE = 32, 40, 48_000
MODEL = "toy"
TEXT_MODEL = "toy-text"
VARIETIES = ("Wu", "Hakka", "Yue")


def melody(meaning: int, steps: int = STEPS) -> F32:
    """What everybody's states for a meaning have in common."""
    random = np.random.default_rng(1000 + meaning)
    notes = (random.standard_normal(WIDTH) + random.standard_normal((8, WIDTH))).astype(np.float32)
    return np.repeat(notes, -(-steps // 8), axis=0)[:steps]


def states(meaning: int, speaker: int, *, before: int = 0, after: int = 0, seed: int = 0) -> F32:
    """An utterance, with other talk before and after the meaning."""
    random = np.random.default_rng((meaning, speaker, seed))
    colour = np.random.default_rng(5000 + speaker).standard_normal(WIDTH) * 0.4
    talk = [random.standard_normal((length, WIDTH)) for length in (before, after)]
    sung = np.concatenate([talk[0], melody(meaning), talk[1]])
    return np.asarray(sung + colour + 0.3 * random.standard_normal(sung.shape) + 2.0, np.float32)  # 2.0: what all frames share


def sound(meaning: int, speaker: int, seed: int = 0) -> Embedded:
    return embedded(states(meaning, speaker, seed=seed))


def voice(meaning: int, speaker: int = 77) -> Heard:
    """Somebody who is not in the fieldbook says it."""
    return Heard(MODEL, -1, sound(meaning, speaker, seed=9), STEPS / 50)


def text_vector(meaning: int) -> F32:
    return np.random.default_rng(9000 + meaning).standard_normal(16).astype(np.float32)


def understand(given: Sequence[str]) -> F32:
    """A sentence encoder that knows 'meaning 7' and its synonym 'the 7th'."""
    return np.stack([text_vector(int("".join(filter(str.isdigit, text)) or 0)) for text in given])


@dataclass
class Toy:
    """The fieldbook and who said what."""

    store: Store
    master: RecordingId
    said: dict[tuple[int, int], SegmentId] = field(default_factory=dict)

    def add(self, meaning: int, speaker: int, made: Embedded | None = None, *, name: str = "", seconds: float = STEPS / 50, label: bool = True) -> SegmentId:
        """One more segment, with its vectors and frames if it was heard."""
        start = len(self.said) * RATE

        def work(tx: Transaction) -> SegmentId:
            person, variety = people.ensure_person(tx, f"S{speaker}"), people.ensure_variety(tx, VARIETIES[speaker % len(VARIETIES)])
            row = Segment(
                id=SegmentId(new_id()),
                recording=self.master,
                span=Span(start, start + round(seconds * RATE)),
                speaker=person.id,
                variety=variety.id,
                meaning_id=f"m{meaning}" if label else "",
                state="draft",
            )
            segments.add_segments(tx, [row])
            texts.add_texts(tx, [Annotation(id=AnnotationId(new_id()), segment=row.id, tier="translation", text=name or f"meaning {meaning}")])
            return row.id

        identity = self.store.do(work)
        if made is not None:
            home = Embeddings.open(self.store, MODEL, WIDTH)
            row = segments.segment(self.store.reader(), identity)
            self.store.do(lambda tx: home.put(tx, row, made))
        self.said[meaning, speaker] = identity
        return identity


def toy(folder: Path, meanings: Iterable[int] = range(8), speakers: Iterable[int] = range(3), *, heard: bool = True) -> Toy:
    """A fieldbook in which every speaker says every meaning once."""
    store = Store.create(folder, "toy")

    def work(tx: Transaction) -> RecordingId:
        session = sessions.ensure_session(tx, "toy")
        master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/toy.wav", rate=RATE, channels=1, bits=24, frames=1 << 30)
        sessions.add_recording(tx, master)
        return master.id

    made = Toy(store, store.do(work))
    speakers = list(speakers)
    for meaning in meanings:
        for speaker in speakers:
            made.add(meaning, speaker, sound(meaning, speaker) if heard else None)
    return made


def with_texts(made: Toy, tier: str = "translation") -> None:
    """Vectors of all translations, as `fieldapp embed` makes them."""

    def work(tx: Transaction) -> None:
        space = ensure_space(tx, kind=f"text:{tier}", model=TEXT_MODEL, dims=16)
        vectors.put_vectors(tx, space, [(segment, text_vector(meaning)) for (meaning, _), segment in made.said.items()])

    made.store.do(work)
