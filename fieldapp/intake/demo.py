"""The demo fieldbook, built on the spot from `resources/demo`: people, consents, prompt lists with pictures, one session a speaker, texts for some.

Everything goes the ways of any fieldbook: the sound is imported, the rest written as a person would have noted it. Runs on
the thread of whoever builds it.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from fieldapp.audio.decode import open_audio
from fieldapp.errors import Damaged
from fieldapp.intake.importing import Import
from fieldapp.intake.manifest import Row, Wanted
from fieldapp.model import (
    Annotation,
    AnnotationId,
    Consent,
    ConsentId,
    Item,
    ItemId,
    Person,
    PromptList,
    PromptListId,
    Recording,
    Segment,
    SegmentId,
    SessionId,
    Span,
    new_id,
)
from fieldapp.store import consent, people, prompts, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

Progress = Callable[[float, str], None]
Rows = Sequence[Mapping[str, str]]

TITLE = "Fieldapp demo"
SOURCE = "demo"
LISTS = {"sentence": "Demo sentences", "word": "Demo words", "picture": "Demo pictures"}
SYNTHETIC = "A synthetic voice (espeak-ng); no person speaks here."
MADE = "Made by regular sound changes from Mandarin; nobody speaks it."
_GLOSSES = {"eng": "en", "cmn": "zh", "yue": "yue", "hak": "hak"}


@dataclass(frozen=True, slots=True)
class Tables:
    """What the demo's tables say: meanings, speakers, and where in whose sound each meaning lies."""

    items: Rows
    speakers: Rows
    cuts: Mapping[tuple[str, str], Span]

    @classmethod
    def read(cls, folder: Path) -> Tables:
        """From the demo's folder."""
        cuts = {(row["speaker"], row["meaning_id"]): Span(int(row["start"]), int(row["stop"])) for row in _rows(folder / "cuts.csv")}
        return cls(_rows(folder / "items.csv"), _rows(folder / "speakers.csv"), cuts)


def build(folder: Path, source: Path, progress: Progress) -> Path:
    """Make the fieldbook in `folder` out of the demo in `source`."""
    tables = Tables.read(source)
    with Store.create(folder, TITLE) as store, tempfile.TemporaryDirectory(prefix="fieldapp-demo-") as aside, ThreadPoolExecutor(2, "demo") as pool:
        sounds = [source / "sound" / f"{speaker['code']}.opus" for speaker in tables.speakers]
        masters = pool.map(lambda sound: _lossless(sound, Path(aside)), sounds)
        for number, (speaker, master) in enumerate(zip(tables.speakers, masters)):
            progress(number / len(tables.speakers), f"{speaker['variety']}: {speaker['code']}")
            _bring_in(store, master, speaker)
        pictures = folder / "stimuli" / SOURCE
        shutil.copytree(source / "pictures", pictures)
        store.do(lambda tx: _describe(tx, tables, f"stimuli/{SOURCE}"))
    progress(1.0, "the demo is there")
    return folder


def _lossless(compressed: Path, aside: Path) -> Path:
    """One speaker's sitting as a file that can be a master."""
    with open_audio(compressed) as sound:
        samples, rate = np.concatenate(list(sound.blocks())), sound.rate
    master = aside / f"{compressed.stem}.flac"
    soundfile.write(master, samples, rate, subtype="PCM_16")
    return master


def _bring_in(store: Store, master: Path, speaker: Mapping[str, str]) -> None:
    """A session of its own for every speaker."""
    row = Row(master, master.name, speaker["code"], speaker["language"], speaker["variety"])
    report = Import(store).run(Wanted((row,)), [master], f"{SOURCE}-{speaker['code']}", lambda share, doing: None)
    if report.problems:
        raise Damaged(f"The demo's sound cannot be used: {report.problems[0].sentence}", "Install Fieldapp again: bash installers/setup.sh.")


