"""What each importer makes of the odd but legal: every encoding and form, times left out, hierarchies, other people's names."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from pathlib import Path

import pytest
from bundles import hard_bundle
from sounding import exported
from test_bad_annotation_files import TRS

from fieldapp.corpus.document import Document
from fieldapp.corpus.importers import read


def labels(document: Document) -> list[tuple[int, int, str, str, str]]:
    """Every label with its times, speaker and tier."""
    return sorted((u.start_ms, u.stop_ms, u.speaker, t.tier, t.text) for u in document.utterances for t in u.texts)


def eaf(path: Path, slots: str, tiers: str, types: str, more: str = "") -> Document:
    path.write_text(f"<ANNOTATION_DOCUMENT><HEADER>{more}</HEADER><TIME_ORDER>{slots}</TIME_ORDER>{tiers}{types}</ANNOTATION_DOCUMENT>", encoding="utf-8")
    return read(path)


def slot(name: str, time: int | None) -> str:
    return f'<TIME_SLOT TIME_SLOT_ID="{name}"' + (f' TIME_VALUE="{time}"/>' if time is not None else "/>")


def aligned(name: str, start: str, stop: str, text: str) -> str:
    inner = f"<ANNOTATION_VALUE>{text}</ANNOTATION_VALUE>"
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{name}" TIME_SLOT_REF1="{start}" TIME_SLOT_REF2="{stop}">{inner}</ALIGNABLE_ANNOTATION></ANNOTATION>'
    )


def referring(name: str, to: str, text: str, previous: str = "") -> str:
    before = f' PREVIOUS_ANNOTATION="{previous}"' if previous else ""
    inner = f"<ANNOTATION_VALUE>{text}</ANNOTATION_VALUE>"
    return f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{name}" ANNOTATION_REF="{to}"{before}>{inner}</REF_ANNOTATION></ANNOTATION>'


def kind(name: str, constraint: str = "") -> str:
    return f'<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="{name}"' + (f' CONSTRAINTS="{constraint}"/>' if constraint else "/>")


def test_children_are_found_by_what_they_refer_to_whatever_the_order(tmp_path: Path) -> None:
    tiers = (
        f'<TIER TIER_ID="gl" PARENT_REF="mb" LINGUISTIC_TYPE_REF="as">{referring("g2", "m2", "GL2")}{referring("g1", "m1", "GL1")}</TIER>'
        f'<TIER TIER_ID="mb" PARENT_REF="tx" LINGUISTIC_TYPE_REF="sub">'
        + referring("m3", "u1", "c", "m2")
        + referring("m1", "u1", "a")
        + referring("m2", "u1", "b", "m1")
        + "</TIER>"
        f'<TIER TIER_ID="tx" PARTICIPANT="AWI" LINGUISTIC_TYPE_REF="u">{aligned("u1", "s1", "s2", "abc")}</TIER>'
    )
    types = kind("u") + kind("sub", "Symbolic_Subdivision") + kind("as", "Symbolic_Association")
    document = eaf(tmp_path / "x.eaf", slot("s1", 100) + slot("s2", 900), tiers, types)
    (one,) = document.utterances
    assert (one.start_ms, one.stop_ms, one.speaker) == (100, 900, "AWI")
    by_tier = {tier: [t.text for t in one.texts if t.tier == tier] for tier in ("transcription", "mb", "gloss")}
    assert by_tier == {"transcription": ["abc"], "mb": ["a", "b", "c"], "gloss": ["GL2", "GL1"]}


def test_times_left_out_lie_evenly_between_their_neighbours(tmp_path: Path) -> None:
    slots = slot("s1", 1000) + slot("x", None) + slot("y", None) + slot("s2", 1900) + slot("lost", None)
    words = aligned("w1", "s1", "x", "a") + aligned("w2", "x", "y", "b") + aligned("w3", "y", "s2", "c") + aligned("w4", "s2", "lost", "d")
    tiers = f'<TIER TIER_ID="u" LINGUISTIC_TYPE_REF="u">{aligned("u1", "s1", "s2", "abc")}</TIER>'
    tiers += f'<TIER TIER_ID="w" PARENT_REF="u" LINGUISTIC_TYPE_REF="t">{words}</TIER>'
    document = eaf(tmp_path / "x.eaf", slots, tiers, kind("u") + kind("t", "Time_Subdivision"))
    assert [one[:2] for one in labels(document) if one[3] == "w"] == [(1000, 1300), (1300, 1600), (1600, 1900)]
    assert any("evenly" in sentence for sentence in document.warnings)
    assert any("have no times" in sentence for sentence in document.warnings)


def test_vocabularies_languages_and_origins_are_read(tmp_path: Path) -> None:
    entry = '<CONTROLLED_VOCABULARY CV_ID="v"><CV_ENTRY_ML CVE_ID="e1"><CVE_VALUE LANG_REF="x">noun</CVE_VALUE></CV_ENTRY_ML></CONTROLLED_VOCABULARY>'
    mark = aligned("u1", "s1", "s2", "").replace("ANNOTATION_ID", 'CVE_REF="e1" LANG_REF="fra" ANNOTATION_ID')
    language = '<LANGUAGE LANG_ID="fra" LANG_DEF="http://cdb.iso.org/lg/CDB-00138502-001#fra" LANG_LABEL="French"/>'
    media = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///a/b.wav" RELATIVE_MEDIA_URL="./b.wav" TIME_ORIGIN="1000" MIME_TYPE="audio/x-wav"/>'
    document = eaf(
        tmp_path / "x.eaf", slot("s1", 0) + slot("s2", 10), f'<TIER TIER_ID="pos" LINGUISTIC_TYPE_REF="u">{mark}</TIER>', kind("u") + language + entry, media
    )
    assert labels(document) == [(0, 10, "", "pos", "noun")]
    assert document.utterances[0].texts[0].language.endswith("fra")
    assert document.media[0].origin_ms == 1000


def test_odd_spans_and_doubled_ids_are_told_not_fatal(tmp_path: Path) -> None:
    slots = slot("s1", 500) + slot("s2", 100) + slot("s3", 900) + slot("n", None).replace("/>", ' TIME_VALUE="-40"/>')
    marks = aligned("a", "s1", "s2", "backwards") + aligned("a", "s1", "s3", "fine") + aligned("b", "n", "s2", "negative")
    document = eaf(tmp_path / "x.eaf", slots, f'<TIER TIER_ID="tx" LINGUISTIC_TYPE_REF="u">{marks}</TIER>', kind("u"))
    assert labels(document) == [(500, 900, "", "transcription", "fine")]
    assert any("more than once" in sentence for sentence in document.warnings)
    assert any("2 annotations end before they start" in sentence for sentence in document.warnings)


def test_the_sample_of_8778_annotations_loses_none_that_says_something(dev_data: Path) -> None:
    from pympi.Elan import Eaf

    path = dev_data / "annotations" / "pympi" / "sample_2.8.eaf"
    theirs = Eaf(path)
    said: Counter[str] = Counter()
    total = 0
    for tier in theirs.get_tier_names():
        values = [*(a[2] for a in theirs.tiers[tier][0].values()), *(a[1] for a in theirs.tiers[tier][1].values())]
        total += len(values)
        said.update(value for value in values if value)
    assert total == 8778
    assert Counter(text.text for one in read(path).utterances for text in one.texts) == said


LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "tx@AWI"
        xmin = 0
        xmax = 2.5
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 1.25
            text = "tʰɑ ""q"" 太"
        intervals [2]:
            xmin = 1.25
            xmax = 2.5
            text = ""
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 2.5
        points: size = 1
        points [1]:
            number = 0.5
            mark = "!"
"""
SHORT = "\n".join(found.group() for found in re.finditer(r'"(?:[^"]|"")*"|<exists>|(?<= )[\d.]+(?=\n)', LONG))
CHRONOLOGICAL = """"Praat chronological TextGrid text file"
0 2.5   ! Time domain.
2   ! Number of tiers.
"IntervalTier" "tx@AWI" 0 2.5
"TextTier" "clicks" 0 2.5
1 0 1.25
"tʰɑ ""q"" 太"
2 0.5
"!"
1 1.25 2.5
"" """


