"""Taking somebody out of a fieldbook: database, caches, sound if asked, and the certificate that says what was done and what was not.

Where store and sound meet for a withdrawal. Runs on the calling thread; the fieldbook must not be open elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from fieldapp.audio.silence import silence
from fieldapp.errors import AudioError, NotThere, ReadOnly
from fieldapp.intake.annotations import KEPT
from fieldapp.model import Person, PersonId, Span
from fieldapp.store import consent, papers, people, sessions
from fieldapp.store.erase import Erased, compact, copies, erase
from fieldapp.store.handed import Handed, handed_over
from fieldapp.store.rows import RECORDING, SEGMENT, utc_now
from fieldapp.store.store import Store


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
    return Report(code, utc_now(), erased, originals, theirs, silenced, kept, listed, copies_too, earlier)


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


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _block(heading: str, lines: Sequence[str]) -> list[str]:
    return [f"{heading}:", *(f"  {line}" for line in lines or ("none",)), ""]