def _describe(tx: Transaction, tables: Tables, pictures: str) -> None:
    asked = _prompt_lists(tx, tables.items, pictures)
    for speaker in tables.speakers:
        person = people.ensure_person(tx, speaker["code"])
        _introduce(tx, person, speaker)
        session = sessions.ensure_session(tx, f"{SOURCE}-{speaker['code']}")
        variety = people.ensure_variety(tx, speaker["variety"])
        people.update_variety(tx, replace(variety, iso639_3="" if speaker["changes"] else speaker["language"], metadata=_about_variety(speaker)))
        about = f"{speaker['variety']}, {SYNTHETIC}"
        sessions.update_session(tx, replace(session, title=f"Demo: {speaker['code']}", variety=variety.id, genre="elicitation", description=about))
        master = sessions.recordings(tx.db, SessionId(session.id))[0]
        _answers(tx, tables, asked, master, speaker)


def _prompt_lists(tx: Transaction, items: Rows, pictures: str) -> dict[str, Item]:
    """The three lists; the items by meaning."""
    made: dict[str, Item] = {}
    for kind, name in LISTS.items():
        promptlist = PromptList(id=PromptListId(new_id()), name=name, source="Fieldapp's demo")
        mine = [row for row in items if row["kind"] == kind]
        listed = [
            Item(
                id=ItemId(new_id()),
                promptlist=promptlist.id,
                position=position,
                meaning_id=row["meaning_id"],
                text=row["eng"],
                gloss={code: row[language] for language, code in _GLOSSES.items()},
                picture=f"{pictures}/{row['picture']}" if row["picture"] else "",
            )
            for position, row in enumerate(mine, 1)
        ]
        prompts.add_promptlist(tx, promptlist, listed)
        made |= {item.meaning_id: item for item in listed}
    return made


def _introduce(tx: Transaction, person: Person, speaker: Mapping[str, str]) -> None:
    """Say that nobody is behind the code; consents as if somebody were, so that exports have something to ask."""
    heard = "The starter model was trained with this voice." if speaker["trained"] == "yes" else "The starter model never heard this voice."
    about = {"voice": speaker["voice"], "trained": speaker["trained"]}
    people.update_person(tx, replace(person, description=f"{SYNTHETIC} {heard}", languages=(speaker["language"],), metadata=about))
    if speaker["transcribed"] == "yes":
        for purpose in ("share", "archive", "train"):
            consent.give(
                tx, Consent(id=ConsentId(new_id()), person=person.id, purpose=purpose, allowed=True, note="An example of a consent, for a synthetic voice.")
            )


def _about_variety(speaker: Mapping[str, str]) -> dict[str, str]:
    return {"made": MADE, "changes": speaker["changes"]} if speaker["changes"] else {}


def _answers(tx: Transaction, tables: Tables, asked: Mapping[str, Item], master: Recording, speaker: Mapping[str, str]) -> None:
    """A segment for every answer; texts where the demo plays that a person has written them already."""
    who, variety = people.ensure_person(tx, speaker["code"]).id, people.ensure_variety(tx, speaker["variety"]).id
    done = speaker["transcribed"] == "yes"
    made, written = [], []
    for row in tables.items:
        segment = SegmentId(new_id())
        made.append(
            Segment(
                id=segment,
                recording=master.id,
                span=tables.cuts[speaker["code"], row["meaning_id"]],
                speaker=who,
                variety=variety,
                item=asked[row["meaning_id"]].id,
                meaning_id=row["meaning_id"],
                best=True,
                state="checked" if done else "pending",
                source=SOURCE,
            )
        )
        if done:
            said = {("transcription", speaker["language"]): row[speaker["language"]], ("translation", "en"): row["eng"]}
            written += [
                Annotation(id=AnnotationId(new_id()), segment=segment, tier=tier, text=text, language=language, source=SOURCE)
                for (tier, language), text in said.items()
            ]
    segments.add_segments(tx, made)
    texts.add_texts(tx, written)


def _rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
