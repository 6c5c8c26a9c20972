"""Handing over: what of a fieldbook may leave for one purpose, as the bundle every exporter is given. Where store, sound and corpus meet.

Consent decides here, once, for every format: what it keeps back is listed with the rule that did. Any thread.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from fieldapp import __version__
from fieldapp.audio.cut import cut
from fieldapp.corpus.bundle import TIER_ORDER, Bundle, LeftOut, Loss
from fieldapp.corpus.exporters import Options, exporter
from fieldapp.corpus.output import Output
from fieldapp.errors import ExportProblem
from fieldapp.model import Annotation, Segment, SegmentId
from fieldapp.store import consent_filter, handed, people, prompts, sessions
from fieldapp.store.consent import ANYONE, may_use
from fieldapp.store.rows import ANNOTATION, CONSENT, SEGMENT
from fieldapp.store.store import Store

EXPLAINED = 1000
"""So many held-back segments get their own sentence; more are counted."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What an export wrote, what its format could not carry, what consent held back, and why it could not be noted (empty when it was).

    `removed` are files of the same export made earlier that have no place in it any more; `stayed` are those somebody changed since.
    """

    title: str
    segments: int
    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    losses: tuple[Loss, ...]
    left_out: tuple[LeftOut, ...]
    unnoted: str
    removed: tuple[str, ...] = ()
    stayed: tuple[str, ...] = ()


def hand_over(
    store: Store,
    name: str,
    out: Path,
    options: Options,
    *,
    purpose: str,
    audience: str,
    only: Iterable[SegmentId] | None = None,
    progress: Callable[[float, str], None],
) -> HandedOver:
    """Export to one format: gather what may leave, write it, note that it left. `progress` may stop it; files written by then are whole."""
    module = exporter(name)
    if out.exists() and not out.is_dir():
        raise ExportProblem(f"{out} is a file; an export needs a folder.", "Choose another folder.")
    if out.is_relative_to(store.folder.absolute()):
        raise ExportProblem(f"{out} lies inside the fieldbook.", "Export into a folder of its own: the fieldbook keeps its own house.")
    chosen = None if only is None else sorted(set(only))
    bundle = gather(store, purpose=purpose, audience=audience, only=chosen, sound=options.audio)
    output = Output(out, progress)
    losses = module.write(bundle, output, options)
    about = {"format": name, "out": str(out), "audience": audience, "profile": options.profile, "options": _told(options, chosen)}
    removed, stayed = _tidy(output, handed.files_of_last(store.reader(), {"purpose": purpose, **about}))
    files = {file: _mark(output.place(file)) for file in (*output.written, *output.unchanged)}
    unnoted = note(store, bundle, "export", about, {"written": len(output.written), "unchanged": len(output.unchanged), "files": files})
    return HandedOver(
        module.TITLE, len(bundle.segments), tuple(output.written), tuple(output.unchanged), tuple(losses), bundle.left_out, unnoted, removed, stayed
    )


def _told(options: Options, chosen: list[SegmentId] | None) -> str:
    """What was chosen, so that another export into the same folder is told apart from the same one made again."""
    said = json.dumps([asdict(options), chosen], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _tidy(output: Output, earlier: Mapping[str, tuple[int, int]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Files that this very export left here earlier and that are not part of it now, because somebody withdrew or something was deleted.

    They go if they are as they were left; what somebody changed since stays, and is told.
    """
    now = {*output.written, *output.unchanged}
    removed, stayed = [], []
    for name in sorted(earlier.keys() - now):
        place = output.place(name)
        if not place.is_file():
            continue
        if _mark(place) != earlier[name]:
            stayed.append(name)
            continue
        place.unlink()
        removed.append(name)
        for folder in itertools.takewhile(lambda one: one != output.root, place.parents):
            if any(folder.iterdir()):
                break
            folder.rmdir()
    return tuple(removed), tuple(stayed)


def _mark(place: Path) -> tuple[int, int]:
    about = place.stat()
    return about.st_size, about.st_mtime_ns


def gather(
    store: Store, *, purpose: str = "archive", audience: str = ANYONE, at: str = "", only: Iterable[SegmentId] | None = None, sound: bool = False
) -> Bundle:
    """The part of the fieldbook that this audience may have for this purpose; `only` narrows it to a basket of segments.

    Where `sound` goes along, a segment in which somebody who is held back can be heard too stays here.
    """
    db = store.reader()
    db.execute("BEGIN")  # one moment of the fieldbook, however long reading takes
    try:
        return _bundle(db, store.folder, purpose, audience, at, None if only is None else set(only), sound)
    finally:
        db.execute("COMMIT")


