"""Files that other people made are read, exported again and read again: every label and speaker is there, in the same order, and nobody got times."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from bundles import hard_bundle
from test_round_trips import bundle_of

from fieldapp.corpus import importers
from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.document import Document, Utterance
from fieldapp.corpus.exporters import Options, exporter
from fieldapp.corpus.output import Output
from fieldapp.model import Annotation, AnnotationId, Person, PersonId, Recording, RecordingId, Segment, SegmentId, Session, SessionId, Span

RATE = 48_000
SAMPLES = [
    ("chat", "chat/FC-001_v2.cha"),
    ("chat", "chat/FC-005a_v2.cha"),
    ("chat", "chat/FC-005b_v2.cha"),
    ("flextext", "flextext/Freeform.flextext"),
    ("flextext", "flextext/Glossed.flextext"),
    ("toolbox", "flextext/toolbox_Freeform.sfm"),
    ("toolbox", "flextext/toolbox_Glossed.sfm"),
    ("toolbox", "flextext/toolbox_Unglossed.sfm"),
]


@pytest.mark.parametrize(("name", "file"), SAMPLES)
def test_somebody_elses_file_goes_out_as_it_came_in(name: str, file: str, dev_data: Path, tmp_path: Path) -> None:
    came = importers.read(dev_data / "annotations" / file)
    assert came.utterances
    losses = exporter(name).write(as_bundle(came, tmp_path), Output(tmp_path / "out"), Options())
    (written,) = (path for path in (tmp_path / "out").iterdir() if importers.importer_for(path))
    again = importers.read(written)
    assert again.format == came.format == name
    assert losses == []
    assert all(one.start_ms == one.stop_ms for one in came.utterances)  # these samples know no times
    assert [said(one) for one in again.utterances] == [said(one) for one in came.utterances]


FORMS = ("elan", "textgrid", "csv", "tsv", "jsonl", "flextext", "chat", "toolbox", "saymore", "srt", "vtt", "audacity")
MAP = re.compile(r"--map '(.*?)=(.*)' when")


def annotation_files(folder: Path) -> list[Path]:
    """Every file in it that can be read."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and importers.importer_for(path)]
    assert len(found) > 24
    return found


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_every_file_survives_every_format_that_is_read_too(form: str, dev_data: Path, tmp_path: Path) -> None:
    for number, path in enumerate(annotation_files(dev_data / "annotations")):
        came = importers.read(path)
        bundle = as_bundle(came, tmp_path) if all(u.start_ms == u.stop_ms for u in came.utterances) else bundle_of(came.utterances, tmp_path)
        out = tmp_path / str(number)
        losses = exporter(form).write(bundle, Output(out), Options())
        wanted, found = labels(bundle, losses), read_back(out, losses)
        if any("who speaks" in loss.what or loss.what.startswith("speakers") for loss in losses):
            wanted, found = without_speakers(wanted), without_speakers(found)
        assert wanted or losses
        assert not wanted - found, path


Label = tuple[int, int, str, str, str]


def labels(bundle: Bundle, losses: list[Loss]) -> Counter[Label]:
    """What has to come back: everything that was not declared lost. Blanks are not told apart."""
    lost = {loss.where for loss in losses}
    found: Counter[Label] = Counter()
    for segment in bundle.segments:
        times = segment.span.milliseconds(RATE)
        for text in bundle.texts(segment.id):
            if text.text.strip() and not {segment.id, text.id} & lost:
                found[(*times, bundle.speaker_code(segment), text.tier, " ".join(text.text.split()))] += 1
    return found


def read_back(folder: Path, losses: list[Loss]) -> Counter[Label]:
    """All labels of all files, tiers named as the losses said one must."""
    mapping = {named[1]: named[2] for loss in losses if (named := MAP.search(loss.what))}
    found: Counter[Label] = Counter()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and importers.importer_for(path):
            for one in importers.read(path, mapping).utterances:
                found.update((one.start_ms, one.stop_ms, one.speaker, text.tier, " ".join(text.text.split())) for text in one.texts)
    return found


def without_speakers(found: Counter[Label]) -> Counter[Label]:
    return Counter((start, stop, "", tier, text) for start, stop, _, tier, text in found.elements())


def said(utterance: Utterance) -> tuple[int, int, str, list[tuple[str, str]]]:
    return utterance.start_ms, utterance.stop_ms, utterance.speaker, sorted((text.tier, text.text) for text in utterance.texts)


def as_bundle(document: Document, folder: Path) -> Bundle:
    """The document as a fieldbook would hold it: one recording, a segment for each utterance."""
    session = Session(id=SessionId("S"), name="sample", date="2026-01-01")
    length = max(one.stop_ms for one in document.utterances) * RATE // 1000 + RATE
    master = Recording(id=RecordingId("R"), session=session.id, path="audio/sample.wav", rate=RATE, channels=1, bits=24, frames=length)
    speakers = dict.fromkeys(one.speaker for one in document.utterances if one.speaker)
    persons = {PersonId(code): Person(id=PersonId(code), code=code) for code in speakers}
    segments, texts = [], {}
    for number, one in enumerate(document.utterances):
        identity = SegmentId(f"G{number:06}")
        span = Span(one.start_ms * RATE // 1000, one.stop_ms * RATE // 1000)
        who = PersonId(one.speaker) if one.speaker else None
        segments.append(Segment(id=identity, recording=master.id, span=span, speaker=who, state="checked", metadata=one.metadata))
        texts[identity] = tuple(
            Annotation(id=AnnotationId(f"A{number:06}.{place}"), segment=identity, tier=text.tier, text=text.text, language=text.language)
            for place, text in enumerate(one.texts)
        )
    return Bundle(
        title="sample", folder=folder, cut=hard_bundle(folder).cut, sessions={session.id: session}, persons=persons, recordings={master.id: master},
        segments=tuple(sorted(segments, key=lambda s: (s.span, s.id))), annotations=texts, whole=frozenset({master.id}),
    )  # fmt: skip
