"""Our own rules find what the schema lets through."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldapp.corpus.validate import validate_eaf
from fieldapp.corpus.xml import parse
from fieldapp.errors import ImportProblem


@pytest.mark.parametrize(("name", "what"), [("overlap_on_a_tier.eaf", "before"), ("aligned_child_of_symbolic_tier.eaf", "would lose")])
def test_what_the_schema_accepts_and_elan_loses_is_found(dev_data: Path, name: str, what: str) -> None:
    findings = validate_eaf(dev_data / "annotations" / "crafted" / name)
    assert any(what in finding.what for finding in findings)


def test_files_made_by_elan_itself_have_no_findings(dev_data: Path) -> None:
    files = sorted((dev_data / "annotations").rglob("*.eaf"))
    for path in (f for f in files if f.parent.name != "crafted"):
        assert validate_eaf(path) == [], path


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not xml at all",
        b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><x>&b;</x>",
        b"<?xml version='1.0'?><!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>",
        b"<x><y></x>",
    ],
    ids=["empty", "no xml", "entities", "external dtd", "broken"],
)
def test_dangerous_or_broken_xml_is_refused_with_a_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.eaf"
    path.write_bytes(content)
    with pytest.raises(ImportProblem):
        parse(path)
