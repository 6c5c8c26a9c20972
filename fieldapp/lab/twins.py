"""Early-exit twins made on demand for experiments: kept in a folder of their own, never on the person's shelf of models. Any thread."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fieldapp.errors import WrongUsage
from fieldapp.speech.manifest import altered_files, manifest_of
from fieldapp.speech.models.binary import read_layout
from fieldapp.speech.models.exit import make_twin
from fieldapp.speech.models.shelf import MODEL, Installed, Shelf


def layers_of(folder: Path) -> int:
    """How many encoder layers a model has."""
    return read_layout(folder / MODEL).layers("encoder")


def twin(folder: Path, layers: int, place: Path) -> Path:
    """The folder of the model that ends after so many layers: the model itself, a twin made before, or one made now."""
    if layers == layers_of(folder):
        return folder
    manifest = manifest_of(folder)
    with (folder / MODEL).open("rb") as file:
        weights = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    name = f"{weights}-exit{layers}"
    if (place / name / MODEL).is_file():
        made = manifest_of(place / name)
        if made.checksums and not altered_files(place / name, made):
            return place / name
    shelf = Shelf(place)
    if (place / name).exists():
        shelf.remove(name)
    return make_twin(shelf, Installed(folder, manifest, own=False), layers, name=name).folder


def chosen(words: str, layers: int) -> list[int]:
    """The exits somebody asked for ('2,4' or nothing: all), the last layer always among them."""
    try:
        wanted = {int(word) for word in words.split(",")} if words else set(range(1, layers + 1))
    except ValueError:
        raise WrongUsage(f"'{words}' is no list of layers.", "Write numbers with commas: 2,4") from None
    if outside := [layer for layer in wanted if not 1 <= layer <= layers]:
        raise WrongUsage(f"The model has {layers} encoder layers; {min(outside)} is none of them.")
    return sorted(wanted | {layers})
