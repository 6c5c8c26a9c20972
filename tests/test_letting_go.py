"""Large tables are let go of piece by piece, behind whoever held them last."""

from __future__ import annotations

import gc
import threading
import time
import weakref

from fieldapp.letting_go import let_go, with_its_last_holder


class Thing:
    """Tells which thread it was freed in."""

    freed: list[str]

    def __init__(self, freed: list[str]) -> None:
        self.freed = freed

    def __del__(self) -> None:
        self.freed.append(threading.current_thread().name)


class Owner:
    """Holds tables as a reading does."""

    def __init__(self, rows: list[Thing], texts: dict[int, Thing]) -> None:
        self.rows, self.texts = rows, texts


def test_lists_and_tables_are_emptied() -> None:
    rows, texts = [1, 2, 3], {"a": 1, "b": 2}
    let_go(rows, texts)
    until = time.monotonic() + 20
    while (rows or texts) and time.monotonic() < until:
        time.sleep(0.005)
    assert (rows, texts) == ([], {})


def test_what_an_owner_holds_is_freed_in_another_thread_once_nobody_holds_the_owner() -> None:
    freed: list[str] = []
    owner = Owner([Thing(freed) for _ in range(100)], {number: Thing(freed) for number in range(100)})
    with_its_last_holder(owner, owner.rows, owner.texts)
    also = owner
    del owner
    gc.collect()
    assert not freed, "somebody holds it still"
    gone = weakref.ref(also)
    del also
    assert gone() is None
    until = time.monotonic() + 20
    while len(freed) < 200 and time.monotonic() < until:
        time.sleep(0.005)
    assert len(freed) == 200
    assert set(freed) == {"letting go"}
