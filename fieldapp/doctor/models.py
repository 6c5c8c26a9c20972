"""Which speech models are installed, and whether they can be used. Any thread; nothing is loaded."""

from __future__ import annotations

from fieldapp.doctor.finding import Finding
from fieldapp.speech.models.limits import CAN_AND_CANNOT, LARGER, is_starter
from fieldapp.speech.models.shelf import Installed, Shelf


def models(shelf: Shelf) -> list[Finding]:
    """The models of the person and those that came with the program."""
    found = [judged(model) for model in shelf]
    if found:
        return found
    advice = "Recording and search by word work without; for text and meaning install one: fieldapp model add"
    return [Finding("speech model", "look", f"none in {shelf.own}, and this version brings none", advice)]


def judged(model: Installed) -> Finding:
    """One model."""
    what = f"model {model.name}"
    if model.trouble:
        return Finding(what, "look", model.trouble, f"Install it again, or remove it: fieldapp model remove {model.name}")
    languages = ", ".join(model.manifest.languages) or "all languages of its vocabulary"
    size = f"{model.manifest.kind}, {model.bytes / 10**6:.0f} MB, {languages}"
    if is_starter(model.manifest):
        return Finding(what, "ok", f"{size}. {CAN_AND_CANNOT}", LARGER)
    return Finding(what, "ok", size)
