"""What `fieldapp check` looks at beside the database: sound files, backups, leftovers of interrupted work."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path, PurePosixPath

from fieldapp.errors import FieldError
from fieldapp.model import Changed
from fieldapp.store import backup, holder, papers
from fieldapp.store.connect import DATABASE, open_reader, refuse_foreign
from fieldapp.store.finding import Finding, Progress
from fieldapp.store.sessions import stays_inside
from fieldapp.store.transaction import Transaction

JOURNAL = ".journal.jsonl"
"""What the recorder noted while it wrote a master stays beside it (`audio/journal.py`)."""


def masters(db: sqlite3.Connection, folder: Path, progress: Progress) -> Iterator[Finding]:
    """Recordings whose file is missing or no longer has the bytes it had; a renamed file is recognised by its checksum."""
    rows = db.execute("SELECT id, path, original, sha256, bytes FROM recording ORDER BY path").fetchall()
    kept = annotation_files(db)
    known = {path for row in rows for path in (row["path"], row["original"])} | kept.keys()
    known |= {str(PurePosixPath(row["path"]).with_suffix(JOURNAL)) for row in rows}
    unknown = [file for file in sorted((folder / "audio").rglob("*")) if file.is_file() and file.relative_to(folder).as_posix() not in known]
    taken: set[Path] = set()
    for number, row in enumerate(rows):
        progress(number / len(rows), f"listening to {row['path']}")
        file = folder / row["path"]
        if not file.is_file():
            renamed = next((other for other in unknown if row["sha256"] and other.stat().st_size == row["bytes"] and sha256(other) == row["sha256"]), None)
            if renamed is not None:
                taken.add(renamed)
            yield _missing(row, renamed.relative_to(folder).as_posix() if renamed else "")
        elif row["sha256"] and (file.stat().st_size != row["bytes"] or sha256(file) != row["sha256"]):
            yield Finding("changed-master", f"{row['path']} is not the file it was (its checksum differs).", "Fetch the original from your copies.")
        if row["original"] and not (folder / row["original"]).is_file():
            hint = "The recording itself is whole; put the original back from your copies."
            yield Finding("missing-original", f"{row['original']}, which {row['path']} was converted from, is missing.", hint, serious=False)
    yield from _annotation_files(folder, kept)
    yield from _papers(db, folder)
    left = [file.relative_to(folder).as_posix() for file in unknown if file not in taken]
    if left:
        listed = ", ".join(left[:5]) + (f" and {len(left) - 5} more" if len(left) > 5 else "")
        yield Finding("unknown-file", f"{len(left)} files in audio/ belong to no recording: {listed}.", "fieldapp import brings them in.", serious=False)


def annotation_files(db: sqlite3.Connection) -> dict[str, str]:
    """The annotation files that are kept as they came in, with their checksums; what another program may have written there is passed over."""
    rows = db.execute("SELECT json_extract(metadata, '$.annotations') AS kept FROM recording WHERE json_type(metadata, '$.annotations') = 'array'")
    every = [about for row in rows for about in json.loads(row["kept"]) if isinstance(about, dict)]
    return {str(about["path"]): str(about.get("sha256", "")) for about in every if stays_inside(str(about.get("path", "..")))}


def _annotation_files(folder: Path, kept: Mapping[str, str]) -> Iterator[Finding]:
    """Annotation files kept as they came in that are missing or changed."""
    hint = "Its annotations are in the fieldbook; put the original back from your copies."
    for path, sum_then in kept.items():
        file = folder / path
        if not file.is_file():
            yield Finding("missing-annotations", f"{path}, an annotation file that was imported, is missing.", hint, serious=False)
        elif sum_then and sha256(file) != sum_then:
            yield Finding("changed-annotations", f"{path} is not the annotation file that was imported (its checksum differs).", hint, serious=False)


def _papers(db: sqlite3.Connection, folder: Path) -> Iterator[Finding]:
    """Papers of a project that are missing or changed, and files among them that nobody lists."""
    hint = "Put the original back from your copies, or import the project again."
    known = {str(about["path"]): str(about.get("sha256", "")) for about in papers.every(db)}
    for path, sum_then in known.items():
        file = folder / path
        if not file.is_file():
            yield Finding("missing-paper", f"{path}, a file that came with a project, is missing.", hint, serious=False)
        elif sum_then and sha256(file) != sum_then:
            yield Finding("changed-paper", f"{path} is not the file that came with the project (its checksum differs).", hint, serious=False)
    there = (file for file in sorted((folder / papers.FOLDER).rglob("*")) if file.is_file())
    if left := [path for file in there if (path := file.relative_to(folder).as_posix()) not in known]:
        yield Finding("unknown-paper", f"{len(left)} files in {papers.FOLDER}/ belong to nothing: {', '.join(left[:5])}.", "Look at them.", serious=False)


def leftovers(db: sqlite3.Connection, folder: Path, progress: Progress) -> Iterator[Finding]:
    """Half-written files of work that was interrupted."""
    left = [file for file in (folder / f"{DATABASE}.new", *sorted((folder / backup.FOLDER).glob("*.part"))) if file.exists()]

    def remove(_tx: Transaction) -> str:
        for file in left:
            file.unlink(missing_ok=True)
        return f"Removed {len(left)} half-written files."

    if left:
        names = ", ".join(file.name for file in left)
        yield Finding("half-written", f"Interrupted work left half-written files: {names}.", "Repair removes them.", serious=False, mend=remove)


def backups(db: sqlite3.Connection, folder: Path, progress: Progress) -> Iterator[Finding]:
    """Whether the newest backup could be used."""
    copies = backup.found(folder)
    for copy in copies[:1]:
        progress(-1, f"examining {copy.name}")
        if not is_good(copy):
            yield Finding("bad-backup", f"The backup {copy.name} is damaged.", "Opening the fieldbook makes a new one; delete this one.")
    if not copies:
        yield Finding("no-backup", "There is no backup yet.", "One is made when the fieldbook is next opened for work.", serious=False)


def lost_changes(folder: Path) -> Iterator[Finding]:
    """A crash leaves a write-ahead file; if it is gone, so are the last changes. Asked before anybody opens the database."""
    crashed = holder.read_note(folder)
    wal = folder / f"{DATABASE}-wal"
    if crashed is not None and not wal.exists() and not holder.is_held(folder):
        yield Finding(
            "missing-wal",
            f"The fieldbook was not closed properly by {crashed}, and the file {wal.name} beside it is missing: the last changes may be gone.",
            "If the folder was copied, copy that file as well (and only after closing Fieldapp).",
        )


def is_good(copy: Path) -> bool:
    """Whether a backup is a whole fieldbook database."""
    try:
        refuse_foreign(copy)
        with closing(open_reader(copy, immutable=True)) as db:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except (FieldError, sqlite3.Error):
        return False


def sha256(file: Path) -> str:
    """The checksum of a file, read in pieces."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _missing(row: sqlite3.Row, renamed: str) -> Finding:
    if not renamed:
        return Finding("missing-master", f"{row['path']} is missing.", "Put it back from your copies; its texts are still here.")

    def follow(tx: Transaction) -> str:
        tx.db.execute("UPDATE recording SET path = ? WHERE id = ?", (renamed, row["id"]))
        tx.touch(Changed.RECORDINGS)
        return f"{row['path']} is now found as {renamed}."

    return Finding("renamed-master", f"{row['path']} was renamed to {renamed} (same checksum).", "Repair notes the new name.", mend=follow)
