"""Fieldbooks for query by example: what a model heard once becomes segments, and voices that ask. Used by `example.py`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fieldapp.bulk.embedding import Embeddings
from fieldapp.commands import Progress
from fieldapp.commands.engine import current, model_folder
from fieldapp.finding.finder import Finder
from fieldapp.finding.modes import ask
from fieldapp.finding.question import Answer, Question
from fieldapp.finding.voice import Heard
from fieldapp.lab import hearing
from fieldapp.model import Annotation, AnnotationId, PersonId, Query, Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.speech.embed import F32, Embedded, embedded, pack, unit
from fieldapp.store import people, segments, sessions, texts, vectors
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fieldapp.lab.utterances import Selection
    from fieldapp.speech.heads import Head

HITS = 20
RATE = 16_000
SPEAKERS = 20  # of the large fieldbook
_BATCH = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Voices:
    """Recordings as the application keeps them, and as the lab compares them; the head that came with the model."""

    embedded: tuple[Embedded, ...]
    heard: hearing.Heard
    head: Head | None

    def query(self, row: int, mode: str, limit: int = HITS) -> Question:
        """A recording as a spoken query."""
        return Question(query=Query(mode=mode, limit=limit), heard=Heard(self.heard.name, self.heard.layer, self.embedded[row], 0.0))


def hear_all(model: str, device: str | None, sounds: Sequence[F32], progress: Progress) -> Voices:
    """One encoder run a recording."""
    from fieldapp.speech import whisper
    from fieldapp.speech.device import processor_cores
    from fieldapp.speech.finals import states_of
    from fieldapp.speech.manifest import identity

    folder = model_folder(model or current().model)
    recogniser = whisper.load(folder, device or current().compute_device, threads=1, workers=processor_cores())

    def one(audio: F32) -> Embedded:
        states = states_of(recogniser, audio)
        return embedded(states, hearing.spoken(audio, len(states)))

    made = []
    with ThreadPoolExecutor(processor_cores(), thread_name_prefix="hear") as pool:
        for number, found in enumerate(pool.map(one, sounds)):
            progress(number / len(sounds), "listening")
            made.append(found)
    head = recogniser.meaning
    meaning = np.stack([each.meaning for each in made])
    frames, sound = tuple(each.kept.states for each in made), np.stack([each.sound for each in made])
    manifest = recogniser.manifest
    heard = hearing.Heard(identity(manifest), manifest.exit_layer, frames, meaning, sound, head(meaning) if head else None)
    return Voices(tuple(made), heard, head)


def answers(selection: Selection, rows: Sequence[int], voices: Voices, place: Path, modes: Sequence[str], across: str) -> dict[str, NDArray[np.float64]]:
    """What the application answers, as scores [queries, candidates] by rank: each speaker (or variety) asks a fieldbook that holds the others."""
    owners = [selection.utterances[row].column(across) for row in rows]
    scores = {mode: np.full((len(rows), len(rows)), -np.inf) for mode in modes}
    for owner in dict.fromkeys(owners):
        others = [at for at, other in enumerate(owners) if other != owner]
        if not others:
            continue
        with Store.create(place / f"without{len(list(place.glob('*')))}", "query by example") as store:
            columns = _fill(store, selection, [rows[at] for at in others], voices)
            with Finder(store) as finder:
                for at, mode in itertools.product((at for at, own in enumerate(owners) if own == owner), modes):
                    for match in ask(finder, voices.query(rows[at], mode)).matches:
                        scores[mode][at, others[columns[match.hit.segment]]] = HITS - match.hit.rank
    return scores


def _fill(store: Store, selection: Selection, rows: Sequence[int], voices: Voices) -> dict[SegmentId, int]:
    """One segment a recording, with vectors, frames and the fieldbook's own heads; which place each segment has among the rows."""
    home = _spaces(store, voices)

    def work(tx: Transaction) -> list[Segment]:
        master = _master(tx)
        made = []
        for at, row in enumerate(rows):
            said = selection.utterances[row]
            speaker, variety = people.ensure_person(tx, said.speaker), people.ensure_variety(tx, said.variety or "unnamed")
            span = Span(at * RATE, (at + 1) * RATE)
            made.append(
                Segment(id=SegmentId(new_id()), recording=master, span=span, speaker=speaker.id, variety=variety.id, meaning_id=said.meaning, state="draft")
            )
        segments.add_segments(tx, made)
        for segment, row in zip(made, rows):
            home.put(tx, segment, voices.embedded[row])
        return made

    made = store.do(work)
    home.renew_heads(store)
    return {segment.id: at for at, segment in enumerate(made)}


