"""Where installed models stand: folders that are searched in order, the first of which new models go into. Any thread.

The folders are handed in: the person's own one first, then the one that came with the program, which is never written.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fieldapp.errors import AlreadyThere, FieldError, ModelError
from fieldapp.speech.manifest import Manifest, altered_files, manifest_of

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
MODEL = "model.bin"


@dataclass(frozen=True, slots=True)
class Installed:
    """One model that can be used. `trouble` says why it cannot."""

    folder: Path
    manifest: Manifest
    own: bool
    trouble: str = ""

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def bytes(self) -> int:
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file())


class Shelf:
    """The models of a person and those that came with the program."""

    def __init__(self, own: Path, *others: Path) -> None:
        self.own = own
        self._folders = (own, *others)

    def __iter__(self) -> Iterator[Installed]:
        seen: set[str] = set()
        for shelf in self._folders:
            for folder in sorted(shelf.iterdir()) if shelf.is_dir() else []:
                if folder.is_dir() and (folder / MODEL).is_file() and not folder.name.startswith(".") and folder.name not in seen:
                    seen.add(folder.name)
                    yield _look_at(folder, own=shelf is self.own)

    def find(self, name: str) -> Installed:
        """The model of this name, or the model in the folder that `name` is a path of."""
        for model in self:
            if model.name == name:
                return model
        folder = Path(name).expanduser()
        if folder.is_dir() and (folder / MODEL).is_file():
            return _look_at(folder.absolute(), own=False)
        known = ", ".join(model.name for model in self) or "none"
        raise ModelError(f"There is no model '{name}'.", f"Installed: {known}. See 'fieldapp model add'.")

    def trusted(self, name: str) -> Installed:
        """The model of this name, if its files are still those that were installed."""
        model = self.find(name)
        if model.trouble:
            raise ModelError(model.trouble, "Install it again.")
        if not model.manifest.checksums:
            raise ModelError(f"The model in {model.folder} was never checked.", f"Install it first: fieldapp model add {model.folder}")
        if altered := altered_files(model.folder, model.manifest):
            raise ModelError(f"The model '{model.name}' was altered since it was installed: {', '.join(altered)}.", "Install it again.")
        return model

    def place_for(self, name: str) -> Path:
        """The folder a new model of this name gets; refuses names that are taken or no names."""
        if not _NAME.fullmatch(name) or name.endswith("."):
            raise ModelError(f"'{name}' is no name for a model.", "Use letters, digits, dot, hyphen and underscore.")
        place = self.own / name
        if place.exists():
            raise AlreadyThere(f"There is already a model '{name}'.", f"Choose another name with --name, or remove it: fieldapp model remove {name}")
        return place

    def remove(self, name: str) -> Path:
        """Delete a model of the person's own."""
        model = self.find(name)
        if not model.own:
            raise ModelError(f"The model in {model.folder} is not one you installed.", "What came with the program stays.")
        try:
            shutil.rmtree(model.folder)
        except OSError as trouble:
            raise FieldError(f"{model.folder} cannot be removed: {trouble.strerror}.", "Close other programs that use it.") from trouble
        return model.folder


def _look_at(folder: Path, *, own: bool) -> Installed:
    try:
        return Installed(folder, manifest_of(folder), own)
    except ModelError as trouble:
        return Installed(folder, Manifest(name=folder.name), own, trouble.message)
