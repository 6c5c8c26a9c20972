"""ZIP files: a colleague's folder comes in, a hostile one is refused with a sentence and leaves nothing behind."""

from __future__ import annotations

import io
import json
import random
import stat
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fieldapp.cli import main
from fieldapp.corpus.output import no_progress
from fieldapp.errors import FieldError, ImportProblem
from fieldapp.intake import archives


def zipped(path: Path, files: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return path


def unpacked(archive: Path, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    archives.unpack(archive, folder, no_progress)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_comes_out_as_it_was(tmp_path: Path) -> None:
    files = {"a/太阳.txt": "日头".encode(), "a/b/x.bin": bytes(range(256)) * 99, "empty": b"", "__MACOSX/a/._x": b"x", "a/._y": b"y", "in.zip": b"PK"}
    found = unpacked(zipped(tmp_path / "x.zip", files), tmp_path / "out")
    assert found == {name: content for name, content in files.items() if "._" not in name}


def test_names_of_old_programs_are_understood(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"b\\c.txt": b"1"})
    content = path.read_bytes()
    assert set(unpacked(path, tmp_path / "out")) == {"b/c.txt"}
    old = tmp_path / "old.zip"
    old.write_bytes(zipped(tmp_path / "y.zip", {"XX.txt": b"1"}).read_bytes().replace(b"XX.txt", "é.txt".encode()))
    assert set(unpacked(old, tmp_path / "out2")) == {"é.txt"}
    assert content


@pytest.mark.parametrize(
    "name", ["../up.txt", "/etc/x", "a/../../x", "..\\up", "C:x", "C:\\x", "a\nb", "a\x7f", "nul.txt", "a/con", "x" * 1001, "\\\\server\\share", "a:b"]
)
def test_a_name_that_leads_out_refuses_the_archive(name: str, tmp_path: Path) -> None:
    archive = zipped(tmp_path / "x.zip", {"good.txt": b"1", name: b"evil"})
    with pytest.raises(ImportProblem):
        unpacked(archive, tmp_path / "out")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["x.zip"]


def with_mode(path: Path, mode: int) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        about = zipfile.ZipInfo("link")
        about.external_attr = mode << 16
        made.writestr(about, "/etc/passwd")
    return path


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644, stat.S_IFCHR | 0o644])
def test_links_and_devices_are_refused(mode: int, tmp_path: Path) -> None:
    with pytest.raises(ImportProblem, match="no plain file"):
        unpacked(with_mode(tmp_path / "x.zip", mode), tmp_path / "out")


def test_what_swells_is_refused_before_it_is_written(tmp_path: Path) -> None:
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made, made.open("big", "w") as entry:
        for _ in range(70):
            entry.write(bytes(1 << 20))
    with pytest.raises(ImportProblem, match="swell"):
        unpacked(archive, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_entry_longer_than_it_says_is_stopped(tmp_path: Path) -> None:
    content = zipped(tmp_path / "x.zip", {"a": bytes(3_000_000)}).read_bytes()
    lying = content.replace(struct.pack("<I", 3_000_000), struct.pack("<I", 10))
    (tmp_path / "x.zip").write_bytes(lying)
    with pytest.raises(ImportProblem):
        unpacked(tmp_path / "x.zip", tmp_path / "out")
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*")) < 3_000_000


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("a", b"x" * 100)
        made.writestr("b", b"y" * 100)
        made.filelist[1].header_offset = made.filelist[0].header_offset
    (tmp_path / "x.zip").write_bytes(buffer.getvalue())
    with pytest.raises(ImportProblem):
        unpacked(tmp_path / "x.zip", tmp_path / "out")


def test_too_many_entries_and_too_little_room_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipped(tmp_path / "x.zip", {str(n): b"" for n in range(20)})
    monkeypatch.setattr(archives, "MOST_ENTRIES", 10)
    with pytest.raises(ImportProblem, match="20 files"):
        unpacked(archive, tmp_path / "out")
    monkeypatch.setattr(archives, "MOST_ENTRIES", 100)
    monkeypatch.setattr(archives, "_SPARE", 1 << 60)
    with pytest.raises(FieldError, match="are free"):
        unpacked(archive, tmp_path / "out2")


def test_three_hundred_damaged_archives_are_unpacked_or_refused(tmp_path: Path) -> None:
    good = zipped(tmp_path / "x.zip", {"a/b.txt": b"hello" * 999, "c.bin": random.Random(1).randbytes(4000)}).read_bytes()
    for seed in range(300):
        dice = random.Random(seed)
        data = bytearray(good)
        for _ in range(dice.randint(1, 9)):
            match dice.randrange(3):
                case 0:
                    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
                case 1:
                    del data[dice.randrange(len(data)) :]
                    data = data or bytearray(b"P")
                case _:
                    at = dice.randrange(len(data))
                    data[at : at + 4] = struct.pack("<I", dice.choice([0, 1, 2**31, 2**32 - 1]))
        (tmp_path / "m.zip").write_bytes(bytes(data))
        assert said(tmp_path / "m.zip", tmp_path / str(seed)), seed
        assert {path.name for path in tmp_path.iterdir()} <= {"x.zip", "m.zip", "fieldapp-home", *map(str, range(seed + 1))}


def said(archive: Path, folder: Path) -> str:
    try:
        unpacked(archive, folder)
    except FieldError as trouble:
        return str(trouble).strip()
    return "unpacked"


def sound() -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.random.default_rng(1).standard_normal(16_000) * 0.1, 16_000, format="WAV")
    return buffer.getvalue()


def test_a_zipped_folder_is_imported_with_its_annotations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["new", str(tmp_path / "book")])
    archive = zipped(tmp_path / "trip.zip", {"in/x.wav": sound(), "in/x.txt": b"0.1\t0.5\thello\n", "in/readme.pdf": b"%PDF"})
    capsys.readouterr()
    for words, wanted in ((["--dry-run"], 1), ([], 1), ([], 0)):
        assert main(["import", str(tmp_path / "book"), str(archive), "--json", *words]) == 0
        assert json.loads(capsys.readouterr().out)["imported"] == wanted
    assert sorted(path.name for path in (tmp_path / "book" / "audio").iterdir()) == ["x.original.txt", "x.wav"]
    assert list((tmp_path / "book" / "derived").glob("unpacked-*")) == []
    assert main(["import", str(tmp_path / "book"), str(zipped(tmp_path / "evil.zip", {"../x.wav": sound()}))]) == 1
    assert "leads out" in capsys.readouterr().err
    assert list((tmp_path / "book" / "derived").glob("unpacked-*")) == []
