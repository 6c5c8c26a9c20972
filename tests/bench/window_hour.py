"""A scripted hour of work in the real window, on a fieldbook of 100,000 segments, with a recording and the bundled model running; does anything block it?

    PYTHONPATH=.:tests python tests/bench/window_hour.py --minutes 60 --json

Speech is played into a virtual microphone, the window records it and the starter writes along, while a script works as a person would (`hour/script.py`).
A watchdog measures how late the event loop is and names the place of every block over 50 ms; hands that type from outside measure keys until they are
drawn, an eye measures live text from the engine's result until it is drawn. Fewer minutes run the same script with shorter pauses; a round that was
begun is always finished. Ends with 0 when no block was over 50 ms and nothing was lost, with 1 when something was.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line says before it opens the window (`fieldapp/cores.py`)

from e2e.recorders import recorder_ends_with
from e2e.virtual_mic import VirtualMic, missing
from hour import book as books
from hour.driver import Driver, Hands, LiveEye, Step
from hour.script import Hour, lost
from hour.watch import LIMIT_S, Watch
from PySide6.QtCore import QEventLoop, QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from fieldapp import paths
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.readiness import get_ready
from fieldapp.gui.theme import dress
from fieldapp.settings import Settings
from fieldapp.store.store import Store

UNHURRIED_MINUTES = 20
SPEECH_S = 600.0
SIZE = (1280, 800)
More = Callable[[Hour], list[tuple[str, Callable[[], Step]]]]
HARMLESS = ("This plugin does not support propagateSizeHints", "OpenType support missing for")


def main(words: list[str] | None = None) -> int:
    """The command."""
    options = arguments().parse_args(words)
    if why := missing():
        sys.stderr.write(why + "\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="fieldapp-hour-") as scratch:
        aside = Path(scratch)
        os.environ["FIELDAPP_HOME"] = str(aside / "home")
        with recorder_ends_with(options.book or aside / "book") as book:
            if not (book / "fieldbook.db").exists():
                sys.stderr.write("making the fieldbook\n")
                book.rmdir()
                books.make(book, options.hours, options.segments, None if options.model == "none" else paths.resource("models", options.model))
            found = work(book, aside, options)
    found["ok"] = not found["window"]["over_50_ms"] and not found["lost"] and not found["failures"]
    if options.out:
        options.out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write((json.dumps(found, indent=1, ensure_ascii=False) if options.json else told(found)) + "\n")
    return 0 if found["ok"] else 1


def arguments() -> argparse.ArgumentParser:
    """The words of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (60); the round that was begun is finished")
    parser.add_argument("--segments", type=int, default=100_000)
    parser.add_argument("--hours", type=float, default=10.0, help="length of the long recording (10)")
    parser.add_argument("--model", default="starter", help="the bundled model that writes, or 'none'")
    parser.add_argument("--book", type=Path, help="a fieldbook that is made here once and used again")
    parser.add_argument("--steps", nargs="+", help="only these steps of a round, by their names; recording always begins")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="keep the JSON here, too")
    return parser


def work(book: Path, aside: Path, options: argparse.Namespace, more: More = lambda _: []) -> dict[str, Any]:
    """The hour itself, with a microphone of its own; `more` are steps beside those of the script."""
    books.write_speech(aside / "speech.wav", min(SPEECH_S, 60 * options.minutes + 60))
    load, before, warnings = os.getloadavg()[0], dict(os.environ), list[str]()
    mic = VirtualMic()
    handler = qInstallMessageHandler(_hears_qt(warnings))
    try:
        os.environ.update(mic.environment)
        found = _worked(book, aside, options, more)
    finally:
        qInstallMessageHandler(handler)
        mic.close()
        os.environ.clear()
        os.environ.update(before)
    found["failures"] += warnings
    about: dict[str, Any] = {"bench": "window_hour", "machine": f"{os.cpu_count()} cores, {platform.system()}", "screen": QGuiApplication.platformName()}
    about |= {"load_before": round(load, 1), "load_after": round(os.getloadavg()[0], 1), "segments": options.segments, "hours": options.hours}
    return {**about, "model": options.model, **found}


