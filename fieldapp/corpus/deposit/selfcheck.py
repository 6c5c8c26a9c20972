"""The proof: a bag is opened again and looked at by everybody who can look: bagit, our validators, schemas, other people's parsers, and the ear.

`check_bag` never raises for what it finds in a bag; a broken bag is a failed check. Any thread.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import bagit
import numpy as np
import soundfile
from lxml import etree

from fieldapp.corpus.deposit import cmdi
from fieldapp.corpus.pieces import Source
from fieldapp.corpus.validate import validate_eaf
from fieldapp.corpus.xml import parse
from fieldapp.errors import FieldError

SCHEMAS = {".eaf": "EAFv3.0.xsd", ".opex": "OPEX-Metadata.xsd", ".imdi": "IMDI_3.0.xsd"}
SOUNDS = (".wav", ".flac")
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Check:
    """One look at the bag: what was looked at, by whom, what came of it. `ok` is None where the one who looks was not there."""

    what: str
    by: str
    ok: bool | None
    detail: str = ""


def check_bag(bag: Path, *, schemas: Path | None = None, imdi_schema: str = "", masters: Mapping[str, tuple[Path, Source]] | None = None) -> list[Check]:
    """Everything that can be checked. `masters` names for each sound in the payload where it came from."""
    return [_bagit(bag), *_content(bag / "data", schemas, imdi_schema), *_sound(bag / "data", masters)]


def passed(checks: list[Check]) -> bool:
    """Whether nothing failed."""
    return all(check.ok is not False for check in checks)


def _bagit(bag: Path) -> Check:
    try:
        bagit.Bag(str(bag)).validate()
    except Exception as trouble:  # noqa: BLE001  (a damaged tag file makes bagit fail in any way, and every one means that the bag is broken)
        return Check("every file is what it was (SHA-256 and SHA-512)", f"bagit {bagit.VERSION}", False, f"{trouble}"[:2000])
    return Check("every file is what it was (SHA-256 and SHA-512)", f"bagit {bagit.VERSION}", True)


def _content(data: Path, schemas: Path | None, imdi_schema: str) -> Iterator[Check]:
    files = sorted(p for p in data.rglob("*") if p.is_file())
    documents = [p for p in files if p.suffix == ".eaf"]
    yield _each("annotations follow ELAN's model", "Fieldapp", documents, _our_rules)
    yield _each("annotations find their sound", "Fieldapp", documents, _link)
    yield _each("the map of names names files", "Fieldapp", [data / "names.csv"], _names)
    for suffix, name in (SCHEMAS | ({".imdi": imdi_schema} if imdi_schema else {})).items():
        found = [p for p in files if p.suffix == suffix]
        if found and schemas is None:
            yield Check(f"{suffix} files follow {name}", "schema", None, "no folder of schemas was given")
        elif found and schemas is not None:
            yield _schema(schemas / name, found, suffix)
    if records := [p for p in files if p.suffix == cmdi.SUFFIX]:
        yield _each("CMDI records are in order and find their files", "Fieldapp", records, _cmdi)
        yield Check(".cmdi files follow the profile's schema", "schema", None, "CLARIN's schemas are not bundled")
    yield _peer("pympi", "annotations can be read", documents, lambda peer, path: peer.Elan.Eaf(str(path)))
    yield _peer("wavinfo", "sound headers can be read", [p for p in files if p.suffix == ".wav"], lambda peer, path: peer.WavInfoReader(str(path)))
    if (data / "ro-crate-metadata.json").exists():
        yield _each("the RO-Crate lists what is there", "Fieldapp", [data / "ro-crate-metadata.json"], _crate)
        yield _peer("rocrate.rocrate", "the RO-Crate can be opened", [data], lambda peer, path: peer.ROCrate(path))


def _each(what: str, by: str, files: list[Path], look: Callable[[Path], str]) -> Check:
    """One check over several files; `look` returns what is wrong, empty when nothing is."""
    troubles = []
    for path in files:
        try:
            trouble = look(path)
        except FieldError as refused:
            trouble = str(refused)
        except Exception as broken:  # noqa: BLE001  (other people's parsers fail in any way; a failure is the finding)
            trouble = f"{type(broken).__name__}: {broken}"
        if trouble:
            troubles.append(f"{path.name}: {trouble}")
    return Check(what, by, not troubles, "; ".join(troubles[:20]) or f"{len(files)} files")


def _our_rules(path: Path) -> str:
    return "; ".join(f"{finding.where} {finding.what}" for finding in validate_eaf(path)[:5])


def _link(path: Path) -> str:
    links = [unquote(str(media.get("RELATIVE_MEDIA_URL"))) for media in parse(path).getroot().iter("MEDIA_DESCRIPTOR")]
    return "; ".join(f"{link} is not there" for link in links if not (path.parent / link).is_file())


def _cmdi(path: Path) -> str:
    return "; ".join(f"{finding.where}: {finding.what}" for finding in cmdi.findings(parse(path).getroot(), path.parent))


def _names(path: Path) -> str:
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
    return "; ".join(f"{row['new']} is not there" for row in rows if not (path.parent / row["new"]).is_file())


def _crate(path: Path) -> str:
    graph = json.loads(path.read_text(encoding="utf-8"))["@graph"]
    listed = {str(entity["@id"]) for entity in graph if entity.get("@type") == "File"}
    there = {p.relative_to(path.parent).as_posix() for p in path.parent.rglob("*") if p.is_file()} - {path.name}
    return "; ".join([*(f"{name} is not there" for name in sorted(listed - there)), *(f"{name} is not listed" for name in sorted(there - listed))])


def _schema(schema: Path, files: list[Path], suffix: str) -> Check:
    what = f"{suffix} files follow {schema.name}"
    if not schema.is_file():
        return Check(what, "schema", None, f"{schema.name} is not in the folder of schemas")
    rules = etree.XMLSchema(parse(schema))
    return _each(what, "schema", files, lambda path: "" if rules.validate(parse(path)) else str(rules.error_log.last_error))


def _peer(module: str, what: str, files: list[Path], look: Callable[[Any, Path], object]) -> Check:
    """By a parser that somebody else wrote, where it is installed."""
    name = module.split(".")[0]
    try:
        peer = importlib.import_module(module)
    except ImportError:
        return Check(what, name, None, "not installed (extra 'deposit')")

    def tried(path: Path) -> str:
        look(peer, path)
        return ""

    return _each(what, name, files, tried)


def _sound(data: Path, masters: Mapping[str, tuple[Path, Source]] | None) -> Iterator[Check]:
    sounds = sorted(p for p in data.rglob("*") if p.suffix in SOUNDS)
    yield _each("every sound decodes to its end", f"libsndfile {soundfile.__libsndfile_version__}", sounds, _decodes)
    if masters is None:
        yield Check("every sound is its master, frame for frame", "Fieldapp", None, "the masters are not here")
        return

    def compared(path: Path) -> str:
        return _differs(path, *masters[path.relative_to(data).as_posix()])

    yield _each("every sound is its master, frame for frame", "Fieldapp", sounds, compared)


def _decodes(path: Path) -> str:
    with soundfile.SoundFile(path) as sound:
        frames = sum(len(block) for block in sound.blocks(_BLOCK, dtype="int32"))
        return "" if frames == sound.frames else f"{frames} of {sound.frames} frames"


def _differs(path: Path, master: Path, source: Source) -> str:
    start = source.span.start if source.span else 0
    with soundfile.SoundFile(path) as copy, soundfile.SoundFile(master) as original:
        if (copy.samplerate, copy.channels, copy.frames) != (original.samplerate, original.channels, source.frames):
            return "other rate, channels or length"
        original.seek(start)
        at = 0
        while len(block := copy.read(_BLOCK, dtype="int32", always_2d=True)):
            if not np.array_equal(block, original.read(len(block), dtype="int32", always_2d=True)):
                return f"other sound after frame {at}"
            at += len(block)
    return ""
