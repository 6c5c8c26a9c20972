"""What a model folder says about itself (`fieldmodel.json`): how much context it wants, what it can do, where it comes from.

Pure values and one small file; no model is loaded here. Any thread.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldapp.errors import ModelError

FILE = "fieldmodel.json"
FORMAT = 1
WINDOW_SECONDS = 30.0
POLICIES = ("flexible", "padded", "packed")
KINDS = ("whisper", "text")


@dataclass(frozen=True, slots=True)
class Context:
    """How a segment is laid before the encoder.

    `flexible`: its own length plus `tail` seconds of zero audio. `padded`: zero audio up to 30 s. `packed`: several
    segments share one 30 s window (bulk only). `second_look`: a doubted text is looked at again, padded; a model that was
    trained on short contexts alone has never heard 30 s and says no.
    """

    policy: str = "flexible"
    tail: float = 1.28
    second_look: bool = True

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise ModelError(f"'{self.policy}' is no context policy.", f"Known are {', '.join(POLICIES)}.")
        if not math.isfinite(self.tail) or not 0.0 <= self.tail <= WINDOW_SECONDS:
            raise ModelError(f"A tail of {self.tail} s of silence is outside 0 to {WINDOW_SECONDS:.0f} s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One model. The defaults describe a stock Whisper of which nothing was measured.

    `exit_layer` is how many encoder layers remain (-1: all). `languages` empty: whatever the vocabulary offers.
    `checksums` maps file names to SHA-256; `measured` keeps the figures that chose the policies.
    """

    name: str
    kind: str = "whisper"
    live: Context = Context()
    bulk: Context = Context("packed")
    exit_layer: int = -1
    languages: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ("transcribe",)
    training: str = ""
    licence: str = ""
    source: str = ""
    checksums: Mapping[str, str] = field(default_factory=dict)
    measured: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ModelError(f"'{self.kind}' is no kind of model.", f"Known are {', '.join(KINDS)}.")
        if self.live.policy == "packed":
            raise ModelError(f"The model '{self.name}' asks for packed windows live, where segments come one by one.", "Packing is for bulk work only.")


def stock(name: str) -> Manifest:
    """What is assumed of a Whisper folder without a manifest."""
    english_only = name.endswith(".en")
    return Manifest(name=name, languages=("en",) if english_only else (), tasks=("transcribe",) if english_only else ("transcribe", "translate"))


def manifest_of(folder: Path) -> Manifest:
    """The folder's own manifest, or the stock assumptions under the folder's name."""
    path = folder / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return stock(folder.name)
    except (OSError, UnicodeDecodeError) as trouble:
        raise ModelError(f"Cannot read {path}: {trouble}.", "Install the model again.") from trouble
    try:
        return _from_json(json.loads(text))
    except ModelError as trouble:
        raise ModelError(f"{path} cannot be used: {trouble.message}", trouble.hint) from trouble
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as trouble:
        raise ModelError(f"{path} is no model description: {trouble}.", "Install the model again.") from trouble


def preferred_type(manifest: Manifest, device: str) -> str:
    """The number format that measured best on this kind of device; empty where nothing was measured."""
    found = manifest.measured.get(f"policies_{device}")
    return str(found.get("compute_type", "")) if isinstance(found, dict) else ""


def identity(manifest: Manifest) -> str:
    """The model as a vector space knows it: models of one name but other weights are never mixed."""
    checksum = manifest.checksums.get("model.bin", "")
    return f"{manifest.name}@{checksum[:12]}" if checksum else manifest.name


def write(folder: Path, manifest: Manifest) -> None:
    """Put the manifest into the folder, whole or not at all."""
    path, draft = folder / FILE, folder / f"{FILE}.new"
    values = {"format": FORMAT} | dataclasses.asdict(manifest)
    with draft.open("w", encoding="utf-8") as file:
        json.dump(values, file, ensure_ascii=False, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def checksums_of(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of the model except the manifest itself."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name != FILE)
    return {name: _sha256(folder / name) for name in names}


def altered_files(folder: Path, manifest: Manifest) -> list[str]:
    """The files that are missing or no longer what the manifest says."""
    return [name for name, expected in manifest.checksums.items() if not (folder / name).is_file() or _sha256(folder / name) != expected]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _from_json(values: dict[str, Any]) -> Manifest:
    if int(values["format"]) > FORMAT:
        raise ModelError(f"The model '{values.get('name')}' was described by a newer Fieldapp.", "Update Fieldapp.")
    known = {f.name for f in dataclasses.fields(Manifest)}
    given = {key: value for key, value in values.items() if key in known}
    for key in ("live", "bulk"):
        if key in given:
            given[key] = Context(str(given[key]["policy"]), float(given[key]["tail"]), bool(given[key].get("second_look", True)))
    for key in ("languages", "tasks"):
        if key in given:
            given[key] = tuple(map(str, given[key]))
    for key in ("name", "kind", "training", "licence", "source"):
        if not isinstance(given.get(key, ""), str):
            raise TypeError(f"'{key}' is no text")
    for key in ("checksums", "measured"):
        if not isinstance(given.get(key, {}), dict):
            raise TypeError(f"'{key}' is no table")
    for name in given.get("checksums", {}):
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ValueError(f"'{name}' leaves the model's folder")
    given["exit_layer"] = int(given.get("exit_layer", -1))
    return Manifest(**given)
