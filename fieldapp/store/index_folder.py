"""Where the index files of a fieldbook lie, and how they go when somebody withdraws. Loads nothing, so that opening a fieldbook stays quick.

`forget_withdrawn` runs on the `db-writer` thread just before every commit: when a withdrawal is durable, no file holds its vectors. What is
written in that very moment is refused or deleted by its writer (`index_keeper.py`), before the write of the withdrawal returns.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from fieldapp.model import Changed

WITHDRAWAL = Changed.CONSENT | Changed.VECTORS


def folder(fieldbook: Path) -> Path:
    """The folder of index files; it may be missing, and deleted at any time."""
    return fieldbook / "derived" / "index"


def forget(fieldbook: Path) -> None:
    """Delete every index file. One that a system keeps because it is in use goes when its user has built a new one."""
    with contextlib.suppress(FileNotFoundError):
        for file in folder(fieldbook).iterdir():
            with contextlib.suppress(OSError):
                file.unlink()


def forget_withdrawn(fieldbook: Path, changed: Changed) -> None:
    """Before a commit: where consent and vectors change in one, vectors are deleted because somebody wants it."""
    if changed & WITHDRAWAL == WITHDRAWAL:
        forget(fieldbook)
