"""A corpus goes out to FLExText, CHAT, Toolbox and SayMore and comes in again: every segment, time, speaker and text is there but for declared losses."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from bundles import RATE, annotation, hard_bundle
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.corpus import importers
from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.document import Utterance
from fieldapp.corpus.exporters import Options, exporter
from fieldapp.corpus.output import Output
from fieldapp.model import PersonId, Segment, SegmentId, Span

FILES = {
    "flextext": "ETR009_T1.flextext",
    "chat": "ETR009_T1.cha",
    "toolbox": "ETR009_T1.txt",
    "saymore": "Edolo_friends/Sessions/ETR009/ETR009_T1_Source.wav.annotations.eaf",
}
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp")), min_size=1, max_size=30).map(str.strip).filter(bool)
TIER = st.sampled_from(["transcription", "ipa", "translation", "note", "pos"])
Piece = tuple[int, int, str, dict[str, str]]
PIECE = st.tuples(st.integers(0, 15_000), st.integers(1, 4000), st.sampled_from(["P1", "P2"]), st.dictionaries(TIER, TEXT, max_size=4))


def corpus(folder: Path, pieces: list[Piece]) -> Bundle:
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
@settings(max_examples=40)
@given(st.lists(PIECE, max_size=8))
def test_nothing_is_lost_undeclared(name: str, pieces: list[Piece]) -> None:
    survives(name, pieces)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
@settings(max_examples=200)
@given(st.lists(PIECE, max_size=8))
def test_two_hundred_corpora_lose_nothing_undeclared(name: str, pieces: list[Piece]) -> None:
    survives(name, pieces)


def survives(name: str, pieces: list[Piece]) -> None:
    """Out and in again: every segment with its times and speaker, every text, but for what was declared lost (SayMore names nobody and knows two tiers)."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = corpus(Path(folder), pieces)
        losses = exporter(name).write(bundle, Output(Path(folder) / "out"), Options())
        if not pieces:
            return
        document = importers.read(Path(folder) / "out" / FILES[name])
        lost = {loss.where for loss in losses}
        speakers = "who speaks" not in " ".join(loss.what for loss in losses)
        kept = [s for s in bundle.segments if s.id not in lost]
        assert [(u.start_ms, u.stop_ms, u.speaker) for u in document.utterances if not shortened(u, losses, bundle)] == [
            (*s.span.milliseconds(RATE), bundle.speaker_code(s) if speakers else "") for s in kept
        ]
        came = [{(t.tier, plain(t.text)) for t in utterance.texts} for utterance in document.utterances]
        for segment in kept:
            for text in bundle.texts(segment.id):
                assert text.id in lost or any((text.tier, plain(text.text)) in one for one in came), (text, came)


def shortened(utterance: Utterance, losses: list[Loss], bundle: Bundle) -> bool:
    """Whether it is what is left of a segment that SayMore could not hold whole (its first part was declared lost)."""
    cut = {loss.where for loss in losses if "its first" in loss.what}
    return any(s.id in cut and s.span.milliseconds(RATE)[1] == utterance.stop_ms and s.span.milliseconds(RATE)[0] < utterance.start_ms for s in bundle.segments)
