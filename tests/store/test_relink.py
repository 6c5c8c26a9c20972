"""Sound that is missing is brought back from elsewhere, whatever it is called there, and only if it is the very same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldapp import cli
from fieldapp.errors import NotThere
from fieldapp.model import Recording, RecordingId, new_id
from fieldapp.store import sessions
from fieldapp.store.relink import bring_back, missing_media
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

SOUNDS = {"audio/a.wav": b"the sound of a", "audio/b.wav": b"the sound of b", "audio/c.wav": b"no sum was noted"}


def nothing(share: float, doing: str) -> None:
    """Nobody looks."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    def fill(tx: Transaction) -> None:
        session = sessions.ensure_session(tx, "S")
        for path, data in SOUNDS.items():
            digest = "" if path.endswith("c.wav") else hashlib.sha256(data).hexdigest()
            made = Recording(id=RecordingId(new_id()), session=session.id, path=path, rate=1, channels=1, bits=16, frames=1, sha256=digest, bytes=len(data))
            sessions.add_recording(tx, made)

    with Store.create(tmp_path / "book", "book") as made:
        made.do(fill)
        yield made


def missing(store: Store) -> list[str]:
    return sorted(one.path for one in missing_media(store.reader(), store.folder))


def test_only_the_same_bytes_come_back_whatever_they_are_called(store: Store, tmp_path: Path) -> None:
    disk = tmp_path / "disk" / "deep"
    disk.mkdir(parents=True)
    (disk / "renamed.bin").write_bytes(SOUNDS["audio/a.wav"])
    (disk / "b.wav").write_bytes(b"another sound b"[: len(SOUNDS["audio/b.wav"])])
    (disk / "c.wav").write_bytes(SOUNDS["audio/c.wav"])
    outcome = bring_back(store.reader(), store.folder, [tmp_path / "disk"], nothing)
    assert outcome.found == {"audio/a.wav": disk / "renamed.bin"}
    assert outcome.missing == ["audio/b.wav", "audio/c.wav"]
    assert outcome.others == [str(disk / "b.wav"), str(disk / "c.wav")]
    assert (store.folder / "audio/a.wav").read_bytes() == SOUNDS["audio/a.wav"]
    assert missing(store) == ["audio/b.wav", "audio/c.wav"]
    assert not list((store.folder / "audio").glob("*.part"))


def test_a_place_that_is_not_there_is_a_sentence(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotThere, match="no file or folder"):
        bring_back(store.reader(), store.folder, [tmp_path / "nowhere"], nothing)
    assert missing(store) == sorted(SOUNDS)


def test_check_brings_media_back(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store.close()
    (tmp_path / "found.wav").write_bytes(SOUNDS["audio/b.wav"])
    cli.main(["check", str(store.folder), "--media", str(tmp_path / "found.wav")])
    said = capsys.readouterr().out
    assert "audio/b.wav is back" in said
    assert "audio/a.wav is missing" in said
    assert "audio/b.wav is missing" not in said
