"""List, add, remove, convert, cut and measure speech models."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Answer, Progress, model_bench
from fieldapp.commands.engine import current, model_shelf

if TYPE_CHECKING:
    from fieldapp.speech.models.shelf import Installed, Shelf

ENDPOINT = "HF_ENDPOINT"  # the variable that other programs read, too


def arguments(parser: argparse.ArgumentParser) -> None:
    """One sub-command a deed."""
    choose = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    _deed(choose, "list", "what is installed")
    add = _deed(choose, "add", "install a CTranslate2 model from a hub or a folder")
    add.add_argument("source", metavar="SOURCE", help="a model id like owner/name, or a folder")
    _origin(add)
    convert = _deed(choose, "convert", "convert a Whisper, BERT or XLM-R checkpoint and install it (extra [train])")
    convert.add_argument("source", metavar="SOURCE", help="a model id like owner/name, a folder, or package:NAME (an installed Python package)")
    convert.add_argument("--quantization", default="int8", help="number format of the weights (default int8)")
    _origin(convert)
    cut = _deed(choose, "exit", "install a twin that ends after K encoder layers")
    cut.add_argument("model", metavar="MODEL", help="an installed model")
    cut.add_argument("layers", metavar="K", type=int, help="how many layers stay")
    cut.add_argument("--name", default="", help="what the twin is called (else MODEL-exitK)")
    remove = _deed(choose, "remove", "delete a model you installed")
    remove.add_argument("model", metavar="MODEL", help="its name")
    model_bench.arguments(_deed(choose, "bench", "what models cost here; with --audio: which context and number format suits one"))


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Do what was asked."""
    if options.deed == "bench":
        return model_bench.run(options, progress)
    shelf = model_shelf()
    if options.deed == "list":
        return _list(shelf)
    if options.deed == "remove":
        gone = shelf.remove(options.model)
        return Answer(f"{options.model} is removed.", {"removed": str(gone)})
    if options.deed == "exit":
        from fieldapp.speech.models.exit import make_twin

        return _installed(make_twin(shelf, shelf.find(options.model), options.layers, name=options.name))
    return _installed((_convert if options.deed == "convert" else _add)(shelf, options, progress))


def _deed(choose: Any, name: str, what: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = choose.add_parser(name, help=what, description=what)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document on stdout")
    return parser


def _origin(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", default="", help="what it is called here (else as in its source)")
    parser.add_argument("--revision", default="main", help="branch, tag or commit at the hub (default main)")
    parser.add_argument("--endpoint", default="", metavar="URL", help=f"address of the hub (else {ENDPOINT} in the environment, else huggingface.co)")
    parser.add_argument("--licence", default="", help="its licence, where the source does not say")


def _list(shelf: Shelf) -> Answer:
    chosen = current().model
    models = [_about(model) | {"chosen": model.name == chosen} for model in shelf]
    if not models:
        return Answer("No model is installed. Add one: fieldapp model add OWNER/NAME", {"models": []})
    return Answer("\n".join(map(_line, models)), {"models": models})


def _line(model: dict[str, Any]) -> str:
    mark = "*" if model["chosen"] else " "
    return f"{mark} {model['name']:<24} {model['kind']:<8} {model['megabytes']:>7.1f} MB  {model['licence'] or '-':<14} {model['trouble']}".rstrip()


def _about(model: Installed) -> dict[str, Any]:
    about = model.manifest
    return {
        "name": model.name,
        "kind": about.kind,
        "folder": str(model.folder),
        "megabytes": round(model.bytes / 1e6, 1),
        "own": model.own,
        "exit_layer": about.exit_layer,
        "languages": list(about.languages),
        "tasks": list(about.tasks),
        "licence": about.licence,
        "training": about.training,
        "source": about.source,
        "trouble": model.trouble,
    }


def _installed(model: Installed) -> Answer:
    about = _about(model)
    return Answer(f"{model.name} is installed ({about['kind']}, {about['megabytes']} MB): {model.folder}", about)


def _add(shelf: Shelf, options: argparse.Namespace, progress: Progress) -> Installed:
    from fieldapp.speech.models.hub import add_from_hub
    from fieldapp.speech.models.intake import add_folder

    if _from_hub(options.source):
        return add_from_hub(shelf, options.source, progress, endpoint=_endpoint(options), revision=options.revision, name=options.name)
    progress(-1.0, "trying the model")
    return add_folder(shelf, Path(options.source).expanduser(), name=options.name, licence=options.licence)


def _convert(shelf: Shelf, options: argparse.Namespace, progress: Progress) -> Installed:
    import shutil

    from fieldapp.speech.models import convert, hub

    name = options.name or convert.checkpoint_name(options.source)
    more = {"name": name, "quantization": options.quantization, "licence": options.licence}
    if convert.is_package(options.source):
        folder, licence = convert.folder_of_package(options.source.removeprefix("package:"))
        progress(-1.0, "converting")
        return convert.convert(shelf, folder, origin=options.source, **more | {"licence": options.licence or licence})
    if not _from_hub(options.source):
        progress(-1.0, "converting")
        return convert.convert(shelf, Path(options.source).expanduser(), **more)
    shelf.place_for(name)
    repository = hub.look_up(options.source, endpoint=_endpoint(options), revision=options.revision)
    waiting = hub.waiting_folder(shelf, repository)
    hub.fetch_files(repository, waiting, convert.checkpoint_files(file.name for file in repository.files), progress)
    progress(-1.0, "converting")
    origin = f"{_endpoint(options)}/{repository.id}/tree/{repository.commit}"
    model = convert.convert(shelf, waiting, origin=origin, **more | {"licence": options.licence or repository.licence})
    shutil.rmtree(waiting, ignore_errors=True)
    return model


def _from_hub(source: str) -> bool:
    """An id and not a folder: owner/name where no such folder lies."""
    from fieldapp.speech.models.hub import is_id

    return is_id(source) and not Path(source).exists()


def _endpoint(options: argparse.Namespace) -> str:
    from fieldapp.speech.models.hub import ENDPOINT as PUBLIC

    return str(options.endpoint or os.environ.get(ENDPOINT) or PUBLIC).rstrip("/")
