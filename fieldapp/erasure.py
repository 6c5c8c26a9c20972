"""Taking somebody out of a fieldbook: database, caches, sound if asked, and the certificate that says what was done and what was not.

Where store and sound meet for a withdrawal. Runs on the calling thread; the fieldbook must not be open elsewhere.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from fieldapp.audio.silence import silence
from fieldapp.errors import AudioError, NotThere, ReadOnly
from fieldapp.intake.annotations import KEPT
from fieldapp.intake.stems import fold
from fieldapp.model import Person, PersonId, Recording, Span
from fieldapp.store import consent, papers, people, sessions
from fieldapp.store.consent import Withdrawal
from fieldapp.store.erase import Erased, compact, copies, erase
from fieldapp.store.handed import Handed, handed_over
from fieldapp.store.rows import RECORDING, SEGMENT, utc_now
from fieldapp.store.store import Store

CERTIFICATES = "certificates"
_CACHES = {"adapting": (consent.ANYTHING, "train"), "peaks": (consent.ANYTHING, "listen")}
"""Folders in `derived/` that hold something of people's voices, and the purposes that end with it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a withdrawal with erasure did, and what it could not reach."""

    code: str
    when: str
    erased: Erased
    originals: tuple[str, ...]
    papers: tuple[str, ...]
    silenced: tuple[str, ...]
    kept_sound: tuple[str, ...]
    copies: tuple[str, ...]
    copies_deleted: bool
    earlier: tuple[Handed, ...]

    def __str__(self) -> str:
        """The certificate."""
        lines = [
            "CERTIFICATE OF DELETION",
            "",
            f"Person: {self.code} (code)",
            f"Date: {self.when}",
            "",
            "Deleted from the fieldbook, and the database written anew:",
            f"  {self.erased.texts} texts, {self.erased.vectors} vectors and {self.erased.frames} frame caches of {self.erased.segments} segments",
            "  name, contact and everything else that was noted about the person; the history of edits; search index and caches",
            "",
            *_block("Annotation files kept as they came, deleted with all that is in them", self.originals),
            *_block("Papers of the person and of the sessions they took part in, deleted", self.papers),
            *_block("Sound overwritten with silence", self.silenced),
            *_block("Sound that still holds the voice (kept from leaving, not deleted)", self.kept_sound),
            *_block("Copies of the database " + ("deleted" if self.copies_deleted else "that STILL HOLD what was deleted here"), self.copies),
            *_block("Left this fieldbook earlier, and must be recalled there", [str(one) for one in self.earlier]),
            "Not reached by any command: copies on other disks, free text that others wrote about the person, papers of a whole project,",
            "models trained before.",
        ]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What a withdrawal reached, and what it can only name."""

    code: str
    purpose: str
    when: str
    reached: Withdrawal
    caches: tuple[str, ...]
    trained: tuple[str, ...]
    earlier: tuple[Handed, ...]

    def __str__(self) -> str:
        """The certificate."""
        lines = [
            "CERTIFICATE OF WITHDRAWAL",
            "",
            f"Person: {self.code} (code)",
            f"Withdrawn: '{self.purpose}'",
            f"Date: {self.when}",
            "",
            f"Held back from now on, wherever the word reaches: {self.reached.segments} segments with {self.reached.texts} texts",
            f"Deleted: {self.reached.vectors_deleted} vectors and {self.reached.frames_deleted} frame caches, the history of edits",
            "",
            *_block("Caches deleted", self.caches),
            *_block("Models made in this fieldbook before, which may have learned from them", self.trained),
            *_block("Left this fieldbook earlier, and must be recalled there", [str(one) for one in self.earlier]),
            "Texts and sound stay in the fieldbook until they are erased (fieldapp consent DIR erase).",
        ]
        return "\n".join(lines) + "\n"


def take_back(store: Store, code: str, purpose: str = consent.ANYTHING, *, note: str = "", evidence: str = "") -> Withdrawn:
    """Withdraw a purpose or everything, delete the caches it reaches, and leave a certificate in the fieldbook."""
    person = person_of(store, code)
    earlier = tuple(handed_over(store.reader(), person.id))
    done = store.do(lambda tx: consent.withdraw(tx, person.id, purpose, note=note, evidence=evidence), frees=True)
    caches = [name for name, purposes in _CACHES.items() if purpose in purposes and (store.folder / "derived" / name).is_dir()]
    for name in caches:
        shutil.rmtree(store.folder / "derived" / name, ignore_errors=True)
    runs = store.reader().execute("SELECT kind, started FROM run WHERE kind LIKE 'adapt%' ORDER BY pk")
    trained = tuple(f"{row['started'][:16].replace('T', ' ')}  {row['kind']}" for row in runs) if purpose in _CACHES["adapting"] else ()
    told = Withdrawn(code, purpose, utc_now(), done, tuple(f"derived/{name}" for name in caches), trained, earlier)
    _certify(store.folder, "withdrawn", code, told.when, str(told))
    return told


def _certify(folder: Path, what: str, code: str, when: str, text: str) -> None:
    """Keep a certificate in the fieldbook, under a name that was never given before."""
    place = folder / CERTIFICATES
    place.mkdir(exist_ok=True)
    stem, number = f"{when[:19].replace(':', '').replace('T', '-')}-{what}-{fold(code)}", 1
    while (file := place / f"{stem}{'' if number == 1 else f'-{number}'}.txt").exists():
        number += 1
    file.write_text(text, encoding="utf-8")


def person_of(store: Store, code: str) -> Person:
    """The person with a code, or a sentence that lists nobody else."""
    found = people.find_person(store.reader(), code)
    if found is None:
        raise NotThere(f"Nobody in this fieldbook has the code '{code}'.", "fieldapp consent DIR show lists the codes.")
    return found


def withdraw_and_erase(folder: Path, code: str, *, audio: bool, copies_too: bool) -> Report:
    """Withdraw everything, delete, write the database anew; with `audio` overwrite the voice, with `copies_too` delete backups."""
    with Store.open(folder) as store:
        if store.read_only:
            raise ReadOnly(f"{folder} cannot be changed: {store.read_only_reason}.", "Nothing was deleted.")
        person = person_of(store, code)
        earlier = tuple(handed_over(store.reader(), person.id))
        originals = _originals(store, person.id)
        theirs = tuple(papers.about_person(store.reader(), person.id))
        silenced, kept = _sound(store, person.id, overwrite=audio)
        withdrawn = store.do(lambda tx: consent.withdraw(tx, person.id), frees=True)
        left = store.do(lambda tx: erase(tx, person.id), frees=True)
        for path in theirs:
            (store.folder / path).unlink(missing_ok=True)
        erased = replace(left, vectors=left.vectors + withdrawn.vectors_deleted, frames=left.frames + withdrawn.frames_deleted)
    compact(folder)
    old = copies(folder)
    if copies_too:
        for copy in old:
            copy.unlink()
    listed = tuple(str(copy.relative_to(folder)) for copy in old)
    report = Report(code, utc_now(), erased, originals, theirs, silenced, kept, listed, copies_too, earlier)
    _certify(folder, "erased", code, report.when, str(report))
    return report


def _originals(store: Store, person: PersonId) -> tuple[str, ...]:
    """Delete the annotation files that were kept beside the person's recordings: nobody can take one voice out of them."""
    gone: list[str] = []
    for recording in RECORDING.each(store.reader(), "id IN (SELECT recording FROM segment WHERE speaker = ?)", person):
        for part in sessions.parts(store.reader(), recording.id):
            kept = [str(about["path"]) for about in part.metadata.get(KEPT, ())]
            if kept:
                bare = replace(part, metadata={key: value for key, value in part.metadata.items() if key != KEPT})
                store.do(partial(RECORDING.update, value=bare))
                for path in kept:
                    (store.folder / path).unlink(missing_ok=True)
                gone += kept
    return tuple(gone)


