"""The log: one rotating file a role, uncaught exceptions in it, everything put back afterwards."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fieldapp import __version__, log

HERE = logging.getLogger("fieldapp.somewhere")


def test_the_file_starts_with_versions(tmp_path: Path) -> None:
    with log.writing(tmp_path / "logs", "window"):
        HERE.info("a word from %s", "Sūzhōu 苏州")
    text = (tmp_path / "logs" / "window.log").read_text(encoding="utf-8")
    assert text.splitlines()[0].count(__version__) == 1
    assert "SQLite" in text.splitlines()[0]
    assert "苏州" in text


def test_files_rotate_and_stay_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "BYTES_A_FILE", 2000)
    with log.writing(tmp_path, "window"):
        for number in range(300):
            HERE.warning("line %d of many", number)
    files = sorted(path.name for path in tmp_path.glob("window.log*"))
    assert files == ["window.log", *(f"window.log.{n}" for n in range(1, log.FILES))]
    assert all(path.stat().st_size <= 2000 for path in tmp_path.glob("window.log*"))


def test_a_file_that_cannot_be_rotated_grows_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def held(*_: object) -> None:
        raise PermissionError(13, "in use by another process")

    monkeypatch.setattr(log, "BYTES_A_FILE", 500)
    monkeypatch.setattr(Path, "replace", held)
    with log.writing(tmp_path, "window"):
        for number in range(50):
            HERE.warning("line %d of many", number)
    monkeypatch.undo()
    assert "line 49 of many" in (tmp_path / "window.log").read_text(encoding="utf-8")
    assert capsys.readouterr().err == ""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_leaves_its_traceback(tmp_path: Path) -> None:
    def dies() -> None:
        raise RuntimeError("the reason")

    with log.writing(tmp_path, "window"):
        thread = threading.Thread(target=dies, name="the doomed one")
        thread.start()
        thread.join()
    text = (tmp_path / "window.log").read_text(encoding="utf-8")
    assert "the doomed one" in text
    assert "RuntimeError: the reason" in text


def test_everything_is_put_back(tmp_path: Path) -> None:
    before = (sys.excepthook, threading.excepthook, list(logging.getLogger().handlers), logging.getLogger().level)
    with log.writing(tmp_path, "window"):
        assert sys.excepthook is not before[0]
    assert (sys.excepthook, threading.excepthook, list(logging.getLogger().handlers), logging.getLogger().level) == before


def test_a_folder_that_cannot_be_written_costs_the_log_only(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way", encoding="utf-8")
    with log.writing(tmp_path / "logs", "window"):
        HERE.info("nobody hears this")
    assert (tmp_path / "logs").read_text(encoding="utf-8") == "in the way"


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    start = "import sys\nfrom pathlib import Path\nfrom fieldapp import log\nwith log.writing(Path(sys.argv[1]), 'command'):\n    "
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    return subprocess.run([sys.executable, "-c", start + code, str(folder)], capture_output=True, text=True, env=environment, timeout=60, check=False)


def test_a_hard_crash_leaves_its_stack(tmp_path: Path) -> None:
    assert run("import faulthandler; faulthandler._sigsegv()", tmp_path).returncode != 0
    assert "Fatal Python error" in (tmp_path / "command-crash.log").read_text(encoding="utf-8")


def test_an_uncaught_error_is_logged_and_still_shown(tmp_path: Path) -> None:
    ended = run("sys.excepthook(ValueError, ValueError('odd'), None)", tmp_path)
    assert "odd" in ended.stderr
    assert "ValueError: odd" in (tmp_path / "command.log").read_text(encoding="utf-8")
