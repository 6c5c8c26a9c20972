"""One thing the doctor looked at. A pure value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "look", "missing"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`missing`: Fieldapp cannot do its main work without it; `look`: something a person should know; `advice`: what to do."""

    what: str
    status: Status
    found: str
    advice: str = ""
