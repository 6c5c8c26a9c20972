"""Annotation files coming in through the import command: with their sound, to sound that is there, twice, changed, broken."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fieldapp.cli import main
from fieldapp.store import people, segments, sessions, texts
from fieldapp.store.store import Store

RATE = 16_000


def sound(path: Path, seconds: float = 4.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(list(path.stem.encode())).standard_normal(round(RATE * seconds)) * 0.1, RATE)
    return path


def eaf(path: Path, *labels: tuple[int, int, str], link: str = "", origin: str = "") -> Path:
    slots = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="s{n}" TIME_VALUE="{start}"/><TIME_SLOT TIME_SLOT_ID="e{n}" TIME_VALUE="{stop}"/>'
        for n, (start, stop, _) in enumerate(labels)
    )
    marks = "".join(
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{n}" TIME_SLOT_REF1="s{n}" TIME_SLOT_REF2="e{n}"><ANNOTATION_VALUE>{text}</ANNOTATION_VALUE>'
        "</ALIGNABLE_ANNOTATION></ANNOTATION>"
        for n, (_, _, text) in enumerate(labels)
    )
    media = f'<MEDIA_DESCRIPTOR MEDIA_URL="file:///nowhere/{link}" RELATIVE_MEDIA_URL="{link}" MIME_TYPE="audio/x-wav" {origin}/>' if link else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'<ANNOTATION_DOCUMENT><HEADER>{media}</HEADER><TIME_ORDER>{slots}</TIME_ORDER><TIER TIER_ID="tx@AWI" PARTICIPANT="AWI" LINGUISTIC_TYPE_REF="u">{marks}'
        '</TIER><LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="u" TIME_ALIGNABLE="true"/></ANNOTATION_DOCUMENT>',
        encoding="utf-8",
    )
    return path


@pytest.fixture
def book(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    main(["new", str(tmp_path / "book")])
    capsys.readouterr()
    return tmp_path / "book"


def imported(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, dict[str, object], list[dict[str, object]]]:
    code = main(["import", *[str(word) for word in words], "--json"])
    report = json.loads(capsys.readouterr().out)
    return code, report, report["annotations"]


def said(book: Path) -> list[tuple[int, int, str, str]]:
    """Start and stop in milliseconds, speaker and the first text of every segment."""
    found = []
    with Store.open(book, read_only=True) as store:
        db = store.reader()
        codes = {p.id: p.code for p in people.persons(db)}
        for recording in sessions.recordings(db):
            for one in segments.segments(db, recording.id):
                own = texts.texts(db, one.id)
                found.append((*one.span.milliseconds(recording.rate), codes[one.speaker] if one.speaker else "", own[0].text if own else ""))
    return sorted(found)


def test_a_folder_comes_in_with_the_annotations_beside_its_sounds(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound(tmp_path / "in" / "x.wav")
    eaf(tmp_path / "in" / "x.eaf", (500, 1500, "one"), (1500, 2000, "two"))
    (tmp_path / "in" / "y.eaf").write_text("<x/>")
    code, report, about = imported(capsys, book, tmp_path / "in", "--dry-run")
    assert (code, report["imported"], about[0]["segments_added"]) == (0, 1, 2)
    assert said(book) == []
    code, report, about = imported(capsys, book, tmp_path / "in")
    assert (code, report["imported"], len(report["set_aside"])) == (0, 1, 1)  # type: ignore[arg-type]  # JSON
    assert about[0]["tiers"] == {"tx@AWI": "transcription"}
    assert about[0]["speakers"] == ["AWI"]
    assert said(book) == [(500, 1500, "AWI", "one"), (1500, 2000, "AWI", "two")]
    assert (book / "audio" / "x.original.eaf").read_bytes() == (tmp_path / "in" / "x.eaf").read_bytes()
    assert main(["check", str(book)]) == 0


def test_the_same_again_adds_nothing_and_the_same_sound_stays_one(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound(tmp_path / "in" / "x.wav")
    eaf(tmp_path / "in" / "x.eaf", (500, 1500, "one"), (500, 1500, "echo"), (1500, 1500, "click"))
    imported(capsys, book, tmp_path / "in")
    first = said(book)
    assert len(first) == 3
    _, report, about = imported(capsys, book, tmp_path / "in")
    assert (report["imported"], about[0]["segments_added"], about[0]["texts_added"], about[0]["already"]) == (0, 0, 0, 3)
    assert said(book) == first
    assert sorted(p.name for p in (book / "audio").iterdir()) == ["x.original.eaf", "x.wav"]


def test_a_changed_file_overwrites_nothing(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound(tmp_path / "in" / "x.wav")
    eaf(tmp_path / "in" / "x.eaf", (500, 1500, "one"))
    imported(capsys, book, tmp_path / "in")
    eaf(tmp_path / "in" / "x.eaf", (500, 1500, "other"), (2000, 3000, "new"))
    _, _, about = imported(capsys, book, tmp_path / "in")
    assert said(book) == [(500, 1500, "AWI", "one"), (2000, 3000, "AWI", "new")]
    assert any("1 texts differ" in sentence for sentence in about[0]["warnings"])  # type: ignore[attr-defined]  # JSON
    assert about[0]["kept_as"] == "audio/x.original_2.eaf"


def test_sound_is_found_by_link_by_name_and_in_the_fieldbook(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound(tmp_path / "one" / "media" / "far away.wav")
    sound(tmp_path / "two" / "Moved é.wav", 3)
    imported(capsys, book, sound(tmp_path / "three" / "Here Already.wav", 2))
    by_link = eaf(tmp_path / "one" / "a.eaf", (0, 100, "by link"), link="./media/far%20away.wav")
    by_name = eaf(tmp_path / "two" / "b.eaf", (0, 100, "by name"), link="C:\\old\\Moved e\u0301.wav")
    inside = eaf(tmp_path / "four" / "c.eaf", (0, 100, "inside"), link="../three/here already.wav")
    code, report, about = imported(capsys, book, "--annotations", by_link, "--annotations", by_name, "--annotations", inside)
    assert (code, report["imported"]) == (0, 2), about
    assert {text for *_, text in said(book)} >= {"by link", "by name", "inside"}


def test_sound_that_is_nowhere_or_outside_is_told(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound(tmp_path / "elsewhere" / "secret.wav")
    lost = eaf(tmp_path / "in" / "lost.eaf", (0, 100, "x"), link="../elsewhere/secret.wav")
    code, _, about = imported(capsys, book, "--annotations", lost)
    assert code == 1
    assert "--allow-outside" in str(about[0]["problem"])
    assert said(book) == []
    assert list((book / "audio").iterdir()) == []
    assert imported(capsys, book, "--annotations", lost, "--allow-outside")[0] == 0
    assert said(book) == [(0, 100, "AWI", "x")]


def test_the_time_origin_moves_the_cuts_and_what_lies_outside_the_sound_is_told(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound(tmp_path / "in" / "x.wav")
    eaf(tmp_path / "in" / "x.eaf", (0, 500, "one"), (2500, 3500, "cut"), (5000, 6000, "beyond"), link="x.wav", origin='TIME_ORIGIN="1000"')
    _, _, about = imported(capsys, book, tmp_path / "in")
    assert said(book) == [(1000, 1500, "AWI", "one"), (3500, 4000, "AWI", "cut")]
    assert len(about[0]["warnings"]) == 2  # type: ignore[arg-type]  # JSON


def test_machine_texts_stay_drafts_and_a_confirmed_one_joins_them(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound(tmp_path / "in" / "x.wav")
    grid = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n4\n<exists>\n1\n"IntervalTier"\n"machine-transcription@W1"\n0\n4\n1\n0\n4\n"guess"\n'
    (tmp_path / "in" / "x.TextGrid").write_text(grid)
    imported(capsys, book, tmp_path / "in")
    (tmp_path / "in" / "x.TextGrid").write_text(grid.replace("machine-", ""))
    imported(capsys, book, tmp_path / "in")
    with Store.open(book, read_only=True) as store:
        (one,) = store.reader().execute("SELECT id FROM segment").fetchall()
        found = {(text.state, text.source) for text in texts.texts(store.reader(), one["id"])}
    assert found == {("draft", "machine"), ("confirmed", "import")}


def test_a_broken_file_is_a_sentence_and_the_others_come_in(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("x", "y"):
        sound(tmp_path / "in" / f"{name}.wav")
    eaf(tmp_path / "in" / "x.eaf", (0, 100, "fine"))
    (tmp_path / "in" / "y.eaf").write_text("<ANNOTATION_DOCUMENT>")
    code, report, about = imported(capsys, book, tmp_path / "in")
    assert (code, report["imported"]) == (1, 2)
    assert [bool(one["problem"]) for one in about] == [True, False]
    assert (0, 100, "AWI", "fine") in said(book)


def test_tiers_and_columns_can_be_mapped(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound(tmp_path / "in" / "x.wav")
    (tmp_path / "in" / "x.csv").write_text("Anfang;Ende;Wer;Mundart;Quelle\n0,5;1,25;AWI;tag;Band 3\n", encoding="utf-8")
    words = ("--map", "Anfang=start", "--map", "Ende=stop", "--map", "Wer=speaker", "--map", "Mundart=transcription")
    code, _, about = imported(capsys, book, tmp_path / "in", "--annotations", tmp_path / "in" / "x.csv", *words)
    assert code == 0, about
    assert said(book) == [(500, 1250, "AWI", "tag")]
    assert main(["import", str(book), str(tmp_path / "in"), "--map", "nonsense"]) == 2


def test_what_was_exported_and_comes_back_adds_nothing(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound(tmp_path / "in" / "x.wav")
    eaf(tmp_path / "in" / "x.eaf", (500, 1501, "one"), (1200, 2003, "overlap"))
    imported(capsys, book, tmp_path / "in")
    before = said(book)
    for form in ("elan", "textgrid", "jsonl", "csv", "vtt"):
        main(["export", str(book), "--format", form, "--out", str(tmp_path / form), "--purpose", "listen"])
        capsys.readouterr()
        code, _, about = imported(capsys, book, "--annotations", tmp_path / form)
        assert (code, [one["segments_added"] for one in about]) == (0, [0] * len(about)), (form, about)
    assert said(book) == before


def test_kept_originals_are_checked(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound(tmp_path / "in" / "x.wav")
    eaf(tmp_path / "in" / "x.eaf", (500, 1500, "one"))
    imported(capsys, book, tmp_path / "in")
    kept = book / "audio" / "x.original.eaf"
    shutil.copy(kept, tmp_path / "copy.eaf")
    for change, kind in ((kept.unlink, "missing-annotations"), (lambda: kept.write_text("<x/>"), "changed-annotations")):
        change()
        main(["check", str(book), "--json"])
        assert kind in {finding["kind"] for finding in json.loads(capsys.readouterr().out)["findings"]}


def test_a_sound_that_lies_elsewhere_is_found_where_one_says(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound(tmp_path / "far" / "deep" / "Y.wav")
    file = eaf(tmp_path / "in" / "x.eaf", (500, 1500, "one"), link="y.wav")
    code, _, about = imported(capsys, book, "--annotations", file)
    assert code == 1
    assert "y.wav" in str(about[0]["problem"])
    code, report, about = imported(capsys, book, "--annotations", file, "--media", tmp_path / "far")
    assert (code, report["imported"], about[0]["segments_added"]) == (0, 1, 1)
    assert main(["import", str(book), "--annotations", str(eaf(tmp_path / "in" / "z.eaf", (1, 2, "x"))), "--media", str(tmp_path / "nowhere")]) == 1


class Terminal(io.StringIO):
    """Somebody at a terminal who types this."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "code"), [("{far}\n", 0), ("\n", 1), ("/nowhere/x.wav\n", 1)])
def test_on_a_terminal_a_missing_sound_is_asked_for(typed: str, code: int, book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    far = sound(tmp_path / "far" / "other name.wav")
    file = eaf(tmp_path / "in" / "x.eaf", (500, 1500, "one"), link="y.wav")
    asked = Terminal()
    monkeypatch.setattr("sys.stdin", Terminal(typed.format(far=far)))
    monkeypatch.setattr("sys.stderr", asked)
    assert main(["import", str(book), "--annotations", str(file)]) == code
    assert "Where is the sound of x.eaf (y.wav)?" in asked.getvalue()
    assert bool(said(book)) == (code == 0)
