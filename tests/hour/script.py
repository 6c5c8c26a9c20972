"""What a person does in an hour, as steps: record by keys, look elsewhere while it records, type and cut, search, note people, export, change the dress.

Every step works through the window's own actions, keys and widgets. What is meant to stay is written into a ledger, which `lost` compares with the
fieldbook when the hour is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLineEdit, QListView, QListWidget

from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.export import ThePage as ExportPage
from fieldapp.gui.pages.people import ThePage as PeoplePage
from fieldapp.gui.pages.record import ThePage as RecordPage
from fieldapp.gui.pages.review import ThePage as ReviewPage
from fieldapp.gui.recording import Wanted
from fieldapp.gui.review.lines import Line
from fieldapp.gui.widgets.ask_bar import AskBar
from fieldapp.gui.widgets.live_lines import LiveLines
from fieldapp.model import Span
from fieldapp.session.closing import Outcome
from fieldapp.store import people, texts
from fieldapp.store.rows import SEGMENT
from fieldapp.store.store import Store
from hour.driver import Hands, LiveEye, Step

BREATH, LOOK, THINK = 0.3, 1.0, 2.0
WORDS = ("tʰɑ˥˩", "jɑ̃ 12", "shui", "太阳")
ROUNDS_A_SESSION = 4
NUDGES, SCROLLS = 6, 40


@dataclass(slots=True)
class Ledger:
    """What was done and must be there at the end."""

    typed: dict[str, str] = field(default_factory=dict)
    nicknames: dict[str, str] = field(default_factory=dict)
    exported: list[Path] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    prompts: int = 0


class Hour:
    """The steps, for one window with an open fieldbook."""

    def __init__(self, window: MainWindow, hands: Hands, eye: LiveEye, aside: Path) -> None:
        self._window, self._hands, self._eye, self._aside = window, hands, eye, aside
        self.ledger = Ledger()
        self.rounds = 0

    def steps(self) -> list[tuple[str, Callable[[], Step]]]:
        """One round."""
        self.rounds += 1
        last = self.rounds % ROUNDS_A_SESSION == 0
        round_ = [
            ("record", self.record), ("prompts", self.prompts), ("words", self.words), ("meaning", self.meaning), ("review", self.review),
            ("type", self.type), ("cut", self.cut), ("listen", self.listen), ("scroll and zoom", self.scroll), ("short recording", self.other_recording),
            ("prompts", self.prompts), ("people", self.people), ("varieties and sessions", self.cards), ("export", self.export), ("palette", self.palette),
            ("dialogs", self.dialogs), ("dress", self.dress), ("text size", self.text_size), ("pages", self.pages),
        ]  # fmt: skip
        return [*round_, ("stop", self.stop)] if last else round_

    # --- recording ---

    def record(self) -> Step:
        """Begin a session, where none runs."""
        yield from self._go("record")
        page = self._record
        if page.recording.session is None:
            page.recording.ended.connect(self._on_ended)
            page.recording.start(Wanted(speaker="W1", variety="Variety 00", prompts="swadesh-100"))
            yield lambda: page.recording.session is not None and not page.recording.busy
        session = page.recording.session
        assert session is not None
        lines = page.findChild(LiveLines)
        assert isinstance(lines, LiveLines)
        self._eye.watch(lines)
        yield lambda: session.look().frames > 0
        yield THINK

    def prompts(self) -> Step:
        """Next, again, skip, back, good, mark."""
        yield from self._go("record")
        for key in (Qt.Key.Key_Space, Qt.Key.Key_Space, Qt.Key.Key_R, Qt.Key.Key_Space, Qt.Key.Key_S, Qt.Key.Key_G, Qt.Key.Key_B, Qt.Key.Key_M):
            yield THINK
            QTest.keyClick(self._window, key)
            self.ledger.prompts += 1
        yield THINK

    def stop(self) -> Step:
        """End the session; its segments are made behind."""
        yield from self._go("record")
        page, count = self._record, len(self.ledger.outcomes)
        self._do("record.stop")
        yield lambda: len(self.ledger.outcomes) > count and page.recording.session is None and not page.recording.busy
        page.recording.ended.disconnect(self._on_ended)
        yield LOOK

    def _on_ended(self, outcome: Outcome) -> None:
        self.ledger.outcomes.append(outcome)

    def finish(self) -> Step:
        """What still goes on behind comes to its end."""
        yield lambda: not self._window.desk.works.running

    # --- finding ---

    def words(self) -> Step:
        """Words in several scripts, letter by letter, and down the hits."""
        yield from self._go("find")
        self._do("find.words")
        yield from self._ask(WORDS)
        self._do("find.options")
        yield LOOK
        self._do("find.options")
        yield LOOK

    def meaning(self) -> Step:
        """By meaning and every way at once; why, more like this, into the basket."""
        yield from self._go("find")
        self._do("find.meaning")
        yield from self._ask(("the sun",))
        self._do("find.hybrid")
        yield THINK
        for deed in ("find.explain", "find.collect", "find.like", "find.explain", "find.words"):
            self._do(deed)
            yield THINK

    def _ask(self, words: tuple[str, ...]) -> Step:
        bar, hits = self._window.page.findChild(AskBar), self._window.page.findChild(QListView, "hits")
        assert isinstance(bar, AskBar)
        assert isinstance(hits, QListView)
        for word in words:
            bar.field.clear()
            bar.field.setFocus()
            yield BREATH
            yield self._hands.type(bar.field, bar.field, word)
            yield THINK
            hits.setFocus()
            for _ in range(min(5, hits.model().rowCount())):
                QTest.keyClick(hits, Qt.Key.Key_Down)
                yield BREATH

    # --- reviewing ---

    def review(self) -> Step:
        """Open the long recording."""
        yield from self._go("review")
        page = self._review
        yield lambda: bool(page.headings)
        longest = max(page.headings, key=lambda one: one.seconds)
        page.side.recording_chosen.emit(longest.recording)
        yield lambda: page.recording == longest.recording and page.sound is not None and page.sound.has_overviews and bool(page.shown.lines)
        yield LOOK
        for deed in ("review.segments", "review.queue", "review.recordings"):
            self._do(deed)
            yield LOOK

    def type(self) -> Step:
        """The typing flow: what is said is typed, Enter confirms and goes on; another tier in between."""
        yield from self._go("review")
        page = self._review
        for number in range(4):
            self._do("review.field")
            yield BREATH
            line = page.shown.line
            assert line is not None
            page.stage.field.selectAll()
            text = f"wo tʰiŋ {self.rounds} {number}"
            yield self._hands.type(page.stage.field, page.stage.field.viewport(), f"{text}\r")
            self.ledger.typed[line.segment] = text
            yield LOOK
        self._do("review.tier3")
        yield BREATH
        yield self._hands.type(page.stage.field, page.stage.field.viewport(), "heard well")
        self._do("review.tier1")
        yield LOOK

    def cut(self) -> Step:
        """Split, nudge, merge, and all of it undone again."""
        yield from self._go("review")
        page = self._review
        self._do("review.next")
        yield LOOK
        line = page.shown.line
        assert line is not None
        page.stage.timeline.set_cursor((line.span.start + line.span.stop) // 2)
        count = len(page.shown.lines)
        self._do("review.split")
        yield lambda: len(page.shown.lines) == count + 1
        yield LOOK
        for _ in range(NUDGES):
            self._do("review.stop_earlier")
            yield BREATH
        self._do("review.merge")
        yield lambda: len(page.shown.lines) == count
        for _ in range(NUDGES + 2):
            self._do("undo")
            yield BREATH
        yield lambda: self._span_of(line) == line.span
        yield LOOK

    def listen(self) -> Step:
        """Play a segment, slower, and stop."""
        yield from self._go("review")
        for deed in ("review.play", "review.slower", "review.faster", "review.play"):
            self._do(deed)
            yield LOOK

    def scroll(self) -> Step:
        """Through ten hours: pixel by pixel, page by page, in and out."""
        yield from self._go("review")
        timeline = self._review.stage.timeline
        for _ in range(SCROLLS):
            timeline.scroll(12)
            yield 0.02
        for deed in (
            "review.later",
            "review.later",
            "review.earlier",
            *["review.zoom_out"] * 9,
            *["review.zoom_in"] * 9,
            "review.zoom_all",
            "review.zoom_segment",
        ):
            self._do(deed)
            yield BREATH

    def other_recording(self) -> Step:
        """One whose sound is missing, then one by name, then back."""
        yield from self._go("review")
        page = self._review
        other = next(one for one in page.headings if one.recording != page.recording and one.segments)
        page.side.recording_chosen.emit(other.recording)
        yield lambda: page.recording == other.recording
        for _ in range(3):
            self._do("review.next")
            yield BREATH
        narrow = page.side.findChild(QLineEdit)
        assert isinstance(narrow, QLineEdit)
        for text in ("s1", ""):
            narrow.setText(text)
            yield LOOK

    def _span_of(self, line: Line) -> Span | None:
        found = SEGMENT.first(self._store.reader(), "id = ?", line.segment)
        return found.span if found is not None else None

    # --- people ---

    def people(self) -> Step:
        """Down the list, a card is changed and left."""
        yield from self._go("people")
        page = self._people
        listed = page.cards.findChild(QListWidget)
        assert isinstance(listed, QListWidget)
        for row in range(8):
            listed.setCurrentRow((self.rounds * 8 + row) % listed.count())
            yield BREATH
        code = page.cards.card.line("code").text()
        line = page.cards.card.line("nickname")
        line.setFocus()
        line.clear()
        name = f"called {self.rounds}"
        yield self._hands.type(line, line, name)
        self.ledger.nicknames[code] = name
        listed.setFocus()
        yield LOOK
        self._do("people.narrow")
        narrow = page.cards.findChild(QLineEdit)
        assert isinstance(narrow, QLineEdit)
        yield self._hands.type(narrow, narrow, "P01")
        narrow.clear()
        yield LOOK

    def cards(self) -> Step:
        """The other two lists."""
        yield from self._go("people")
        for _ in range(3):
            self._do("people.next")
            listed = self._people.cards.findChild(QListWidget)
            assert isinstance(listed, QListWidget)
            for row in range(4):
                listed.setCurrentRow((self.rounds * 4 + row) % max(1, listed.count()))
                yield BREATH
            yield LOOK

    # --- handing over, and the rest of the window ---

    def export(self) -> Step:
        """The whole fieldbook as a table, behind everything that follows; a basket or another format is only looked at."""
        yield from self._go("export")
        page = self._window.page
        assert isinstance(page, ExportPage)
        formats = next(one for one in page.findChildren(QListWidget) if one.accessibleName() == "Formats")
        for row in (0, 2, 3):
            formats.setCurrentRow(row)
            yield LOOK
        if not self._window.desk.works.running and len(self.ledger.exported) * ROUNDS_A_SESSION < self.rounds:
            folder = self._aside / f"export-{self.rounds}"
            next(one for one in page.findChildren(QLineEdit) if one.accessibleName() == "Folder").setText(str(folder))
            self._do("export.run")
            self.ledger.exported.append(folder)
        yield THINK

    def palette(self) -> Step:
        """Find a command by its letters."""
        self._do("palette")
        yield BREATH
        entered = self._window.palette_box.findChild(QLineEdit)
        assert isinstance(entered, QLineEdit)
        yield self._hands.type(entered, entered, "fiwo")
        QTest.keyClick(entered, Qt.Key.Key_Escape)
        yield LOOK

    def dialogs(self) -> Step:
        """What is going on, about the fieldbook, shortcuts, doubts."""
        for deed in ("jobs", "book", "shortcuts", "doubts", "missing"):
            self._do(deed)
            yield LOOK
            for dialog in self._window.findChildren(QDialog):
                dialog.close()
            yield BREATH

    def dress(self) -> Step:
        """Dark and light again."""
        for _ in range(2):
            self._do("theme")
            yield THINK

    def text_size(self) -> Step:
        """Larger and smaller again."""
        for deed in ("larger", "smaller"):
            self._do(deed)
            yield THINK

    def pages(self) -> Step:
        """Around all pages."""
        for name in ("start", "record", "review", "find", "people", "export", "record"):
            yield from self._go(name)
            yield LOOK

    # --- what all of them use ---

    def _do(self, deed: str) -> None:
        self._window.actions_table.action(deed).trigger()

    def _go(self, name: str) -> Step:
        if self._window.page.objectName() != name:
            self._do(f"page.{name}")
            yield BREATH

    @property
    def _store(self) -> Store:
        assert self._window.desk.store is not None
        return self._window.desk.store

    @property
    def _record(self) -> RecordPage:
        assert isinstance(self._window.page, RecordPage)
        return self._window.page

    @property
    def _review(self) -> ReviewPage:
        assert isinstance(self._window.page, ReviewPage)
        return self._window.page

    @property
    def _people(self) -> PeoplePage:
        assert isinstance(self._window.page, PeoplePage)
        return self._window.page


def lost(store: Store, ledger: Ledger) -> list[str]:
    """What is not there although it was done; after the window was closed."""
    return [*_lost_texts(store, ledger), *_lost_sound(ledger)]


def _lost_texts(store: Store, ledger: Ledger) -> Iterator[str]:
    db = store.reader()
    for segment, text in ledger.typed.items():
        said = {one.text for one in texts.texts(db, segment) if one.tier == "transcription"}
        if text not in said:
            yield f"typed “{text}”, kept {sorted(said)}"
    for code, nickname in ledger.nicknames.items():
        person = people.find_person(db, code)
        if person is None or person.nickname != nickname:
            yield f"{code} was called “{nickname}”"


def _lost_sound(ledger: Ledger) -> Iterator[str]:
    for one in ledger.outcomes:
        if one.gaps or one.state != "closed":
            yield f"{one.session}: {one.state}, {sum(map(len, one.gaps))} frames in gaps"
        if not one.segments:
            yield f"{one.session}: no segments"
    for folder in ledger.exported:
        if not any(path.stat().st_size for path in folder.rglob("*") if path.is_file()):
            yield f"nothing was exported to {folder.name}"
