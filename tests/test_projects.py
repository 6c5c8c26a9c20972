"""SayMore and lameta projects: in and out again with everything we do not know, nothing overwritten, damaged files passed over."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from lxml import etree
from mutating import mutants

from fieldapp import handover
from fieldapp.cli import main
from fieldapp.corpus.exporters import Options, exporter
from fieldapp.corpus.output import Output, no_progress
from fieldapp.corpus.saymore.project import is_project, read_project
from fieldapp.errors import ImportProblem
from fieldapp.model import Consent, ConsentId, Segment, SegmentId, Span, new_id
from fieldapp.projects import annotation_files, bring_project, link_spoken
from fieldapp.store import consent, people, segments, sessions
from fieldapp.store.rows import ANNOTATION, SEGMENT
from fieldapp.store.store import Store

RATE = 16000


@pytest.fixture
def edolo(dev_data: Path, tmp_path: Path) -> Path:
    """lameta's sample project, with a field nobody knows and a small sound."""
    folder = tmp_path / "Edolo sample"
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


def canonical(element: etree._Element) -> str:
    return str(etree.tostring(element, method="c14n2", strip_text=True).decode())


def test_the_sample_project_survives_the_round_trip_with_unknown_elements(edolo: Path, tmp_path: Path) -> None:
    project = read_project(edolo)
    assert [s.name for s in project.speakers] == ["Awi Heole", "Igali Sagali", "Ilawi Amosa"]
    assert len(annotation_files(project)) == 1
    with Store.create(tmp_path / "book", "Edolo sample") as store:
        bring_project(store, project, no_progress)

        def allow(tx: object) -> None:
            for person in people.persons(store.reader()):
                consent.give(tx, Consent(id=ConsentId(new_id()), person=person.id, purpose="archive", allowed=True))  # type: ignore[arg-type]

        store.do(allow)
        awi = people.find_person(store.reader(), "Awi_Heole")
        ilawi = people.find_person(store.reader(), "Ilawi_Amosa")
        assert awi is not None
        assert ilawi is not None
        heard = list(SEGMENT.each(store.reader()))
        store.do(lambda tx: segments.update_segment(tx, replace(heard[0], speaker=awi.id)))
        store.do(lambda tx: segments.add_segments(tx, [replace(heard[0], id=type(heard[0].id)(new_id()), speaker=ilawi.id)]))
        bundle = handover.gather(store, purpose="archive")
    exporter("saymore").write(bundle, Output(tmp_path / "out"), Options(names=True))
    out = tmp_path / "out" / "Edolo_sample"
    session = "Sessions/ETR009/ETR009.session"
    assert (out / session).read_bytes() == (edolo / session).read_bytes()
    assert (out / "Edolo_sample.sprj").read_bytes().decode("utf-8-sig") == (edolo / "Edolo sample.sprj").read_bytes().decode("utf-8-sig")
    for name in ("Awi_Heole", "Ilawi_Amosa"):
        theirs = etree.parse(edolo / "People" / name / f"{name}.person").getroot()
        ours = etree.parse(out / "People" / name / f"{name}.person").getroot()
        for element in theirs:
            if isinstance(element.tag, str):
                assert canonical(element) == canonical(ours.find(element.tag)), element.tag
    assert not (out / "People" / "Igali_Sagali").exists(), "nothing of hers is in it"


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
    assert looked["set_aside"] == done["set_aside"]
    assert looked["problems"] == done["problems"]
    assert [r["imported"] for r in again["sound"]] == [0 for _ in again["sound"]]
    assert not any(a["segments_added"] for a in again["annotations"])
