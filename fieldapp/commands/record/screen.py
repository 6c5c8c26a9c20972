"""What `fieldapp record` shows: on a terminal the prompt, a meter and the clock, drawn in place; elsewhere one line a change."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, TextIO

from fieldapp.prompts import glosses, shown
from fieldapp.session.running import Look, RunningSession

if TYPE_CHECKING:
    from fieldapp.session.live_text import TextLook
    from fieldapp.session.nearby import NearbyLook

METER_WIDTH = 40
QUIETEST_DB = -60.0
NEAR_SHOWN = 3
KEYS = "Space next  R redo  S skip  B back  D discard  2 second  A alternative  G good  M mark  P pause  Q stop"


class Lines:
    """For pipes and logs: the prompt, when it changes, and warnings as they come."""

    def __init__(self, stream: TextIO, session: RunningSession) -> None:
        self._stream, self._session = stream, session
        self._last = self._why = self._near = ""
        self._told = self._said = 0

    def draw(self, look: Look) -> None:
        """A line where something is new."""
        line = status_line(self._session, look)
        if line != self._last:
            self._last = line
            self._stream.write(f"{line}\n")
        for notice in look.notices[self._told :]:
            self._stream.write(f"{notice.sentence}\n")
        self._told = len(look.notices)
        if look.text and look.text.sentence != self._why:
            self._why = look.text.sentence
            self._stream.write(f"{self._why}\n" if self._why else "")
        near = nearby_line(look.nearby) if look.nearby else ""
        if near != self._near:
            self._near = near
            self._stream.write(f"{near}\n" if near else "")
        self.finish()

    def finish(self) -> None:
        """What was said, as far as it was written since the last time."""
        rate = self._session.plan.master.rate
        for said in self._session.text.said(self._said) if self._session.text else ():
            self._said += 1
            self._stream.write(f"{said.span.start / rate:8.2f} s  {said.text}\n")
        self._stream.flush()


class Screen:
    """For a terminal: everything in place. A terminal that knows no escapes is treated like a pipe."""

    def __init__(self, stream: TextIO, session: RunningSession) -> None:
        self._stream, self._session = stream, session
        self._plain = Lines(stream, session) if os.environ.get("TERM", "") in ("", "dumb") and os.name != "nt" else None

    def draw(self, look: Look) -> None:
        """The whole picture."""
        if self._plain:
            self._plain.draw(look)
            return
        width = shutil.get_terminal_size().columns
        item = self._session.item
        words = shown(item) if item else "" if self._session.plan.course.topics else "recording"
        lines = [
            f"\x1b[31m●\x1b[0m {clock(look.frames, self._session.plan.master.rate)}   {meter(look)}",
            status_line(self._session, look),
            "",
            "",
            f"\x1b[1m{words[: max(1, width - 4)].center(width)}\x1b[0m",
            "",
            " · ".join(glosses(item)).center(width) if item else "",
            (item.notes if item else "").center(width),
            "",
            look.warnings[-1].sentence[:width] if look.warnings else "",
            f"The microphone is away: {look.lost}" if look.lost else "",
            *([spoken_line(look.text, width)] if look.text else []),
            nearby_line(look.nearby)[:width] if look.nearby else "",
            KEYS[:width],
        ]
        self._stream.write("\x1b[H" + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
        self._stream.flush()

    def finish(self) -> None:
        """What was written while the recording ended."""
        if self._plain:
            self._plain.finish()


def spoken_line(text: TextLook, width: int) -> str:
    """The last draft and what is being said; why there is none; how late it is."""
    if text.sentence:
        return text.sentence[:width]
    last = text.finals[-1].text if text.finals else ""
    late = f"  ({text.lag:.0f} s behind)" if text.lag >= 1 else ""
    words = f"{last} … {text.partial}" if text.partial else last
    return words[-max(1, width - len(late)) :] + late


def nearby_line(nearby: NearbyLook) -> str:
    """Who else said what was said last; a doubt whether it was the right item comes before that."""
    if nearby.doubt:
        return f"? {nearby.doubt.sentence}"
    who = (" ".join(part for part in (match.hit.speaker, match.hit.variety, match.hit.text) if part) for match in nearby.matches[:NEAR_SHOWN])
    listed = " · ".join(" ".join(one.split()) for one in who)
    return f"near: {listed}" if listed else ""


def status_line(session: RunningSession, look: Look) -> str:
    """Where we are, in words."""
    view = look.view
    if view.paused:
        return "pause"
    if view.place is None:
        return f"all {view.count} prompts are done" if view.count else "recording"
    item = session.item
    answer = f", {view.answer}" if view.answer else ""
    return f"{view.place + 1}/{view.count}  take {view.take}{answer}  {shown(item) if item else ''}"


def clock(frames: int, rate: int) -> str:
    """Hours, minutes, seconds."""
    seconds = frames // rate
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def meter(look: Look) -> str:
    """The level of the louder channel as a bar."""
    loudest = max(look.levels.get("peak") or [QUIETEST_DB])
    length = round(METER_WIDTH * min(1.0, max(0.0, 1 - loudest / QUIETEST_DB)))
    return f"[{'#' * length}{' ' * (METER_WIDTH - length)}] {loudest:5.0f} dB"
