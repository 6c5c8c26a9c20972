"""ELAN files as they came in, with the labels that were corrected in the fieldbook and not a byte besides: everything we do not know stays.

Each label is found by its id in the file. What was made here (segments, texts, moved boundaries) has no place in somebody's file and is
told; a file in which something may not leave, or was not chosen, stays here as a whole. `corrections.csv` lists every changed label.
"""

from __future__ import annotations

import itertools
import shutil
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from fieldapp.corpus.bundle import Bundle, Loss, is_machine
from fieldapp.corpus.document import Text, Utterance
from fieldapp.corpus.edit import change_labels
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.importers import elan
from fieldapp.corpus.output import Output
from fieldapp.errors import FieldError
from fieldapp.model import Recording, Segment, SegmentId

NAME = "elan-original"
TITLE = "ELAN files as they came, corrected"
SUFFIX = ".eaf"


@dataclass(slots=True)
class _File:
    """One kept original: its corrections by annotation id (tier, before, after), and which segments it is about."""

    name: str
    path: Path
    labels: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    segments: set[SegmentId] = field(default_factory=set)


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """Each file under the name it came with, and the list of corrections."""
    losses: list[Loss] = []
    told: set[SegmentId] = set()
    done: list[_File] = []
    names: set[str] = set()
    for recording, about in _originals(bundle):
        out.progress(len(done) / (len(bundle.recordings) + 1), f"comparing {about['name']}")
        file = _File(_distinct(PurePosixPath(str(about["name"])).name, names), bundle.folder / str(about["path"]))
        if _compare(bundle, recording, about, file, options, losses):
            out.file(file.name, partial(_copy, file))
            done.append(file)
            told |= file.segments
    losses += [Loss(s.id, "a segment that is in no ELAN file, with its texts") for s in bundle.segments if s.id not in told and bundle.texts(s.id)]
    changes = ((file.name, ref, *change) for file in done for ref, change in sorted(file.labels.items()))
    out.sheet("corrections.csv", itertools.chain([("file", "annotation", "tier", "before", "after")], changes))
    return losses


def as_it_came(bundle: Bundle, recording: Recording, options: Options) -> Callable[[Path], None] | None:
    """What writes the one ELAN file that came with a sound, corrected; None where that does not hold everything the fieldbook says about the sound."""
    kept = [about for about in recording.metadata.get("annotations", ()) if about.get("format") == elan.NAME]
    if len(kept) != 1:
        return None
    file = _File(str(kept[0]["name"]), bundle.folder / str(kept[0]["path"]))
    losses: list[Loss] = []
    if not _compare(bundle, recording, kept[0], file, options, losses) or losses:
        return None
    master = recording.master or recording.id
    unsaid = [s for s in bundle.segments if s.recording == master and s.id not in file.segments and bundle.texts(s.id)]
    return None if unsaid else partial(_copy, file)


def _originals(bundle: Bundle) -> Iterator[tuple[Recording, Mapping[str, Any]]]:
    seen: set[str] = set()
    for recording in bundle.recordings.values():
        for about in recording.metadata.get("annotations", ()):
            if about.get("format") == elan.NAME and about.get("path") not in seen:
                seen.add(str(about["path"]))
                yield recording, about


def _compare(bundle: Bundle, recording: Recording, about: Mapping[str, Any], file: _File, options: Options, losses: list[Loss]) -> bool:
    """Find what differs; False (and a loss) where the file has to stay."""
    try:
        document = elan.read(file.path, dict(about.get("map", {})))
    except FieldError as trouble:
        losses.append(Loss(file.name, f"the whole file: {trouble.message}"))
        return False
    homes = _Homes(bundle, recording, str(about["name"]), document.media[0].origin_ms if document.media else 0)
    pairs = [(utterance, homes.segment(utterance)) for utterance in document.utterances]
    alone = sum(1 for utterance, segment in pairs if segment is None and utterance.texts)
    if alone:
        losses.append(Loss(file.name, f"the whole file: {alone} annotations in it may not leave, were not chosen, or are no longer in the fieldbook"))
        return False
    for utterance, segment in pairs:
        if segment is not None:
            file.segments.add(segment.id)
            _correct(bundle, utterance, segment, file, options, losses)
            if homes.times(segment) != (utterance.start_ms, utterance.stop_ms):
                losses.append(Loss(segment.id, "its times, which were moved in the fieldbook"))
    return True


def _correct(bundle: Bundle, utterance: Utterance, segment: Segment, file: _File, options: Options, losses: list[Loss]) -> None:
    pieces: dict[str, list[Text]] = {}
    for text in utterance.texts:
        if text.state == "confirmed":
            pieces.setdefault(text.tier, []).append(text)
    told: set[str] = set()
    for annotation in bundle.texts(segment.id):
        if annotation.tier in told or is_machine(annotation) or annotation.state != "confirmed" or not options.keeps(annotation.tier):
            losses.append(Loss(annotation.id, "a draft, a second text, or a tier that was not chosen"))
            continue
        told.add(annotation.tier)
        there = pieces.get(annotation.tier, [])
        if _plain(" ".join(piece.text for piece in there)) == _plain(annotation.text):
            continue
        if len(there) == 1:
            file.labels[there[0].ref] = (annotation.tier, there[0].text, annotation.text)
        else:
            what = (
                "a text made of several annotations, which cannot be divided again"
                if there
                else f"a text on tier '{annotation.tier}', which is not in the file"
            )
            losses.append(Loss(annotation.id, what))
    losses += [Loss(segment.id, f"that its text on tier '{tier}' was deleted; it is still in the file") for tier in pieces.keys() - told if options.keeps(tier)]


class _Homes:
    """The segments of one master by the annotation they came from, else by their times and speaker."""

    def __init__(self, bundle: Bundle, recording: Recording, name: str, origin_ms: int) -> None:
        self._recording, self._origin = recording, origin_ms
        self._by_ref: dict[str, Segment] = {}
        self._by_time: dict[tuple[int, int], list[Segment]] = {}
        self._code = bundle.speaker_code
        for segment in bundle.segments:
            if segment.recording == (recording.master or recording.id):
                came = segment.metadata.get("import", {})
                if isinstance(came, dict) and came.get("annotations") == name and came.get("ref"):
                    self._by_ref[str(came["ref"])] = segment
                else:
                    self._by_time.setdefault(self.times(segment), []).append(segment)

    def times(self, segment: Segment) -> tuple[int, int]:
        """Its times as the file would say them."""
        rate, first = self._recording.rate, self._recording.first_frame
        start, stop = (((frame - first) * 1000 + rate // 2) // rate - self._origin for frame in (segment.span.start, segment.span.stop))
        return start, stop

    def segment(self, utterance: Utterance) -> Segment | None:
        """The one that is meant, each but once."""
        if utterance.ref in self._by_ref:
            return self._by_ref.pop(utterance.ref)
        same = self._by_time.get((utterance.start_ms, utterance.stop_ms), [])
        found = next((one for one in same if self._code(one) in (utterance.speaker, "")), None)
        if found is not None:
            same.remove(found)
        return found


def _copy(file: _File, place: Path) -> None:
    shutil.copyfile(file.path, place)
    if file.labels:
        change_labels(place, {ref: after for ref, (_, _, after) in file.labels.items()})


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _distinct(name: str, taken: set[str]) -> str:
    chosen, number = name, 1
    while chosen.casefold() in taken:
        number += 1
        chosen = f"{PurePosixPath(name).stem}_{number}{PurePosixPath(name).suffix}"
    taken.add(chosen.casefold())
    return chosen
