"""The hard bundle with sound behind it: a ramp in which every frame tells where it stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from bundles import RATE, hard_bundle

from fieldapp.audio.cut import cut
from fieldapp.corpus.bundle import Bundle
from fieldapp.corpus.exporters import Options, exporter
from fieldapp.corpus.output import Output


def sounding_bundle(folder: Path) -> Bundle:
    """The hard bundle, its master on disk, all of it free to leave."""
    bundle = replace(hard_bundle(folder), cut=cut)
    (master,) = bundle.recordings.values()
    place = folder / master.path
    place.parent.mkdir(parents=True)
    soundfile.write(place, (np.arange(20 * RATE, dtype=np.int32) << 8), RATE, subtype="PCM_24")
    return replace(bundle, whole=frozenset({master.id}))


def frames_of(path: Path) -> tuple[int, int]:
    """The first frame of a cut, as its place in the master, and how many there are."""
    samples, _ = soundfile.read(path, dtype="int32")
    return int(samples[0]) >> 8, len(samples)


def exported(bundle: Bundle, name: str, out: Path, **chosen: object) -> list[str]:
    """Export and return what was lost, as sentences."""
    losses = exporter(name).write(bundle, Output(out), Options(**chosen))  # type: ignore[arg-type]  # test values
    return [f"{loss.where}: {loss.what}" for loss in losses]
