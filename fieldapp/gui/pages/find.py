"""The find page: typed, spoken or "more like this"; by words, meaning, sound or all at once. Everything runs behind; only the newest answer is shown."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QLabel, QToolButton, QVBoxLayout, QWidget

from fieldapp.gui.actions import Deed
from fieldapp.gui.desk import Desk
from fieldapp.gui.find.asker import Asker
from fieldapp.gui.find.choices import Choices, choices_of
from fieldapp.gui.find.saving import SavedSearches
from fieldapp.gui.pages import Page
from fieldapp.gui.widgets.ask_bar import MODES, AskBar
from fieldapp.gui.widgets.basket_bar import BasketBar
from fieldapp.gui.widgets.find_options import FindOptions
from fieldapp.gui.widgets.hit_list import HitList
from fieldapp.gui.words import say, tell
from fieldapp.model import Changed, Query, SegmentId

if TYPE_CHECKING:
    from fieldapp.finding.question import Answer, Match, Question
    from fieldapp.finding.voice import Heard

WAIT_MS = 120
SHOWN, NEAREST = 200, 50


class ThePage(Page):
    """Type, arrow down, Space plays."""

    CARES = Changed.PEOPLE | Changed.VARIETIES | Changed.SESSIONS | Changed.SETTINGS
    DEEDS = (
        Deed("find.field", "Go to the search field", "Ctrl+F", page="find", needs="fieldbook"),
        Deed("find.play", "Play the hit", "Ctrl+Space", page="find", needs="fieldbook"),
        Deed("find.stretch", "Play the stretch that sounds alike", "Ctrl+Shift+Space", page="find", needs="fieldbook"),
        Deed("find.like", "More like this hit", "Ctrl+L", page="find", needs="fieldbook"),
        Deed("find.explain", "Show why the hit was found", "Ctrl+Shift+E", page="find", needs="fieldbook"),
        Deed("find.collect", "Put the hit into the basket", "Ctrl+B", page="find", needs="writable"),
        Deed("find.review", "Review the hit", "Ctrl+Return", page="find", needs="fieldbook"),
        Deed("find.basket", "Look into the basket, or back", "Ctrl+Shift+B", page="find", needs="fieldbook"),
        Deed("find.options", "Filters, order and saved searches", "Ctrl+Shift+O", page="find", needs="fieldbook"),
        Deed("find.speak", "Speak what you look for", "Ctrl+Shift+F", page="find", needs="fieldbook"),
        Deed("find.words", "Search by words", "Alt+1", page="find", needs="fieldbook"),
        Deed("find.meaning", "Search by meaning", "Alt+2", page="find", needs="fieldbook"),
        Deed("find.sound", "Search by sound", "Alt+3", page="find", needs="fieldbook"),
        Deed("find.hybrid", "Search every way at once", "Alt+4", page="find", needs="fieldbook"),
    )

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._heard: Heard | None = None
        self._like: SegmentId | None = None
        self._fresh = True  # nothing was asked of this fieldbook yet
        self._bar, self._options, self._baskets = AskBar(desk, self), FindOptions(self), BasketBar(desk, self)
        self._asker = Asker(desk, self)
        self._said, self._chosen = QLabel(self), QLabel(self)
        for label in (self._said, self._chosen):
            label.setProperty("role", "muted")
            label.setWordWrap(True)
        self._hits = HitList(desk, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 24, 32, 16)
        layout.setSpacing(12)
        for widget in (self._bar, self._chosen, self._options, self._baskets, self._said):
            layout.addWidget(widget)
        layout.addWidget(self._hits, 1)
        for widget in (self._options, self._baskets, self._chosen):
            widget.hide()
        self._folded = self._fold_buttons()
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(WAIT_MS)
        self._wait.timeout.connect(self._on_search)
        self._saving = SavedSearches(desk, self._options, self._question, self.ask_again)
        self._connect()

    def _connect(self) -> None:
        self._bar.typed.connect(self._on_typed)
        self._bar.asked.connect(self._on_way)
        self._bar.entered.connect(self._hits.list.setFocus)
        self._bar.sounded.connect(self._on_sounded)
        self._bar.forgotten.connect(self._on_forgotten)
        self._options.changed.connect(self._on_search)
        self._baskets.chosen.connect(self._show_basket)
        self._baskets.taking.connect(self._on_taking)
        self._asker.answered.connect(self._on_answered)
        self._asker.refused.connect(self._on_refused)
        self._asker.slow.connect(self._on_slow)
        self._hits.like.connect(self._on_like)
        self._hits.collected.connect(self._on_collected)
        self.desk.fieldbook_changed.connect(self._on_fieldbook)

    def _fold_buttons(self) -> dict[str, QToolButton]:
        """What is folded away, each behind one button beside the ways to look."""
        made = {}
        for name, title in (("options", say("Options")), ("basket", say("Basket"))):
            button = QToolButton(self)
            button.setText(title)
            button.setCheckable(True)
            button.setProperty("role", "tool")
            button.clicked.connect(partial(self._on_fold, name))
            self._bar.ways.addWidget(button)
            made[name] = button
        return made

    def refresh(self) -> None:
        store = self.desk.store
        if store is None:
            return

        def done(found: Choices) -> None:
            if self.desk.store is store:
                self._fill(found)

        self.desk.run_behind(lambda _: choices_of(store), done)
        self._asker.catch_up()

    def _fill(self, found: Choices) -> None:
        self._options.filters.fill(found.names)
        self._options.show_saved(found.searches, writable="writable" in self.desk.conditions())
        self._baskets.show_baskets(found.baskets)
        self._folded["basket"].setText(say("Basket: {count}", count=self._baskets.count) if self._baskets.count else say("Basket"))
        if self._folded["basket"].isChecked():
            self._show_basket()
        elif self._asker.question is not None or self._fresh:
            self._on_search()

    def leave(self) -> bool:
        self._bar.recording.clear()
        return True

    def do(self, deed: str) -> None:
        name = deed.removeprefix("find.")
        if name == "field":
            self._bar.field.setFocus()
            self._bar.field.selectAll()
        elif name == "speak":
            self._bar.speak()
        elif name in self._folded:
            self._folded[name].click()
        elif name in MODES:
            self._bar.choose(name)
            self._on_way()
        else:
            self._hits.do(name)

    # --- asking ---

    def _question(self) -> Question:
        from fieldapp.finding.question import Question  # noqa: PLC0415  (loads numpy, for which the window's start does not wait)

        mode = self._bar.mode
        query = self._options.filters.narrowed(Query(text=self._bar.field.text(), mode=mode, limit=SHOWN if mode == "words" else NEAREST))
        return self._options.ordered(Question(query=query, heard=self._heard, like=self._like))

    @Slot()
    def _on_search(self) -> None:
        self._wait.stop()
        self._fresh = False
        self._open_basket(opened=False)
        self._show_chosen()
        odd = self._options.filters.odd()
        if odd or self.desk.finding is None or not self._answerable():
            self._asker.forget()
            self._show((), odd or self._said.text())
            return
        question = self._question()
        if question != self._asker.question:
            self._asker.ask(question)

    def _answerable(self) -> bool:
        """Whether there is something to ask; says what is missing."""
        mode, typed = self._bar.mode, bool(self._bar.field.text().strip())
        if self._heard is not None or self._like is not None:
            return True
        if mode == "sound":
            self._said.setText(say("A search by sound needs a sound: speak, drop a sound file on the field, or choose “More like this” at a hit."))
            return False
        if not typed:
            hints = {"words": say('Words apart must all occur; "words in quotes" stand together.')}
            self._said.setText(hints.get(mode) or say("Type what is meant in your own words, speak it, or choose “More like this” at a hit."))
        return typed

    @Slot()
    def _on_slow(self) -> None:
        self._said.setText(say("Looking … The first question of this kind loads a model and takes a moment."))

    @Slot(str)
    def _on_refused(self, sentence: str) -> None:
        self._show((), sentence)

    @Slot(object, object)
    def _on_answered(self, question: Question, answer: Answer) -> None:
        if not answer.matches:
            nothing = say("Nothing found. Fewer letters, or ignoring tones and marks, finds more.")
            said = nothing if question.query.mode == "words" else say("Nothing found that may be shown; fewer filters find more.")
        elif question.query.mode == "words":
            said = say("{total} found. Enter plays, Ctrl+Enter reviews.", total=f"> {answer.total:,}" if answer.more else f"{answer.total:,}")
        else:
            said = say("The nearest {count}, best first. Enter plays, Ctrl+Enter reviews.", count=len(answer.matches))
        self._show(answer.matches, " ".join([said, *map(tell, answer.remarks)]))

    def _show(self, matches: tuple[Match, ...], said: str) -> None:
        self._said.setText(said)
        self._hits.show_matches(matches, self._asker.question)

    def ask_again(self, question: Question) -> None:
        """A saved search, as it was asked."""
        self._heard, self._like = None, question.like
        self._bar.write(question.query.text)
        self._bar.choose(question.query.mode if question.query.mode in MODES else "words")
        self._bar.show_sound(say("Like a segment of the saved search") if question.like else "")
        self._options.show_question(question)
        self._ask_anew()

    def _ask_anew(self) -> None:
        """Even if it was just asked: a model may have been installed since."""
        self._asker.forget()
        self._on_search()

    # --- asking with a sound ---

    def _ask_with(self, name: str, *, heard: Heard | None = None, like: SegmentId | None = None) -> None:
        self._heard, self._like = heard, like
        self._bar.show_sound(name)
        if heard is not None or like is not None:
            self._bar.write("")
            self._bar.choose("hybrid" if self._bar.mode == "words" else self._bar.mode)
        self._ask_anew()

    @Slot(object)
    def _on_like(self, match: Match) -> None:
        self._ask_with(say("Like “{text}” ({speaker})", text=match.hit.text[:40], speaker=match.hit.speaker or "?"), like=match.hit.segment)

    @Slot(object)
    def _on_sounded(self, path: Path) -> None:
        finding = self.desk.finding
        self._fresh = False
        if finding is not None:
            self._asker.listen(lambda _: finding.hear(path), self._on_heard)

    def _on_heard(self, heard: Heard) -> None:
        self._bar.recording.clear()
        self._ask_with(say("A voice, {seconds} s", seconds=f"{heard.seconds:.1f}"), heard=heard)

    @Slot()
    def _on_forgotten(self) -> None:
        self._ask_with("")

    @Slot()
    def _on_fieldbook(self) -> None:
        self._asker.forget()
        self._fresh = True
        self._heard = self._like = None
        self._bar.show_sound("")
        self._open_basket(opened=False)

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
            self._ask_anew()

    # --- what is folded away ---

    def _on_fold(self, name: str) -> None:
        opened = self._folded[name].isChecked()
        if name == "options":
            self._options.setVisible(opened)
            self._show_chosen()
        elif opened:
            self._open_basket(opened=True)
            self._show_basket()
        else:
            self._ask_anew()

    def _show_chosen(self) -> None:
        """What narrows and orders the hits stays in sight when the choices are not."""
        chosen = self._options.told()
        self._chosen.setText(chosen)
        self._chosen.setVisible(bool(chosen) and self._options.isHidden())

    def _open_basket(self, *, opened: bool) -> None:
        self._folded["basket"].setChecked(opened)
        self._baskets.setVisible(opened)

    @Slot()
    def _show_basket(self) -> None:
        self._asker.forget()

        def done(matches: tuple[Match, ...], held_back: int) -> None:
            if self._folded["basket"].isChecked():
                said = say("{count} in the basket. Enter plays, Ctrl+Enter reviews.", count=len(matches)) if matches else say("Nothing is in this basket.")
                more = say("{count} more are held back or were rejected.", count=held_back)
                self._show(matches, f"{said} {more}" if held_back else said)

        self._baskets.read(done)

    @Slot(object)
    def _on_collected(self, match: Match) -> None:
        self._baskets.collect(match.hit.segment)

    @Slot()
    def _on_taking(self) -> None:
        match = self._hits.match
        if match is not None:
            self._baskets.take_out(match.hit.segment)