def _spaces(store: Store, voices: Voices) -> Embeddings:
    home = _raw_spaces(store, voices)
    if voices.head:
        home.adopt(store, "meaning", voices.head)
    return home


def _raw_spaces(store: Store, voices: Voices) -> Embeddings:
    return Embeddings.open(store, voices.heard.name, voices.heard.meaning.shape[1], voices.heard.layer)


def _master(tx: Transaction) -> RecordingId:
    session = sessions.ensure_session(tx, "examples")
    master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/examples.wav", rate=RATE, channels=1, bits=16, frames=1 << 40)
    sessions.add_recording(tx, master)
    return master.id


@dataclass(frozen=True, slots=True)
class LargeBook:
    """A fieldbook of a given size, open for questions."""

    finder: Finder
    voices: Voices

    def ask(self, row: int, mode: str) -> Answer:
        """A whole answer."""
        return ask(self.finder, self.voices.query(row, mode))


@contextmanager
def large_book(voices: Voices, count: int, place: Path, progress: Progress) -> Iterator[LargeBook]:
    """The recordings again and again with vectors moved a little, each with a text, a speaker and a meaning, until there are so many segments.

    The head that came with the model is left out, so that what is near in meaning is ordered anew by frames, which is the slower way.
    """
    random = np.random.default_rng(0)
    with Store.create(place, "large") as store:
        home = _raw_spaces(store, voices)
        master = store.do(_master)
        named = store.do(lambda tx: [people.ensure_person(tx, f"S{number}").id for number in range(SPEAKERS)])
        packed = [pack(one.kept) for one in voices.embedded]
        for start in range(0, count, _BATCH):
            progress(start / count, f"{start} of {count} segments")
            numbers = range(start, min(start + _BATCH, count))

            def work(tx: Transaction, numbers: range = numbers) -> None:
                made = [_copy(number, len(packed), master, named) for number in numbers]
                segments.add_segments(tx, made)
                texts.add_texts(tx, [Annotation(id=AnnotationId(new_id()), segment=one.id, tier="translation", text=one.meaning_id) for one in made])
                for kind, raw in home.raw.items():
                    vectors.put_vectors(tx, raw, [(one.id, _moved(voices, number, kind, random)) for number, one in zip(numbers, made)])
                for number, one in zip(numbers, made):
                    kept = voices.embedded[number % len(packed)].kept
                    vectors.put_frames(tx, home.raw["meaning"], one.id, len(kept), kept.rate, packed[number % len(packed)])

            store.do(work)
        home.renew_heads(store)
        with Finder(store) as finder:
            yield LargeBook(finder, voices)


def _copy(number: int, examples: int, master: RecordingId, named: Sequence[PersonId]) -> Segment:
    example, again = number % examples, number // examples
    span = Span(number * RATE, (number + 1) * RATE)
    speaker = named[(example + again) % len(named)]
    return Segment(id=SegmentId(new_id()), recording=master, span=span, speaker=speaker, meaning_id=f"w{example}", state="draft")


def _moved(voices: Voices, number: int, kind: str, random: np.random.Generator) -> F32:
    one = voices.embedded[number % len(voices.embedded)]
    vector = one.sound if kind == "sound" else one.meaning
    return unit((vector + 0.2 * random.standard_normal(vector.shape) / np.sqrt(len(vector))).astype(np.float32))
