"""Heads: from raw vectors of an encoder to vectors worth comparing, every prefix of which can be used. Any thread.

The default head of a fieldbook needs no labels: it takes the common part away and whitens what remains, the strongest
directions first. A trained head has the same form. A head never changes: a new one has a new version and a new space.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldapp.errors import Damaged, FieldError
from fieldapp.speech.embed import F32, unit

DIMS = 256
FILE = "meaning.head"
"""A head for meaning that comes with its model lies beside it under this name."""
PREFIXES = (32, 64, 128, 256)
FEWEST = 16  # vectors: below this their common part is not known well enough to take it away
BLOCK = 8192

_MAGIC = b"FHD1"
_LENGTH = struct.Struct("<I")
_LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A centre that is taken away and a matrix [from, to]. `fitted_on` counts the vectors it learned from.

    `text_model` is the sentence encoder (its identity) whose vectors of texts lie in the same space; empty where there is none. `texts`, where
    there is one, is a matrix [from, to] that brings them there: so what matters can come first, whatever the order of the encoder's own numbers.
    """

    name: str
    centre: F32
    matrix: F32
    fitted_on: int = 0
    text_model: str = ""
    texts: F32 | None = None

    def __post_init__(self) -> None:
        if self.matrix.ndim != 2 or self.centre.shape != self.matrix.shape[:1]:
            raise ValueError(f"a head's centre {self.centre.shape} does not fit its matrix {self.matrix.shape}")
        if self.texts is not None and (self.texts.ndim != 2 or self.texts.shape[1:] != self.matrix.shape[1:]):
            raise ValueError(f"a head's matrix for texts {self.texts.shape} does not fit that for speech {self.matrix.shape}")

    @property
    def takes(self) -> int:
        """The width of a raw vector."""
        return int(self.matrix.shape[0])

    @property
    def dims(self) -> int:
        """The width of what comes out."""
        return int(self.matrix.shape[1])

    def __call__(self, raw: F32) -> F32:
        """Raw vectors, one or many, in the head's own space; length 1."""
        if raw.shape[-1] != self.takes:
            raise FieldError(f"The head '{self.name}' takes vectors of {self.takes} numbers, not {raw.shape[-1]}.", "It was made for another model.")
        return unit(((raw - self.centre) @ self.matrix).astype(np.float32, copy=False))

    def of_texts(self, vectors: F32) -> F32:
        """The text model's vectors, one or many, in the head's own space; length 1."""
        return vectors if self.texts is None else unit((vectors @ self.texts).astype(np.float32, copy=False))

    def as_texts(self, headed: F32) -> F32:
        """Vectors of the head's own space where the text model's own vectors lie; length 1."""
        return headed if self.texts is None else unit((headed @ self.texts.T).astype(np.float32, copy=False))


def prefix(vectors: F32, dims: int) -> F32:
    """The first numbers of headed vectors, as vectors of length 1 again."""
    return unit(vectors[..., :dims])


def fit(raw: NDArray[np.floating], dims: int = DIMS, name: str = "whitening") -> Head:
    """The default head of these vectors. The same vectors in the same order give the same head."""
    count, width = raw.shape
    if count < FEWEST:
        raise FieldError(f"{count} vectors are too few for a head.", f"It needs {FEWEST}; until then vectors are compared as they are.")
    centre = raw.mean(axis=0, dtype=np.float64)
    scatter, fourth = np.zeros((width, width)), 0.0
    for start in range(0, count, BLOCK):
        block = raw[start : start + BLOCK].astype(np.float64) - centre
        scatter += block.T @ block
        fourth += float(((block**2).sum(axis=1) ** 2).sum())
    covariance = _shrunk(scatter / count, fourth / count, count)
    strengths, directions = np.linalg.eigh(covariance)
    order = np.argsort(strengths)[::-1][: min(dims, width)]
    directions = directions[:, order]
    directions *= np.where(directions[np.abs(directions).argmax(axis=0), np.arange(len(order))] < 0, -1.0, 1.0)  # a sign is arbitrary: choose one
    matrix = directions / np.sqrt(np.maximum(strengths[order], np.finfo(np.float64).tiny))
    return Head(name, centre.astype(np.float32), matrix.astype(np.float32), count)


def to_bytes(head: Head) -> bytes:
    """A head as it is stored and handed on: a line of JSON, plain numbers, and a checksum over both. Nothing in it is ever run."""
    about = {"name": head.name, "takes": head.takes, "dims": head.dims, "fitted_on": head.fitted_on, "text_model": head.text_model}
    tables = [head.centre, head.matrix]
    if head.texts is not None:
        about["texts_take"] = len(head.texts)
        tables.append(head.texts)
    text = json.dumps(about, ensure_ascii=False).encode()
    body = b"".join((_MAGIC, _LENGTH.pack(len(text)), text, *(table.astype("<f4").tobytes() for table in tables)))
    return body + hashlib.sha256(body).digest()


def shipped(folder: Path) -> Head | None:
    """The head for meaning that came with the model in this folder, if one did."""
    try:
        return from_bytes((folder / FILE).read_bytes())
    except FileNotFoundError:
        return None
    except OSError as trouble:
        raise Damaged(f"{folder / FILE} cannot be read: {trouble.strerror}.", "Install the model again.") from trouble


def from_bytes(data: bytes) -> Head:
    """The head in these bytes; Damaged when they are none or were altered."""
    body, checksum = data[:-32], data[-32:]
    if not data.startswith(_MAGIC) or len(data) > _LARGEST or hashlib.sha256(body).digest() != checksum:
        raise Damaged("This is no head, or it was altered since it was made.", "Make it again with 'fieldapp embed' or 'fieldapp adapt'.")
    try:
        begin = len(_MAGIC) + _LENGTH.size
        end = begin + _LENGTH.unpack_from(body, len(_MAGIC))[0]
        about = json.loads(body[begin:end])
        takes, dims, of_texts = int(about["takes"]), int(about["dims"]), int(about.get("texts_take", 0))
        numbers = np.frombuffer(body, "<f4", offset=end)
        centre, matrix, rest = np.split(numbers, (takes, takes + takes * dims))
        texts = rest.reshape(of_texts, dims) if of_texts or len(rest) else None
        return Head(str(about["name"]), centre, matrix.reshape(takes, dims), int(about["fitted_on"]), str(about.get("text_model", "")), texts)
    except (ValueError, KeyError, TypeError, struct.error) as trouble:
        raise Damaged(f"This head cannot be read: {trouble}.", "Make it again with 'fieldapp embed' or 'fieldapp adapt'.") from trouble


def _shrunk(covariance: NDArray[np.float64], fourth: float, count: int) -> NDArray[np.float64]:
    """Ledoit and Wolf's estimate: drawn towards a sphere, the more so the fewer vectors there are, so that rare directions do not explode."""
    width = len(covariance)
    sphere = np.trace(covariance) / width
    distance = float(((covariance - sphere * np.eye(width)) ** 2).sum())
    noise = (fourth - float((covariance**2).sum())) / count
    share = min(1.0, max(0.0, noise / distance)) if distance > 0 else 1.0
    drawn: NDArray[np.float64] = (1.0 - share) * covariance + (share * sphere + 1e-12) * np.eye(width)
    return drawn
