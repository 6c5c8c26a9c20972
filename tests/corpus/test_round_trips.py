"""Out and in again: every annotation, time (to the millisecond) and speaker is there, but for what the export said it loses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from bundles import RATE, hard_bundle
from hypothesis import given, settings
from hypothesis import strategies as st
from sounding import exported

from fieldapp.corpus.bundle import Bundle
from fieldapp.corpus.document import Document, Utterance
from fieldapp.corpus.importers import read
from fieldapp.model import Annotation, AnnotationId, Person, PersonId, RecordingId, Segment, SegmentId, Span

FORMS = {"elan": "ETR009_T1.eaf", "textgrid": "ETR009_T1.TextGrid", "jsonl": "corpus.jsonl", "csv": "segments.csv", "tsv": "segments.tsv"}
HOUR = 3600 * RATE
Piece = tuple[tuple[int, int], str, dict[str, str], bool]
Label = tuple[int, int, str, str, str, bool]


def bundle_of(utterances: Sequence[Utterance], folder: Path) -> Bundle:
    """A corpus that says what a document says, in one recording of an hour; pieces of one tier are joined, as the fieldbook keeps them."""
    plain = hard_bundle(folder)
    persons = {PersonId(code): Person(id=PersonId(code), code=code) for code in {u.speaker for u in utterances} - {""}}
    recordings = {key: replace(recording, frames=HOUR) for key, recording in plain.recordings.items()}
    segments, texts = [], {}
    for number, one in enumerate(utterances):
        span = Span(one.start_ms * RATE // 1000, one.stop_ms * RATE // 1000)
        segment = Segment(id=SegmentId(f"H{number:05}"), recording=RecordingId("R1"), span=span, speaker=PersonId(one.speaker) if one.speaker else None)
        joined: dict[tuple[str, bool], list[str]] = {}
        for text in one.texts:
            joined.setdefault((text.tier, text.state == "draft"), []).append(text.text)
        segments.append(segment)
        texts[segment.id] = tuple(
            Annotation(
                id=AnnotationId(f"B{number:05}-{place}"), segment=segment.id, tier=tier, text=" ".join(words),
                source="machine:x" if draft else "import", state="draft" if draft else "confirmed",
            )
            for place, ((tier, draft), words) in enumerate(joined.items())
        )  # fmt: skip
    return replace(plain, persons=persons, recordings=recordings, segments=tuple(segments), annotations=texts)


def labels(bundle: Bundle, losses: Sequence[str]) -> Counter[Label]:
    """What has to come back: everything that is not among the losses."""
    lost = {loss.split(":")[0] for loss in losses}
    found: Counter[Label] = Counter()
    for segment in bundle.segments:
        for text in bundle.texts(segment.id):
            if segment.id not in lost and text.id not in lost and text.text.strip():
                found[(*segment.span.milliseconds(RATE), bundle.speaker_code(segment), text.tier, text.text, text.state == "draft")] += 1
    return found


def read_labels(document: Document) -> Counter[Label]:
    return Counter((u.start_ms, u.stop_ms, u.speaker, t.tier, t.text, t.state == "draft") for u in document.utterances for t in u.texts)


def assert_round_trip(bundle: Bundle, form: str, folder: Path) -> None:
    losses = [loss for loss in exported(bundle, form, folder) if "apostrophe" not in loss and "backslash" not in loss]
    wanted, found = labels(bundle, losses), read_labels(read(folder / FORMS[form]))
    assert not wanted - found
    again = folder / "again"
    exported(bundle_of(read(folder / FORMS[form]).utterances, folder), form, again)
    assert read_labels(read(again / FORMS[form])) == found


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_files_of_other_programs_survive(form: str, dev_data: Path, tmp_path: Path) -> None:
    files = sorted(path for path in (dev_data / "annotations").rglob("*") if path.suffix in (".eaf", ".TextGrid"))
    assert len(files) > 15
    for number, path in enumerate(files):
        if path.name != "sample_2.8.eaf" or form in ("elan", "textgrid"):
            assert_round_trip(bundle_of(read(path).utterances, tmp_path), form, tmp_path / str(number))


words = st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=12) | st.sampled_from(
    ["=ka", "-1", "\\sw", "شمس", '"q"', "&lt;", "tʰɑ˥˩ jɑ̃", "a\nb", "'=x"]
)
spans = st.tuples(st.integers(0, 9000), st.integers(0, 900))
corpora = st.lists(
    st.tuples(spans, st.sampled_from(["P1", "M2", ""]), st.dictionaries(st.sampled_from(["transcription", "ipa", "morph"]), words), st.booleans()), max_size=12
)


def generated(pieces: list[Piece], folder: Path) -> Bundle:
    bundle = hard_bundle(folder)
    persons = {PersonId(code): Person(id=PersonId(code), code=code) for code in ("P1", "M2")}
    segments, texts = [], {}
    for number, ((start, length), who, said, draft) in enumerate(pieces):
        span = Span(start * RATE // 1000, (start + length) * RATE // 1000)
        segment = Segment(id=SegmentId(f"H{number}"), recording=RecordingId("R1"), span=span, speaker=PersonId(who) if who else None)
        segments.append(segment)
        texts[segment.id] = tuple(
            Annotation(
                id=AnnotationId(f"B{number}-{tier}"), segment=segment.id, tier=tier, text=text, source="machine:m" if draft else "person",
                state="draft" if draft else "confirmed",
            )
            for tier, text in said.items()
        )  # fmt: skip
    return replace(bundle, persons=persons, segments=tuple(segments), annotations=texts)


def survives(pieces: list[Piece], factory: pytest.TempPathFactory) -> None:
    folder = factory.mktemp("trip")
    for form in FORMS:
        assert_round_trip(generated(pieces, folder), form, folder / form)


@given(pieces=corpora)
@settings(max_examples=30)
def test_any_corpus_survives(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> None:
    survives(pieces, tmp_path_factory)


@pytest.mark.slow
@given(pieces=corpora)
@settings(max_examples=200)
def test_two_hundred_corpora_survive(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> None:
    survives(pieces, tmp_path_factory)


@given(pieces=corpora)
@settings(max_examples=20)
def test_subtitles_and_labels_keep_times_and_texts(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> None:
    subtitles_survive(pieces, tmp_path_factory)


@pytest.mark.slow
@given(pieces=corpora)
@settings(max_examples=200)
def test_two_hundred_corpora_survive_as_subtitles_and_labels(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> None:
    subtitles_survive(pieces, tmp_path_factory)


def subtitles_survive(pieces: list[Piece], factory: pytest.TempPathFactory) -> None:
    folder = factory.mktemp("trip")
    bundle = generated(pieces, folder)
    for form in ("srt", "vtt", "audacity"):
        wanted = labels(bundle, exported(bundle, form, folder / form))
        files = sorted((folder / form).iterdir()) if (folder / form).exists() else []
        found = sum((read_labels(read(file, {"morph": "morph"})) for file in files), Counter[Label]())
        if form != "vtt":  # only WebVTT knows who speaks
            wanted = Counter((*one[:2], "", *one[3:]) for one in wanted.elements())
        assert not wanted - found


def test_the_first_pass_settles_a_file(tmp_path: Path) -> None:
    """export(import(export(x))) is export(x), byte for byte, where the format holds the speakers."""
    for form in ("textgrid", "vtt"):
        exported(hard_bundle(tmp_path), form, tmp_path / form)
        for file in (tmp_path / form).iterdir():
            one = tmp_path / f"{form}-one"
            exported(replace(bundle_of(read(file).utterances, tmp_path), recordings=hard_bundle(tmp_path).recordings), form, one)
            assert (one / file.name).read_bytes() == file.read_bytes()


def test_four_readers_of_textgrids_agree_with_the_fieldbook(tmp_path: Path) -> None:
    import parselmouth
    import textgrid
    import tgt
    from praatio import textgrid as praatio_textgrid

    exported(hard_bundle(tmp_path), "textgrid", tmp_path)
    path = str(tmp_path / "ETR009_T1.TextGrid")
    wanted = {"transcription@W1": [(0.5, 1.75, "太阳"), (1.8, 3.0, "日头 (second line) with tab")], "translation@W1": [(0.5, 1.75, 'the <sun> & "moon"')]}
    praat = parselmouth.read(path)
    theirs = textgrid.TextGrid.fromFile(path)
    strict = tgt.io.read_textgrid(path)
    praatio = praatio_textgrid.openTextgrid(path, includeEmptyIntervals=False)
    for name, rows in wanted.items():
        number = next(n for n in range(1, 8) if parselmouth.praat.call(praat, "Get tier name", n) == name)
        count = parselmouth.praat.call(praat, "Get number of intervals", number)
        said = [parselmouth.praat.call(praat, "Get label of interval", number, n) for n in range(1, count + 1)]
        assert [one for one in said if one] == [row[2] for row in rows]
        assert [(i.minTime, i.maxTime, i.mark) for i in theirs.getFirst(name) if i.mark] == rows
        assert [(float(i.start_time), float(i.end_time), i.text.replace('""', '"')) for i in strict.get_tier_by_name(name)] == rows
        assert [(e.start, e.end, e.label) for e in praatio.getTier(name).entries] == rows
