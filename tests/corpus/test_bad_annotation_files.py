"""Broken, hostile and huge annotation files: a sentence each, never a crash, nothing written."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bundles import hard_bundle
from sounding import exported

from fieldapp.corpus import importers
from fieldapp.corpus.document import Utterance
from fieldapp.corpus.importers import IMPORTERS
from fieldapp.errors import FieldError, ImportProblem

TRS = """<?xml version="1.0" encoding="ISO-8859-1"?>
<!DOCTYPE Trans SYSTEM "trans-14.dtd">
<Trans audio_filename="été" version="1"><Speakers><Speaker id="spk1" name="René"/><Speaker id="spk2" name="Ann"/></Speakers><Episode>
<Section type="report" startTime="0" endTime="9.5"><Turn speaker="spk1" startTime="0" endTime="4,25"><Sync time="0"/>
bon<Event desc="rire" type="noise"/> jour<Sync time="2.5"/>
café</Turn><Turn speaker="spk1 spk2" startTime="4.25" endTime="9.5"><Sync time="4.25"/><Who nb="1"/>oui<Who nb="2"/>non</Turn></Section></Episode></Trans>"""
MUTANTS = 300


def samples(folder: Path) -> dict[str, bytes]:
    """One good file of each format, by its name."""
    found = {}
    for name, file in (
        ("elan", "ETR009_T1.eaf"), ("textgrid", "ETR009_T1.TextGrid"), ("srt", "ETR009_T1.transcription.srt"), ("vtt", "ETR009_T1.transcription.vtt"),
        ("audacity", "ETR009_T1.W1.transcription.txt"), ("csv", "segments.csv"), ("jsonl", "corpus.jsonl"),
    ):  # fmt: skip
        exported(hard_bundle(Path("/book")), name, folder / name)
        found[file] = (folder / name / file).read_bytes()
    return found | {"x.trs": TRS.encode("latin-1")}


def flipped(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.randint(1, 12)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content))]


def swapped(content: bytes, rng: random.Random) -> bytes:
    """Pieces between brackets, quotes or line ends change places."""
    mark = rng.choice([b"<", b'"', b"\n", b" ", b","])
    pieces = content.split(mark)
    for _ in range(3):
        one, other = rng.randrange(len(pieces)), rng.randrange(len(pieces))
        pieces[one], pieces[other] = pieces[other], pieces[one]
    return mark.join(pieces)


def number_changed(content: bytes, rng: random.Random) -> bytes:
    """Some digits become other numbers: negative, huge, no number at all."""
    changed = bytearray(content)
    digits = [place for place, byte in enumerate(content) if 48 <= byte < 58]
    for place in sorted(rng.sample(digits, min(3, len(digits))), reverse=True):
        changed[place : place + 1] = rng.choice([b"-1", b"99999999999999999999", b"x", b"", b"0", "٣".encode(), b"1e99", b"NaN"])
    return bytes(changed)


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (flipped, cut, swapped, number_changed)


def mutants(folder: Path, number: int) -> None:
    good = samples(folder / "good")
    utterances: tuple[Utterance, ...]
    assert len(good) >= 8
    for name, content in good.items():
        path = folder / "bad" / name
        path.parent.mkdir(exist_ok=True)
        for seed in range(number):
            rng = random.Random(seed)
            path.write_bytes(rng.choice(MUTATIONS)(content, rng))
            try:
                document = importers.read(path)
            except FieldError as trouble:
                sentence, utterances = str(trouble).strip(), ()
            else:
                sentence, utterances = "read", document.utterances
            assert sentence, (name, seed)
            assert all(0 <= u.start_ms <= u.stop_ms for u in utterances), (name, seed)
            assert list(path.parent.iterdir()) == [path]
        path.unlink()


@pytest.mark.slow
def test_damaged_files_are_read_or_refused_with_a_sentence(tmp_path: Path) -> None:
    mutants(tmp_path, MUTANTS)


@pytest.mark.parametrize("suffix", [".eaf", ".trs", ".TextGrid", ".srt", ".vtt", ".csv", ".jsonl", ".txt", ".xyz"])
@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 999, b"\xff\xfe", b"\xff\xfe\x00", b"\xef\xbb\xbf", b"hello", b'"' * 5001, b"<" * 999, b"\x80\x81\x82\n" * 99]
)
def test_what_is_no_annotation_file_is_refused(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with pytest.raises(ImportProblem):
        importers.read(path)


BOMB = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>"


@pytest.mark.parametrize("suffix", [".eaf", ".trs", ".flextext"])
@pytest.mark.parametrize(
    "body",
    [
        BOMB + "<{root}>&a11;</{root}>",
        BOMB + "<{root} a='&a11;'/>",
        "<!DOCTYPE {root} SYSTEM 'file:///etc/passwd'><{root}/>",
        "<!DOCTYPE {root} [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><{root}>&a;</{root}>",
        "<!DOCTYPE Trans SYSTEM 'trans-14.dtd' [<!ENTITY a 'b'>]><{root}>&a;</{root}>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_bombs_and_document_types_are_refused_at_once(suffix: str, body: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    root = {".eaf": "ANNOTATION_DOCUMENT", ".trs": "Trans", ".flextext": "document"}[suffix]
    path.write_bytes(f'<?xml version="1.0" encoding="{encoding}"?>{body.replace("{root}", root)}'.encode(encoding))
    begun = time.process_time()
    with pytest.raises(ImportProblem) as refused:
        importers.read(path)
    assert "root:" not in str(refused.value)
    assert time.process_time() - begun < 20


@pytest.mark.parametrize(
    ("suffix", "begins"),
    [
        (".eaf", "<ANNOTATION_DOCUMENT>"), (".trs", "<Trans>"), (".flextext", "<document>"), (".TextGrid", 'File type = "ooTextFile"\n'), (".srt", "1\n"),
        (".vtt", "WEBVTT\n"), (".csv", "start,end,text\n"), (".jsonl", '{"kind": "corpus"}\n'), (".cha", "@UTF8\n@Begin\n"), (".sfm", "\\_sh v3.0 400 Text\n"),
    ],
)  # fmt: skip
def test_two_hundred_megabytes_are_refused_unread(suffix: str, begins: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    with path.open("wb") as file:
        file.write(begins.encode())
        file.truncate(200 * 2**20)
    with pytest.raises(ImportProblem, match=r"200 MB|no annotation file|does not begin"):
        importers.read(path)


def test_deep_and_circular_hierarchies_end(tmp_path: Path) -> None:
    path = tmp_path / "x.eaf"
    circle = "".join(
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a{n}" ANNOTATION_REF="a{(n + 1) % 50}" PREVIOUS_ANNOTATION="a{(n + 7) % 50}">'
        "<ANNOTATION_VALUE>x</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
        for n in range(50)
    )
    path.write_text(f'<ANNOTATION_DOCUMENT><TIER TIER_ID="t" PARENT_REF="t" LINGUISTIC_TYPE_REF="u">{circle}</TIER></ANNOTATION_DOCUMENT>')
    document = importers.read(path)
    assert document.utterances == ()
    assert any("refer to others" in sentence for sentence in document.warnings)
    path.write_text("<x>" * 5000)
    with pytest.raises(ImportProblem):
        importers.read(path)


def test_every_importer_is_fuzzed() -> None:
    tried = {"elan", "textgrid", "srt", "vtt", "audacity", "csv", "jsonl", "transcriber"}
    assert tried <= {name for name, _ in IMPORTERS}
