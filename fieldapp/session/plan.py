"""What a session is going to be, and its rows: session, speaker, variety, prompt list, and the master that is about to grow. Any thread.

Everything a later application needs to go on stands in the fieldbook before the first frame is recorded.
"""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from fieldapp.errors import ImportProblem
from fieldapp.model import Item, ItemId, PersonId, PromptList, PromptListId, Recording, RecordingId, Session, SessionId, VarietyId, new_id
from fieldapp.prompts import PromptFile, in_order, same_prompts
from fieldapp.store import people, prompts, sessions
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

RECORDING, CLOSED, RECOVERED = "recording", "closed", "recovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person asked for. `early` is how long before its key an answer may begin, in seconds."""

    speaker: str = ""
    variety: str = ""
    prompts: PromptFile | None = None
    prompts_folder: Path | None = None
    seed: int | None = None
    name: str = ""
    early: float = 0.3


@dataclass(frozen=True, slots=True)
class Course:
    """What is asked, in order, and of whom; kept in the master's metadata, so that it can be read back after a crash."""

    topics: tuple[str, ...] = ()
    speaker: PersonId | None = None
    variety: VarietyId | None = None
    promptlist: PromptListId | None = None
    seed: int | None = None
    early: float = 0.3
    oral: str = ""

    def row(self) -> dict[str, Any]:
        """As kept in `recording.metadata`."""
        facts = {"speaker": self.speaker, "variety": self.variety, "promptlist": self.promptlist, "seed": self.seed, "oral": self.oral}
        kept = {name: value for name, value in facts.items() if value not in (None, "")} | {"early": self.early}
        return kept | ({"targets": list(self.topics)} if self.oral else {})


@dataclass(frozen=True, slots=True)
class Plan:
    """A session that can begin."""

    session: Session
    master: Recording
    course: Course
    items: Mapping[str, Item]


def course_of(store: Store, master: Recording) -> Course:
    """Read the course of a master back."""
    facts = master.metadata
    promptlist = facts.get("promptlist")
    topics = tuple(facts.get("targets", ()))
    if promptlist and not topics:
        topics = tuple(item.id for item in in_order(prompts.items(store.reader(), promptlist), facts.get("seed")))
    return Course(topics, facts.get("speaker"), facts.get("variety"), promptlist, facts.get("seed"), float(facts.get("early", 0.3)), str(facts.get("oral", "")))


def items_of(store: Store, course: Course) -> dict[str, Item]:
    """The prompts of a course by id."""
    return {item.id: item for item in prompts.items(store.reader(), course.promptlist)} if course.promptlist else {}


def make_plan(store: Store, wish: Wish, sound: Mapping[str, Any]) -> Plan:
    """Write the rows of a session to be recorded with this sound (`rate`, `channels`, `bits`, `device`, `host`)."""
    listed = _keep_list(store, wish) if wish.prompts else None

    def work(tx: Transaction) -> Plan:
        speaker = people.ensure_person(tx, wish.speaker) if wish.speaker else None
        variety = people.ensure_variety(tx, wish.variety) if wish.variety else None
        name = free_stem(tx, store.folder, wish.name or f"{datetime.now():%Y-%m-%d}-{wish.speaker or 'session'}")
        session = Session(id=SessionId(new_id()), name=name, title=name, date=f"{datetime.now():%Y-%m-%d}", variety=variety.id if variety else None)
        sessions.add_session(tx, session)
        if speaker:
            sessions.take_part(tx, session.id, speaker.id)
        seed = wish.seed if wish.seed is not None or listed is None else listed.seed
        items = prompts.items(tx.db, listed.id) if listed else []
        course = Course(
            tuple(item.id for item in in_order(items, seed)),
            speaker.id if speaker else None,
            variety.id if variety else None,
            listed.id if listed else None,
            seed,
            wish.early,
        )
        master = new_master(session, name, course, sound)
        sessions.add_recording(tx, master)
        return Plan(session, master, course, {item.id: item for item in items})

    return store.do(work)


def new_master(session: Session, stem: str, course: Course, sound: Mapping[str, Any], role: str = "master", of: Mapping[str, Any] | None = None) -> Recording:
    """The row of a master that is about to grow."""
    about = {name: sound[name] for name in ("device", "host") if sound.get(name)}
    return Recording(
        id=RecordingId(new_id()),
        session=session.id,
        path=f"audio/{stem}.wav",
        rate=int(sound["rate"]),
        channels=int(sound["channels"]),
        bits=int(sound["bits"]),
        frames=0,
        started=datetime.now().astimezone().isoformat(timespec="milliseconds"),
        role=role,
        state=RECORDING,
        metadata={**about, **course.row(), **(of or {})},
    )


def drop_plan(store: Store, plan: Plan) -> None:
    """Nothing was recorded: take the rows back, as if nobody had asked."""

    def work(tx: Transaction) -> None:
        tx.db.execute("DELETE FROM recording WHERE id = ?", (plan.master.id,))
        if not sessions.recordings(tx.db, plan.session.id):
            tx.db.execute("DELETE FROM session WHERE id = ?", (plan.session.id,))

    store.do(work)


def stem_of(recording: Recording) -> str:
    """The name of a recording's files without their ending."""
    return Path(recording.path).stem


def ascii_stem(text: str) -> str:
    """A file name every system can hold."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:60] or "session"


def free_stem(tx: Transaction, folder: Path, wanted: str) -> str:
    """A name that no session, no recording and no file in the audio folder has yet."""
    stem = ascii_stem(wanted)
    number, name = 1, stem
    while sessions.find_session(tx.db, name) or sessions.find_recording(tx.db, path=f"audio/{name}.wav") or any((folder / "audio").glob(f"{name}[.-]*")):
        number += 1
        name = f"{stem}-{number}"
    return name


def _keep_list(store: Store, wish: Wish) -> PromptList:
    """The prompt list in the fieldbook: the one that is there when it asks the same, else a new one with its pictures and sounds."""
    assert wish.prompts is not None
    number, name = 1, wish.prompts.name
    while known := prompts.find_promptlist(store.reader(), name):
        if same_prompts(prompts.items(store.reader(), known.id), wish.prompts.items):
            return known
        number += 1
        name = f"{wish.prompts.name} {number}"
    made = PromptList(id=PromptListId(new_id()), name=name, source=wish.prompts.name, seed=wish.seed)
    items = _with_files(wish.prompts.items, made, wish.prompts_folder, store.folder)
    store.do(lambda tx: prompts.add_promptlist(tx, made, items))
    return made


def _with_files(items: Sequence[Item], promptlist: PromptList, source: Path | None, folder: Path) -> list[Item]:
    """The items with ids of their own, their pictures and sounds copied into the fieldbook."""
    target = Path("stimuli") / f"{ascii_stem(promptlist.name)}-{promptlist.id[-6:]}"

    def copied(name: str, position: int) -> str:
        if not name or source is None:
            return ""
        kept = target / f"{position:04d}" / Path(name).name  # the name stays, so that the same list is known again
        try:
            (folder / kept).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, folder / kept)
        except OSError as trouble:
            raise ImportProblem(f"{source / name} cannot be copied into the fieldbook: {trouble.strerror}.", "Is there room on the disk?") from trouble
        return kept.as_posix()

    return [
        replace(
            item,
            id=ItemId(new_id()),
            promptlist=promptlist.id,
            picture=copied(item.picture, item.position),
            sound=copied(item.sound, item.position),
        )
        for item in items
    ]