def _bundle(db: sqlite3.Connection, folder: Path, purpose: str, audience: str, at: str, only: set[SegmentId] | None, sound: bool) -> Bundle:
    allowed = consent_filter.condition(db, purpose, audience, at)
    every = [s for s in SEGMENT.each(db, "1 ORDER BY recording, start, stop, id") if only is None or s.id in only]
    may_leave = {row[0] for row in db.execute(f"SELECT id FROM segment WHERE {allowed.sql}", allowed.parameters)}  # noqa: S608  (made by the filter)
    kept = tuple(s for s in every if s.id in may_leave)
    held_back = [s for s in every if s.id not in may_leave]
    drowned = _heard_with(kept, [s for s in SEGMENT.each(db) if s.id not in may_leave]) if sound else frozenset()
    kept = tuple(s for s in kept if s.id not in drowned)
    inside = {s.id for s in kept}
    texts: dict[SegmentId, list[Annotation]] = {}
    for annotation in ANNOTATION.each(db):
        if annotation.segment in inside:
            texts.setdefault(annotation.segment, []).append(annotation)
    persons = {p.id: p for p in people.persons(db)}
    heard = {s.speaker for s in kept if s.speaker is not None}
    recordings = {r.id: r for r in sessions.recordings(db)}
    shown_sessions = {recordings[s.recording].session for s in kept}
    roles = {s.id: tuple((p, role) for p, role in sessions.participants(db, s.id) if p in heard) for s in sessions.sessions(db) if s.id in shown_sessions}
    masters = {s.recording for s in kept}
    return Bundle(
        title=_setting(db, "title") or folder.name,
        description=_setting(db, "description"),
        purpose=purpose,
        folder=folder,
        cut=cut,
        sessions={s.id: s for s in sessions.sessions(db) if s.id in shown_sessions},
        persons={key: value for key, value in persons.items() if key in heard},
        varieties={v.id: v for v in people.varieties(db)},
        roles=roles,
        consents=tuple(c for c in CONSENT.each(db) if c.person in heard),
        recordings={key: r for key, r in recordings.items() if key in masters or r.master in masters},
        items={i.id: i for listed in prompts.promptlists(db) for i in prompts.items(db, listed.id)},
        segments=kept,
        annotations={key: tuple(sorted(found, key=_order)) for key, found in texts.items()},
        left_out=(
            *_reasons(db, held_back, purpose, audience, at),
            *(LeftOut(s, "Somebody who is held back can be heard in it; its sound may not leave.") for s in sorted(drowned)),
        ),
        whole=frozenset(masters - {s.recording for s in SEGMENT.each(db) if s.id not in may_leave}),
    )


def _heard_with(kept: Iterable[Segment], held_back: Iterable[Segment]) -> frozenset[SegmentId]:
    """Of the kept segments those that share a frame with one that is held back: both in order of time, passed through once."""
    by_recording: dict[str, tuple[list[Segment], list[Segment]]] = {}
    for place, segments in enumerate((kept, held_back)):
        for segment in segments:
            by_recording.setdefault(segment.recording, ([], []))[place].append(segment)
    heard: set[SegmentId] = set()
    for ours, theirs in by_recording.values():
        starts = sorted(segment.span for segment in theirs if len(segment.span))
        latest = list(itertools.accumulate((span.stop for span in starts), max))
        for segment in ours:
            before = bisect.bisect_left(starts, segment.span.stop, key=lambda span: span.start)
            if before and latest[before - 1] > segment.span.start:
                heard.add(segment.id)
    return frozenset(heard)


def note(store: Store, bundle: Bundle, kind: str, about: Mapping[str, str], result: Mapping[str, object]) -> str:
    """Write down in the fieldbook what left it; returns why that could not be done, empty when it was."""
    if store.read_only:
        return f"This {kind} could not be noted in the fieldbook: {store.read_only_reason}."
    persons = {s.speaker for s in bundle.segments if s.speaker is not None}
    store.do(lambda tx: handed.note(tx, kind, __version__, {"purpose": bundle.purpose, **about}, [s.id for s in bundle.segments], persons, result))
    return ""


def _order(annotation: Annotation) -> tuple[int, str, bool, str]:
    """Well-known tiers first, then by name; what a person confirmed before a draft."""
    place = TIER_ORDER.index(annotation.tier) if annotation.tier in TIER_ORDER else len(TIER_ORDER)
    return place, annotation.tier, annotation.state != "confirmed", annotation.id


def _reasons(db: sqlite3.Connection, held_back: list[Segment], purpose: str, audience: str, at: str) -> tuple[LeftOut, ...]:
    named = [LeftOut(s.id, may_use(db, s.id, purpose, audience, at).why) for s in held_back[:EXPLAINED]]
    return (*named, *(LeftOut(s.id, "consent does not reach this far either; only the first are explained one by one") for s in held_back[EXPLAINED:]))


def _setting(db: sqlite3.Connection, name: str) -> str:
    row = db.execute("SELECT value FROM setting WHERE id = ?", (name,)).fetchone()
    return str(row["value"]) if row else ""
