"""Changing one label of somebody's file changes that label and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lxml import etree

from fieldapp.corpus.edit import change_labels
from fieldapp.errors import FieldError, NotThere

EAF = """<?xml version='1.0' encoding="{encoding}"?>{nl}<!-- kept --><ANNOTATION_DOCUMENT  odd = 'x'>{nl}<TIER TIER_ID='é'><ANNOTATION>
<REF_ANNOTATION ANNOTATION_ID='a1' NEW="1"><ANNOTATION_VALUE extra='y'>alt &amp; <!--c--> neu</ANNOTATION_VALUE><UNKNOWN/></REF_ANNOTATION></ANNOTATION>
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID='a2'><ANNOTATION_VALUE/></ALIGNABLE_ANNOTATION></ANNOTATION>
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID='a3'><ANNOTATION_VALUE></ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>"""


def values(path: Path) -> dict[str, str]:
    return {
        one.get("ANNOTATION_ID"): one.findtext("ANNOTATION_VALUE") or "" for one in etree.parse(path).getroot().iter("ALIGNABLE_ANNOTATION", "REF_ANNOTATION")
    }


def test_one_label_of_a_large_file_is_a_difference_of_one_line(dev_data: Path, tmp_path: Path) -> None:
    path = tmp_path / "sample.eaf"
    shutil.copy(dev_data / "annotations" / "pympi" / "sample_2.8.eaf", path)
    before, labels = path.read_bytes(), values(path)
    chosen = list(labels)[4321]
    change_labels(path, {chosen: 'tʰɑ˥˩ <&> "new"'})
    differing = [pair for pair in zip(before.split(b"\n"), path.read_bytes().split(b"\n"), strict=True) if pair[0] != pair[1]]
    assert len(differing) == 1
    assert values(path) == labels | {chosen: 'tʰɑ˥˩ <&> "new"'}
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["sample.eaf"]


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "UTF-16"])
@pytest.mark.parametrize("nl", ["\n", "\r\n"])
def test_everything_around_a_label_stays_in_every_encoding(encoding: str, nl: str, tmp_path: Path) -> None:
    path = tmp_path / "x.eaf"
    text = EAF.format(encoding=encoding, nl=nl)
    path.write_bytes(text.encode(encoding))
    change_labels(path, {"a1": "ŋ < é", "a2": "two", "a3": "three"})
    ng = "&#331;" if encoding == "ISO-8859-1" else "ŋ"
    wanted = text.replace("alt &amp; <!--c--> neu", f"{ng} &lt; é").replace("<ANNOTATION_VALUE/>", "<ANNOTATION_VALUE>two</ANNOTATION_VALUE>")
    assert path.read_bytes().decode(encoding) == wanted.replace("<ANNOTATION_VALUE></", "<ANNOTATION_VALUE>three</")


def test_an_unknown_id_a_doubled_one_and_a_dtd_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.eaf"
    text = EAF.format(encoding="UTF-8", nl="\n")
    for content, wanted in (
        (text, "a9"),
        (text.replace("'a2'", "'a3'"), "a3"),
        (text.replace("<!-- kept -->", "<!DOCTYPE x [<!ENTITY a 'b'>]>"), "a1"),
        (text[:-9], "a1"),
    ):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(FieldError):
            change_labels(path, {"a1": "new", wanted: "new"})
        assert path.read_text(encoding="utf-8") == content
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NotThere, match="a9"):
        change_labels(path, {"a9": "x"})
