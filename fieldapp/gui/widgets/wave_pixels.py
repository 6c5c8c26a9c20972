"""Sound as columns of pixels: a polygon of noise would take ten times as long to fill."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage


def wave_pixels(peaks: NDArray[np.float32], high: int, wave: str, ground: str, middle: str) -> NDArray[np.uint32]:
    """A column of pixels for each pair of peaks (lowest, highest; 1 reaches the edge), on a ground with a line in the middle."""
    heights = high / 2 - np.clip(peaks, -1, 1) * (high / 2)
    tops, bottoms = np.rint(heights.T[::-1]).astype(np.int32)
    below = np.maximum(bottoms, tops + 1)
    tops[1:], below[1:] = np.minimum(tops[1:], below[:-1]), np.maximum(below[1:], tops[:-1])  # steep sound stays one line
    rows = np.arange(high, dtype=np.int32)[:, np.newaxis]
    behind = np.full((high, 1), QColor(ground).rgb(), np.uint32)
    behind[high // 2] = QColor(middle).rgb()
    return np.where((rows >= tops) & (rows < below), np.uint32(QColor(wave).rgb()), behind)


def as_image(pixels: NDArray[np.uint32]) -> QImage:
    """Looks at the pixels, which have to be there until it is drawn."""
    high, columns = pixels.shape
    return QImage(pixels.data, columns, high, 4 * columns, QImage.Format.Format_RGB32)
