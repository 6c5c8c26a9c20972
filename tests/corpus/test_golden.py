"""What the formats look like, byte for byte. After a wanted change: FIELDAPP_GOLDEN=write pytest tests/corpus/test_golden.py, and read the difference."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from bundles import hard_bundle
from sounding import exported

from fieldapp.corpus.exporters import EXPORTERS

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
NAMES = [name for name, _ in EXPORTERS]


@pytest.mark.parametrize("name", NAMES)
def test_the_export_is_the_golden_file(name: str, tmp_path: Path) -> None:
    exported(hard_bundle(Path("/book")), name, tmp_path)
    made = {str(p.relative_to(tmp_path)): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and "fieldapp-home" not in p.parts}
    if os.environ.get("FIELDAPP_GOLDEN") == "write":
        for file, content in made.items():
            (GOLDEN / name / file).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / name / file).write_bytes(content)
    kept = {str(p.relative_to(GOLDEN / name)): p.read_bytes() for p in (GOLDEN / name).rglob("*") if p.is_file()}
    assert made == kept