@pytest.mark.parametrize(
    "text", [LONG, SHORT, CHRONOLOGICAL, LONG.replace("0.5", "0,5").replace("2.5", "2,5").replace("1.25", "1,25")], ids=["long", "short", "time", "comma"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "BE+BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_textgrid_is_the_same_in_every_form_encoding_and_line_end(text: str, encoding: str, end: str, tmp_path: Path) -> None:
    path = tmp_path / "x.TextGrid"
    written = text.replace("\n", end)
    path.write_bytes(codecs.BOM_UTF16_BE + written.encode("utf-16-be") if encoding == "BE+BOM" else written.encode(encoding))
    document = read(path)
    assert labels(document) == [(0, 1250, "AWI", "transcription", 'tʰɑ "q" 太'), (500, 500, "", "clicks", "!")]
    assert document.warnings == ()


def test_what_praat_itself_saved_in_utf16_is_read_alike(tmp_path: Path) -> None:
    import parselmouth

    exported(hard_bundle(Path("/book")), "textgrid", tmp_path)
    ours = tmp_path / "ETR009_T1.TextGrid"
    parselmouth.read(str(ours)).save(str(tmp_path / "praat.TextGrid"))
    assert (tmp_path / "praat.TextGrid").read_bytes()[:2] == codecs.BOM_UTF16_BE
    assert labels(read(tmp_path / "praat.TextGrid")) == labels(read(ours))


def test_gaps_overlaps_and_praat_codes_are_told(tmp_path: Path) -> None:
    path = tmp_path / "x.TextGrid"
    path.write_text('"ooTextFile" "TextGrid" 0 3 <exists> 1 "IntervalTier" "a" 0 3 2 0 2 "\\sw\\ng\\bs" 1.5 2.5 "x"')
    document = read(path)
    assert [one[4] for one in labels(document)] == ["əŋ\\", "x"]
    assert len(document.warnings) == 3


def test_old_one_byte_files_are_read_and_told(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes("0,5\t1,25\tcafé\n\\\t100\t200\n2\t3\n".encode("cp1252"))
    document = read(path)
    assert labels(document) == [(500, 1250, "", "transcription", "café")]
    assert [(u.start_ms, u.stop_ms) for u in document.utterances] == [(500, 1250), (2000, 3000)]
    assert "Windows-1252" in document.warnings[0]


def test_transcriber_turns_syncs_and_two_speakers_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.trs"
    path.write_bytes(TRS.encode("latin-1"))
    document = read(path)
    assert labels(document) == [
        (0, 2500, "René", "transcription", "bon [rire] jour"),
        (2500, 4250, "René", "transcription", "café"),
        (4250, 9500, "Ann", "transcription", "non"),
        (4250, 9500, "René", "transcription", "oui"),
    ]
    assert document.media[0].relative == "été"


def test_subtitles_of_other_programs(tmp_path: Path) -> None:
    srt, vtt = tmp_path / "x.en.srt", tmp_path / "x.vtt"
    srt.write_bytes("\ufeff1\r\n00:00:01,5 --> 00:00:02,250 X1:0\r\n<i>Hello</i>\r\n{\\an8}there\r\n\r\n\r\n00:01:00,000 --> 00:01:01,000\r\nlast".encode())
    vtt.write_text(
        "WEBVTT - x\n\nSTYLE\n::cue {}\n\nNOTE no\n\nid\n00:01.000 --> 00:02.000 align:start\n<v.loud Mary &amp; Jo>a &lt; <b>b</b></v>\n", encoding="utf-8"
    )
    assert labels(read(srt)) == [(1500, 2250, "", "transcription", "Hello\nthere"), (60_000, 61_000, "", "transcription", "last")]
    assert labels(read(vtt)) == [(1000, 2000, "Mary & Jo", "transcription", "a < b")]


def test_tables_of_other_programs(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Begin_ms;Duration (ms);Participant;Text;Colour\n500;750;A;'=ka;red\n00:00:02.5;1,000;B;-1;\nx;y;;;\n", encoding="utf-8")
    document = read(path, {"Duration (ms)": "duration"})
    assert labels(document)[0] == (500, 1250, "A", "transcription", "=ka")
    assert document.utterances[0].metadata == {"Colour": "red"}
    assert any("1 rows" in sentence for sentence in document.warnings)


def test_labels_without_text_on_symbolic_tiers_are_counted(dev_data: Path) -> None:
    (sentence,) = (one for one in read(dev_data / "annotations" / "pympi" / "sample_2.8.eaf").warnings if "no text" in one)
    assert "1992 annotations" in sentence
    assert "'words-pos'" in sentence


EXTERNAL = '<EXTERNAL_REF EXT_REF_ID="er1" TYPE="ecv" VALUE="file:/Users/somebody/words%20of%20ours.ecv"/>'
ENTRY = '<CV_ENTRY_ML CVE_ID="e1"><CVE_VALUE LANG_REF="x">noun</CVE_VALUE></CV_ENTRY_ML>'
VOCABULARY = f'<CV_RESOURCE><CONTROLLED_VOCABULARY CV_ID="v">{ENTRY}</CONTROLLED_VOCABULARY></CV_RESOURCE>'


@pytest.mark.parametrize("content", [VOCABULARY, "", "<broken", VOCABULARY.replace("<CV_RES", "<!DOCTYPE CV_RESOURCE [<!ENTITY a 'b'>]><CV_RES", 1), None])
def test_an_external_vocabulary_beside_the_file_is_read_and_any_other_is_asked_for(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "words of ours.ecv").write_text(content, encoding="utf-8")
    child = referring("p1", "u1", "").replace("ANNOTATION_ID", 'CVE_REF="e1" ANNOTATION_ID')
    tiers = f'<TIER TIER_ID="tx" LINGUISTIC_TYPE_REF="u">{aligned("u1", "s1", "s2", "abc")}</TIER>'
    tiers += f'<TIER TIER_ID="pos" PARENT_REF="tx" LINGUISTIC_TYPE_REF="as">{child}</TIER>'
    document = eaf(tmp_path / "x.eaf", slot("s1", 0) + slot("s2", 10), tiers, kind("u") + kind("as", "Symbolic_Association") + EXTERNAL)
    if content == VOCABULARY:
        assert [one[3:] for one in labels(document)] == [("pos", "noun"), ("transcription", "abc")]
        assert document.warnings == ()
    else:
        assert [one[3:] for one in labels(document)] == [("transcription", "abc")]
        assert any("words%20of%20ours.ecv" in sentence for sentence in document.warnings)


def test_two_tiers_of_one_name_both_come_in(tmp_path: Path) -> None:
    tiers = "".join(f'<TIER TIER_ID="tx" LINGUISTIC_TYPE_REF="u">{aligned(name, "s1", "s2", name)}</TIER>' for name in ("one", "two"))
    document = eaf(tmp_path / "x.eaf", slot("s1", 0) + slot("s2", 10), tiers, kind("u"))
    assert [one[4] for one in labels(document)] == ["one", "two"]
    assert any("TIER_ID occurs more than once" in sentence for sentence in document.warnings)
