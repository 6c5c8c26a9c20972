"""Who gets the cores: threads that compute step back behind the window and the keys of a session, and products of matrices do without helpers.

numpy's helpers (OpenBLAS) stay awake for some 25 ms after each product, spinning, a core each, and are not among the threads that stepped back: while a
model writes along they take the core the window waits for. No numpy in here: it reads these wishes when it is loaded, so they come first.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

BEHIND = 5
"""The nice value of threads that step back: about a third of the processor beside one that does not."""


def products_alone() -> None:
    """Products are computed by the thread that asks for them: for whatever runs beside a recording, a window or a model."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def products_calm() -> None:
    """Products may take every core, and their helpers sleep when there is nothing to do: for what multiplies large matrices and little else."""
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")  # 2 to the power of 4 cycles; it is 26 otherwise


def step_back() -> None:
    """The calling thread, and whatever it starts from now on, lets the window and the keys of a session go first.

    Only for threads that compute and that will never start a recorder: nobody without privileges can take it back. Linux counts this by thread, others do not.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, max(BEHIND, os.getpriority(os.PRIO_PROCESS, 0)))
