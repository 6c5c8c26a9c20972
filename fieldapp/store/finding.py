"""What `fieldapp check` found: a sentence, what to do, and how it is mended where that is safe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fieldapp.store.transaction import Transaction

Progress = Callable[[float, str], None]
"""Told how far a job is (0..1, or below 0 when unknown) and what it is doing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind` is for programs, `sentence` and `hint` for people; `serious` means something is lost, wrong or at risk."""

    kind: str
    sentence: str
    hint: str = ""
    serious: bool = True
    mend: Callable[[Transaction], str] | None = None
