"""The fieldbook and the speech of the scripted hour: 100,000 segments in five recordings, one of ten hours, with people, sessions, consent and vectors.

The speech is the demo's sentences, which came with the program, with pauses between them; it is played into a virtual microphone.
"""

from __future__ import annotations

import csv
import itertools
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from fieldapp import paths
from fieldapp.audio.decode import open_audio
from fieldapp.bulk.embedding import Embeddings
from fieldapp.commands.bench.window import make_book
from fieldapp.model import Consent, ConsentId, Person, PersonId, Session, SessionId, Variety, VarietyId, new_id
from fieldapp.speech import whisper
from fieldapp.speech.models.binary import encoder_width
from fieldapp.store import consent, people, sessions, vectors
from fieldapp.store.rows import SEGMENT
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

F32 = NDArray[np.float32]
PEOPLE, VARIETIES, SESSIONS = 200, 40, 300
LANGUAGES = ("cmn", "yue", "hak", "wuu")
RATE, PAUSE_S = 48_000, 1.2
BATCH = 20_000
SPEAKER = "C1"
"""Of the demo; a voice the starter was trained with, so that text comes."""


def make(folder: Path, hours: float, segments: int, model: Path | None) -> None:
    """The fieldbook. With a model every segment gets a meaning vector of that model's space, so that neighbours are looked for among all of them."""
    make_book(folder, hours, segments)
    with Store.open(folder) as store:
        store.do(_people)
        if model is not None:
            home = Embeddings.of(store, whisper.load(model, "cpu", threads=1), encoder_width(model / "model.bin"))
            spaces = [space for space in home.headed if space.kind == "meaning"]
            known = [segment.id for segment in SEGMENT.each(store.reader(), "1")]
            chance = np.random.default_rng(1)
            for at, space in itertools.product(range(0, len(known), BATCH), spaces):
                some = known[at : at + BATCH]
                made = chance.standard_normal((len(some), space.dims), np.float32)
                store.do(partial(vectors.put_vectors, space=space, vectors=zip(some, made)))


def _people(tx: Transaction) -> None:
    """Whom a fieldbook of years knows."""
    varieties = [Variety(id=VarietyId(new_id()), name=f"Variety {n:02}", language=LANGUAGES[n % 4], place=f"Village {n}") for n in range(VARIETIES)]
    for variety in varieties:
        people.add_variety(tx, variety)
    known = [Person(id=PersonId(new_id()), code=f"P{n:03}", name=f"Speaker {n}", birth_year=1930 + n % 70) for n in range(PEOPLE)]
    for person in known:
        people.add_person(tx, person)
    for one, purpose in itertools.product((people.ensure_person(tx, "W1"), *known[::3]), ("archive", "share")):
        consent.give(tx, Consent(id=ConsentId(new_id()), person=one.id, purpose=purpose, allowed=True))
    for n in range(SESSIONS):
        session = Session(id=SessionId(new_id()), name=f"s{n:03}", date=f"20{10 + n % 16}-0{1 + n % 9}-1{n % 10}", variety=varieties[n % VARIETIES].id)
        sessions.add_session(tx, session)
        sessions.take_part(tx, session.id, known[n % PEOPLE].id)


def write_speech(path: Path, seconds: float) -> None:
    """What is said into the microphone: sentences of one speaker of the demo with pauses, over and over, in stereo."""
    with open_audio(paths.resource("demo", "sound", f"{SPEAKER}.opus")) as sound:
        said, rate = np.concatenate(list(sound.blocks()))[:, 0], sound.rate
    with paths.resource("demo", "cuts.csv").open(encoding="utf-8", newline="") as file:
        cuts = [(int(row["start"]), int(row["stop"])) for row in csv.DictReader(file) if row["speaker"] == SPEAKER and row["meaning_id"].startswith("s:")]
    pause, parts, length = np.zeros(round(PAUSE_S * RATE), np.float32), list[F32](), 0
    for start, stop in itertools.cycle(cuts):
        parts += [np.asarray(soxr.resample(said[start:stop], rate, RATE), np.float32), pause]
        length += len(parts[-2]) + len(pause)
        if length >= seconds * RATE:
            break
    one = np.concatenate(parts)
    soundfile.write(path, np.stack([one, one], axis=1), RATE, subtype="PCM_24")
