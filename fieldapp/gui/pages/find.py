"""The find page: one field, filters beside it, hits that play. The search runs behind; only the newest answer is shown."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QModelIndex, QTimer, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QLineEdit, QListView, QVBoxLayout, QWidget

from fieldapp.audio.render import clips_of
from fieldapp.gui.actions import Deed
from fieldapp.gui.desk import Desk
from fieldapp.gui.pages import Page
from fieldapp.gui.widgets.hits import HitPainter, Hits
from fieldapp.gui.words import say
from fieldapp.model import Changed, Query
from fieldapp.store import people, sessions, texts
from fieldapp.store.search import find
from fieldapp.store.words import Found

WAIT_MS = 120
SHOWN = 200
LOOSE = ("marks", "tones", "lookalikes")


class ThePage(Page):
    """Type, arrow down, Space plays."""

    CARES = Changed.ANNOTATIONS | Changed.SEGMENTS | Changed.PEOPLE | Changed.VARIETIES | Changed.CONSENT
    DEEDS = (
        Deed("find.field", "Go to the search field", "Ctrl+F", page="find", needs="fieldbook"),
        Deed("find.play", "Play the hit", "Ctrl+Space", page="find", needs="fieldbook"),
    )

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._asked = 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 24, 32, 16)
        layout.setSpacing(12)
        self._field = QLineEdit(self)
        self._field.setPlaceholderText(say("A word in any tier, script or language"))
        self._field.setAccessibleName(say("Search"))
        self._field.setClearButtonEnabled(True)
        layout.addWidget(self._field)
        layout.addLayout(self._filters())
        self._said = QLabel(self)
        self._said.setProperty("role", "muted")
        layout.addWidget(self._said)
        self._hits = Hits(self)
        self._list = QListView(self)
        self._list.setModel(self._hits)
        self._painter = HitPainter(desk.colours, self._list)
        self._list.setItemDelegate(self._painter)
        self._list.setUniformItemSizes(True)
        self._list.setAccessibleName(say("Hits"))
        self._list.activated.connect(self._on_activated)
        layout.addWidget(self._list, 1)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(WAIT_MS)
        self._wait.timeout.connect(self._on_search)
        self._field.textChanged.connect(self._wait.start)
        self._field.returnPressed.connect(self._list.setFocus)
        desk.settings_changed.connect(self._on_settings)

    def _filters(self) -> QVBoxLayout:
        rows, row, boxes = QVBoxLayout(), QHBoxLayout(), QHBoxLayout()
        self._tier, self._variety, self._speaker = (self._filter(name) for name in (say("All tiers"), say("All varieties"), say("All speakers")))
        self._checked = QCheckBox(say("Checked only"), self)
        self._loose = QCheckBox(say("Ignore tones, marks and look-alikes"), self)
        for widget in (self._tier, self._variety, self._speaker):
            row.addWidget(widget)
        for box in (self._checked, self._loose):
            box.toggled.connect(self._on_search)
            boxes.addWidget(box)
        for one in (row, boxes):
            one.addStretch()
            rows.addLayout(one)
        return rows

    def _filter(self, everything: str) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(everything)
        box.addItem(everything, "")
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        box.activated.connect(self._on_search)
        return box

    def refresh(self) -> None:
        store = self.desk.store
        if store is None:
            return
        db = store.reader()
        self._fill(self._tier, texts.tiers(db))
        self._fill(self._variety, [v.name for v in people.varieties(db)])
        self._fill(self._speaker, [p.code for p in people.persons(db)])
        self._on_search()

    def _fill(self, box: QComboBox, names: list[str]) -> None:
        chosen = box.currentData()
        while box.count() > 1:
            box.removeItem(1)
        for name in names:
            box.addItem(name, name)
        box.setCurrentIndex(max(0, box.findData(chosen)))

    def do(self, deed: str) -> None:
        if deed == "find.field":
            self._field.setFocus()
            self._field.selectAll()
        elif deed == "find.play":
            self._on_activated(self._list.currentIndex())

    def _query(self) -> Query:
        def of(box: QComboBox) -> tuple[str, ...]:
            return (box.currentData(),) if box.currentData() else ()

        query = Query(text=self._field.text(), tiers=of(self._tier), varieties=of(self._variety), speakers=of(self._speaker), limit=SHOWN)
        return replace(query, checked_only=self._checked.isChecked(), fold=frozenset(LOOSE) if self._loose.isChecked() else frozenset())

    @Slot()
    def _on_search(self) -> None:
        store, query = self.desk.store, self._query()
        self._asked += 1
        number = self._asked
        if store is None or not query.text.strip():
            self._hits.show(())
            self._said.setText(say('Words apart must all occur; "words in quotes" stand together.'))
            return

        def done(found: Found) -> None:
            if number == self._asked:
                self._show(found)

        def failed(trouble: Exception) -> None:
            if number == self._asked:
                self._hits.show(())
                self._said.setText(str(trouble))

        self.desk.run(lambda _: find(store, query), done, failed)

    def _show(self, found: Found) -> None:
        self._hits.show(found.hits)
        if not found.total:
            self._said.setText(say("Nothing found. Fewer letters, or ignoring tones and marks, finds more."))
        else:
            total = f"> {found.total:,}" if found.more else f"{found.total:,}"
            self._said.setText(say("{total} found. Enter plays.", total=total))
            self._list.setCurrentIndex(self._hits.index(0))

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        hit, store = self._hits.hit(index), self.desk.store
        if hit is not None and store is not None:
            self.desk.listening.play(clips_of(store.folder, sessions.parts(store.reader(), hit.recording), hit.span))

    @Slot()
    def _on_settings(self) -> None:
        self._painter.colours = self.desk.colours
        self._list.viewport().update()
