"""Somebody's ELAN file: in, one label corrected, out again; and the command that changes labels where they stand."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fieldapp.cli import main
from fieldapp.corpus.eaf import read_eaf
from fieldapp.corpus.output import no_progress
from fieldapp.intake.annotations import attach, read
from fieldapp.intake.importing import Import
from fieldapp.intake.manifest import find_files
from fieldapp.model import SegmentId, Span
from fieldapp.store import segments, sessions, texts
from fieldapp.store.rows import ANNOTATION, SEGMENT
from fieldapp.store.store import Store


@pytest.fixture(scope="module")
def imported(dev_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample of 8,778 annotations and a fieldbook it came into."""
    place = tmp_path_factory.mktemp("imported")
    shutil.copy(dev_data / "annotations" / "pympi" / "sample_2.8.eaf", place / "sample.eaf")
    soundfile.write(place / "sample.wav", np.zeros(1_700 * 1000, np.int16), 1000)
    with Store.create(place / "book", "sample") as store:
        Import(store).run(find_files([place / "sample.wav"]), [place], "", no_progress)
        found, _ = read([place / "sample.eaf"], {}, no_progress, allow_outside=False)
        attach(store, found, no_progress, dry=False)
    return place


@pytest.fixture
def sample(imported: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The fieldbook and the sample, for one test alone."""
    shutil.copytree(imported / "book", tmp_path / "book")
    return tmp_path / "book", imported / "sample.eaf"


def exported(book: Path, out: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, object]:
    capsys.readouterr()
    assert main(["export", str(book), "--format", "elan-original", "--out", str(out), "--purpose", "listen", "--json", *more]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def whole_texts(store: Store) -> list[str]:
    """Texts that are one annotation in the file."""
    return [a.id for a in ANNOTATION.each(store.reader(), "tier = 'words-timesub' ORDER BY pk")]


@pytest.mark.slow
def test_a_file_nobody_corrected_comes_back_byte_for_byte(sample: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book, source = sample
    exported(book, tmp_path / "out", capsys)
    assert (tmp_path / "out" / "sample.eaf").read_bytes() == source.read_bytes()


@pytest.mark.slow
def test_one_corrected_label_is_a_difference_of_one_line(sample: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book, source = sample
    with Store.open(book) as store:
        chosen = texts.text(store.reader(), whole_texts(store)[7])
        store.do(lambda tx: texts.set_text(tx, chosen.segment, chosen.tier, "tʰɑ˥˩ <&>", language=chosen.language))
    exported(book, tmp_path / "out", capsys)
    pairs = list(zip(source.read_bytes().split(b"\n"), (tmp_path / "out" / "sample.eaf").read_bytes().split(b"\n"), strict=True))
    (difference,) = [pair for pair in pairs if pair[0] != pair[1]]
    assert chosen.text.encode() in difference[0]
    assert "tʰɑ˥˩ &lt;&amp;&gt;".encode() in difference[1]
    rows = (tmp_path / "out" / "corrections.csv").read_text(encoding="utf-8").splitlines()
    assert rows[1].endswith(f"words-timesub,{chosen.text},tʰɑ˥˩ <&>")


@pytest.mark.slow
def test_what_has_no_place_in_the_file_is_told(sample: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book, _ = sample
    with Store.open(book) as store:
        one = next(SEGMENT.each(store.reader(), "1 ORDER BY recording, start, pk"))
        moved = segments.segment(store.reader(), texts.text(store.reader(), whole_texts(store)[7]).segment)
        home = sessions.recording(store.reader(), one.recording)
        store.do(lambda tx: segments.update_segment(tx, replace(moved, span=Span(moved.span.start, moved.span.stop + 40))))
        made = replace(one, id=SegmentId("NEW"), span=Span(home.frames - 9, home.frames), metadata={})
        store.do(lambda tx: segments.add_segments(tx, [made]))
        store.do(lambda tx: texts.set_text(tx, SegmentId("NEW"), "note", "made here"))
    told = json.dumps(exported(book, tmp_path / "out", capsys)["losses"])
    assert "times, which were moved" in told
    assert "in no ELAN file" in told
    assert (tmp_path / "out" / "sample.eaf").exists()


@pytest.mark.slow
def test_a_file_with_something_that_may_not_leave_stays_as_a_whole(sample: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book, _ = sample
    with Store.open(book) as store:
        ids = [one.id for one in SEGMENT.each(store.reader())]
    (tmp_path / "ids.txt").write_text("\n".join(ids[:-1]))
    told = exported(book, tmp_path / "out", capsys, "--segments", str(tmp_path / "ids.txt"))
    assert not (tmp_path / "out" / "sample.eaf").exists()
    assert "the whole file" in json.dumps(told["losses"])


def test_a_label_is_found_and_changed_by_command(dev_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.eaf"
    shutil.copy(dev_data / "annotations" / "speach" / "test.eaf", path)
    assert main(["relabel", str(path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["labels"]
    chosen = next(row for row in rows if row["text"] and row["start_ms"] is not None)
    before = path.read_bytes()
    assert main(["relabel", str(path), f"{chosen['id']}=a=b"]) == 0
    assert chosen["text"] in capsys.readouterr().out
    assert {mark.value for tier in read_eaf(path).tiers.values() for mark in tier.marks if mark.id == chosen["id"]} == {"a=b"}
    assert len(path.read_bytes()) - len(before) == len("a=b") - len(chosen["text"].encode())
    assert main(["relabel", str(path), "--find", "a=b"]) == 0
    assert chosen["id"] in capsys.readouterr().out


@pytest.mark.parametrize(("words", "code"), [(["nothing.eaf"], 1), (["x.eaf", "a1"], 2), (["x.eaf", "=text"], 2), (["x.eaf", "nobody=text"], 1)])
def test_what_cannot_be_changed_is_said(words: list[str], code: int, dev_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(dev_data / "annotations" / "speach" / "test.eaf", tmp_path / "x.eaf")
    monkeypatch.chdir(tmp_path)
    before = (tmp_path / "x.eaf").read_bytes()
    assert main(["relabel", *words]) == code
    assert (tmp_path / "x.eaf").read_bytes() == before


@pytest.mark.slow
def test_a_kept_original_is_left_alone(sample: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    book, _ = sample
    (kept,) = (book / "audio").glob("*.eaf")
    before = kept.read_bytes()
    assert main(["relabel", str(kept), "a1=x"]) == 2
    assert "elan-original" in capsys.readouterr().err
    assert kept.read_bytes() == before
