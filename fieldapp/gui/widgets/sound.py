"""What the drawing widgets need to know about a sound, and nothing more."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fieldapp.model import Span


class Sound(Protocol):
    """A sound file, finished or still growing. `peaks` is quick at any zoom; `samples` is asked for short spans only."""

    @property
    def rate(self) -> int:
        """Frames a second."""

    @property
    def frames(self) -> int:
        """Frames by now."""

    def peaks(self, span: Span, columns: int) -> NDArray[np.float32]:
        """Lowest and highest sample per column, shape (columns, 2), from -1 to 1."""

    def samples(self, span: Span) -> NDArray[np.float32]:
        """Mono samples; short by what is not there yet."""
