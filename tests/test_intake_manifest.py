"""Manifests from any spreadsheet, and everything that can be wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.errors import ImportProblem
from fieldapp.intake.manifest import find_files, read_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "in"
    inside.mkdir()
    for name in ("a.wav", "b.wav", "é.wav"):
        (inside / name).write_bytes(b"x")
    (tmp_path / "outside.wav").write_bytes(b"x")
    return inside


def manifest(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "m.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_any_delimiter_encoding_and_line_end_is_read(folder: Path, encoding: str, mark: str, newline: str) -> None:
    lines = [["Path", "TRANSCRIPT", " speaker "], ["é.wav", '"soleil; déjà, là"', "W1"], ["", "", ""], ["a.wav", "x", ""]]
    wanted = read_manifest(manifest(folder, newline.join(mark.join(line) for line in lines), encoding), speaker="fallback")
    assert [row.path.name for row in wanted.rows] == ["é.wav", "a.wav"]
    assert wanted.rows[0].texts == {"transcription": ("soleil; déjà, là", "")}
    assert [row.speaker for row in wanted.rows] == ["W1", "fallback"]
    assert wanted.problems == ()


def test_a_table_without_paths_is_refused_with_its_columns(folder: Path) -> None:
    with pytest.raises(ImportProblem, match=r"no column 'path' \(its columns: file, text\)"):
        read_manifest(manifest(folder, "file,text\na.wav,x\n"))
    with pytest.raises(ImportProblem, match="no column"):
        read_manifest(manifest(folder, ""))
    with pytest.raises(ImportProblem, match="twice"):
        read_manifest(manifest(folder, "path,ipa,ipa\na.wav,x,y\n"))
    with pytest.raises(ImportProblem, match="cannot be read"):
        read_manifest(folder / "gone.csv")


def test_each_bad_row_is_told_with_its_line_and_the_rest_stays(folder: Path) -> None:
    text = "path,transcript\na.wav,x\na.wav,y\n./a.wav,z\ngone.wav,x\n,x\nb.wav,x,too,many\n../outside.wav,x\nsub/../b.wav,ok\n\x00.wav,x\nnotes.eaf,x\n"
    (folder / "notes.eaf").write_bytes(b"x")
    wanted = read_manifest(manifest(folder, text))
    assert [row.path.name for row in wanted.rows] == ["a.wav", "b.wav"]
    said = {problem.where.split()[-1]: problem.sentence for problem in wanted.problems}
    expected = {"3": "already", "4": "already", "5": "no file gone.wav", "6": "empty", "7": "more cells", "8": "--allow-outside", "10": "no file"}
    assert said.keys() == expected.keys()
    for line, words in expected.items():
        assert words in said[line]
    assert [name.split(": ")[1] for name in wanted.set_aside] == ["notes.eaf"]


def test_absolute_paths_are_read_and_outside_ones_when_allowed(folder: Path) -> None:
    text = f"path\n{folder.parent / 'outside.wav'}\n"
    assert len(read_manifest(manifest(folder, text)).rows) == 1
    assert len(read_manifest(manifest(folder, "path\n../outside.wav\n"), allow_outside=True).rows) == 1


def test_paths_with_backslashes_or_decomposed_letters_are_found(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "c.wav").write_bytes(b"x")
    assert [row.path.name for row in read_manifest(manifest(folder, "path\nsub\\c.wav\ne\u0301.wav\n")).rows] == ["c.wav", "é.wav"]


def test_a_text_of_a_megabyte_is_no_problem(folder: Path) -> None:
    wanted = read_manifest(manifest(folder, f'path,transcript\na.wav,"{"ʈʂ " * 400_000}"\n'))
    assert len(wanted.rows[0].texts["transcription"][0]) > 1_000_000


def test_a_manifest_and_folders_together_name_each_file_once(folder: Path) -> None:
    listed = read_manifest(manifest(folder, "path,speaker\nb.wav,W1\n"))
    assert [(row.path.name, row.speaker) for row in listed.joined(find_files([folder])).rows] == [("b.wav", "W1"), ("a.wav", ""), ("é.wav", "")]


@given(data=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"path,ipa\n{text}".encode("utf-8", "surrogatepass")))
def test_no_manifest_whatever_it_holds_is_more_than_a_sentence(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(data)
    try:
        wanted = read_manifest(path)
    except ImportProblem:
        return
    assert all(row.path.is_file() for row in wanted.rows)
