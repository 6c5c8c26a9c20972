"""Training sets, CLDF, cards and the postcard: sound cut to the frame, sets that share nothing, tables that validate."""

from __future__ import annotations

import base64
import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pycldf
import soundfile
from bundles import RATE, annotation, hard_bundle
from hypothesis import given
from hypothesis import strategies as st
from sounding import exported, frames_of, sounding_bundle

from fieldapp.corpus.bundle import Bundle, Loss, SoundFile
from fieldapp.corpus.lines import Line
from fieldapp.corpus.splits import split
from fieldapp.model import Person, PersonId, Segment, SegmentId, Span


def many_speakers(bundle: Bundle, speakers: int = 6, meanings: int = 5) -> Bundle:
    """Everybody says everything."""
    (master,) = bundle.recordings.values()
    persons = {PersonId(f"P{n}"): Person(id=PersonId(f"P{n}"), code=f"W-{n}") for n in range(speakers)}
    segments = tuple(
        Segment(
            id=SegmentId(f"G{p}{m}"), recording=master.id, span=Span(start, start + RATE // 4), speaker=PersonId(f"P{p}"), meaning_id=f"m{m}", state="checked"
        )
        for p in range(speakers)
        for m in range(meanings)
        for start in [(p * meanings + m) * RATE // 2]
    )
    texts = {s.id: (annotation(n, s.id, "transcription", f"word {s.meaning_id}"),) for n, s in enumerate(segments)}
    return replace(bundle, persons=persons, segments=segments, annotations=texts)


def sets_of(folder: Path) -> dict[str, list[dict[str, str]]]:
    return {p.parent.name: list(csv.DictReader(io.StringIO(p.read_text()))) for p in sorted(folder.glob("*/metadata.csv"))}


def test_sets_share_neither_speakers_nor_meanings_and_the_sound_is_the_segments(tmp_path: Path) -> None:
    bundle = many_speakers(sounding_bundle(tmp_path / "book"))
    losses = exported(bundle, "audiofolder", tmp_path / "out", audio=True)
    sets = sets_of(tmp_path / "out")
    assert set(sets) == {"train", "validation", "test"}
    for column in ("speaker", "meaning_id"):
        values = [{row[column] for row in rows} for rows in sets.values()]
        assert sum(map(len, values)) == len(set.union(*values))
    rows = sum(map(len, sets.values()))
    assert rows + sum("left out: its speaker" in loss for loss in losses) == len(bundle.segments)
    by_id = {s.id: s for s in bundle.segments}
    for name, found in sets.items():
        for row in found:
            span = by_id[SegmentId(row["file_name"][:-4])].span
            assert frames_of(tmp_path / "out" / name / row["file_name"]) == (span.start, len(span))
            assert row["consent"] == "archive"


@given(st.lists(st.tuples(st.sampled_from("ABCDEFGH"), st.sampled_from("mnopq-")), max_size=40))
def test_no_division_lets_anything_through(said: list[tuple[str, str]]) -> None:
    bundle = hard_bundle(Path("/book"))
    (master,) = bundle.recordings.values()
    sound = SoundFile(master, "x", ())
    found = [
        Line(Segment(id=SegmentId(f"s{n}"), recording=master.id, span=Span(n, n + 1), meaning_id=m.strip("-")), sound, Span(n, n + 1), who, "en")
        for n, (who, m) in enumerate(said)
    ]
    losses: list[Loss] = []
    sets = split(found, losses)
    assert split(found, []) == sets
    assert sum(map(len, sets.values())) + len(losses) == len(found)
    for one in sets:
        for other in sets:
            if one < other:
                assert not {x.speaker for x in sets[one]} & {x.speaker for x in sets[other]}
                assert not {x.segment.meaning_id for x in sets[one]} & {x.segment.meaning_id for x in sets[other]} - {""}


def test_kaldi_folders_are_sorted_and_their_maps_are_inverse(tmp_path: Path) -> None:
    bundle = many_speakers(sounding_bundle(tmp_path / "book"))
    exported(bundle, "kaldi", tmp_path / "out")
    for folder in (tmp_path / "out").iterdir():
        tables = {p.name: [row.split(" ", 1) for row in p.read_text().splitlines()] for p in folder.iterdir()}
        assert set(tables) == {"wav.scp", "segments", "text", "utt2spk", "spk2utt", "utt2consent"}
        for rows in tables.values():
            assert rows == sorted(rows, key=lambda row: row[0].encode())
        assert {(u, s) for s, many in tables["spk2utt"] for u in many.split()} == {(u, s) for u, s in tables["utt2spk"]}
        assert all(utterance.startswith(speaker + "-") for utterance, speaker in tables["utt2spk"])
        assert [s for _, s in tables["utt2spk"]] == sorted(s for _, s in tables["utt2spk"])
        sounds = dict(tables["wav.scp"])
        for _, place in tables["segments"]:
            home, start, stop = place.split()
            assert 0 <= float(start) < float(stop) <= soundfile.info(sounds[home]).duration


def test_kaldi_takes_no_machines_text(tmp_path: Path) -> None:
    losses = exported(hard_bundle(tmp_path), "kaldi", tmp_path / "out")
    assert any("G5: left out: its transcription is a machine's draft" in loss for loss in losses)
    assert "machine guess" not in "".join(p.read_text() for p in (tmp_path / "out").rglob("text"))


def test_kaldi_with_sound_has_one_file_an_utterance(tmp_path: Path) -> None:
    exported(sounding_bundle(tmp_path / "book"), "kaldi", tmp_path / "out", audio=True)
    rows = [row.split() for p in (tmp_path / "out").rglob("wav.scp") for row in p.read_text().splitlines()]
    assert rows
    assert all((tmp_path / "out" / place).is_file() for _, place in rows)
    assert not list((tmp_path / "out").rglob("segments"))


def test_pycldf_validates_the_wordlist_and_finds_its_media(tmp_path: Path) -> None:
    bundle = sounding_bundle(tmp_path / "book")
    exported(bundle, "cldf", tmp_path / "out", audio=True)
    dataset = pycldf.Dataset.from_metadata(tmp_path / "out" / "Wordlist-metadata.json")
    assert dataset.validate()
    assert dataset.module == "Wordlist"
    forms = list(dataset.objects("FormTable"))
    assert {f.data["Segment"] for f in forms} == {"G1", "G2"}
    assert forms[0].data["Form"].startswith("tʰɑ˥˩")
    assert [row["Primary_Text"] for row in dataset["ExampleTable"]] == ["شمس sun ʔaʃ-ʃams", "machine guess"]
    for form in forms:
        (identity,) = form.data["Media_ID"]
        span = next(s.span for s in bundle.segments if s.id == identity)
        assert frames_of(tmp_path / "out" / "media" / f"{identity}.wav") == (span.start, len(span))


def test_a_wordlist_without_sound_validates_too(tmp_path: Path) -> None:
    exported(hard_bundle(tmp_path), "cldf", tmp_path / "out")
    assert pycldf.Dataset.from_metadata(tmp_path / "out" / "Wordlist-metadata.json").validate()


def test_the_postcard_holds_its_voices_and_needs_nothing_else(tmp_path: Path) -> None:
    exported(sounding_bundle(tmp_path / "book"), "postcard", tmp_path / "out", audio=True)
    (page,) = (tmp_path / "out").iterdir()
    text = page.read_text()
    sounds = re.findall(r"data:audio/mpeg;base64,([^\"]+)", text)
    assert len(sounds) == 4
    with soundfile.SoundFile(io.BytesIO(base64.b64decode(sounds[0]))) as sound:
        assert abs(sound.frames / sound.samplerate - 1.25) < 0.1
    assert "<script" not in text
    assert not re.findall(r"https?:|src=\"(?!data:)", text)
    assert 'dir="auto" lang="arz">شمس' in text
    assert "&lt;sun&gt; &amp; " in text
    assert "Awi" not in text


def test_exporting_sound_again_rewrites_nothing(tmp_path: Path) -> None:
    from fieldapp.corpus.exporters import Options, exporter
    from fieldapp.corpus.output import Output

    bundle = sounding_bundle(tmp_path / "book")
    for name in ("cldf", "anki", "postcard"):
        exported(bundle, name, tmp_path / name, audio=True)
        again = Output(tmp_path / name)
        exporter(name).write(bundle, again, Options(audio=True))
        assert again.written == []


def test_a_card_is_one_row_whatever_is_in_its_fields(tmp_path: Path) -> None:
    exported(sounding_bundle(tmp_path / "book"), "anki", tmp_path / "out", audio=True)
    rows = [row.split("\t") for row in (tmp_path / "out" / "cards.txt").read_text().splitlines() if not row.startswith("#")]
    assert {len(row) for row in rows} == {8}
    assert {row[3].removeprefix("[sound:").rstrip("]") for row in rows} == {p.name for p in (tmp_path / "out" / "media").iterdir()}
