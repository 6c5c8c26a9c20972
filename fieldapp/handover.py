"""Handing over: what of a fieldbook may leave for one purpose, as the bundle every exporter is given. Where store, sound and corpus meet.

Consent decides here, once, for every format: what it keeps back is listed with the rule that did. Any thread.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fieldapp import __version__
from fieldapp.audio.cut import cut
from fieldapp.cores import unhurried
from fieldapp.corpus.bundle import TIER_ORDER, Bundle, LeftOut, Loss, Paper
from fieldapp.corpus.exporters import Options, exporter, needed
from fieldapp.corpus.output import Output
from fieldapp.errors import ExportProblem
from fieldapp.letting_go import let_go
from fieldapp.model import Annotation, Recording, RecordingId, Segment, SegmentId
from fieldapp.store import consent_filter, handed, people, prompts, sessions
from fieldapp.store.consent import ANYONE, may_show, may_use
from fieldapp.store.papers import listed as stored_papers
from fieldapp.store.papers import project as read_project
from fieldapp.store.rows import ANNOTATION, CONSENT, SEGMENT
from fieldapp.store.store import Store

Rule = tuple[str, str, str]
"""Purpose, audience and time of a consent that is needed."""
RECORDING_NOW = "recording"
"""The state of a master that is still growing."""


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
    bundle = gather(store, purpose=purpose, also=needed(name, purpose)[1:], audience=audience, only=chosen, sound=options.audio)
    output = Output(out, progress)
    losses = module.write(bundle, output, options)
    about = {"format": name, "out": str(out), "audience": audience, "profile": options.profile, "options": _told(options, chosen)}
    removed, stayed = _tidy(output, handed.files_of_last(store.reader(), {"purpose": purpose, **about}))
    files = {file: _mark(output.place(file)) for file in (*output.written, *output.unchanged)}
    unnoted = note(store, bundle, "export", about, {"written": len(output.written), "unchanged": len(output.unchanged), "files": files})
    count, left_out, many = len(bundle.segments), bundle.left_out, (list(bundle.segments), list(bundle.annotations.values()))
    del bundle
    let_go(*many)
    return HandedOver(module.TITLE, count, tuple(output.written), tuple(output.unchanged), tuple(losses), left_out, unnoted, removed, stayed)


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


def may_leave(store: Store, purposes: Iterable[str], audience: str, only: Iterable[SegmentId] | None = None) -> tuple[int, int]:
    """How many segments consent lets out for all of these purposes, and of how many; of all or of some."""
    db = store.reader()
    allowed = [consent_filter.condition(db, purpose, audience) for purpose in purposes]
    among, chosen = ("1", ()) if only is None else ("id IN (SELECT value FROM json_each(?))", (json.dumps(list(only)),))
    where = " AND ".join([*(one.sql for one in allowed), among])
    given = [value for one in allowed for value in one.parameters]
    may = db.execute(f"SELECT count(*) FROM segment WHERE {where}", (*given, *chosen)).fetchone()[0]  # noqa: S608  (made by the filter)
    return int(may), int(db.execute(f"SELECT count(*) FROM segment WHERE {among}", chosen).fetchone()[0])  # noqa: S608  (our own text)


def gather(
    store: Store,
    *,
    purpose: str = "archive",
    also: tuple[str, ...] = (),
    audience: str = ANYONE,
    at: str = "",
    only: Iterable[SegmentId] | None = None,
    sound: bool = False,
) -> Bundle:
    """The part of the fieldbook that this audience may have for this purpose (and what it is `also` for); `only` narrows it to a basket of segments.

    Where `sound` goes along, a segment in which somebody who is held back can be heard too stays here.
    """
    db = store.reader()
    db.execute("BEGIN")  # one moment of the fieldbook, however long reading takes
    try:
        return _bundle(db, store.folder, [(one, audience, at) for one in (purpose, *also)], None if only is None else set(only), sound)
    finally:
        db.execute("COMMIT")


def _bundle(db: sqlite3.Connection, folder: Path, rules: Sequence[Rule], only: set[SegmentId] | None, sound: bool) -> Bundle:
    every = [s for s in SEGMENT.each(db, "1 ORDER BY recording, start, stop, id") if only is None or s.id in only]
    may_leave = set.intersection(*(_allowed(db, rule) for rule in rules))
    kept = tuple(s for s in every if s.id in may_leave)
    held_back = [s for s in every if s.id not in may_leave]
    drowned = _heard_with(kept, [s for s in SEGMENT.each(db) if s.id not in may_leave]) if sound else frozenset()
    kept = tuple(s for s in kept if s.id not in drowned)
    inside = {s.id for s in kept}
    texts: dict[SegmentId, list[Annotation]] = {}
    for annotation in ANNOTATION.each(db):
        if annotation.segment in inside:
            texts.setdefault(annotation.segment, []).append(annotation)
    willing = set.intersection(*(consent_filter.people(db, *rule) for rule in rules))
    recordings = {r.id: r for r in sessions.recordings(db)}
    every_session = {s.id: s for s in sessions.sessions(db)}
    taking_part = {identity: sessions.participants(db, identity) for identity in every_session}
    silent = _silent(db, recordings.values(), willing, rules) if only is None else {}
    masters = {s.recording for s in kept} | {one for one, why in silent.items() if not why}
    shown = {recordings[master].session for master in masters}
    if only is None:  # a session that nothing was recorded in may still be somebody's notes of a day
        recorded = {r.session for r in recordings.values()}
        shown |= {identity for identity, there in taking_part.items() if identity not in recorded and all(p in willing for p, _ in there)}
    heard = {s.speaker for s in kept if s.speaker is not None}
    named = heard | {person for session in shown for person, _ in taking_part[session] if person in willing}
    persons = {p.id: p for p in people.persons(db)}
    held = {recordings[s.recording].session for s in held_back} | {recordings[one].session for one, why in silent.items() if why}
    left_out = [
        *_reasons(db, held_back, rules),
        *(LeftOut(s, "Somebody who is held back can be heard in it; its sound may not leave.") for s in sorted(drowned)),
        *(LeftOut(recordings[one].path, why) for one, why in silent.items() if why),
    ]
    project = read_project(db)
    owners = [
        ("", "the project", project, not left_out and all(p in willing for p in persons)),
        *((s.id, f"session {s.name}", s.metadata, s.id not in held and all(p in willing for p, _ in taking_part[s.id])) for s in every_session.values()),
        *((p.id, p.code, p.metadata, p.id in willing) for p in persons.values()),
    ]
    papers = _papers(owners, left_out) if only is None else {}
    return Bundle(
        title=_setting(db, "title") or folder.name,
        description=_setting(db, "description"),
        licence=_setting(db, "licence"),
        depositor=_setting(db, "depositor"),
        purpose=rules[0][0],
        folder=folder,
        cut=cut,
        sessions={key: value for key, value in every_session.items() if key in shown},
        persons={key: value for key, value in persons.items() if key in named},
        varieties={v.id: v for v in people.varieties(db)},
        roles={key: tuple((p, role) for p, role in taking_part[key] if p in named) for key in every_session if key in shown},
        consents=tuple(c for c in CONSENT.each(db) if c.person in named or (only is None and c.person in willing)),
        recordings={key: r for key, r in recordings.items() if key in masters or r.master in masters},
        items={i.id: i for listed in prompts.promptlists(db) for i in prompts.items(db, listed.id)},
        segments=kept,
        annotations={key: tuple(sorted(found, key=_order)) for key, found in unhurried(texts.items())},
        left_out=tuple(left_out),
        whole=frozenset(masters - {s.recording for s in SEGMENT.each(db) if s.id not in may_leave}),
        unheard=tuple(p for p in persons.values() if p.id in willing - named) if only is None else (),
        project=(project.get("name", ""), project.get("raw", "")),
        papers=papers,
    )


def _papers(owners: Iterable[tuple[str, str, Mapping[str, Any], bool]], left_out: list[LeftOut]) -> dict[str, tuple[Paper, ...]]:
    """Of each id, its name for a person, its metadata and whether its papers may leave: those that may; nobody can take one person out of a paper."""
    found: dict[str, tuple[Paper, ...]] = {}
    for identity, called, metadata, may in owners:
        if kept := [Paper(str(about["name"]), str(about["path"])) for about in stored_papers(metadata)]:
            if may:
                found[identity] = tuple(kept)
            else:
                left_out.append(LeftOut(f"the papers of {called}", "Somebody or something they may be about is held back."))
    return found


def _silent(db: sqlite3.Connection, recordings: Iterable[Recording], willing: Collection[str], rules: Sequence[Rule]) -> dict[RecordingId, str]:
    """Masters in which nobody marked a segment yet, with the reason why they stay, empty where they may leave.

    They may when who speaks in them allows it, or, where nobody is named, everybody who took part.
    """
    marked = {row[0] for row in db.execute("SELECT DISTINCT recording FROM segment")}
    codes = {p.id: p.code for p in people.persons(db)}
    reasons: dict[RecordingId, str] = {}
    for master in recordings:
        if master.master is not None or master.role != "master" or master.state == RECORDING_NOW or master.id in marked:
            continue
        speaker = master.metadata.get("speaker")
        if speaker in codes:
            reasons[master.id] = "" if speaker in willing else f"{codes[speaker]} has not allowed '{' and '.join(rule[0] for rule in rules)}'."
        else:
            verdicts = (may_show(db, master.session, *rule) for rule in rules)
            reasons[master.id] = next((verdict.why for verdict in verdicts if not verdict), "")
    return reasons


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
    persons = {s.speaker for s in bundle.segments if s.speaker is not None} | {p for there in bundle.roles.values() for p, _ in there}
    store.do(lambda tx: handed.note(tx, kind, __version__, {"purpose": bundle.purpose, **about}, [s.id for s in bundle.segments], persons, result))
    return ""


def _order(annotation: Annotation) -> tuple[int, str, bool, str]:
    """Well-known tiers first, then by name; what a person confirmed before a draft."""
    place = TIER_ORDER.index(annotation.tier) if annotation.tier in TIER_ORDER else len(TIER_ORDER)
    return place, annotation.tier, annotation.state != "confirmed", annotation.id


def _allowed(db: sqlite3.Connection, rule: Rule) -> set[str]:
    allowed = consent_filter.condition(db, *rule)
    return {row[0] for row in db.execute(f"SELECT id FROM segment WHERE {allowed.sql}", allowed.parameters)}  # noqa: S608  (made by the filter)


def _reasons(db: sqlite3.Connection, held_back: list[Segment], rules: Sequence[Rule]) -> Iterator[LeftOut]:
    """The rule for each; asked once for all of a speaker (or of a recording where nobody is named) about which nothing was said in particular."""
    about = {row[0] for row in db.execute("SELECT DISTINCT segment FROM consent WHERE segment IS NOT NULL")}
    known: dict[str, str] = {}
    for segment in held_back:
        key = segment.id if segment.id in about else segment.speaker or segment.recording
        if key not in known:
            verdicts = (may_use(db, segment.id, *rule) for rule in rules)
            known[key] = next((verdict.why for verdict in verdicts if not verdict), "")
        yield LeftOut(segment.id, known[key])


def _setting(db: sqlite3.Connection, name: str) -> str:
    row = db.execute("SELECT value FROM setting WHERE id = ?", (name,)).fetchone()
    return str(row["value"]) if row else ""
