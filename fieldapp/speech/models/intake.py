"""Take a folder onto the shelf: look at every file, copy what belongs to a model, try it in a child, write its manifest. Any thread.

A model stands on the shelf whole or not at all: it is put together under a hidden name and renamed at the end.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from fieldapp.errors import DiskFull, FieldError, ModelError
from fieldapp.speech import heads
from fieldapp.speech.bag import is_bag
from fieldapp.speech.manifest import FILE, Manifest, checksums_of, manifest_of, write
from fieldapp.speech.models.binary import read_layout
from fieldapp.speech.models.probe import probe
from fieldapp.speech.models.shelf import MODEL, Installed, Shelf

NEEDED = (MODEL, "config.json", "tokenizer.json")
NEEDED_OF_A_BAG = (MODEL, "tokenizer.json")
WELCOME = frozenset({
    *NEEDED, FILE, heads.FILE, "vocabulary.json", "vocabulary.txt", "shared_vocabulary.json", "shared_vocabulary.txt", "vocab.json", "vocab.txt", "merges.txt",
    "added_tokens.json", "normalizer.json", "preprocessor_config.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json",
    "README.md", "LICENSE", "LICENSE.txt", "LICENSE.md",
})  # fmt: skip
RUNS_CODE = frozenset({".py", ".pyc", ".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".h5", ".so", ".dll", ".dylib", ".exe", ".sh"})
LARGEST_MODEL = 8 << 30
LARGEST_OTHER = 64 << 20
MOST_FILES = 100


def examine(folder: Path) -> list[Path]:
    """The files of a folder that belong to a model; ModelError for what no model folder may hold."""
    if not folder.is_dir():
        raise ModelError(f"{folder} is no folder.", "Name a folder with a CTranslate2 model, or a model id like 'owner/name'.")
    files = [path for path in sorted(folder.rglob("*"))[: MOST_FILES + 1] if path.is_symlink() or not path.is_dir()]
    if len(files) > MOST_FILES:
        raise ModelError(f"{folder} holds more than {MOST_FILES} files.", "Name the folder of the model itself.")
    root = folder.resolve()
    for path in files:
        _refuse_harmful(path, root)
    wanted = [path for path in files if path.parent == folder and path.name in WELCOME]
    if missing := _missing(folder):
        raise ModelError(f"{folder} is no CTranslate2 model: {', '.join(missing)} is missing.", "Convert it first: fieldapp model convert FOLDER")
    for path in wanted:
        if path.stat().st_size > (LARGEST_MODEL if path.name == MODEL else LARGEST_OTHER):
            raise ModelError(f"{path} is too big to be part of a model.")
    return wanted


def add_folder(shelf: Shelf, folder: Path, *, name: str = "", source: str = "", licence: str = "", about: Manifest | None = None) -> Installed:
    """Install the model in a folder under a name (by default the folder's)."""
    files = examine(folder)
    place = shelf.place_for(name or folder.resolve().name)
    with assembled(place) as draft:
        for path in files:
            shutil.copyfile(path, draft / path.name)
        described = about or _described(folder, place.name, source or str(folder), licence)
        try:
            seal(draft, described)
        except ModelError as trouble:  # the draft is gone when this is read
            raise ModelError(trouble.message.replace(str(draft), str(folder)), trouble.hint) from trouble
    return shelf.find(place.name)


@contextlib.contextmanager
def assembled(place: Path) -> Iterator[Path]:
    """A hidden folder that becomes `place` at the end, or vanishes when something goes wrong."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    except OSError as trouble:
        raise FieldError(f"No model can be installed in {place.parent}: {trouble.strerror}.", "Check the folder's permissions.") from trouble
    try:
        yield draft
        _make_durable(draft)
        draft.chmod(0o755)  # made for one's eyes only, as scratch folders are
        draft.rename(place)
    except OSError as trouble:
        raise DiskFull(f"The model could not be written to {place.parent}: {trouble.strerror}.", "Free some space and try again.") from trouble
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def seal(draft: Path, about: Manifest) -> dict[str, Any]:
    """Try the model once, then write the manifest with the checksums of what was tried. The facts that the trial found."""
    kind = kind_of(draft)
    facts = probe(draft, kind)
    if (head := heads.shipped(draft)) and head.takes != facts["width"]:
        raise ModelError(f"The head in {draft} takes vectors of {head.takes} numbers; this model gives {facts['width']}.", "It was made for another model.")
    measured = {**about.measured, "probe": facts}
    write(draft, replace(about, kind=kind, checksums=checksums_of(draft), measured=measured))
    return facts


def try_once(folder: Path, memory: Path) -> None:
    """Try a model that is on no shelf in a child before it is loaded here. `memory` is a folder that remembers which were tried."""
    if missing := _missing(folder):
        raise ModelError(f"{folder} is no CTranslate2 model: {', '.join(missing)} is missing.", "Add one: fieldapp model add OWNER/NAME")
    sums = json.dumps(checksums_of(folder), sort_keys=True)
    mark = memory / hashlib.sha256(sums.encode()).hexdigest()
    if not mark.exists():
        probe(folder, kind_of(folder))
        with contextlib.suppress(OSError):  # then it is tried again next time
            memory.mkdir(parents=True, exist_ok=True)
            mark.touch()


def kind_of(folder: Path) -> str:
    """Whisper or text encoder, as the model itself says."""
    if is_bag(folder):
        return "text"
    architecture = read_layout(folder / MODEL).architecture
    if architecture == "WhisperSpec":
        return "whisper"
    if architecture == "TransformerEncoderSpec":
        return "text"
    raise ModelError(f"The model in {folder} is of a kind that is of no use here ({architecture[:40]}).", "Needed is a Whisper or a sentence encoder.")


def _missing(folder: Path) -> list[str]:
    """What a model folder must hold and this one does not."""
    needed = NEEDED_OF_A_BAG if (folder / MODEL).is_file() and is_bag(folder) else NEEDED
    return [name for name in needed if not (folder / name).is_file()]


def _described(folder: Path, name: str, source: str, licence: str) -> Manifest:
    """The folder's own description if it brings one, under the name it gets here."""
    about = manifest_of(folder)
    return replace(about, name=name, source=about.source or source, licence=licence or about.licence)


def _refuse_harmful(path: Path, root: Path) -> None:
    if path.is_symlink() and not path.resolve().is_relative_to(root):
        raise ModelError(f"{path} is a link that leads out of the model's folder.", "Copy the folder with its links resolved, then add the copy.")
    if path.is_symlink() and not path.exists():
        raise ModelError(f"{path} is a link to nothing.", "Fetch the model again.")
    if not path.is_file():
        raise ModelError(f"{path} is no plain file.", "A model folder holds plain files only.")
    if path.suffix.lower() in RUNS_CODE or (path.suffix == ".bin" and path.name != MODEL):
        raise ModelError(f"{path} could run code when it is read; such folders are refused.", "Remove it if the model works without, or convert the original.")


def _make_durable(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("r+b") as file:  # Windows refuses to sync what is open for reading only
            os.fsync(file.fileno())


def licence_in(folder: Path) -> str:
    """The licence a model card names, if there is one."""
    card = folder / "README.md"
    if not card.is_file() or card.stat().st_size > LARGEST_OTHER:
        return ""
    lines = card.read_text(encoding="utf-8", errors="replace").splitlines()[:60]
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("license:")), "")


def config_of(folder: Path) -> dict[str, Any]:
    """The model's config.json."""
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as trouble:
        raise ModelError(f"{folder / 'config.json'} cannot be read: {trouble}.", "Fetch the model again.") from trouble
    if not isinstance(found, dict):
        raise ModelError(f"{folder / 'config.json'} holds no settings.", "Fetch the model again.")
    return found
