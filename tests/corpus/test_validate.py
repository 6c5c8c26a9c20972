"""Our own rules find what the schema lets through."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldapp.corpus.importers import read
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


def test_files_made_by_flex_itself_have_no_findings(dev_data: Path) -> None:
    for path in (dev_data / "annotations" / "flextext").glob("*.flextext"):
        assert not [one for one in read(path).warnings if "phrase" in one], path


PHRASE = '<phrase guid="p1" begin-time-offset="5" end-time-offset="9" media-file="m"><item type="txt" lang="wuu">a</item><words/></phrase>'
FLEX = f"""<document version="2"><interlinear-text guid="t"><paragraphs><paragraph guid="g"><phrases>{PHRASE}</phrases></paragraph></paragraphs>
<languages><language lang="wuu"/></languages><media-files><media guid="m" location="x.wav"/></media-files></interlinear-text></document>"""


@pytest.mark.parametrize(
    ("right", "wrong", "what"),
    [
        ("", "", ""),
        ("<words/>", "", "'words', not one"),
        ("<words/>", "<words/><words/>", "'words', not one"),
        (' lang="wuu">a', ">a", "lacks its type or its writing system"),
        ('guid="p1"', 'guid="g"', "occurs more than once"),
        ('<media guid="m"', '<media guid="n"', "not among the media files"),
        ('<language lang="wuu"', '<language lang="en"', "not among the languages"),
        ('begin-time-offset="5"', 'begin-time-offset="50"', "before its start"),
    ],
)
def test_what_flex_would_stumble_over_is_found(right: str, wrong: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "x.flextext"
    path.write_text(FLEX.replace(right, wrong, 1) if right else FLEX, encoding="utf-8")
    found = [one for one in read(path).warnings if what and what in one]
    assert len(found) == bool(what)
