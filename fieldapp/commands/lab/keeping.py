"""Where experiments are kept: in the `run` table of the fieldbook they are about, else as a folder of their own. Not a bench itself."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp import __version__, paths
from fieldapp.errors import FieldError, NotThere

if TYPE_CHECKING:
    from fieldapp.lab.report import Study

RESULT = "result.json"
KIND = "lab:"
DATABASE = "fieldbook.db"
_OF_THE_FRAME = {"json", "bench_module", "bench"}


def keep(study: Study, options: argparse.Namespace) -> str:
    """Keep a study with the words that asked for it; says where, in the words that repeat it."""
    asked = spoken(options)
    document = {"bench": options.bench, "version": __version__, "options": asked, "study": study.json()}
    out: Path | None = options.out
    if out is not None:
        write(out.absolute(), study, document)
    source = getattr(options, "source", None)
    if source is not None and (Path(source) / DATABASE).is_file():
        kept = _into_fieldbook(Path(source), options.bench, asked, study)
        if kept:
            return kept
    if out is None:
        out = _free_folder(paths.data() / "lab", f"{datetime.now(UTC):%Y-%m-%d}-{options.bench}")
        write(out, study, document, png=False)
    return f"{out}    (repeat: fieldapp lab again {out})"


def write(folder: Path, study: Study, document: Mapping[str, Any], *, png: bool = True) -> list[str]:
    """Report, result, tables and pictures (SVG and, where the window's library is there to draw them, PNG) as files; their names."""
    from fieldapp.commands.lab.drawn import pngs

    files = {RESULT: json.dumps(document, ensure_ascii=False, indent=1), "report.txt": study.text() + "\n"}
    for table in study.tables:
        files |= {f"{table.name}.csv": table.csv(), f"{table.name}.tex": table.latex()}
    files |= {f"{_safe(name)}.svg": drawn for name, drawn in study.pictures.items()} | dict(study.files)
    drawn = {f"{_safe(name)}.png": data for name, data in pngs(study.pictures).items()} if png else {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        for name, data in drawn.items():
            (folder / name).write_bytes(data)
    except OSError as trouble:
        raise FieldError(f"{folder} cannot be written: {trouble.strerror}.", "Choose another folder with --out.") from trouble
    return [*files, *drawn]


def kept_in(place: Path, identity: str = "") -> dict[str, Any]:
    """The document of a kept study: of a folder, or of a run of a fieldbook by (the beginning of) its id, the last one where none is named."""
    if (place / DATABASE).is_file():
        return _from_fieldbook(place, identity)
    path = place / RESULT if place.is_dir() else place
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not {"bench", "options", "study"} <= set(found):
            raise ValueError("it holds no experiment")
    except (OSError, ValueError, TypeError) as trouble:
        raise NotThere(f"No experiment can be read from {path}: {trouble}.", "Name a fieldbook, or the folder an experiment was kept in.") from trouble
    return dict(found)


def listed(place: Path) -> list[dict[str, str]]:
    """What is kept in a fieldbook, or in the folders below this one, oldest first."""
    if (place / DATABASE).is_file():
        from fieldapp.store.runs import runs
        from fieldapp.store.store import Store

        with Store.open(place, read_only=True) as store:
            rows = [row for row in runs(store.reader(), KIND) if row.ended]
        return [{"id": row.id, "bench": row.kind.removeprefix(KIND), "when": row.started, "result": " ".join(row.result.get("result", ()))} for row in rows]
    found = []
    for path in sorted(place.glob(f"*/{RESULT}")):
        document = kept_in(path.parent)
        when = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
        found.append({"id": str(path.parent), "bench": document["bench"], "when": when, "result": " ".join(document["study"]["result"])})
    return found


def spoken(options: argparse.Namespace) -> dict[str, Any]:
    """The words of an experiment as JSON; what is there gets its absolute path, so that it can be repeated from anywhere."""

    def plain(value: Any) -> Any:
        if isinstance(value, Path):
            return str(value.absolute() if value.exists() else value)
        return [plain(one) for one in value] if isinstance(value, list | tuple) else value

    return {name: plain(value) for name, value in vars(options).items() if name not in _OF_THE_FRAME}


def understood(parser: argparse.ArgumentParser, asked: Mapping[str, Any]) -> argparse.Namespace:
    """Kept words as options again; what this version does not know is ignored."""
    options = argparse.Namespace(**{action.dest: action.default for action in parser._actions if action.dest != "help"})
    for action in parser._actions:
        if action.dest in asked:
            value = asked[action.dest]
            if action.type is Path and value is not None:
                value = [Path(one) for one in value] if isinstance(value, list) else Path(value)
            setattr(options, action.dest, value)
    return options


def _into_fieldbook(folder: Path, bench: str, asked: Mapping[str, Any], study: Study) -> str:
    from fieldapp.store.runs import begin_run, end_run
    from fieldapp.store.store import Store
    from fieldapp.store.transaction import Transaction

    with Store.open(folder.absolute()) as store:
        if store.read_only:
            return ""

        def work(tx: Transaction) -> str:
            made = begin_run(tx, KIND + bench, __version__, asked)
            end_run(tx, made, study.json())
            return str(made)

        made = store.do(work)
    return f"in the fieldbook as run {made}    (repeat: fieldapp lab again {folder} {made})"


def _from_fieldbook(folder: Path, identity: str) -> dict[str, Any]:
    from fieldapp.store.runs import runs
    from fieldapp.store.store import Store

    with Store.open(folder.absolute(), read_only=True) as store:
        found = [row for row in runs(store.reader(), KIND) if row.ended and row.id.startswith(identity.upper())]
    if not found:
        raise NotThere(f"The fieldbook {folder} has no experiment {identity or 'at all'}.", "See: fieldapp lab runs DIR")
    row = found[-1]
    return {"bench": row.kind.removeprefix(KIND), "version": row.version, "options": dict(row.parameters), "study": dict(row.result), "id": row.id}


def _safe(name: str) -> str:
    """A file name: parts of pictures' names come out of people's tables."""
    return re.sub(r"[^\w-]+", "_", name)[:100]


def _free_folder(place: Path, name: str) -> Path:
    taken = {path.name for path in place.iterdir()} if place.is_dir() else set()
    numbers = [int(found[1]) for one in taken if (found := re.fullmatch(re.escape(name) + r"-(\d+)", one))]
    return place / f"{name}-{max(numbers, default=0) + 1}"
