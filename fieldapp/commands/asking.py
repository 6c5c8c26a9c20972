"""What search, benches and the window share to ask by sound and meaning: which model hears a query, which encoder reads it. Not a command itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands.engine import current, model_folder, model_shelf
from fieldapp.errors import ModelError, NotThere

if TYPE_CHECKING:
    from fieldapp.finding.finder import TextSide
    from fieldapp.finding.voice import Heard
    from fieldapp.speech.embed import F32
    from fieldapp.store.store import Store


def hear_file(store: Store, path: Path, model: str = "", device: str = "") -> Heard:
    """A recording as a query, heard by the model that heard the fieldbook (or the one that is named)."""
    from fieldapp.finding.voice import hear
    from fieldapp.speech import whisper

    audio = query_sound(path)  # before any model: a file that is none needs none
    folder = model_folder(model) if model else hearer(store)
    return hear(whisper.load(folder, device or current().compute_device, threads=current().compute_threads), audio)


def text_side(store: Store, model: str = "") -> TextSide | None:
    """The sentence encoder whose vectors this fieldbook holds or whose space its sounds share, if it is installed; loaded when it is asked."""
    from fieldapp.finding.finder import TextSide
    from fieldapp.speech.manifest import identity, manifest_of

    folder = model_folder(model) if model else reader_of(store)
    if folder is None:
        return None

    @cache
    def encoder() -> Callable[[Sequence[str]], F32]:
        from fieldapp.speech import text

        return text.load(folder)

    return TextSide(identity(manifest_of(folder)), lambda texts: encoder()(texts))


def query_sound(path: Path) -> F32:
    """As much of a file as a query may be long, and a little more."""
    import numpy as np

    from fieldapp.audio.resample import MODEL_RATE, mono16k
    from fieldapp.finding.voice import LONGEST_SECONDS

    parts, length = [np.zeros(0, np.float32)], 0
    for block in mono16k(path):
        parts.append(block)
        length += len(block)
        if length > (LONGEST_SECONDS + 1) * MODEL_RATE:
            break
    return np.concatenate(parts)


def hearer(store: Store) -> Path:
    """The installed model of the newest space of meaning or sound."""
    from fieldapp.store import spaces

    names = [space.model for kind in ("meaning", "sound") if (space := spaces.space_to_search(store.reader(), kind))]
    if not names:
        raise NotThere("This fieldbook has no vectors a recording could be compared with.", "Make them with: fieldapp embed DIR")
    return _installed(names[0], f"The model '{names[0]}', which heard this fieldbook, is not installed.")


def reader_of(store: Store) -> Path | None:
    """The installed sentence encoder that shares a space with sounds, else that of the newest texts."""
    from fieldapp.speech import heads
    from fieldapp.store import spaces

    db = store.reader()
    headed = [heads.from_bytes(data).text_model for space in spaces.spaces(db, "meaning") if (data := spaces.head_of(db, space.id))]
    texts = [space.model for space in spaces.spaces(db) if space.kind.startswith("text:")]
    for name in filter(None, (*reversed(headed), *reversed(texts))):
        try:
            return _installed(name, "")
        except ModelError:
            continue
    return None


def _installed(model: str, sentence: str) -> Path:
    """The folder of the model with this identity: same name, same weights."""
    from fieldapp.speech.manifest import identity

    for installed in model_shelf():
        if identity(installed.manifest) == model and not installed.trouble:
            return model_folder(installed.name)
    raise ModelError(sentence, "Install it, or name it by its folder: --model FOLDER")
