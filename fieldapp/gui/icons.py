"""Our own icons: one SVG each under resources/icons, drawn in one colour, which the theme chooses. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from fieldapp import paths
from fieldapp.errors import FieldError

DRAWN_PX = 64
FALLBACK = "page"


def icon(name: str, colour: str, chosen: str = "") -> QIcon:
    """The icon in a colour, and in another where the button is down; a name nobody drew gets a sheet of paper."""
    made = QIcon(_drawn(name, colour))
    if chosen:
        made.addPixmap(_drawn(name, chosen), QIcon.Mode.Normal, QIcon.State.On)
    return made


def _drawn(name: str, colour: str) -> QPixmap:
    try:
        source = paths.resource("icons", f"{name}.svg")
    except FieldError:
        source = paths.resource("icons", f"{FALLBACK}.svg")
    renderer = QSvgRenderer(QByteArray(source.read_text(encoding="utf-8").replace("currentColor", colour).encode()))
    drawn = QPixmap(DRAWN_PX, DRAWN_PX)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    renderer.render(painter, QRectF(0, 0, DRAWN_PX, DRAWN_PX))
    painter.end()
    return drawn
