"""How long exporting (and, where it can be read, importing) 100,000 annotations takes: python tests/bench/line_formats.py [--json].

Without sound; each format in a process of its own, so that the memory is its own.
"""

from __future__ import annotations

import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "corpus")]

NAMES = ("flextext", "chat", "toolbox", "saymore", "cldf", "audiofolder", "kaldi", "anki", "postcard")
ANNOTATIONS = 100_000


def measure(name: str) -> dict[str, object]:
    """One format."""
    from bundles import RATE, annotation, hard_bundle

    from fieldapp.corpus import importers
    from fieldapp.corpus.exporters import Options, exporter
    from fieldapp.corpus.output import Output
    from fieldapp.model import PersonId, Segment, SegmentId, Span

    base = hard_bundle(Path("/book"))
    (master,) = base.recordings.values()
    count = ANNOTATIONS // 2
    segments = tuple(
        Segment(id=SegmentId(f"G{n:06}"), recording=master.id, span=Span(n * 4800, n * 4800 + 4000), speaker=PersonId(f"P{n % 2 + 1}"), meaning_id=str(n % 999))
        for n in range(count)
    )
    texts = {
        s.id: (annotation(2 * n, s.id, "transcription", f"word number {n}"), annotation(2 * n + 1, s.id, "translation", f"what {n} means"))
        for n, s in enumerate(segments)
    }
    long = replace(master, frames=count * 4800 + RATE)
    bundle = replace(base, recordings={master.id: long}, segments=segments, annotations=texts, whole=frozenset({master.id}))
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun = time.perf_counter()
        exporter(name).write(bundle, Output(Path(folder)), Options())
        told: dict[str, object] = {"format": name, "annotations": ANNOTATIONS, "export_seconds": round(time.perf_counter() - begun, 2)}
        told["bundle_mb"], told["peak_mb"] = before // 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        files = [p for p in Path(folder).rglob("*") if p.is_file()]
        if name in ("flextext", "chat", "toolbox"):
            begun = time.perf_counter()
            document = importers.read(files[0])
            told |= {"import_seconds": round(time.perf_counter() - begun, 2), "labels_read": document.labels}
    return told


def main() -> None:
    """All formats, one line each."""
    if sys.argv[1:2] == ["--one"]:
        sys.stdout.write(json.dumps(measure(sys.argv[2])))
        return
    rows = [json.loads(subprocess.run([sys.executable, __file__, "--one", name], check=True, capture_output=True, text=True).stdout) for name in NAMES]
    sys.stdout.write(json.dumps({"python": platform.python_version(), "machine": "2 cores", "formats": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
