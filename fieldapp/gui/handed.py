"""What came of an export, in lines to be read: how much left, what the format cannot carry, what consent held back. Any thread."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from fieldapp.gui.words import say, tell
from fieldapp.handover import HandedOver

LISTED = 60
NAMED = 3


def told_of(handed: HandedOver, out: Path) -> list[str]:
    """The first line says it all in short."""
    lines = [say("{segments} segments to {folder}", segments=f"{handed.segments:,}", folder=out)]
    named = ", ".join(Path(path).name for path in handed.written[:NAMED]) + (" …" if len(handed.written) > NAMED else "")
    lines.append(say("Written: {names}; unchanged: {unchanged}.", names=named or "–", unchanged=f"{len(handed.unchanged):,}"))
    lines += _listed(say("The format cannot carry:"), Counter(loss.what for loss in handed.losses))
    lines += _listed(say("Consent held back:"), Counter(left.why for left in handed.left_out))
    return [*lines, tell(handed.unnoted)]


def _listed(heading: str, counted: Counter[str]) -> list[str]:
    return ["", heading, *(f"  {number:,} × {tell(what)}" for what, number in counted.most_common(LISTED))] if counted else []
