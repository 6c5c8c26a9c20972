"""Sessions that nobody ended: taken over while the recorder still records, closed from journal and files when it does not. Any thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fieldapp.audio.client import NoRecorder, RecorderClient
from fieldapp.errors import NotThere
from fieldapp.model import Recording
from fieldapp.session.closing import Outcome, close_session, runs_of
from fieldapp.session.plan import RECORDING, Plan, course_of, drop_plan, items_of, stem_of
from fieldapp.session.running import RunningSession, resumed
from fieldapp.store import sessions
from fieldapp.store.rows import RECORDING as ROWS
from fieldapp.store.store import Store


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A master that was never closed; `alive` when a recorder is recording it at this moment."""

    master: Recording
    alive: bool


def unfinished(store: Store) -> list[Unfinished]:
    """Every master that was never closed, oldest first."""
    masters = list(ROWS.each(store.reader(), "state = ? AND master IS NULL ORDER BY pk", RECORDING))
    living = _recorded_now(store) if masters else set()
    return [Unfinished(master, bool(living & {stem_of(row) for row in sessions.parts(store.reader(), master.id)})) for master in masters]


def take_over(store: Store, name: str = "fieldapp") -> RunningSession:
    """Go on with the session that the recorder of this fieldbook records. Raises NotThere when there is none."""
    found = next((one.master for one in unfinished(store) if one.alive), None)
    if found is None:
        raise NotThere("No session is being recorded.", "Start one: fieldapp record")
    client = RecorderClient.attach(store.folder, name)
    return resumed(store, client, _plan_of(store, found), sessions.parts(store.reader(), found.id), _source(client.status()))


def close_unfinished(store: Store) -> list[Outcome]:
    """Close what a crash left: repair the files, make parts and segments. What is still being recorded is left alone."""
    outcomes = []
    for one in unfinished(store):
        if one.alive:
            continue
        rows = sessions.parts(store.reader(), one.master.id)
        if any(run.parts() for run in runs_of(store.folder, rows)):
            outcomes.append(close_session(store, one.master, crashed=True))
        else:  # it ended before the first frame
            drop_plan(store, _plan_of(store, one.master))
    return outcomes


def _plan_of(store: Store, master: Recording) -> Plan:
    course = course_of(store, master)
    return Plan(sessions.session(store.reader(), master.session), master, course, items_of(store, course))


def _recorded_now(store: Store) -> set[str]:
    try:
        with RecorderClient.attach(store.folder, "look") as client:
            status = client.status()
    except NoRecorder:
        return set()
    paths = status.get("paths", ()) if status.get("state") == RECORDING else ()
    return {str(path).replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".wav") for path in paths}


def _source(status: dict[str, Any]) -> dict[str, Any]:
    """What the recorder has armed, to be armed again should it die."""
    if status.get("host") == "file":
        return {"source": status.get("device", "")}
    return {"device": status.get("device"), "rate": status.get("rate", 48_000), "channels": status.get("channels", 1)}
