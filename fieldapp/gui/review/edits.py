"""What a person can change on the review page, each as one step that can be undone. Called in the GUI thread; the work runs on `db-writer`.

Every step reads what is there when its turn comes, never what the screen showed: ten nudges in a row add up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fieldapp.audio.quiet import quietest
from fieldapp.gui.desk import Desk
from fieldapp.gui.review.lines import Line
from fieldapp.gui.review.recorded import RecordedSound
from fieldapp.gui.words import say
from fieldapp.model import RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.store import segments, texts
from fieldapp.store.transaction import Transaction

SHORTEST_S, SNAP_S = 0.01, 0.15


class Edits:
    """Writes through the desk's store and says trouble in the window."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def text(self, segment: str, tier: str, text: str, language: str, ended: Callable[[bool], None]) -> None:
        """Keep what was typed; a draft somebody typed into is theirs now, and still to be confirmed. `ended` is told whether it was written."""
        self._write(lambda tx: write_text(tx, segment, tier, text, language), say("typing"), ended)

    def confirm(self, segment: str, tier: str, text: str, language: str, ended: Callable[[bool], None]) -> None:
        """The text is right, and the segment is checked."""

        def work(tx: Transaction) -> None:
            write_text(tx, segment, tier, text, language, confirmed=True)
            set_state(tx, segment, "checked")

        self._write(work, say("confirming"), ended)

    def state(self, segment: str, state: str) -> None:
        """Checked, rejected, or back to be looked at."""
        self._write(lambda tx: set_state(tx, segment, state), say("changing the state"))

    def create(self, recording: str, span: Span, like: Line | None) -> str:
        """A new segment with the speaker of a neighbour; returns its id at once."""
        made = SegmentId(new_id())

        def work(tx: Transaction) -> None:
            model = segments.segment(tx.db, like.segment) if like is not None else None
            speaker, variety = (model.speaker, model.variety) if model is not None else (None, None)
            segments.add_segments(tx, [Segment(id=made, recording=RecordingId(recording), span=span, speaker=speaker, variety=variety, source="person")])

        self._write(work, say("a new segment"))
        return made

    def split(self, segment: str, frame: int) -> None:
        """Two segments of one."""
        self._write(lambda tx: segments.split_segment(tx, SegmentId(segment), frame), say("splitting"))

    def merge(self, first: str, second: str) -> None:
        """One segment of two."""
        self._write(lambda tx: segments.merge_segments(tx, [SegmentId(first), SegmentId(second)]), say("merging"))

    def delete(self, segment: str) -> None:
        """The segment and its texts; the sound stays."""
        self._write(lambda tx: segments.delete_segments(tx, [SegmentId(segment)]), say("deleting a segment"))

    def best(self, segment: str) -> None:
        """The best take."""
        self._write(lambda tx: segments.set_best(tx, SegmentId(segment)), say("choosing the best take"))

    def edge(self, segment: str, edge: str, *, frame: int = 0, by: int | None = None, end: int, alone: bool = False) -> None:
        """Put a boundary on a frame, or move it `by` frames; a boundary that touches the neighbour's takes it along unless `alone`."""
        self._write(lambda tx: move_edge(tx, segment, edge, frame, by, end, alone=alone), say("moving a boundary"))

    def snap(self, line: Line, sound: RecordedSound) -> None:
        """Put both boundaries on the quietest place near, which is looked for in the background."""
        store = self._desk.store

        def quiet(frame: int) -> int:
            around = round(SNAP_S * sound.rate)
            near = Span(max(0, frame - around), min(sound.frames, frame + around))
            return near.start + quietest(sound.samples(near), sound.rate, frame - near.start)

        def found(frames: tuple[int, int]) -> None:
            if self._desk.store is store:
                for edge, frame in zip(("start", "stop"), frames):
                    self.edge(line.segment, edge, frame=frame, end=sound.frames)

        self._desk.run(lambda _: (quiet(line.span.start), quiet(line.span.stop)), found)

    def move(self, segment: str, by: int, end: int) -> None:
        """Move a whole segment by so many frames, its neighbours left alone."""
        self._write(lambda tx: move_segment(tx, segment, by, end), say("moving a segment"))

    def _write(self, work: Callable[[Transaction], Any], label: str, ended: Callable[[bool], None] = lambda _: None) -> None:
        self._desk.write(work, lambda _: ended(True), lambda: ended(False), undo=label)


def write_text(tx: Transaction, segment: str, tier: str, text: str, language: str, *, confirmed: bool = False) -> None:
    """Write, confirm or (when it is empty) delete the text of a tier. The source of an untouched draft stays."""
    segments.segment(tx.db, segment)  # says so where it was deleted meanwhile
    before = next((known for known in texts.texts(tx.db, segment) if known.tier == tier), None)
    if not text.strip():
        if before is not None:
            texts.delete_text(tx, before.id)
    elif before is None or before.text != text:
        state = "confirmed" if confirmed or (before is not None and before.state == "confirmed") else "draft"
        texts.set_text(tx, SegmentId(segment), tier, text, language=before.language if before is not None else language, state=state)
    elif confirmed and before.state != "confirmed":
        texts.confirm(tx, before.id)


def set_state(tx: Transaction, segment: str, state: str) -> None:
    """Note what a person thinks of a segment."""
    now = segments.segment(tx.db, segment)
    if now.state != state:
        segments.update_segment(tx, replace(now, state=state))


def move_edge(tx: Transaction, segment: str, edge: str, frame: int, by: int | None, end: int, *, alone: bool) -> None:
    """Move one boundary, or two that touch; neither segment becomes shorter than 10 ms."""
    now = segments.segment(tx.db, segment)
    rate = int(tx.db.execute("SELECT rate FROM recording WHERE id = ?", (now.recording,)).fetchone()[0])
    least = max(1, round(SHORTEST_S * rate))
    here = now.span.start if edge == "start" else now.span.stop
    wanted = here + by if by is not None else frame
    touching = None if alone else _touching(tx, now, edge, here)
    lowest, highest = (0, now.span.stop - least) if edge == "start" else (now.span.start + least, end)
    if touching is not None:
        lowest, highest = (max(lowest, touching.span.start + least), highest) if edge == "start" else (lowest, min(highest, touching.span.stop - least))
    wanted = max(min(wanted, highest), lowest)
    segments.update_segment(tx, replace(now, span=Span(wanted, now.span.stop) if edge == "start" else Span(now.span.start, wanted)))
    if touching is not None:
        other = touching.span
        segments.update_segment(tx, replace(touching, span=Span(other.start, wanted) if edge == "start" else Span(wanted, other.stop)))


def move_segment(tx: Transaction, segment: str, by: int, end: int) -> None:
    """Move both boundaries, as far as the recording goes."""
    now = segments.segment(tx.db, segment)
    shift = max(-now.span.start, min(by, end - now.span.stop))
    if shift:
        segments.update_segment(tx, replace(now, span=Span(now.span.start + shift, now.span.stop + shift)))


def _touching(tx: Transaction, now: Segment, edge: str, here: int) -> Segment | None:
    near = segments.segments(tx.db, now.recording, Span(max(0, here - 1), here + 1))
    return next((other for other in near if other.id != now.id and (other.span.stop if edge == "start" else other.span.start) == here), None)
