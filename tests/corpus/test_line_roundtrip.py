"""Whatever stands in a corpus: out to FLExText, CHAT and Toolbox and in again, every segment, time, speaker and text is there but for declared losses."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from bundles import RATE, annotation, hard_bundle
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.corpus import importers
from fieldapp.corpus.bundle import Bundle
from fieldapp.corpus.exporters import Options, exporter
from fieldapp.corpus.output import Output
from fieldapp.model import PersonId, Segment, SegmentId, Span

FILES = {"flextext": "ETR009_T1.flextext", "chat": "ETR009_T1.cha", "toolbox": "ETR009_T1.txt"}
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp")), min_size=1, max_size=30).map(str.strip).filter(bool)
TIER = st.sampled_from(["transcription", "ipa", "translation", "note", "pos"])
PIECE = st.tuples(st.integers(0, 15_000), st.integers(1, 4000), st.sampled_from(["P1", "P2"]), st.dictionaries(TIER, TEXT, max_size=4))


def corpus(folder: Path, pieces: list[tuple[int, int, str, dict[str, str]]]) -> Bundle:
    base = hard_bundle(folder)
    (master,) = base.recordings.values()
    made = [
        Segment(
            id=SegmentId(f"G{n:03}"), recording=master.id, span=Span(at * RATE // 1000, (at + length) * RATE // 1000), speaker=PersonId(who), state="checked"
        )
        for n, (at, length, who, _) in enumerate(pieces)
    ]
    texts = {
        segment.id: tuple(annotation(100 * n + k, segment.id, tier, text) for k, (tier, text) in enumerate(sorted(said.items())))
        for n, (segment, (_, _, _, said)) in enumerate(zip(made, pieces))
    }
    return replace(base, segments=tuple(sorted(made, key=lambda s: (s.span, s.id))), annotations=texts)


def plain(text: str) -> str:
    """Blanks are not told apart."""
    return " ".join(text.split())


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=70)
@given(st.lists(PIECE, max_size=8))
def test_nothing_is_lost_undeclared(name: str, pieces: list[tuple[int, int, str, dict[str, str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bundle = corpus(Path(folder), pieces)
        losses = exporter(name).write(bundle, Output(Path(folder) / "out"), Options())
        if not pieces:
            return
        document = importers.read(Path(folder) / "out" / FILES[name])
        rate = RATE
        assert [(u.start_ms, u.stop_ms, u.speaker) for u in document.utterances] == [
            (*s.span.milliseconds(rate), bundle.speaker_code(s)) for s in bundle.segments
        ]
        lost = {loss.where for loss in losses}
        for utterance, segment in zip(document.utterances, bundle.segments, strict=True):
            came = {(t.tier, plain(t.text)) for t in utterance.texts}
            for text in bundle.texts(segment.id):
                assert (text.tier, plain(text.text)) in came or text.id in lost or segment.id in lost, (text, came)
