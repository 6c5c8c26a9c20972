"""SayMore and lameta projects: in and out again with everything we do not know, nothing overwritten, damaged files passed over."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from lxml import etree
from mutating import mutants

from fieldapp.cli import main
from fieldapp.corpus.output import no_progress
from fieldapp.corpus.saymore.project import is_project, read_project
from fieldapp.errors import ImportProblem
from fieldapp.model import Segment, SegmentId, Span, new_id
from fieldapp.projects import bring_project, link_spoken
from fieldapp.store import papers, people, segments, sessions, texts
from fieldapp.store.rows import ANNOTATION, SEGMENT
from fieldapp.store.store import Store

RATE = 16000


def made_edolo(dev_data: Path, folder: Path) -> Path:
    """lameta's sample project, with a field nobody knows and a small sound."""
    shutil.copytree(dev_data / "annotations" / "lameta_Edolo sample", folder)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
    session = folder / "Sessions" / "ETR009" / "ETR009.session"
    text = session.read_text(encoding="utf-8")
    session.write_text(text.replace("</Session>", '    <futureField kind="x"><deep>kept</deep></futureField>\n</Session>'), encoding="utf-8")
    (session.parent / "ETR009_Careful.mp3").unlink()
    sound = np.random.default_rng(1).normal(0, 0.1, 11 * RATE)
    soundfile.write(session.parent / "ETR009_Tiny_StandardAudio.wav", sound, RATE, subtype="PCM_16")
    return folder


@pytest.fixture
def edolo(dev_data: Path, tmp_path: Path) -> Path:
    return made_edolo(dev_data, tmp_path / "Edolo sample")


@dataclass(frozen=True)
class Imported:
    """A project, and the fieldbook into which a person brought it; the place and its time are what the import knows it by."""

    project: Path
    book: Path


