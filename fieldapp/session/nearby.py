"""Neighbours of what was just said, while recording goes on: a thread of its own asks the archive, a screen looks, nobody waits.

Only the newest utterance is asked about; what came while the thread was busy is passed over. A doubt (see `finding/live.py`) and its
dismissal are events of the master, so that a person can come back to them.
"""

from __future__ import annotations

import logging
import threading
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

from fieldapp.cores import step_back
from fieldapp.elicitation.events import DOUBT, DOUBT_DISMISSED
from fieldapp.elicitation.turns import read_turns
from fieldapp.errors import FieldError
from fieldapp.finding.finder import Finder
from fieldapp.finding.live import Doubt, neighbours
from fieldapp.finding.question import Match
from fieldapp.model import Event, EventId, Item, ItemId, Segment, Span, new_id
from fieldapp.session.plan import Plan
from fieldapp.store import sessions
from fieldapp.store.store import Store

MOSTLY = 0.6
"""Of a prompt's answer this much must lie in its own turn; else nobody knows which prompt it answered."""
LEAVE_SECONDS = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NearbyLook:
    """What a screen shows: the last utterance that was asked about, its neighbours, and a doubt until it is dismissed."""

    segment: Segment | None = None
    matches: tuple[Match, ...] = ()
    doubt: Doubt | None = None
    item: Item | None = None
    """The prompt that was shown, where there is a doubt."""


class Nearby:
    """One session's. A `finder` that is handed in is shared (it holds the index in memory) and left open."""

    def __init__(self, store: Store, plan: Plan, finder: Finder | None = None) -> None:
        self._store, self._plan, self._finder = store, plan, finder
        self._gate = threading.Condition()
        self._asked: Segment | None = None
        self._over = False
        self._look = NearbyLook()
        self._thread = threading.Thread(target=self._work, name="nearby", daemon=True)
        self._thread.start()

    def ask(self, segment: Segment) -> None:
        """A segment has its vectors now."""
        with self._gate:
            self._asked = segment
            self._gate.notify()

    def look(self) -> NearbyLook:
        """How things are; as often as one likes."""
        with self._gate:
            return self._look

    def dismiss(self) -> None:
        """The person has seen the doubt and knows better."""
        with self._gate:
            doubt, item, segment = self._look.doubt, self._look.item, self._look.segment
            self._look = replace(self._look, doubt=None, item=None)
        if doubt is not None and segment is not None:
            self._note(DOUBT_DISMISSED, doubt, item, segment)

    def stop(self) -> None:
        """Answer what was asked last, then end."""
        with self._gate:
            self._over = True
            self._gate.notify()
        self._thread.join(LEAVE_SECONDS)

    # --- its own thread ---

    def _work(self) -> None:
        step_back()
        with nullcontext(self._finder) if self._finder else Finder(self._store, background=False) as finder:
            while (segment := self._next()) is not None:
                try:
                    self._answer(finder, segment)
                except FieldError as trouble:
                    log.info("no neighbours: %s", trouble)
                except Exception:
                    log.exception("asking for neighbours failed")

    def _next(self) -> Segment | None:
        with self._gate:
            while self._asked is None and not self._over:
                self._gate.wait()
            segment, self._asked = self._asked, None
            return segment

    def _answer(self, finder: Finder, segment: Segment) -> None:
        item = self._shown(segment.span)
        found = neighbours(finder, segment.id, item.meaning_id if item else "")
        if found.doubt is not None:
            self._note(DOUBT, found.doubt, item, segment)
        with self._gate:
            self._look = NearbyLook(segment, found.matches, found.doubt, item if found.doubt else None)

    def _shown(self, span: Span) -> Item | None:
        """The prompt in whose turn most of the utterance lies."""
        if not self._plan.items or self._plan.course.oral:
            return None
        turns = read_turns(sessions.events(self._store.reader(), self._plan.master.id), span.stop)
        inside = [(min(turn.stop, span.stop) - max(turn.start, span.start), turn.attempt.topic) for turn in turns if turn.attempt]
        length, topic = max(inside, default=(0, ""))
        return self._plan.items.get(topic) if length >= MOSTLY * len(span) else None

    def _note(self, kind: str, doubt: Doubt, item: Item | None, segment: Segment) -> None:
        basis = doubt.witnesses[0].reasons[0].basis
        value: dict[str, Any] = {
            "segment": doubt.segment,
            "shown": doubt.shown,
            "heard": doubt.heard,
            "witnesses": [match.hit.segment for match in doubt.witnesses],
        }
        value |= {"pairs": basis.pairs, "shared": basis.shared} if basis else {}
        event = Event(
            id=EventId(new_id()), recording=self._plan.master.id, frame=segment.span.stop, kind=kind, item=ItemId(item.id) if item else None, value=value
        )
        self._store.do(lambda tx: sessions.add_events(tx, [event]))
