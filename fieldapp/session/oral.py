"""Oral annotation: stored segments played one by one and respoken carefully, or translated aloud, with one key. Any thread.

The answers are one continuous master of their own (role `careful` or `translation`) in the session of what they are about, cut by the same clock
as any session: a segment takes the place of a prompt, and while it is played the clock is paused. Every answer is a segment whose
metadata says `of` (which segment) and `oral` (which kind); `store.segments.oral_annotations` finds them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fieldapp.audio.render import Clip, clips_of
from fieldapp.errors import NotThere, WrongUsage
from fieldapp.model import Segment
from fieldapp.session.plan import Course, Plan, free_stem, new_master
from fieldapp.store import people, segments, sessions
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

CAREFUL, TRANSLATION = "careful", sessions.TRANSLATION_ROLE


def wanted_segments(store: Store, *, segment: str = "", session: str = "") -> list[Segment]:
    """One segment, or those of a session in the order of time, without silent and rejected ones."""
    db = store.reader()
    if segment:
        return [segments.segment(db, segment)]
    found = sessions.find_session(db, session)
    if found is None:
        raise NotThere(f"There is no session '{session}'.", "See the names: fieldapp info")
    masters = [recording for recording in sessions.recordings(db, found.id) if recording.master is None and recording.role not in (CAREFUL, TRANSLATION)]
    every = [one for master in masters for one in segments.segments(db, master.id)]
    heard = [one for one in every if one.state != "rejected" and not one.metadata.get("silent")]
    if not heard:
        raise NotThere(f"The session '{session}' has no segments to listen to.", "Record it, or transcribe it first.")
    return heard


def heard_again(store: Store, segment: Segment) -> list[Clip]:
    """What to play: the segment in the files of its master."""
    return clips_of(store.folder, sessions.parts(store.reader(), segment.recording), segment.span)


def plan_oral(store: Store, targets: Sequence[Segment], kind: str, speaker: str, sound: Mapping[str, Any], early: float = 0.0) -> Plan:
    """Write the row of the master that will hold the answers; `early` is how long before its key one may begin."""
    if kind not in (CAREFUL, TRANSLATION):
        raise WrongUsage(f"An oral annotation is '{CAREFUL}' or '{TRANSLATION}', not '{kind}'.")
    if len({target.recording for target in targets}) != 1:
        raise WrongUsage("Segments of several recordings cannot be annotated in one go.", "Choose one session with one recording, or one segment.")

    def work(tx: Transaction) -> Plan:
        source = sessions.recording(tx.db, targets[0].recording)
        session = sessions.session(tx.db, source.session)
        person = people.ensure_person(tx, speaker) if speaker else None
        if person:
            sessions.take_part(tx, session.id, person.id, kind)
        variety = targets[0].variety if kind == CAREFUL else None
        course = Course(tuple(target.id for target in targets), person.id if person else None, variety, early=early, oral=kind)
        master = new_master(session, free_stem(tx, store.folder, f"{session.name}-{kind}"), course, sound, kind, {"of": source.id})
        sessions.add_recording(tx, master)
        return Plan(session, master, course, {})

    return store.do(work)
