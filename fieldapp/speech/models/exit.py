"""Early-exit twins: the same model with only its first encoder layers, cut out of model.bin. No training library is needed. Any thread.

The last layer norm stays, so what comes out is what the original would say if it stopped there. The decoder stays too.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

from fieldapp.errors import ModelError, WrongUsage
from fieldapp.speech.models.binary import read_layout, write_selection
from fieldapp.speech.models.intake import WELCOME, assembled, seal
from fieldapp.speech.models.shelf import MODEL, Installed, Shelf

_LAYER = re.compile(r"encoder/layer_(\d+)/")


def make_twin(shelf: Shelf, model: Installed, layers: int, *, name: str = "") -> Installed:
    """Install a twin of `model` that ends after `layers` encoder layers."""
    layout = read_layout(model.folder / MODEL)
    has = layout.layers("encoder")
    if model.manifest.kind != "whisper" or not has:
        raise ModelError(f"The model '{model.name}' is no Whisper and has no early exit.")
    if not 1 <= layers < has:
        raise WrongUsage(f"The encoder of '{model.name}' has {has} layers; an exit lies between 1 and {has - 1}.")
    place = shelf.place_for(name or f"{model.name}-exit{layers}")

    def stays(variable: str) -> bool:
        found = _LAYER.match(variable)
        return not found or int(found[1]) < layers

    with assembled(place) as draft:
        for path in model.folder.iterdir():
            if path.name in WELCOME and path.name != MODEL and path.is_file():
                shutil.copyfile(path, draft / path.name)
        write_selection(model.folder / MODEL, draft / MODEL, layout, stays)
        source = f"the first {layers} of {has} encoder layers of {model.manifest.name}"
        seal(draft, replace(model.manifest, name=place.name, exit_layer=layers, source=source, measured={}))
    return shelf.find(place.name)
