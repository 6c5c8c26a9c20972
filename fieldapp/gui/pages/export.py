"""The export page: choose a format and what it is for, see at once what may leave, write, and read what stayed behind and why."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from fieldapp.corpus.exporters import EXPORTERS, Options, exporter, needed
from fieldapp.gui.actions import Deed
from fieldapp.gui.desk import Desk
from fieldapp.gui.handed import told_of
from fieldapp.gui.pages import Page
from fieldapp.gui.theme import set_role
from fieldapp.gui.widgets.flow import Flow
from fieldapp.gui.widgets.labels import WholeLabel
from fieldapp.gui.widgets.scrolled import scrolled
from fieldapp.gui.widgets.tier_choice import TierChoice
from fieldapp.gui.words import say, sayable, tell, told
from fieldapp.handover import HandedOver, hand_over, may_leave
from fieldapp.jobs import Job, Progress
from fieldapp.model import Changed, SegmentId
from fieldapp.store import saved, texts
from fieldapp.store.consent import ANYONE
from fieldapp.store.store import Store

PURPOSES = (
    ("archive", sayable("to keep it in an archive")),
    ("share", sayable("to share it with colleagues")),
    ("publish", sayable("to publish it")),
    ("train", sayable("to train a model")),
    ("listen", sayable("for my own work on this computer")),
)
FORMATS_PX = 300
REPORT_PX = 120
LOOK_MS = 100
WAIT_MS = 300


class ThePage(Page):
    """Left the formats, right what is chosen, below what came of it."""

    CARES = Changed.CONSENT | Changed.SEGMENTS | Changed.ANNOTATIONS | Changed.SETTINGS
    DEEDS = (
        Deed("export.run", "Export now", "Ctrl+Return", page="export", needs="fieldbook"),
        Deed("export.folder", "Choose the folder", "Ctrl+E", page="export", needs="fieldbook"),
    )

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._job: Job | None = None
        self._asked = 0
        self._offered: Store | None = None
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(WAIT_MS)
        self._wait.timeout.connect(self._count)
        layout = QVBoxLayout(scrolled(self))
        layout.setContentsMargins(32, 24, 32, 16)
        layout.setSpacing(16)
        title = QLabel(say("Hand over"), self)
        title.setProperty("role", "title")
        layout.addWidget(title)
        upper = QHBoxLayout()
        upper.setSpacing(16)
        upper.addWidget(self._formats(), 2)
        upper.addWidget(self._choices(), 5)
        layout.addLayout(upper, 3)
        layout.addLayout(self._running())
        self._report = QPlainTextEdit(self)
        self._report.setReadOnly(True)
        self._report.setMinimumHeight(REPORT_PX)
        self._report.setTabChangesFocus(True)
        self._report.setAccessibleName(say("Report"))
        self._report.setPlaceholderText(say("After an export this tells what was written, what the format cannot carry, and what consent held back."))
        layout.addWidget(self._report, 2)
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._on_look)
        self._show_running(False)

    def _formats(self) -> QListWidget:
        self._list = QListWidget(self)
        self._list.setAccessibleName(say("Formats"))
        self._list.setMinimumWidth(FORMATS_PX // 2)
        self._list.setMaximumWidth(FORMATS_PX)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setWordWrap(True)
        for name, _ in EXPORTERS:
            item = QListWidgetItem(name, self._list)
            item.setData(Qt.ItemDataRole.UserRole, name)
        self._list.setCurrentRow(0)
        self._list.currentRowChanged.connect(self._count)
        self.desk.run(lambda _: [exporter(name).TITLE for name, _ in EXPORTERS], self._on_titles)
        return self._list

    def _choices(self) -> QFrame:
        panel = QFrame(self)
        panel.setObjectName("panel")
        form = QFormLayout(panel)
        form.setContentsMargins(24, 24, 24, 24)
        form.setSpacing(12)
        self._what = QComboBox(panel)
        self._what.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._what.activated.connect(self._count)
        self._purpose = QComboBox(panel)
        for name, title in PURPOSES:
            self._purpose.addItem(say(title), name)
        self._purpose.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._purpose.activated.connect(self._count)
        self._audience = QLineEdit(panel)
        self._audience.setPlaceholderText(say("anyone"))
        self._audience.textChanged.connect(self._wait.start)
        self._tiers = TierChoice(self._audience, panel)
        self._drafts = QCheckBox(say("with drafts of machines"), panel)
        self._drafts.setChecked(True)
        self._audio = QCheckBox(say("with the sound"), panel)
        self._folder = QLineEdit(panel)
        self._folder.setPlaceholderText(say("a folder of its own"))
        choose = QPushButton(say("Choose ..."), panel)
        choose.clicked.connect(self._on_folder)
        where = QHBoxLayout()
        where.addWidget(self._folder, 1)
        where.addWidget(choose)
        self._may = WholeLabel(panel)
        self._may.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._may.setProperty("role", "muted")
        for label, widget in (
            (say("What"), self._what), (say("What for"), self._purpose), (say("Who will have it"), self._audience), (say("Tiers"), self._tiers),
            (say("Folder"), self._folder),
        ):  # fmt: skip
            widget.setAccessibleName(label)
        form.addRow(say("What"), self._what)
        form.addRow(say("What for"), self._purpose)
        form.addRow(say("Who will have it"), self._audience)
        form.addRow("", self._may)
        form.addRow(say("Tiers"), self._tiers)
        also = Flow(16)
        also.addWidget(self._drafts)
        also.addWidget(self._audio)
        form.addRow("", also)
        form.addRow(say("Folder"), where)
        return panel

    def _running(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._button = QPushButton(say("Export"), self)
        self._button.setProperty("role", "primary")
        self._button.setToolTip("Ctrl+Return")
        self._button.clicked.connect(self._on_export)
        self._bar = QProgressBar(self)
        self._bar.setAccessibleName(say("Progress"))
        self._stop = QPushButton(say("Cancel"), self)
        self._stop.clicked.connect(self._on_stop)
        self._keys = QLabel(say("Ctrl+Enter exports   Ctrl+E chooses the folder"), self)
        self._keys.setProperty("role", "muted")
        row.addWidget(self._button)
        row.addWidget(self._keys)
        row.addWidget(self._bar, 1)
        row.addWidget(self._stop)
        row.addStretch()
        return row

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._list.setFocus()

    def refresh(self) -> None:
        store = self.desk.store
        if store is None:
            return
        if self._offered is not store:
            self._offered = store
            self._folder.setText(str(store.folder.absolute().parent / f"{store.folder.name}-export"))

        def done(found: tuple[list[str], dict[str, int]]) -> None:
            if self.desk.store is store:
                self._tiers.offer(found[0])
                self._offer_baskets(found[1])
                self._count()

        self.desk.run_behind(lambda _: (texts.tiers(store.reader()), saved.baskets(store.reader())), done)

    def _offer_baskets(self, baskets: dict[str, int]) -> None:
        """The whole fieldbook or one basket; the one somebody asked for on another page is chosen."""
        wanted, self.desk.basket = self.desk.basket or self._what.currentData(), ""
        self._what.clear()
        self._what.addItem(say("the whole fieldbook"), "")
        for name, count in baskets.items():
            self._what.addItem(say("the basket “{name}”: {count} segments", name=name, count=f"{count:,}"), name)
        self._what.setCurrentIndex(max(0, self._what.findData(wanted)))

    def do(self, deed: str) -> None:
        if deed == "export.run":
            self._on_export()
        else:
            self._on_folder()

    def may_close(self) -> bool:
        """Closing stops a running export; whole files stay."""
        self._on_stop()
        return True

    def _on_titles(self, titles: list[str]) -> None:
        for row, title in enumerate(titles):
            self._list.item(row).setText(tell(title))

    @Slot()
    def _count(self) -> None:
        """Say how much may leave for this purpose, before anybody writes anything."""
        store = self.desk.store
        if store is None:
            return
        self._asked += 1
        number, purpose, audience, basket = self._asked, self._purpose.currentData(), self._chosen_audience(), self._what.currentData()

        def done(counted: tuple[int, int]) -> None:
            if number == self._asked:
                self._tell(*counted)

        needs = needed(EXPORTERS[self._list.currentRow()][0], purpose)
        self.desk.run_behind(lambda _: may_leave(store, needs, audience, _chosen(store, basket)), done)

    def _tell(self, may: int, every: int) -> None:
        held = every - may
        text = say("{may} of {every} segments may leave for this.", may=f"{may:,}", every=f"{every:,}")
        more = say("{held} are held back because their speakers have not allowed it: see People (Ctrl+5).", held=f"{held:,}")
        set_role(self._may, "look" if held else "muted")
        self._may.show_text(f"{text} {more}" if held else text)

    def _chosen_audience(self) -> str:
        return self._audience.text().strip() or ANYONE

    def _options(self) -> Options:
        return Options(tiers=self._tiers.chosen, drafts=self._drafts.isChecked(), audio=self._audio.isChecked())

    @Slot()
    def _on_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, say("Choose the folder"), str(Path(self._folder.text()).parent))
        if chosen:
            self._folder.setText(chosen)

    @Slot()
    def _on_export(self) -> None:
        store, folder = self.desk.store, self._folder.text().strip()
        if store is None or self._job is not None:
            return
        if not folder:
            self.desk.say(say("Choose the folder first."), "look")
            return
        name, out, options = EXPORTERS[self._list.currentRow()][0], Path(folder).expanduser().absolute(), self._options()
        purpose, audience, basket = self._purpose.currentData(), self._chosen_audience(), self._what.currentData()

        def work(progress: Progress) -> HandedOver:
            return hand_over(store, name, out, options, purpose=purpose, audience=audience, only=_chosen(store, basket), progress=progress)

        self._report.clear()
        self._job = self.desk.works.begin(say("Export"), work, lambda handed: self._on_done(handed, out), self._on_failed)
        self._show_running(True)

    @Slot()
    def _on_stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    @Slot()
    def _on_look(self) -> None:
        if self._job is None:
            return
        if self._job.over:  # it was stopped
            self._end(say("Stopped. The files written by then are whole."))
            return
        share, doing = self._job.progress
        self._bar.setRange(0, 0 if share < 0 else 1000)
        self._bar.setValue(round(share * 1000))
        self._bar.setFormat(tell(doing))

    def _on_done(self, handed: HandedOver, out: Path) -> str:
        lines = told_of(handed, out)
        self._end("\n".join(lines))
        return lines[0]

    def _on_failed(self, trouble: Exception) -> None:
        self._end(told(trouble))
        self.desk.fail(trouble)

    def _end(self, text: str) -> None:
        self._job = None
        self._show_running(False)
        self._report.setPlainText(text)

    def _show_running(self, running: bool) -> None:
        self._button.setEnabled(not running)
        self._keys.setVisible(not running)
        self._bar.setVisible(running)
        self._stop.setVisible(running)
        (self._look.start if running else self._look.stop)()


def _chosen(store: Store, basket: str) -> list[SegmentId] | None:
    return saved.basket(store.reader(), basket) if basket else None
