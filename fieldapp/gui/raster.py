"""Drawings and pictures as pixels, for experiments that know no Qt: run as a process of its own, no window is opened.

Takes a JSON list of {"from", "to", "side"} on standard input; `side` 0 keeps the size of a drawing at twice its resolution, else the picture is
laid onto a square of so many pixels. Ends with 1 and a sentence when one cannot be drawn.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QImageReader, QPainter
from PySide6.QtSvg import QSvgRenderer

SHARP = 2
LARGEST_PX = 8192


def main() -> int:
    """Draw everything that was asked for."""
    if sys.platform.startswith("linux"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QGuiApplication([sys.argv[0]])
    for one in json.load(sys.stdin):
        if not drawn(Path(one["from"]), int(one["side"])).save(one["to"]):
            sys.stderr.write(f"{one['from']} cannot be drawn\n")
            return 1
    del application
    return 0


def drawn(source: Path, side: int) -> QImage:
    """A drawing (SVG) or a picture on white; an empty image when it is neither."""
    if source.suffix.lower() == ".svg":
        renderer = QSvgRenderer(str(source))
        size = renderer.defaultSize()
        if not renderer.isValid() or size.isEmpty():
            return QImage()
        canvas = _white(QSize(side, side) if side else (size * SHARP).boundedTo(QSize(LARGEST_PX, LARGEST_PX)))
        painter = QPainter(canvas)
        renderer.render(painter, QRectF(canvas.rect()))
        painter.end()
        return canvas
    picture = QImageReader(str(source)).read()
    if picture.isNull() or not side:
        return picture
    small = picture.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    canvas = _white(QSize(side, side))
    painter = QPainter(canvas)
    painter.drawImage((side - small.width()) // 2, (side - small.height()) // 2, small)
    painter.end()
    return canvas


def _white(size: QSize) -> QImage:
    canvas = QImage(size, QImage.Format.Format_RGB32)
    canvas.fill(Qt.GlobalColor.white)
    return canvas


if __name__ == "__main__":
    sys.exit(main())