def _sound(store: Store, person: PersonId, *, overwrite: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Overwrite the person's stretches, where that is asked for and possible; which files were, and which still hold the voice."""
    silenced: list[str] = []
    kept: list[str] = []
    spans: dict[str, list[Span]] = {}
    for segment in SEGMENT.each(store.reader(), "speaker = ?", person):
        spans.setdefault(segment.recording, []).append(segment.span)
    for talk in _unmarked(store, person):
        spans[talk.id] = [Span(0, max(part.first_frame + part.frames for part in sessions.parts(store.reader(), talk.id)))]
        bare = replace(talk, metadata={key: value for key, value in talk.metadata.items() if key == "import"})
        store.do(partial(RECORDING.update, value=bare))
    for master, wanted in spans.items():
        for part in sessions.parts(store.reader(), master):
            home = Span(part.first_frame, part.first_frame + part.frames)
            inside = [Span(c.start - part.first_frame, c.stop - part.first_frame) for span in wanted if (c := span.clip(home))]
            if not inside:
                continue
            if part.original and not overwrite:
                kept.append(part.original)
            try:
                if overwrite:
                    silence(store.folder / part.path, inside)
                    if part.original:
                        (store.folder / part.original).unlink(missing_ok=True)
                        silenced.append(f"{part.original} (deleted: {part.path} was made of it)")
                    path = store.folder / part.path
                    fresh = replace(part, sha256=_digest(path), bytes=path.stat().st_size, original="")
                    store.do(partial(RECORDING.update, value=fresh))
                (silenced if overwrite else kept).append(part.path)
            except AudioError as trouble:
                kept.append(f"{part.path}: {trouble}")
    return tuple(silenced), tuple(kept)


def _unmarked(store: Store, person: PersonId) -> list[Recording]:
    """Masters in which they are said to speak, and nobody marked where."""
    marked = {row[0] for row in store.reader().execute("SELECT DISTINCT recording FROM segment")}
    every = sessions.recordings(store.reader())
    return [one for one in every if one.master is None and one.id not in marked and one.metadata.get("speaker") == person]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _block(heading: str, lines: Sequence[str]) -> list[str]:
    return [f"{heading}:", *(f"  {line}" for line in lines or ("none",)), ""]
