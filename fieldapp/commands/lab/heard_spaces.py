"""The spaces an experiment can look at: what a model hears, through no head, its own, or one that was learned in a fieldbook. Not a bench itself."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Progress
from fieldapp.commands.engine import model_folder
from fieldapp.commands.lab.keeping import DATABASE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fieldapp.lab.hearing import Heard
    from fieldapp.lab.utterances import F32
    from fieldapp.speech.heads import Head

    Texts = Callable[[Sequence[str]], F32]

RAW, OWN = "raw", "whitened"


def head_argument(parser: argparse.ArgumentParser) -> None:
    """Further heads and the text side."""
    parser.add_argument("--head", action="append", default=[], metavar="FILE", type=Path, help="look through this head, too (a file; may be repeated)")
    parser.add_argument("--text", default="", metavar="MODEL", help="the sentence encoder (else: the one the head was trained with)")


def spaces_of(options: argparse.Namespace, folder: Path, heard: Heard) -> dict[str, tuple[F32, str]]:
    """Vectors by the name of their space, and the text model that shares it (or nothing): raw, whitened, then every head there is."""
    from fieldapp.errors import FieldError
    from fieldapp.speech import heads

    found: dict[str, tuple[F32, str]] = {RAW: (heard.meaning, "")}
    if len(heard.meaning) >= heads.FEWEST:
        found[OWN] = (heads.fit(heard.meaning)(heard.meaning), "")
    every = [head for head in (heads.shipped(folder), *_of_fieldbook(options.source, heard.name)) if head]
    for path in options.head:
        try:
            every.append(heads.from_bytes(path.read_bytes()))
        except OSError as trouble:
            raise FieldError(f"The head {path} cannot be read: {trouble.strerror}.", "Name a head file.") from trouble
    for head in every:
        found[_free_name(head.name, found)] = (head(heard.meaning), head.text_model)
    return found


def text_side(options: argparse.Namespace, spaces: dict[str, tuple[F32, str]], progress: Progress) -> tuple[str, Texts]:
    """The name of the last space that shares one with texts, and what encodes them."""
    from fieldapp.errors import ModelError
    from fieldapp.speech.manifest import identity
    from fieldapp.speech.text import load

    progress(-1.0, "loading the text model")
    shared = {name: model for name, (_, model) in spaces.items() if model}
    if not shared:
        raise ModelError(
            "No head here was trained towards texts, so words cannot be compared with sound.", "Learn one first: fieldapp adapt DIR --kind meaning"
        )
    name = list(shared)[-1]
    encoder = load(model_folder(options.text or shared[name].partition("@")[0]))
    if identity(encoder.manifest) != shared[name]:
        raise ModelError(
            f"The head '{name}' was trained with the text model {shared[name]}, not {identity(encoder.manifest)}.", "Install that one, or adapt again."
        )
    return name, encoder


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


def _free_name(name: str, taken: dict[str, tuple[F32, str]]) -> str:
    return name if name not in taken else next(f"{name}-{n}" for n in range(2, 100) if f"{name}-{n}" not in taken)
