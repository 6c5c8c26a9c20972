"""The spaces an experiment can look at: what a model hears, through no head, its own, or one that was learned in a fieldbook. Not a bench itself."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Progress
from fieldapp.commands.engine import model_folder, text_model_of
from fieldapp.commands.lab.keeping import DATABASE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fieldapp.lab.adapt.material import Example
    from fieldapp.lab.hearing import Heard
    from fieldapp.lab.utterances import F32, Selection
    from fieldapp.speech.bag import TextBag
    from fieldapp.speech.heads import Head
    from fieldapp.speech.text import TextEncoder

    Texts = Callable[[Sequence[str]], F32]

RAW, OWN = "raw", "whitened"
ACOUSTICS = "none"
"""In place of a model's name: cepstra."""
SELF = "self-supervised"
"""In place of a model's name: a small listener that teaches itself with what heads learn from, by guessing what was covered up (extra [train])."""
STEPS = 600


def head_argument(parser: argparse.ArgumentParser) -> None:
    """Further heads and the text side."""
    parser.add_argument("--head", action="append", default=[], metavar="FILE", type=Path, help="look through this head, too (a file; may be repeated)")
    parser.add_argument("--text", default="", metavar="MODEL", help="the sentence encoder (else: the one the head was trained with)")


def spaces_of(options: argparse.Namespace, folder: Path, heard: Heard) -> dict[str, tuple[F32, Head | None]]:
    """Vectors by the name of their space, and the head that shares it with texts (or nothing): raw, whitened, then every head there is."""
    from fieldapp.errors import FieldError
    from fieldapp.speech import heads

    found: dict[str, tuple[F32, Head | None]] = {RAW: (heard.meaning, None)}
    if len(heard.meaning) >= heads.FEWEST:
        found[OWN] = (heads.fit(heard.meaning)(heard.meaning), None)
    every = [head for head in (heads.shipped(folder), *_of_fieldbook(options.source, heard.name)) if head]
    for path in options.head:
        try:
            every.append(heads.from_bytes(path.read_bytes()))
        except OSError as trouble:
            raise FieldError(f"The head {path} cannot be read: {trouble.strerror}.", "Name a head file.") from trouble
    for head in every:
        found[_free_name(head.name, found)] = (head(heard.meaning), head if head.text_model else None)
    return found


def text_side(options: argparse.Namespace, folder: Path, spaces: dict[str, tuple[F32, Head | None]], progress: Progress) -> tuple[str, Texts]:
    """The name of the last space that shares one with texts, and what brings texts there."""
    from fieldapp.errors import ModelError
    from fieldapp.speech.manifest import identity
    from fieldapp.speech.text import load

    progress(-1.0, "loading the text model")
    shared = {name: head for name, (_, head) in spaces.items() if head}
    if not shared:
        raise ModelError(
            "No head here was trained towards texts, so words cannot be compared with sound.", "Learn one first: fieldapp adapt DIR --kind meaning"
        )
    name, head = list(shared.items())[-1]
    encoder = load(model_folder(options.text or text_model_of(folder, head)))
    if identity(encoder.manifest) != head.text_model:
        raise ModelError(
            f"The head '{name}' was trained with the text model {head.text_model}, not {identity(encoder.manifest)}.", "Install that one, or adapt again."
        )
    return name, lambda texts: head.of_texts(encoder(texts))


@dataclass(frozen=True, slots=True, eq=False)
class Learning:
    """What heads can be tried with: examples, what a model hears in them, and the vectors of their texts, row by row; and what made them."""

    examples: list[Example]
    sound: F32
    texts: F32
    model: str
    text_model: str
    heard: Heard
    sounds: list[F32]
    encoder: TextEncoder | TextBag


def learning_material(options: argparse.Namespace, selection: Selection, progress: Progress) -> Learning:
    """Listen to everything that has a text; a head that is learned from it is thrown away after the experiment."""
    from fieldapp.commands.lab.selecting import heard_by
    from fieldapp.errors import ModelError, WrongUsage
    from fieldapp.lab.adapt.holding import hold_back
    from fieldapp.lab.adapt.listener import self_taught
    from fieldapp.lab.adapt.meaning import FEWEST, examples_of
    from fieldapp.lab.hearing import hear_acoustics, sounds_of
    from fieldapp.speech.device import processor_cores
    from fieldapp.speech.heads import shipped
    from fieldapp.speech.manifest import identity
    from fieldapp.speech.text import load

    selection, sounds = sounds_of(selection, progress)
    rows = examples_of(selection.utterances)
    if len(rows) < FEWEST:
        raise WrongUsage(f"{len(rows)} utterances have a text; {FEWEST} are needed.", "Fill translation_en or transcript.")
    kept = [sounds[row] for row in rows]
    named = options.text
    if options.model in (ACOUSTICS, SELF):
        heard = hear_acoustics(kept, progress, workers=processor_cores())
    else:
        heard, folder = heard_by(options.model, options.device, kept, progress)
        head = shipped(folder)
        named = named or (text_model_of(folder, head) if head and head.text_model else "")
    if not named:
        raise ModelError("The model names no text model of its own.", "Name one: --text MODEL (kind 'text' in: fieldapp model list)")
    encoder = load(model_folder(named))
    examples = list(rows.values())
    if options.model == SELF:
        progress(-1.0, "a listener teaches itself")
        taught = self_taught(heard.frames, hold_back(examples, options.seed).train, STEPS, options.seed)
        heard = replace(heard, name=SELF, meaning=taught)
    return Learning(examples, heard.meaning, encoder([example.text for example in examples]), heard.name, identity(encoder.manifest), heard, kept, encoder)


def _of_fieldbook(source: Path, model: str) -> list[Head]:
    from fieldapp.lab.adapt.head import NAME
    from fieldapp.speech import heads
    from fieldapp.store import spaces
    from fieldapp.store.store import Store

    if not (source / DATABASE).is_file():
        return []
    with Store.open(source.absolute(), read_only=True) as store:
        adapted = [space for space in spaces.spaces(store.reader(), "meaning", model) if space.head == NAME]
        kept = [spaces.head_of(store.reader(), space.id) for space in adapted]
    return [heads.from_bytes(data) for data in kept if data]


def _free_name(name: str, taken: dict[str, tuple[F32, Head | None]]) -> str:
    return name if name not in taken else next(f"{name}-{n}" for n in range(2, 100) if f"{name}-{n}" not in taken)
