"""FLExText, CHAT and Toolbox: what their own programs and parsers make of the files."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pylangacq
from bundles import hard_bundle
from lxml import etree
from sounding import exported

from fieldapp.corpus import importers
from fieldapp.corpus.exporters.chat import three_letters
from fieldapp.model import AnnotationId


def phrases(path: Path) -> list[etree._Element]:
    return list(etree.parse(path).iter("phrase"))


def test_a_phrase_has_items_one_words_element_and_its_times(tmp_path: Path) -> None:
    exported(hard_bundle(tmp_path), "flextext", tmp_path / "out")
    found = phrases(tmp_path / "out" / "ETR009_T1.flextext")
    assert len(found) == 4
    for phrase in found:
        assert [child.tag for child in phrase].count("words") == 1
        assert {child.tag for child in phrase} == {"item", "words"}
        assert all(item.get("lang") and item.get("type") for item in phrase.iter("item"))
        assert int(phrase.get("begin-time-offset")) < int(phrase.get("end-time-offset"))
    assert (found[0].get("begin-time-offset"), found[0].get("end-time-offset"), found[0].get("speaker")) == ("500", "1750", "W1")
    root = etree.parse(tmp_path / "out" / "ETR009_T1.flextext").getroot()
    assert {p.get("media-file") for p in found} == {root.find(".//media").get("guid")}
    used = {item.get("lang") for item in root.iter("item")}
    assert used <= {language.get("lang") for language in root.iter("language")}


def test_guids_stay_the_same_when_a_text_is_corrected(tmp_path: Path) -> None:
    bundle = hard_bundle(tmp_path)
    exported(bundle, "flextext", tmp_path / "one")
    exported(bundle, "flextext", tmp_path / "two", drafts=False)
    guids = [[p.get("guid") for p in phrases(tmp_path / run / "ETR009_T1.flextext")] for run in ("one", "two")]
    assert guids[0] == guids[1]
    assert len(set(guids[0])) == 4


def test_a_machines_draft_says_so_in_every_line_format(tmp_path: Path) -> None:
    for name, file in (("flextext", "ETR009_T1.flextext"), ("chat", "ETR009_T1.cha"), ("toolbox", "ETR009_T1.txt")):
        exported(hard_bundle(tmp_path), name, tmp_path / name)
        assert "draft by machine:starter, not confirmed" in (tmp_path / name / file).read_text()


def test_pylangacq_reads_the_chat_file_with_its_times(tmp_path: Path) -> None:
    exported(hard_bundle(tmp_path), "chat", tmp_path / "out")
    reader = pylangacq.read_chat(str(tmp_path / "out" / "ETR009_T1.cha"))
    utterances = reader.utterances()
    assert [u.time_marks for u in utterances] == [(500, 1750), (1800, 3000), (2500, 4000), (6000, 9000)]
    assert [u.participant for u in utterances] == ["SAB", "SAB", "SAA", "SAA"]
    assert reader.words()[0] == "太阳"


def test_a_changed_main_line_keeps_its_original(tmp_path: Path) -> None:
    exported(hard_bundle(tmp_path), "chat", tmp_path / "out")
    text = (tmp_path / "out" / "ETR009_T1.cha").read_text()
    assert "*SAB:\t日头 second line with tab . \x151800_3000\x15" in text.replace("(", "").replace(")", "")
    assert "%xorg:\t日头 (second line) with tab" in text
    assert "@Comment:\tSAA is M2" in text


def test_speakers_get_letters_of_their_own() -> None:
    assert three_letters(["abc", "W1", "W2", "SAA", ""]) == {"abc": "ABC", "SAA": "SAA", "": "SAB", "W1": "SAC", "W2": "SAD"}
    assert len(set(three_letters([f"P{n}" for n in range(300)]).values())) == 300


def test_toolbox_has_times_in_seconds_and_one_row_a_field(tmp_path: Path) -> None:
    losses = exported(hard_bundle(tmp_path), "toolbox", tmp_path / "out")
    text = (tmp_path / "out" / "ETR009_T1.txt").read_text()
    assert text.startswith("\\_sh v3.0")
    assert re.findall(r"\\ELANBegin (\S+)\n\\ELANEnd (\S+)\n\\ELANParticipant (\S+)", text)[0] == ("0.500", "1.750", "W1")
    assert all(not row or row.startswith("\\") for row in text.splitlines())
    assert any(loss.startswith("A004: line breaks") for loss in losses)


def test_chat_keeps_full_stops_and_knows_who_nobody_is(tmp_path: Path) -> None:
    bundle = hard_bundle(tmp_path)
    nobody = replace(bundle.segments[0], speaker=None)
    said = replace(bundle.texts(nobody.id)[0], text="It is so.")
    changed = replace(bundle, segments=(nobody, *bundle.segments[1:]), annotations={**bundle.annotations, nobody.id: (said,)})
    exported(changed, "chat", tmp_path / "out")
    first = importers.read(tmp_path / "out" / "ETR009_T1.cha").utterances[0]
    assert (first.speaker, first.texts[0].text) == ("", "It is so.")


def test_a_file_of_one_tier_says_when_nobody_else_will_know_which(tmp_path: Path) -> None:
    bundle = hard_bundle(tmp_path)
    (segment, *_) = bundle.segments
    (text, *_) = bundle.texts(segment.id)
    odd = {segment.id: (replace(text, tier="a b"), replace(text, tier="a_b", id=AnnotationId("X"), text="other"))}
    losses = exported(replace(bundle, segments=(segment,), annotations=odd), "srt", tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"ETR009_T1.a_b.srt", "ETR009_T1.a_b-2.srt"}, "two tiers, two files"
    assert any("--map 'a_b=a b'" in loss for loss in losses)
    read = importers.read(tmp_path / "out" / "ETR009_T1.a_b.srt", {"a_b": "a b"})
    assert [t.tier for u in read.utterances for t in u.texts] == ["a b"]
