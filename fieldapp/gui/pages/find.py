"""The find page: typed, spoken or "more like this"; by words, meaning, sound or all at once. Everything runs behind; only the newest answer is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QTimer, Slot
from PySide6.QtWidgets import QLabel, QListView, QPushButton, QVBoxLayout, QWidget

from fieldapp.audio.render import clips_of
from fieldapp.errors import FieldError
from fieldapp.gui.actions import Deed
from fieldapp.gui.desk import Desk
from fieldapp.gui.pages import Page
from fieldapp.gui.widgets.ask_bar import MODES, AskBar
from fieldapp.gui.widgets.filters import Filters
from fieldapp.gui.widgets.flow import Flow
from fieldapp.gui.widgets.hits import HitPainter, Hits
from fieldapp.gui.words import say
from fieldapp.jobs import Job, Progress
from fieldapp.model import Changed, Query, SegmentId, Span
from fieldapp.store import people, saved, sessions, texts

if TYPE_CHECKING:
    from fieldapp.finding.question import Answer, Match
    from fieldapp.finding.voice import Heard

WAIT_MS = 120
CALM_MS = 250
"""An answer that takes longer is announced."""
SHOWN, NEAREST = 200, 50


class ThePage(Page):
    """Type, arrow down, Space plays."""

    CARES = Changed.ANNOTATIONS | Changed.SEGMENTS | Changed.PEOPLE | Changed.VARIETIES | Changed.CONSENT | Changed.VECTORS
    DEEDS = (
        Deed("find.field", "Go to the search field", "Ctrl+F", page="find", needs="fieldbook"),
        Deed("find.play", "Play the hit", "Ctrl+Space", page="find", needs="fieldbook"),
        Deed("find.stretch", "Play the stretch that sounds alike", "Ctrl+Shift+Space", page="find", needs="fieldbook"),
        Deed("find.like", "More like this hit", "Ctrl+L", page="find", needs="fieldbook"),
        Deed("find.basket", "Put the hit into the basket", "Ctrl+B", page="find", needs="writable"),
        Deed("find.speak", "Speak what you look for", "Ctrl+Shift+F", page="find", needs="fieldbook"),
        Deed("find.words", "Search by words", "Alt+1", page="find", needs="fieldbook"),
        Deed("find.meaning", "Search by meaning", "Alt+2", page="find", needs="fieldbook"),
        Deed("find.sound", "Search by sound", "Alt+3", page="find", needs="fieldbook"),
        Deed("find.hybrid", "Search every way at once", "Alt+4", page="find", needs="fieldbook"),
    )

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._asked = 0
        self._job: Job | None = None
        self._heard: Heard | None = None
        self._like: SegmentId | None = None
        self._bar, self._filters = AskBar(desk, self), Filters(self)
        self._filters.changed.connect(self._on_search)
        self._said = QLabel(self)
        self._said.setProperty("role", "muted")
        self._said.setWordWrap(True)
        self._hits = Hits(self)
        self._list = self._made_list()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 24, 32, 16)
        layout.setSpacing(12)
        layout.addWidget(self._bar)
        layout.addWidget(self._filters)
        layout.addWidget(self._said)
        layout.addWidget(self._list, 1)
        layout.addLayout(self._doings())
        self._wait, self._calm = self._timer(WAIT_MS, self._on_search), self._timer(CALM_MS, self._on_calm)
        self._bar.typed.connect(self._on_typed)
        self._bar.asked.connect(self._on_way)
        self._bar.entered.connect(self._list.setFocus)
        self._bar.sounded.connect(self._on_sounded)
        self._bar.forgotten.connect(self._on_forgotten)
        desk.settings_changed.connect(self._on_settings)
        desk.fieldbook_changed.connect(self._on_fieldbook)

    def _timer(self, wait: int, then: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(wait)
        timer.timeout.connect(then)
        return timer

    def _made_list(self) -> QListView:
        made = QListView(self)
        made.setModel(self._hits)
        self._painter = HitPainter(self.desk.colours, made)
        made.setItemDelegate(self._painter)
        made.setUniformItemSizes(True)
        made.setAccessibleName(say("Hits"))
        made.activated.connect(self._on_activated)
        made.selectionModel().currentChanged.connect(self._on_current)
        return made

    def _doings(self) -> Flow:
        row = Flow(12)
        self._doing: dict[str, QPushButton] = {}
        for deed, title in (("find.play", say("▶ Play")), ("find.stretch", say("Play what sounds alike")), ("find.like", say("More like this")),
                            ("find.basket", say("Into the basket"))):  # fmt: skip
            button = QPushButton(title, self)
            button.clicked.connect(partial(self._on_doing, deed))
            self._doing[deed] = button
            row.addWidget(button)
        self._show_doings()
        return row

    def refresh(self) -> None:
        store = self.desk.store
        if store is not None:
            db = store.reader()
            self._filters.fill(texts.tiers(db), [v.name for v in people.varieties(db)], [p.code for p in people.persons(db)])
            self._on_search()

    def leave(self) -> bool:
        self._bar.recording.clear()
        return True

    def do(self, deed: str) -> None:
        name = deed.removeprefix("find.")
        match = self._hits.found(self._list.currentIndex())
        if name == "field":
            self._bar.field.setFocus()
            self._bar.field.selectAll()
        elif name == "speak":
            self._bar.speak()
        elif name in MODES:
            self._bar.choose(name)
            self._on_way()
        elif match is not None:
            {"play": self._play, "stretch": self._play_stretch, "like": self._more_like, "basket": self._collect}[name](match)

    def _query(self) -> Query:
        mode = self._bar.mode
        return self._filters.narrowed(Query(text=self._bar.field.text(), mode=mode, limit=SHOWN if mode == "words" else NEAREST))

    @Slot()
    def _on_search(self) -> None:
        finding, query = self.desk.finding, self._query()
        self._let_go()
        if finding is None or not self._answerable(query):
            self._hits.show(())
            self._show_doings()
            return
        heard, like = self._heard, self._like

        def work(_: Progress) -> Answer:
            from fieldapp.finding.question import Question  # noqa: PLC0415  (loads numpy, for which the window's start does not wait)

            return finding.answer(Question(query=query, heard=heard, like=like))

        self._behind(work, partial(self._show, query))

    def _answerable(self, query: Query) -> bool:
        """Whether there is something to ask; says what is missing."""
        if self._heard is not None or self._like is not None:
            return True
        if query.mode == "sound":
            self._said.setText(say("A search by sound needs a sound: speak, drop a sound file on the field, or choose “More like this” at a hit."))
            return False
        if not query.text.strip():
            hints = {"words": say('Words apart must all occur; "words in quotes" stand together.')}
            self._said.setText(hints.get(query.mode) or say("Type what is meant in your own words, speak it, or choose “More like this” at a hit."))
        return bool(query.text.strip())

    def _let_go(self) -> None:
        """Whatever was asked before is no longer wanted."""
        self._asked += 1
        self._wait.stop()
        self._calm.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _behind(self, work: Callable[[Progress], object], then: Callable[[Any], None]) -> None:
        """Ask in the background; only the newest answer is listened to."""
        number = self._asked

        def done(found: object) -> None:
            if number == self._asked:
                self._calm.stop()
                then(found)

        def failed(trouble: Exception) -> None:
            if not isinstance(trouble, FieldError):
                self.desk.fail(trouble)
            elif number == self._asked:
                self._calm.stop()
                self._hits.show(())
                self._show_doings()
                self._said.setText(str(trouble))

        self._calm.start()
        self._job = self.desk.run(work, done, failed)

    @Slot()
    def _on_calm(self) -> None:
        self._said.setText(say("Looking … The first question of this kind loads a model and takes a moment."))

    def _show(self, query: Query, answer: Answer) -> None:
        before = self._hits.found(self._list.currentIndex())
        self._hits.show(answer.matches)
        if not answer.matches:
            nothing = say("Nothing found. Fewer letters, or ignoring tones and marks, finds more.")
            said = nothing if query.mode == "words" else say("Nothing found that may be shown; fewer filters find more.")
        elif query.mode == "words":
            said = say("{total} found. Enter plays.", total=f"> {answer.total:,}" if answer.more else f"{answer.total:,}")
        else:
            said = say("The nearest {count}, best first. Enter plays.", count=len(answer.matches))
        self._said.setText(" ".join([said, *answer.remarks]))
        if answer.matches:
            self._list.setCurrentIndex(self._hits.index(self._hits.row_of(before.hit.segment if before else "")))
        self._show_doings()

    # --- asking with a sound ---

    def _ask_with(self, name: str, *, heard: Heard | None = None, like: SegmentId | None = None) -> None:
        self._heard, self._like = heard, like
        self._bar.show_sound(name)
        if heard is not None or like is not None:
            self._bar.empty_field()
            self._bar.choose("hybrid" if self._bar.mode == "words" else self._bar.mode)
        self._on_search()

    def _more_like(self, match: Match) -> None:
        self._ask_with(say("Like “{text}” ({speaker})", text=match.hit.text[:40], speaker=match.hit.speaker or "?"), like=match.hit.segment)

    @Slot(object)
    def _on_sounded(self, path: Path) -> None:
        finding = self.desk.finding
        if finding is not None:
            self._let_go()
            self._behind(lambda _: finding.hear(path), self._on_heard)

    def _on_heard(self, heard: Heard) -> None:
        self._bar.recording.clear()
        self._ask_with(say("A voice, {seconds} s", seconds=f"{heard.seconds:.1f}"), heard=heard)

    @Slot()
    def _on_forgotten(self) -> None:
        self._ask_with("")

    @Slot()
    def _on_fieldbook(self) -> None:
        self._let_go()
        self._heard = self._like = None
        self._bar.show_sound("")

    @Slot()
    def _on_typed(self) -> None:
        if self._bar.mode == "meaning" and (self._heard is not None or self._like is not None):  # one or the other
            self._heard = self._like = None
            self._bar.show_sound("")
        self._wait.start()

    @Slot()
    def _on_way(self) -> None:
        if self._bar.mode == "words":
            self._ask_with("")
        else:
            self._on_search()

    # --- with a hit ---

    def _show_doings(self) -> None:
        match = self._hits.found(self._list.currentIndex())
        for button in self._doing.values():
            button.setEnabled(match is not None)
        self._doing["find.stretch"].setEnabled(match is not None and match.stretch is not None)
        self._doing["find.basket"].setEnabled(match is not None and "writable" in self.desk.conditions())

    def _play(self, match: Match) -> None:
        self._play_span(match, match.hit.span)

    def _play_stretch(self, match: Match) -> None:
        if match.stretch is not None:
            self._play_span(match, match.stretch)

    def _play_span(self, match: Match, span: Span) -> None:
        store = self.desk.store
        if store is not None:
            self.desk.listening.play(clips_of(store.folder, sessions.parts(store.reader(), match.hit.recording), span))

    def _collect(self, match: Match) -> None:
        store = self.desk.store
        if store is None or store.read_only:
            return

        def done(new: int) -> None:
            self.desk.say(say("Put into the basket.") if new else say("It is in the basket already."))

        self.desk.run(lambda _: store.do(lambda tx: saved.add_to_basket(tx, [match.hit.segment])), done)

    def _on_doing(self, deed: str) -> None:
        self.do(deed)

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        match = self._hits.found(index)
        if match is not None:
            self._play(match)

    @Slot()
    def _on_current(self) -> None:
        self._show_doings()

    @Slot()
    def _on_settings(self) -> None:
        self._painter.colours = self.desk.colours
        self._list.viewport().update()
