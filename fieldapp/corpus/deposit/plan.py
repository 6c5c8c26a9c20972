"""What a deposit will hold: items (one a session), their files under the archive's names, and where each sound comes from. Any thread."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.deposit.missing import Missing, missing
from fieldapp.corpus.deposit.profiles import Profile
from fieldapp.corpus.lines import plain_name
from fieldapp.corpus.pieces import Source, apart, suffix_of
from fieldapp.errors import ExportProblem
from fieldapp.model import Recording, Session


@dataclass(frozen=True, slots=True)
class Sound:
    """One sound file of the deposit; its annotations lie beside it as `.eaf`."""

    path: str
    recording: Recording
    source: Source

    @property
    def annotations(self) -> str:
        """The path of its EAF."""
        return str(PurePosixPath(self.path).with_suffix(".eaf"))


@dataclass(frozen=True, slots=True)
class Item:
    """A session under its archive name."""

    name: str
    session: Session
    sounds: tuple[Sound, ...]
    bundle: Bundle


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole deposit. `bundle` names files as the deposit does, `origin` as the fieldbook does."""

    collection: str
    profile: Profile
    origin: Bundle
    bundle: Bundle
    items: tuple[Item, ...]
    losses: list[Loss] = field(default_factory=list)

    def names(self) -> str:
        """The old-to-new map as a table."""
        buffer = io.StringIO(newline="")
        sheet = csv.writer(buffer, lineterminator="\n")
        sheet.writerow(("new", "old", "from_frame", "to_frame", "session"))
        for item in self.items:
            for sound in item.sounds:
                span = sound.source.span
                sheet.writerow((sound.path, sound.source.recording.path, span.start if span else "", span.stop if span else "", item.session.name))
        return buffer.getvalue()


def make_plan(bundle: Bundle, profile: Profile, collection: str) -> Plan:
    """Give everything its name."""
    losses: list[Loss] = []
    pieces, sources = apart(bundle, losses)
    key = _key(collection or bundle.title, profile)[: 10 if profile.upper else profile.longest]
    if not key:
        raise ExportProblem("The collection has no name an archive would take.", "Give one of Latin letters and digits with --collection.")
    items = []
    moved: dict[str, Recording] = {}
    taken: set[str] = set()
    for session in sorted(pieces.sessions.values(), key=lambda s: (s.date, s.name)):
        own = [r for r in pieces.recordings.values() if r.session == session.id]
        if not own:
            continue
        name = _distinct(_key(session.name, profile)[: profile.longest] or "X", taken)
        sounds = []
        for number, recording in enumerate(sorted(own, key=lambda r: (r.started, r.path)), 1):
            file = profile.joint.join((key, name, f"{number:0{max(2, len(str(len(own))))}}")) + suffix_of(sources[recording.id])
            if not profile.fits(file):
                raise ExportProblem(f"{profile.title} would not take the name {file}.", "Give the session or the collection a name of letters and digits.")
            renamed = replace(recording, path=f"{name}/{file}")
            moved[recording.id] = renamed
            sounds.append(Sound(renamed.path, renamed, sources[recording.id]))
        mine = {sound.recording.id: sound.recording for sound in sounds}
        part = replace(pieces, folder=Path("/"), recordings=mine, segments=tuple(s for s in pieces.segments if s.recording in mine))
        items.append(Item(name, session, tuple(sounds), part))
    whole = replace(pieces, folder=Path("/"), recordings={key: moved[key] for key in pieces.recordings})
    return Plan(key, profile, bundle, whole, tuple(items), losses)


def _key(text: str, profile: Profile) -> str:
    """A name as the archive spells names: PARADISEC keeps the hyphen for itself."""
    return re.sub(r"[^A-Z0-9]", "", text.upper()) if profile.upper else re.sub(r"^x$", "", plain_name(text))


def _distinct(name: str, taken: set[str]) -> str:
    number, chosen = 1, name
    while chosen.lower() in taken:
        number += 1
        chosen = f"{name}{number}"
    taken.add(chosen.lower())
    return chosen


def completeness(plan: Plan) -> list[Missing]:
    """What is still to be filled in before the archive will be content."""
    return missing(plan.profile, plan.origin, [item.session for item in plan.items])
