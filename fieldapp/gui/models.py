"""The installed speech models in plain words, for people who never heard of models. Any thread; looks at the disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fieldapp.commands.engine import model_shelf
from fieldapp.gui.words import say
from fieldapp.speech.models.limits import CAN_AND_CANNOT, LARGER, is_starter

LISTENS = "whisper"
LANGUAGES_NAMED = 6


@dataclass(frozen=True, slots=True)
class Offer:
    """One model that can listen: its name, a short title and a sentence about it."""

    name: str
    title: str
    about: str


def installed(name: str) -> bool:
    """Whether the model of this name, or in this folder, is there to be used."""
    return Path(name).expanduser().is_dir() or any(model.name == name and not model.trouble for model in model_shelf())


def offers() -> list[Offer]:
    """Every installed model that writes what is said."""
    made = []
    for model in model_shelf():
        facts = model.manifest
        if facts.kind != LISTENS:
            continue
        size = say("{megabytes} MB", megabytes=f"{model.bytes / 1e6:.0f}")
        known = facts.languages
        if not known:
            knows = ""
        elif len(known) > LANGUAGES_NAMED:
            knows = say("It knows {count} languages; other varieties are written as the nearest of them.", count=len(known))
        else:
            knows = say("It knows {languages}.", languages=", ".join(known))
        speed = say("Small: quick on any laptop.") if model.bytes < 200e6 else say("Large: better text, slower on an old laptop.")
        limits = (say(CAN_AND_CANNOT), say(LARGER)) if is_starter(facts) else (speed, knows)
        made.append(Offer(model.name, f"{model.name}  ·  {size}", " ".join(part for part in (model.trouble, *limits) if part)))
    return made