def _worked(book: Path, aside: Path, options: argparse.Namespace, more: More) -> dict[str, Any]:
    """Open the window, let the driver work, close everything, compare with the ledger."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    dress(application, "light", 100)
    window = MainWindow(Desk(Settings(theme="light", model="" if options.model == "none" else options.model, output_device="field"), aside / "settings.json"))
    said = list[str]()
    window.desk.said.connect(lambda level, text: said.append(text) if level != "info" else None)
    window.resize(*SIZE)
    window.show()
    window.desk.open(book)
    get_ready(window.desk)
    pace = min(1.0, options.minutes / UNHURRIED_MINUTES)
    watch, hands, eye = Watch(), Hands(pace), LiveEye()
    driver, hour = Driver(watch, pace), Hour(window, hands, eye, aside)
    began, memory = time.monotonic(), list[dict[str, float]]()

    def again() -> list[tuple[str, Callable[[], Step]]]:
        memory.append({"minutes": round((time.monotonic() - began) / 60, 1), **_resident()})
        if hour.rounds and time.monotonic() >= began + 60 * options.minutes:
            ended = "finish" in driver.done
            return [] if ended else [*([("stop", hour.stop)] if window.desk.recorded() is not None else []), ("finish", hour.finish)]
        return [*(one for one in hour.steps() if not options.steps or one[0] in ("record", "stop", *options.steps)), *more(hour)]

    loop = QEventLoop()
    driver.over.connect(loop.quit)
    with _spoken(aside / "speech.wav"):
        driver.start(again)
        loop.exec()
    for one in (watch, hands, eye):
        one.stop()
    crashed = window.crashes.dialog is not None
    window.close()
    ledger = hour.ledger
    with Store.open(book, read_only=True) as store:
        gone = lost(store, ledger)
    return {
        "seconds": round(time.monotonic() - began, 1), "pace": round(pace, 3), "rounds": hour.rounds, "steps_done": len(driver.done),
        "failures": [*driver.failures, *["the window told of a crash"] * crashed], "lost": gone, "told": sorted(set(said)),
        "typed": len(ledger.typed), "prompt_keys": ledger.prompts, "exports": len(ledger.exported),
        "recorded_s": round(sum(one.frames / one.rate for one in ledger.outcomes), 1),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), "memory_by_round": memory, "window": watch.report(),
        "key_ms": _summary(hands.seconds), "live_final_ms": _summary(eye.finals), "live_partial_ms": _summary(eye.partials), "live_results": eye.results,
    }  # fmt: skip


def _resident() -> dict[str, float]:
    """Megabytes of this process that lie in memory now: its own, and pages of files that the system may take back."""
    if not sys.platform.startswith("linux"):
        return {}
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return {name: round(int(told[key].split()[0]) / 1024) for name, key in (("own_mb", "RssAnon"), ("of_files_mb", "RssFile"))}


def _hears_qt(warnings: list[str]) -> Callable[[QtMsgType, QMessageLogContext, str], None]:
    """What Qt complains about is a failure; where it was said is told with it."""

    def on_message(_kind: QtMsgType, _about: QMessageLogContext, text: str) -> None:
        if not text.startswith(HARMLESS):
            where = " < ".join(f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in traceback.extract_stack()[-2:-10:-1])
            warnings.append(f"Qt in {threading.current_thread().name}: {text} ({where})")

    return on_message


@contextlib.contextmanager
def _spoken(sound: Path) -> Iterator[None]:
    """Speech into the microphone, over and over."""
    words = ["bash", "-c", 'trap "kill %1" EXIT; while true; do paplay --device=field "$0" & wait $!; done', str(sound)]
    player = subprocess.Popen(words, env={**os.environ, "PULSE_LATENCY_MSEC": "1000"}, stderr=subprocess.DEVNULL)  # a player in a hurry leaves holes
    yield
    player.terminate()
    player.wait(20)


def _summary(seconds: list[float]) -> dict[str, float | int]:
    ranked = sorted(1000 * one for one in seconds)
    if not ranked:
        return {"count": 0}
    share = {"p50": statistics.median(ranked), "p95": ranked[math.ceil(0.95 * len(ranked)) - 1], "worst": ranked[-1]}
    return {"count": len(ranked), **{name: round(value, 1) for name, value in share.items()}}


def told(found: dict[str, Any]) -> str:
    """The report for people."""
    window = found["window"]
    lines = [
        f"{found['seconds'] / 60:.1f} min, {found['rounds']} rounds, {found['steps_done']} steps, {found['segments']:,} segments, model {found['model']}",
        f"event loop: {window['beats']:,} beats, p50 {window['p50_ms']} ms, p99 {window['p99_ms']} ms, p99.9 {window['p999_ms']} ms, "
        f"worst {window['worst_ms']} ms; {window['over_30_ms']} over 30 ms",
        f"over {LIMIT_S * 1000:.0f} ms: {window['over_50_ms']}; of these without waiting for a core {window['over_50_ms_without_waiting_for_a_core']}, "
        f"of the window's own work {window['over_50_ms_of_own_work']} (most work in one {window['worst_work_ms']} ms)",
        *(f"  {one['count']:4} x  up to {one['worst_ms']:7.1f} ms  {one['place']}" for one in window["by_place"]),
        *(f"{name}: {found[key]}" for name, key in (("key until drawn", "key_ms"), ("live final until drawn", "live_final_ms"),
                                                   ("live partial until drawn", "live_partial_ms"))),
        f"most memory {found['memory_mb']} MB; {found['recorded_s']} s recorded, {found['typed']} segments typed, {found['exports']} exports",
        *(f"LOST: {one}" for one in found["lost"]), *(f"FAILED: {one}" for one in found["failures"]), *(f"said: {one}" for one in found["told"]),
    ]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
