"""Kill -9 a process that writes a fieldbook from several threads, again and again; count acknowledged rows that are gone.

    python tests/bench/kill.py --rounds 25

Every round the writers acknowledge each committed segment (with two texts, some as undoable edits) on a pipe; after the
kill, every acknowledged row must be there and the database must pass its integrity check.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fieldapp.model import Annotation, AnnotationId, Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.store import segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

THREADS = 3


def make(folder: Path) -> RecordingId:
    """A fieldbook with one recording."""

    def work(tx: Transaction) -> RecordingId:
        session = sessions.ensure_session(tx, "s")
        made = Recording(id=RecordingId(new_id()), session=session.id, path="audio/s.wav", rate=48000, channels=1, bits=24, frames=1)
        sessions.add_recording(tx, made)
        return made.id

    with Store.create(folder, "kill") as store:
        return store.do(work)


def write_until_killed(folder: Path, master: str) -> None:
    """The victim: acknowledges each committed segment on stdout."""
    store = Store.open(folder)

    def endlessly(label: str) -> None:
        while True:
            one = Segment(id=SegmentId(new_id()), recording=RecordingId(master), span=Span(0, 1), meaning_id=label)
            two = [Annotation(id=AnnotationId(new_id()), segment=one.id, tier=tier, text=f"tʰɑ˥˩ 田野 {one.id}") for tier in ("transcription", "translation")]

            def work(tx: Transaction, one: Segment = one, two: list[Annotation] = two) -> None:
                segments.add_segments(tx, [one])
                texts.add_texts(tx, two)

            store.do(work, undo=label)
            sys.stdout.write(f"{one.id}\n")
            sys.stdout.flush()

    for number in range(THREADS):
        threading.Thread(target=endlessly, args=("edit" if number == 0 else "",), daemon=True).start()
    threading.Event().wait()


def one_round(folder: Path, master: str, wait_s: float) -> list[str]:
    """Start the victim, kill it a while after its first acknowledgement, return what it acknowledged."""
    with subprocess.Popen([sys.executable, __file__, "--victim", str(folder), master], stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        first = victim.stdout.readline()
        time.sleep(wait_s)
        victim.send_signal(signal.SIGKILL)
        rest = victim.stdout.read()
    return [line for line in (first + rest).splitlines(keepends=False) if len(line) == 26]


def run(rounds: int, seed: int) -> dict[str, object]:
    """All rounds on one fieldbook, so that each recovery stands on the ones before."""
    chance = random.Random(seed)
    acknowledged: list[str] = []
    lost = 0
    sound = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "book"
        master = make(folder)
        for _ in range(rounds):
            acknowledged += one_round(folder, master, chance.uniform(0.0, 0.3))
            with Store.open(folder) as store:
                db = store.reader()
                assert store.crashed is not None
                there = {row[0] for row in db.execute("SELECT segment FROM annotation GROUP BY segment HAVING count(*) = 2")}
                whole = db.execute("SELECT (SELECT count(*) FROM segment) * 2 = (SELECT count(*) FROM annotation)").fetchone()[0]
                lost = sum(1 for identity in acknowledged if identity not in there)
                sound += bool(whole and [row[0] for row in db.execute("PRAGMA integrity_check")] == ["ok"])
    return {"rounds": rounds, "acknowledged": len(acknowledged), "lost": lost, "sound": sound}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--victim", nargs=2, metavar=("DIR", "RECORDING"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.victim:
        write_until_killed(Path(options.victim[0]), options.victim[1])
    sys.stdout.write(json.dumps(run(options.rounds, options.seed)) + "\n")
