"""A fieldbook whose vectors are made by rule: meaning, voice and noise, each of known strength; and a text encoder that fits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fieldapp.model import Annotation, AnnotationId, Consent, ConsentId, Person, PersonId, Recording, RecordingId, Segment, SegmentId, Space, Span, new_id
from fieldapp.speech.embed import F32, unit
from fieldapp.store import consent, people, segments, sessions, spaces, texts, vectors
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

WIDTH, DIMS, HIDDEN, VOICES = 24, 16, 6, 3
MODEL = "ear@1"
SPEAKERS = ("A1", "A2", "A3", "A4", "B1", "B2", "B3", "B4")


def _noise(name: str, size: int) -> F32:
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).standard_normal(size).astype(np.float32)


_TO_SOUND = _noise("sound", HIDDEN * WIDTH).reshape(HIDDEN, WIDTH)
_OF_VOICE = _noise("voice", VOICES * WIDTH).reshape(VOICES, WIDTH)
_TO_TEXT = _noise("text", HIDDEN * DIMS).reshape(HIDDEN, DIMS)


def encode(written: Sequence[str]) -> F32:
    """The text encoder: what a text means, turned; always the same for the same text."""
    return unit(np.stack([_noise(text, HIDDEN) @ _TO_TEXT for text in written]))


def heard(text: str, speaker: str, *, voice: float = 3.0, noise: float = 0.5) -> F32:
    """The raw vector of somebody saying something."""
    return unit(_noise(text, HIDDEN) @ _TO_SOUND + voice * _noise(speaker, VOICES) @ _OF_VOICE + noise * _noise(f"{text} {speaker}", WIDTH) + 3)


def make(folder: Path, *, speakers: Sequence[str] = SPEAKERS, meanings: int = 60, allowed: bool = True, meaningful: bool = True) -> Store:
    """Everybody says everything; the first letter of a speaker is the variety."""
    store = Store.create(folder, "Adapt")

    def work(tx: Transaction) -> None:
        session = sessions.ensure_session(tx, "one")
        master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/one.wav", rate=16000, channels=1, bits=16, frames=1 << 30)
        sessions.add_recording(tx, master)
        raw = spaces.ensure_space(tx, kind="meaning", model=MODEL, dims=WIDTH)
        at = 0
        for code in speakers:
            person = Person(id=PersonId(new_id()), code=code)
            people.add_person(tx, person)
            variety = people.ensure_variety(tx, code[0])
            if allowed:
                consent.give(tx, Consent(id=ConsentId(new_id()), person=person.id, purpose="train", allowed=True, given="2026-01-01"))
            for number in range(meanings):
                said = Segment(id=SegmentId(new_id()), recording=master.id, span=Span(at, at + 8000), speaker=person.id, variety=variety.id)
                said = replace(said, meaning_id=f"m{number:03d}")
                at += 10000
                segments.add_segments(tx, [said])
                texts.add_texts(tx, [Annotation(id=AnnotationId(new_id()), segment=said.id, tier="translation", text=f"word {number}", language="en")])
                vector = heard(f"word {number}" if meaningful else f"noise {number} {code}", code)
                vectors.put_vectors(tx, raw, [(said.id, vector)])

    store.do(work)
    return store


def raw_space(store: Store) -> Space:
    return next(space for space in spaces.spaces(store.reader(), "meaning", MODEL) if not space.head)
