"""Large tables are let go of piece by piece. Any thread; no Qt in here.

Python frees what nobody holds any more at once, and a hundred thousand objects hold the interpreter, and with it the window, for a twentieth of a second.
A thread that frees without a rest would be asked for the interpreter again and again, so it rests: freeing is never urgent.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from fieldapp.cores import give_way, step_back

Table = list[Any] | dict[Any, Any]
PIECE, REST_S = 500, 0.002
"""A piece takes about a tenth of a millisecond."""
LATER_S = 1.0
"""Memory is given back when what is let go of has long been replaced: nobody else gets any meanwhile."""


def let_go(*tables: Table) -> None:
    """Empty them behind whoever calls, who goes on at once. Nobody else may use them any more."""
    with suppress(RuntimeError):  # the program ends, and everything with it
        threading.Thread(target=_empty, args=(tables,), name="letting go", daemon=True).start()


def with_its_last_holder(owner: object, *tables: Table) -> None:
    """The same when nobody holds `owner` any more."""
    weakref.finalize(owner, let_go, *tables).atexit = False


def _empty(tables: Sequence[Table]) -> None:
    """A piece, a rest."""
    step_back()
    large = sum(map(len, tables)) > PIECE
    for table in tables:
        while table:
            for _ in range(min(PIECE, len(table))):
                if isinstance(table, dict):
                    table.popitem()
                else:
                    table.pop()
            time.sleep(REST_S)
            give_way()
    if large:
        time.sleep(LATER_S)
        _give_back()


def _give_back() -> None:
    """The memory itself: the C library keeps what was freed, 25 to 100 MB after a round of work in the window; giving it up takes milliseconds."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # a C library that is not GNU's has no such thing
            ctypes.CDLL(None).malloc_trim(0)
