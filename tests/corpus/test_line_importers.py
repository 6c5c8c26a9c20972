"""FLExText, CHAT and Toolbox in: what others wrote, what we wrote, and files that are damaged."""

from __future__ import annotations

from pathlib import Path

import pylangacq
import pytest
from bundles import hard_bundle
from mutating import mutants
from sounding import exported

from fieldapp.corpus import importers
from fieldapp.corpus.document import Document
from fieldapp.errors import ImportProblem

OURS = {"flextext": "ETR009_T1.flextext", "chat": "ETR009_T1.cha", "toolbox": "ETR009_T1.txt"}


@pytest.fixture
def samples(dev_data: Path) -> Path:
    return dev_data / "annotations"


def ours(name: str, folder: Path) -> Path:
    exported(hard_bundle(folder), name, folder / name)
    return folder / name / OURS[name]


@pytest.mark.parametrize("name", OURS)
def test_what_we_export_comes_back(name: str, tmp_path: Path) -> None:
    document = importers.read(ours(name, tmp_path))
    assert document.format == name
    assert [(u.start_ms, u.stop_ms, u.speaker) for u in document.utterances] == [
        (500, 1750, "W1"),
        (1800, 3000, "W1"),
        (2500, 4000, "M2"),
        (6000, 9000, "M2"),
    ]
    texts = [{t.tier: t.text for t in u.texts} for u in document.utterances]
    assert texts[0] == {"transcription": "太阳", "ipa": "tʰɑ˥˩ jɑ̃˨˧ Tłı̨chǫ ą̀ ı̨̀ ŋ̩ ɡo", "translation": 'the <sun> & "moon"'}
    assert texts[1]["transcription"].split() == ["日头", "(second", "line)", "with", "tab"]
    assert texts[2] == {"transcription": "شمس sun ʔaʃ-ʃams", "note": "overlaps W1; costs 5 %"}
    assert texts[3] == {"transcription": "machine guess", "gloss": "-1;x"}
    states = {t.tier: (t.state, t.source) for t in document.utterances[3].texts}
    assert states["transcription"] == ("draft", "machine:starter")
    assert states["gloss"] == ("confirmed", "import")


def test_flextext_samples_give_their_words_glosses_and_translations(samples: Path) -> None:
    glossed = importers.read(samples / "flextext" / "Glossed.flextext")
    assert {t.tier: t.text for t in glossed.utterances[0].texts} == {"transcription": "This text is glossed.", "gloss": "this text is glossed"}
    assert any("Morphemes" in warning for warning in glossed.warnings)
    assert any("without times" in warning for warning in glossed.warnings)
    free = importers.read(samples / "flextext" / "Freeform.flextext")
    assert {t.tier for t in free.utterances[0].texts} >= {"transcription", "translation"}


@pytest.mark.parametrize("name", ["Freeform", "Glossed", "Unglossed"])
def test_toolbox_samples_are_read(name: str, samples: Path) -> None:
    document = importers.read(samples / "flextext" / f"toolbox_{name}.sfm")
    assert document.format == "toolbox"
    texts = {t.tier: t.text for t in document.utterances[0].texts}
    assert texts["transcription"] == {"Freeform": "This has a translation.", "Glossed": "This text is glossed.", "Unglossed": "Lorem ipsum."}[name]
    assert texts.get("gloss", "") == ("this text is glossed" if name == "Glossed" else "")


@pytest.mark.parametrize("name", ["FC-001_v2", "FC-005a_v2", "FC-005b_v2"])
def test_every_chat_utterance_pylangacq_sees_is_there(name: str, samples: Path) -> None:
    path = samples / "chat" / f"{name}.cha"
    document = importers.read(path)
    theirs = pylangacq.read_chat(str(path)).utterances()
    assert [u.speaker for u in document.utterances] == [u.participant for u in theirs]
    mine = [next((t.text for t in u.texts if t.tier == "transcription"), "") for u in document.utterances]
    for own, their in zip(mine, theirs, strict=True):
        words = [token.word for token in their.tokens or [] if token.word and token.word not in (".", "?", "!", ",")]
        assert all(word in own for word in words[:3])
    assert all(any(t.tier == "mor" for t in u.texts) for u in document.utterances if len(u.texts) > 1)


def test_wrapped_and_repeated_toolbox_lines_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "x.sfm"
    path.write_bytes(
        b"\\_sh v3.0  400  Text\r\n\\id a\r\n\\ref 1\r\n\\ELANBegin 00:00:01,5\r\n\\ELANEnd 2,25\r\n\\tx one\r\n two\r\n\\ge I\r\n\\tx three\r\n\\ge III\r\n"
    )
    (only,) = importers.read(path).utterances
    assert (only.start_ms, only.stop_ms) == (1500, 2250)
    assert {t.tier: t.text for t in only.texts} == {"transcription": "one two three", "gloss": "I III"}


def test_a_mapping_says_what_a_tier_means(tmp_path: Path, samples: Path) -> None:
    document = importers.read(samples / "chat" / "FC-001_v2.cha", {"mor": "gloss"})
    assert document.tiers["mor"] == "gloss"


@pytest.mark.parametrize("name", OURS)
def test_damaged_files_give_a_sentence_or_what_can_be_read(name: str, tmp_path: Path) -> None:
    path = ours(name, tmp_path)
    content = path.read_bytes()
    before = {p for p in tmp_path.rglob("*") if "fieldapp-home" not in p.parts}
    sentences = []
    for data in [b"", content[:1], *mutants(content, 298, seed=7)]:
        path.write_bytes(data)
        try:
            document = importers.read(path)
        except ImportProblem as problem:
            sentences.append(str(problem))
        else:
            assert isinstance(document, Document)
            assert all(0 <= u.start_ms <= u.stop_ms for u in document.utterances)
    assert len(sentences) > 2
    assert all(sentence.endswith(".") for sentence in sentences)
    assert {p for p in tmp_path.rglob("*") if "fieldapp-home" not in p.parts} == before