@pytest.fixture(scope="module")
def imported(dev_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """Made once; to be copied."""
    place = tmp_path_factory.mktemp("edolo")
    edolo = made_edolo(dev_data, place / "Edolo sample")
    (edolo / "People" / "Awi_Heole" / "Awi_Heole_Photo.jpg").write_bytes(b"a face")
    (edolo / "Sessions" / "ETR009" / "notes" / "deep").mkdir(parents=True)
    (edolo / "Sessions" / "ETR009" / "notes" / "deep" / "trees.txt").write_text("kinds of trees")
    (edolo / "Sessions" / "ETR010").mkdir()
    (edolo / "Sessions" / "ETR010" / "ETR010.session").write_text("<Session><title>planned</title><x/></Session>")
    assert main(["new", str(place / "book"), "--title", "Another title"]) == 0
    assert main(["import", str(place / "book"), str(edolo)]) == 0
    return Imported(edolo, place / "book")


@pytest.fixture
def book(imported: Imported, tmp_path: Path) -> Path:
    """A fieldbook of the sample project."""
    shutil.copytree(imported.book, tmp_path / "book", ignore=shutil.ignore_patterns("reserve"))
    return tmp_path / "book"


def small_project(folder: Path) -> Path:
    """One session with oral annotations of a German computer, one person, a macOS twin."""
    session = folder / "Sessions" / "S1"
    (session / "a.wav_Annotations").mkdir(parents=True)
    (folder / "People" / "Ana").mkdir(parents=True)
    (folder / "x.sprj").write_text("<Project><Title>T</Title></Project>")
    (session / "S1.session").write_text("<Session><participants>Ana; Who Else</participants><date>2020-02-03</date></Session>")
    (session / "._S1.session").write_bytes(b"\0\5\x16\7")
    (folder / "People" / "Ana" / "Ana.person").write_text("<Person><name>Ana</name><code>A1</code><birthYear>1950</birthYear></Person>")
    (folder / "People" / "Ana" / "Ana_Consent.wav").write_bytes(b"x")
    for name, frames in (("a.wav", 4 * RATE), ("a.wav_Annotations/1,25_to_3,5_Careful.wav", RATE), ("a.wav_Annotations/odd.wav", RATE)):
        soundfile.write(session / name, np.arange(frames, dtype=np.int16) % (1000 + len(name)), RATE)
    return folder


def test_a_project_is_recognised_and_read(tmp_path: Path) -> None:
    project = read_project(small_project(tmp_path / "p"))
    assert is_project(tmp_path / "p")
    assert not is_project(tmp_path)
    (sitting,) = project.sessions
    assert sitting.participants == ("Ana", "Who Else")
    assert [(o.kind, o.of, o.start_ms, o.stop_ms) for o in sitting.oral] == [("careful", "a.wav", 1250, 3500)]
    assert [where.endswith("odd.wav") for where, _ in project.problems] == [True]
    assert project.speakers[0].files == ("Ana_Consent.wav",)
    with pytest.raises(ImportProblem):
        read_project(tmp_path / "nothing")


def test_people_sessions_and_sound_come_in_and_a_second_time_nothing_changes(tmp_path: Path) -> None:
    project = read_project(small_project(tmp_path / "p"))
    with Store.create(tmp_path / "book", "B") as store:
        brought = bring_project(store, project, no_progress)
        assert (brought.people, brought.sessions, sum(r.imported for r in brought.sound)) == (1, 1, 2)
        found = sessions.find_session(store.reader(), "S1")
        ana, other = (people.find_person(store.reader(), code) for code in ("A1", "Who_Else"))
        assert found is not None
        assert ana is not None
        assert other is not None
        assert (found.date, ana.birth_year, ana.metadata["consent_files"]) == ("2020-02-03", 1950, ["Ana_Consent.wav"])
        assert {p for p, _ in sessions.participants(store.reader(), found.id)} == {ana.id, other.id}
        oral = [s.metadata for s in SEGMENT.each(store.reader()) if s.metadata.get("oral_annotation")]
        assert [(m["oral_annotation"], m["start_ms"]) for m in oral] == [("careful", "1250")]
        assert link_spoken(store) == 0, "no segment of those times is there yet"
        (home,) = {s.recording for s in SEGMENT.each(store.reader()) if not s.metadata.get("oral_annotation")}
        target = Segment(id=SegmentId(new_id()), recording=home, span=Span(1250 * RATE // 1000, 3500 * RATE // 1000))
        store.do(lambda tx: segments.add_segments(tx, [target]))
        assert link_spoken(store) == 1
        (answer,) = segments.oral_annotations(store.reader(), target.id)
        assert answer.metadata["oral"] == "careful"
        assert sessions.recording(store.reader(), answer.recording).role == "careful"
        again = bring_project(store, project, no_progress)
        assert sum(r.imported for r in again.sound) == 0
        assert len(people.persons(store.reader())) == 2


def test_what_the_fieldbook_says_already_stays(tmp_path: Path) -> None:
    project = read_project(small_project(tmp_path / "p"))
    with Store.create(tmp_path / "book", "B") as store:
        store.do(lambda tx: people.ensure_person(tx, "A1"))
        found = people.find_person(store.reader(), "A1")
        assert found is not None
        store.do(lambda tx: people.update_person(tx, replace(found, birth_year=1949)))
        bring_project(store, project, no_progress)
        after = people.find_person(store.reader(), "A1")
        assert after is not None
        assert (after.birth_year, after.name) == (1949, "Ana")


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def allow(book: Path, *codes: str) -> None:
    for code in codes:
        assert main(["consent", str(book), "give", "--person", code, "--purpose", "archive"]) == 0


EVERYBODY = ("Awi_Heole", "Igali_Sagali", "Ilawi_Amosa")


def test_a_project_comes_back_byte_for_byte_with_all_that_fieldapp_does_not_know(book: Path, imported: Imported, tmp_path: Path) -> None:
    allow(book, *EVERYBODY)
    assert main(["export", str(book), "--format", "saymore", "--names", "--audio", "--out", str(tmp_path / "out")]) == 0
    came, back = files(imported.project), files(tmp_path / "out" / "Edolo sample")
    assert len(came) > 15
    assert b"<futureField" in came["Sessions/ETR009/ETR009.session"]
    assert {name for name, content in came.items() if back.get(name) != content} == set()
    ours = ("_Consent.txt", "ETR009_Tiny_StandardAudio.wav.meta")
    assert all(name.endswith(ours) for name in back.keys() - came.keys())
    assert main(["import", str(book), str(tmp_path / "out" / "Edolo sample")]) == 0
    assert main(["export", str(book), "--format", "saymore", "--names", "--audio", "--out", str(tmp_path / "again")]) == 0
    assert files(tmp_path / "again" / "Edolo sample") == back


def test_only_what_was_changed_here_differs_in_the_project_that_goes_back(book: Path, imported: Imported, tmp_path: Path) -> None:
    allow(book, *EVERYBODY)
    with Store.open(book) as store:
        session = sessions.find_session(store.reader(), "ETR009")
        assert session is not None
        said = next(a for a in ANNOTATION.each(store.reader()) if a.text == "oh my")
        store.do(lambda tx: sessions.update_session(tx, replace(session, genre="drama")))
        store.do(lambda tx: texts.set_text(tx, said.segment, said.tier, "oh dear"))
    assert main(["export", str(book), "--format", "saymore", "--names", "--audio", "--out", str(tmp_path / "out")]) == 0
    came, back = files(imported.project), files(tmp_path / "out" / "Edolo sample")
    changed = {name: (came[name].replace(b"\r", b"").split(b"\n"), back[name].replace(b"\r", b"").split(b"\n")) for name in came if came[name] != back[name]}
    eaf = "Sessions/ETR009/ETR009_Tiny_StandardAudio.wav.annotations.eaf"
    assert set(changed) == {"Sessions/ETR009/ETR009.session", eaf}
    before, after = changed[eaf]
    assert [(one.strip(), other.strip()) for one, other in zip(before, after, strict=True) if one != other] == [
        (b"<ANNOTATION_VALUE>oh my</ANNOTATION_VALUE>", b"<ANNOTATION_VALUE>oh dear</ANNOTATION_VALUE>")
    ]
    root = etree.fromstring(back["Sessions/ETR009/ETR009.session"])
    assert (root.findtext("genre"), root.find("futureField").findtext("deep")) == ("drama", "kept")


def test_somebody_who_refuses_takes_the_papers_of_the_session_along(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    allow(book, "Awi_Heole", "Ilawi_Amosa")
    assert main(["export", str(book), "--format", "saymore", "--names", "--audio", "--out", str(tmp_path / "most")]) == 0
    most = files(tmp_path / "most" / "Edolo sample")
    assert not any("Igali" in name or "OtherDocuments" in name for name in most), "the papers of the project may be about her"
    assert "Sessions/ETR009/ETR009_XDoc.docx" in most
    assert main(["consent", str(book), "withdraw", "--person", "Ilawi_Amosa"]) == 0
    capsys.readouterr()
    assert main(["export", str(book), "--format", "saymore", "--names", "--audio", "--out", str(tmp_path / "most"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    left = {one["segment"]: one["why"] for one in told["left_out"]}
    assert "Ilawi_Amosa, who took part, refused" in " ".join(left.values())
    assert "the papers of session ETR009" in left
    assert {name.split("/")[0] for name in files(tmp_path / "most" / "Edolo sample")} == {"Edolo sample.sprj", "People", "Sessions"}
    assert not any("ETR009" in name or "Ilawi" in name for name in files(tmp_path / "most" / "Edolo sample"))


def test_without_names_no_file_that_shows_who_it_is_goes_back(book: Path, tmp_path: Path) -> None:
    allow(book, *EVERYBODY)
    assert main(["export", str(book), "--format", "saymore", "--audio", "--out", str(tmp_path / "out")]) == 0
    back = files(tmp_path / "out" / "Edolo sample")
    assert not any(b"a face" in content or b"Awi Heole" in content for content in back.values())
    assert "People/Awi_Heole/Awi_Heole.person" in back, "the code was made of the name when the project came in"


def test_erasing_somebody_deletes_the_papers_that_may_be_about_them(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = {path.name for path in (book / "papers").rglob("*") if path.is_file()}
    assert {"Awi_Heole_Photo.jpg", "ETR009_XDoc.docx", "trees.txt", "some_other_doc.txt"} <= there
    assert main(["check", str(book)]) == 0
    capsys.readouterr()
    assert main(["consent", str(book), "erase", "--person", "Awi_Heole", "--json"]) == 0
    assert any(path.endswith("ETR009_XDoc.docx") for path in json.loads(capsys.readouterr().out)["papers"])
    assert {path.name for path in (book / "papers").rglob("*") if path.is_file()} == {"pretend_description.txt", "some_other_doc.txt"}
    assert main(["check", str(book)]) == 0


def test_papers_are_checked_and_come_along_when_fieldbooks_are_merged(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", str(tmp_path / "ours")]) == 0
    assert main(["merge", str(tmp_path / "ours"), str(book)]) == 0
    assert files(tmp_path / "ours" / "papers") == files(book / "papers")
    with Store.open(book, read_only=True) as theirs, Store.open(tmp_path / "ours", read_only=True) as ours:
        assert sorted(map(str, papers.every(theirs.reader()))) == sorted(map(str, papers.every(ours.reader())))
        assert papers.project(ours.reader())["name"] == "Edolo sample"
    (tmp_path / "ours" / "papers" / "project" / "some_other_doc.txt").write_text("changed")
    (tmp_path / "ours" / "papers" / "ETR009" / "trees.txt").unlink()
    (tmp_path / "ours" / "papers" / "mine.txt").write_text("x")
    capsys.readouterr()
    main(["check", str(tmp_path / "ours"), "--json"])
    assert {"changed-paper", "missing-paper", "unknown-paper"} <= {one["kind"] for one in json.loads(capsys.readouterr().out)["findings"]}


def test_a_sound_the_project_lacks_is_looked_for_elsewhere(edolo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lacking = edolo / "Sessions" / "ETR009" / "ETR009_Tiny_StandardAudio.wav"
    (tmp_path / "far").mkdir()
    lacking.rename(tmp_path / "far" / lacking.name)
    main(["new", str(tmp_path / "book")])
    assert main(["import", str(tmp_path / "book"), str(edolo)]) == 1
    assert "neither beside" in capsys.readouterr().out
    assert main(["import", str(tmp_path / "book"), str(edolo), "--media", str(tmp_path / "far")]) == 0
    with Store.open(tmp_path / "book", read_only=True) as store:
        (sound,) = sessions.recordings(store.reader())
        assert sessions.session(store.reader(), sound.session).name == "ETR009"
        assert "oh my" in [a.text for a in ANNOTATION.each(store.reader())]


def test_a_paper_that_changed_since_is_told_and_stays_as_it_was(book: Path, imported: Imported, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(book / "papers")
    shutil.copytree(imported.project, tmp_path / "p")
    (tmp_path / "p" / "OtherDocuments" / "some other doc.txt").write_text("rewritten")
    capsys.readouterr()
    assert main(["import", str(book), str(tmp_path / "p")]) == 1
    assert "differs from the one that is kept" in capsys.readouterr().out
    assert files(book / "papers") == before


def test_names_that_no_other_system_takes_are_told_not_fatal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = small_project(tmp_path / "p")
    (folder / "Sessions" / "S1" / "con.txt").write_text("x")
    (folder / "Sessions" / "S1" / "a:b.txt").write_text("x")
    main(["new", str(tmp_path / "book")])
    assert main(["import", str(tmp_path / "book"), str(folder)]) == 1
    allow(tmp_path / "book", "A1", "Who_Else")
    capsys.readouterr()
    assert main(["export", str(tmp_path / "book"), "--format", "saymore", "--names", "--audio", "--out", str(tmp_path / "out"), "--json"]) == 0
    losses = json.loads(capsys.readouterr().out)["losses"]
    assert {one["where"] for one in losses if "came with the project" in one["what"]} == {"con.txt", "a:b.txt"}


def test_damaged_projects_give_sentences_and_write_nothing_outside(tmp_path: Path) -> None:
    folder = small_project(tmp_path / "p")
    victims = [folder / "x.sprj", folder / "Sessions" / "S1" / "S1.session", folder / "People" / "Ana" / "Ana.person"]
    contents = {path: path.read_bytes() for path in victims}
    sentences = 0
    for path, content in contents.items():
        for data in mutants(content, 100, seed=len(content)):
            path.write_bytes(data)
            try:
                sentences += len(read_project(folder).problems)
            except ImportProblem:
                sentences += 1
        path.write_bytes(content)
    assert sentences > 100


def test_links_that_lead_out_and_names_with_control_characters_are_passed_over(tmp_path: Path) -> None:
    folder = small_project(tmp_path / "p")
    outside = tmp_path / "secret.wav"
    outside.write_bytes(b"x")
    (folder / "Sessions" / "S1" / "link.wav").symlink_to(outside)
    (folder / "Sessions" / "S1" / "new\nline.wav").write_bytes(b"x")
    (sitting,) = read_project(folder).sessions
    assert [file.name for file in sitting.files] == ["a.wav"]


def test_a_project_with_a_document_type_is_refused_file_by_file(tmp_path: Path) -> None:
    folder = small_project(tmp_path / "p")
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Session><title>&b;</title></Session>'
    (folder / "Sessions" / "S1" / "S1.session").write_text(bomb)
    project = read_project(folder)
    assert project.sessions == []
    assert any("document type" in sentence for _, sentence in project.problems)


def test_the_command_takes_a_project_as_a_whole(edolo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "book"
    assert main(["new", str(book)]) == 0
    assert main(["import", str(book), str(edolo), "--dry-run"]) == 0
    assert main(["import", str(book), str(edolo)]) == 0
    assert "3 people, 1 sessions" in capsys.readouterr().out
    with Store.open(book, read_only=True) as store:
        texts = [a.text for a in ANNOTATION.each(store.reader(), "tier = 'transcription'")]
        assert "oh my" in texts
        assert {a.tier for a in ANNOTATION.each(store.reader())} >= {"transcription"}
    assert main(["import", str(book), str(edolo), str(tmp_path)]) == 2


def test_a_dry_run_of_a_project_says_what_then_comes_in(edolo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "dry"
    main(["new", str(book)])
    capsys.readouterr()
    told = []
    for words in (["--dry-run"], [], ["--dry-run"]):
        main(["import", str(book), str(edolo), "--json", *words])
        told.append(json.loads(capsys.readouterr().out)["projects"][0])
    looked, done, again = told
    assert [r["imported"] for r in looked["sound"]] == [r["imported"] for r in done["sound"]]
    assert [a["labels"] for a in looked["annotations"]] == [a["labels"] for a in done["annotations"]]
    assert looked["papers"] == done["papers"]
    assert looked["problems"] == done["problems"]
    assert [r["imported"] for r in again["sound"]] == [0 for _ in again["sound"]]
    assert not any(a["segments_added"] for a in again["annotations"])
