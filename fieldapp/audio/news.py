"""What happened lately, for windows that ask: numbered notices, the newest few hundred kept. Any thread."""

from __future__ import annotations

import itertools
import logging
from collections import deque
from typing import Any

KEPT = 500

log = logging.getLogger(__name__)


class News:
    """Notices in order; whoever asks says up to which number it knows them."""

    def __init__(self) -> None:
        self._notices: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._numbers = itertools.count(1)

    def tell(self, entry: dict[str, Any]) -> None:
        """Add a notice."""
        self._notices.append({"number": next(self._numbers), **entry})
        log.info("%s", entry)

    def since(self, number: int = 0) -> list[dict[str, Any]]:
        """The notices after that one."""
        return [notice for notice in tuple(self._notices) if notice["number"] > number]
