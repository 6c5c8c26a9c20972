"""What tiers are called on the screen. Any thread."""

from __future__ import annotations

from fieldapp.gui.words import say, sayable

NAMES = {
    "transcription": sayable("Transcription"),
    "ipa": sayable("IPA"),
    "translation": sayable("Translation"),
    "gloss": sayable("Gloss"),
    "note": sayable("Note"),
}


def tier_name(tier: str) -> str:
    """A tier as a person calls it; one that only this fieldbook knows as it is called there."""
    return say(NAMES[tier]) if tier in NAMES else tier
