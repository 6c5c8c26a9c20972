"""Which speech models are installed, and whether their folders are whole. Any thread; nothing is loaded."""

from __future__ import annotations

from pathlib import Path

from fieldapp.doctor.finding import Finding
from fieldapp.errors import ModelError
from fieldapp.speech.manifest import manifest_of

WEIGHTS = "model.bin"


def models(starter: Path, installed: Path) -> list[Finding]:
    """The bundled model and those in the models folder."""
    folders = sorted(path for path in installed.iterdir() if path.is_dir() and not path.name.startswith(".")) if installed.is_dir() else []
    found = [judged(folder) for folder in (starter, *folders) if folder.is_dir()]
    if found:
        return found
    advice = "Recording and search by word work without; for text and meaning install one: fieldapp model add"
    return [Finding("speech model", "look", f"none in {installed}, and this version brings none", advice)]


def judged(folder: Path) -> Finding:
    """One model folder."""
    what = f"model {folder.name}"
    try:
        manifest = manifest_of(folder)
    except ModelError as trouble:
        return Finding(what, "look", trouble.message, trouble.hint)
    if not (folder / WEIGHTS).is_file():
        return Finding(what, "look", f"{folder} holds no {WEIGHTS}", f"Install it again, or remove it: fieldapp model remove {folder.name}")
    languages = ", ".join(manifest.languages) or "all languages of its vocabulary"
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 10**6
    return Finding(what, "ok", f"{manifest.name}, {manifest.kind}, {size:.0f} MB, {languages}")
