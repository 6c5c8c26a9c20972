"""Vectors for stored segments and texts that have none yet: one encoder run a segment, as many workers as cores, resumable.

Transcription leaves vectors behind by itself; this is for a second model, an early-exit twin, or segments a person typed.
Runs on the caller's thread; the workers are its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from fieldapp.bulk.embedding import Embeddings
from fieldapp.bulk.transcription import Progress, Sound
from fieldapp.errors import AudioError
from fieldapp.model import Recording, Segment, Space, Span
from fieldapp.speech.bulk import cut
from fieldapp.speech.embed import F32, Embedded, embedded, speech_steps
from fieldapp.speech.finals import states_of
from fieldapp.speech.manifest import Manifest, identity
from fieldapp.speech.recogniser import RATE, Recogniser
from fieldapp.speech.vad import VoiceActivity
from fieldapp.store import spaces, vectors
from fieldapp.store.rows import utc_now
from fieldapp.store.segments import segments
from fieldapp.store.sessions import recordings
from fieldapp.store.store import Store

_TEXTS = 256

Heard = tuple[Segment, Embedded | None]


@dataclass(slots=True)
class Listened:
    """What was done: segments that got vectors, those without sound, what could not be read, new heads."""

    embedded: int = 0
    silent: int = 0
    troubles: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    speech_seconds: float = 0.0
    seconds: float = 0.0


def listen(store: Store, recogniser: Recogniser, home: Embeddings, sound: Sound, workers: int, progress: Progress, *, own_heads: bool = True) -> Listened:
    """Give every segment that lacks them its vectors and frames. Cancelled keeps what is done."""
    outcome, began = Listened(), time.monotonic()
    wanted = set(home.lacking(store.reader()))
    masters = [recording for recording in recordings(store.reader()) if recording.master is None and recording.state != "recording"]
    work = [(master, waiting) for master in masters if (waiting := [s for s in segments(store.reader(), master.id) if s.id in wanted])]
    rates = {segment.id: master.rate for master, waiting in work for segment in waiting}
    total = sum(segment.span.seconds(master.rate) for master, waiting in work for segment in waiting) or 1.0
    for segment, heard in _hear_all(recogniser, _pieces(work, sound, outcome), workers):
        outcome.speech_seconds += segment.span.seconds(rates[segment.id])
        if heard is None:
            outcome.silent += 1
        else:
            outcome.embedded += store.do(lambda tx, s=segment, h=heard: home.put(tx, s, h), remade=True)  # type: ignore[misc]
        progress(min(1.0, outcome.speech_seconds / total), f"{outcome.speech_seconds / 60:.1f} of {total / 60:.1f} min of speech")
    if own_heads:
        outcome.heads = home.renew_heads(store)
    else:
        home.fill_up(store)
    outcome.seconds = time.monotonic() - began
    return outcome


def embed_texts(store: Store, encode: Callable[[Sequence[str]], F32], manifest: Manifest, width: int, tier: str, progress: Progress) -> tuple[Space, int]:
    """Give every text of a tier that is new or has changed its vector; the space, and how many there were."""
    space = store.do(lambda tx: spaces.ensure_space(tx, kind=f"text:{tier}", model=identity(manifest), dims=width))
    as_of = utc_now()  # a text that changes from now on has to be read again
    waiting = vectors.lacking_text(store.reader(), space, tier)
    for start in range(0, len(waiting), _TEXTS):
        some = waiting[start : start + _TEXTS]
        made = encode([text for _, text in some])
        rows = [(segment, vector) for (segment, _), vector in zip(some, made)]
        store.do(lambda tx, rows=rows: vectors.put_vectors(tx, space, rows, as_of=as_of), remade=True)  # type: ignore[misc]
        progress((start + len(some)) / len(waiting), f"{start + len(some)} of {len(waiting)} texts")
    return space, len(waiting)


def _pieces(work: list[tuple[Recording, list[Segment]]], sound: Sound, outcome: Listened) -> Iterator[tuple[Segment, F32]]:
    for master, waiting in work:
        spans = [Span(segment.span.start * RATE // master.rate, segment.span.stop * RATE // master.rate) for segment in waiting]
        try:
            yield from zip(waiting, cut(sound(master), spans))
        except AudioError as trouble:  # its other segments go on lacking vectors
            outcome.troubles.append(str(trouble))


def _hear(recogniser: Recogniser, segment: Segment, audio: F32) -> Heard:
    if not len(audio):
        return segment, None
    states = states_of(recogniser, audio)
    return segment, embedded(states, speech_steps(VoiceActivity().push(audio), len(states))) if len(states) else None


def _hear_all(recogniser: Recogniser, pieces: Iterator[tuple[Segment, F32]], workers: int) -> Iterator[Heard]:
    """In the order they are done; only a few pieces are in memory at a time."""
    running: set[Future[Heard]] = set()
    with ThreadPoolExecutor(workers, thread_name_prefix="embed") as pool:
        try:
            for segment, audio in pieces:
                running.add(pool.submit(_hear, recogniser, segment, audio))
                if len(running) >= 2 * workers:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            for future in running:
                future.cancel()
