"""EAF files that the schema, our own rules and other people's parsers all accept, with every text and time in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundles import RATE, hard_bundle
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from fieldapp.corpus.bundle import Bundle
from fieldapp.corpus.exporters import Options, elan
from fieldapp.corpus.output import Output
from fieldapp.corpus.validate import validate_eaf
from fieldapp.model import Annotation, AnnotationId, PersonId, Recording, RecordingId, Segment, SegmentId, Span


@pytest.fixture(scope="session")
def eaf_schema(dev_data: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(dev_data.parent.parent / "schemas" / "EAFv3.0.xsd"))


def export(bundle: Bundle, folder: Path, options: Options | None = None) -> list[Path]:
    elan.write(bundle, Output(folder), options or Options())
    return sorted(folder.glob("*.eaf"))


def test_the_schema_and_our_own_rules_accept_it(tmp_path: Path, eaf_schema: etree.XMLSchema) -> None:
    (path,) = export(hard_bundle(tmp_path), tmp_path / "out")
    eaf_schema.assertValid(etree.parse(path))
    assert validate_eaf(path) == []


def test_pympi_reads_the_same_times_and_texts(tmp_path: Path) -> None:
    from pympi.Elan import Eaf

    (path,) = export(hard_bundle(tmp_path), tmp_path / "out")
    document = Eaf(path)
    read = sorted(a[:3] for a in document.get_annotation_data_for_tier("transcription@W1"))
    assert read == [(500, 1750, "太阳"), (1800, 3000, "日头\n(second line)\twith tab")]
    assert [a[2] for a in document.get_ref_annotation_data_for_tier("ipa@W1")] == ["tʰɑ˥˩ jɑ̃˨˧ Tłı̨chǫ ą̀ ı̨̀ ŋ̩ ɡo"]


def test_speach_reads_the_same_tiers(tmp_path: Path) -> None:
    from speach import elan as speach_elan

    (path,) = export(hard_bundle(tmp_path), tmp_path / "out")
    document = speach_elan.read_eaf(str(path))
    texts = {tier.name: [a.text for a in tier.annotations] for tier in document.tiers()}
    assert texts["transcription@M2"] == ["شمس sun ʔaʃ-ʃams", ""]
    assert texts["translation@W1"] == ['the <sun> & "moon"']


def test_a_machines_draft_stands_on_a_tier_that_says_so(tmp_path: Path) -> None:
    (path,) = export(hard_bundle(tmp_path), tmp_path / "out")
    tier = etree.parse(path).find("TIER[@TIER_ID='machine-transcription@M2']")
    assert tier is not None
    assert tier.get("ANNOTATOR") == "machine:starter"
    (path,) = export(hard_bundle(tmp_path), tmp_path / "confirmed", Options(drafts=False))
    assert b"machine guess" not in path.read_bytes()


def test_a_segment_without_length_is_declared_lost(tmp_path: Path) -> None:
    losses = elan.write(hard_bundle(tmp_path), Output(tmp_path / "out"), Options())
    assert [loss.where for loss in losses] == ["G4"]


def test_the_sound_is_linked_by_place_and_by_name(tmp_path: Path) -> None:
    (path,) = export(hard_bundle(tmp_path), tmp_path / "out")
    media = etree.parse(path).find(".//MEDIA_DESCRIPTOR")
    assert media is not None
    assert media.get("RELATIVE_MEDIA_URL") == "./ETR009_T1.wav"
    assert media.get("MEDIA_URL") == (tmp_path / "audio" / "ETR009_T1.wav").as_uri()


def test_each_part_of_a_rolled_over_master_gets_its_own_file_with_local_times(tmp_path: Path) -> None:
    bundle = hard_bundle(tmp_path)
    first = bundle.recordings[RecordingId("R1")]
    second = Recording(
        id=RecordingId("R2"), session=first.session, path="audio/ETR009_T1_p2.wav", rate=RATE, channels=1, bits=24, frames=20 * RATE,
        master=first.id, part=1, first_frame=25 * RATE,
    )  # fmt: skip
    late = Segment(id=SegmentId("G9"), recording=first.id, span=Span(26 * RATE, 27 * RATE), speaker=PersonId("P1"), state="checked")
    text = Annotation(id=AnnotationId("A90"), segment=late.id, tier="transcription", text="late")
    parted = Bundle(
        title="two parts", folder=tmp_path, cut=bundle.cut, sessions=bundle.sessions, persons=bundle.persons,
        recordings={first.id: first, second.id: second}, segments=(late,), annotations={late.id: (text,)},
    )  # fmt: skip
    files = export(parted, tmp_path / "out")
    assert [f.name for f in files] == ["ETR009_T1.eaf", "ETR009_T1_p2.eaf"]
    assert [s.get("TIME_VALUE") for s in etree.parse(files[1]).iter("TIME_SLOT")] == ["1000", "2000"]


words = st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(pieces=st.lists(st.tuples(st.integers(0, 19 * RATE), st.integers(0, RATE), st.sampled_from(["P1", "P2"]), words), max_size=12))
def test_any_corpus_gives_a_file_without_findings_and_with_every_text(
    pieces: list[tuple[int, int, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("eaf")
    bundle = hard_bundle(folder)
    master = RecordingId("R1")
    segments = tuple(
        Segment(id=SegmentId(f"H{n}"), recording=master, span=Span(start, start + length), speaker=PersonId(who))
        for n, (start, length, who, _) in enumerate(pieces)
    )
    texts = {s.id: (Annotation(id=AnnotationId(f"B{n}"), segment=s.id, tier="transcription", text=pieces[n][3]),) for n, s in enumerate(segments)}
    corpus = Bundle(
        title="any", folder=folder, cut=bundle.cut, sessions=bundle.sessions, persons=bundle.persons, recordings=bundle.recordings,
        segments=segments, annotations=texts,
    )  # fmt: skip
    losses = elan.write(corpus, Output(folder / "out"), Options())
    path = folder / "out" / "ETR009_T1.eaf"
    assert validate_eaf(path) == []
    lost = {loss.where for loss in losses}
    root = etree.parse(path).getroot()
    slots = {s.get("TIME_SLOT_ID"): int(s.get("TIME_VALUE")) for s in root.iter("TIME_SLOT")}
    written = sorted(
        (slots[a.get("TIME_SLOT_REF1")], slots[a.get("TIME_SLOT_REF2")], a.findtext("ANNOTATION_VALUE")) for a in root.iter("ALIGNABLE_ANNOTATION")
    )
    kept = [(s, texts[s.id][0]) for s in segments if s.id not in lost and texts[s.id][0].id not in lost]
    wanted = [(*s.span.milliseconds(RATE), a.text.replace("\r\n", "\n").replace("\r", "\n")) for s, a in kept]
    for one in wanted:
        assert one in written
