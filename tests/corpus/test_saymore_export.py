"""A SayMore/lameta project folder: what SayMore needs is there, what may not leave is not, what we do not know survives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pympi
from bundles import hard_bundle
from lxml import etree
from sounding import exported, frames_of, sounding_bundle

from fieldapp.corpus.exporters.saymore import PRESERVED
from fieldapp.corpus.saymore.record import Record
from fieldapp.corpus.validate import validate_eaf
from fieldapp.model import PersonId, RecordingId, Segment, SegmentId, SessionId, Span

PROJECT = "Edolo_friends"


def test_the_project_has_sessions_people_sound_and_saymores_two_tiers(tmp_path: Path) -> None:
    exported(sounding_bundle(tmp_path / "book"), "saymore", tmp_path / "out", audio=True)
    home = tmp_path / "out" / PROJECT
    session = home / "Sessions" / "ETR009"
    assert (home / f"{PROJECT}.sprj").is_file()
    assert frames_of(session / "ETR009_T1_Source.wav") == (0, 20 * 48000)
    eaf = session / "ETR009_T1_Source.wav.annotations.eaf"
    assert validate_eaf(eaf) == []
    tiers = pympi.Elan.Eaf(str(eaf))
    assert [a[:2] for a in tiers.get_annotation_data_for_tier("Transcription")] == [(500, 1750), (1800, 3000), (3000, 4000), (6000, 9000)]
    assert tiers.get_annotation_data_for_tier("Phrase Free Translation")[0][2] == 'the <sun> & "moon"'
    told = Record("Session", (session / "ETR009.session").read_text())
    assert told.get("participants") == "W1; M2"
    assert told.fields()["Dialect"] == "Wu (Suzhou)"
    assert Record("Person", (home / "People" / "W1" / "W1.person").read_text()).get("birthYear") == "1951"


def test_people_go_by_their_codes_unless_names_are_asked_for(tmp_path: Path) -> None:
    exported(hard_bundle(tmp_path), "saymore", tmp_path / "codes")
    assert not any(b"Awi" in p.read_bytes() for p in (tmp_path / "codes").rglob("*") if p.is_file())
    exported(hard_bundle(tmp_path), "saymore", tmp_path / "names", names=True)
    assert (tmp_path / "names" / PROJECT / "People" / "Awi" / "Awi.person").is_file()


def test_a_master_that_may_not_leave_whole_goes_as_cuts(tmp_path: Path) -> None:
    bundle = replace(sounding_bundle(tmp_path / "book"), whole=frozenset())
    exported(bundle, "saymore", tmp_path / "out", audio=True)
    session = tmp_path / "out" / PROJECT / "Sessions" / "ETR009"
    lengths = [frames_of(p) for p in sorted(session.glob("*.wav"))]
    assert lengths == [(s.span.start, len(s.span)) for s in bundle.segments if len(s.span)]
    assert all(validate_eaf(p) == [] for p in session.glob("*.eaf"))


def test_what_somebody_elses_file_says_is_kept_and_contacts_are_not(tmp_path: Path) -> None:
    head = '<?xml version="1.0" encoding="utf-8"?>\n<Session>\n<title type="string">Kin &amp; &lt;time&gt;</title>'
    before = f'{head}<futureThing kind="x"><a>1</a></futureThing></Session>'
    person = "<Person><name>W1</name><howToContact>0815</howToContact><blood>AB</blood></Person>"
    bundle = hard_bundle(tmp_path)
    session = replace(bundle.sessions[SessionId("S1")], metadata={PRESERVED: before})
    awi = replace(bundle.persons[PersonId("P1")], metadata={PRESERVED: person})
    changed = replace(bundle, sessions={session.id: session}, persons={**bundle.persons, awi.id: awi})
    exported(changed, "saymore", tmp_path / "out")
    root = etree.parse(tmp_path / "out" / PROJECT / "Sessions" / "ETR009" / "ETR009.session").getroot()
    assert root.find("futureThing").get("kind") == "x"
    assert root.findtext("futureThing/a") == "1"
    text = (tmp_path / "out" / PROJECT / "People" / "W1" / "W1.person").read_text()
    assert "<blood>AB</blood>" in text
    assert "0815" not in text


def test_spoken_answers_lie_in_their_own_folder_named_after_the_stretch(tmp_path: Path) -> None:
    bundle = sounding_bundle(tmp_path / "book")
    (master,) = bundle.recordings.values()
    answers = replace(master, id=RecordingId("R2"), role="careful", path="audio/ETR009_T1_careful.wav")
    (tmp_path / "book" / answers.path).write_bytes((tmp_path / "book" / master.path).read_bytes())
    about = {"oral": "careful", "of": "G1"}
    takes = tuple(Segment(id=SegmentId(f"C{n}"), recording=answers.id, span=Span(n * 1000, n * 1000 + 500), take=n, metadata=about) for n in (1, 2))
    more = replace(bundle, recordings={master.id: master, answers.id: answers}, segments=(*bundle.segments, *takes), whole=frozenset({master.id, answers.id}))
    losses = exported(more, "saymore", tmp_path / "out", audio=True)
    folder = tmp_path / "out" / PROJECT / "Sessions" / "ETR009" / "ETR009_T1_Source.wav_Annotations"
    assert {p.name: frames_of(p) for p in folder.iterdir()} == {"0.5_to_1.75_Careful.wav": (2000, 500)}
    assert any(loss.startswith("C1: another take") for loss in losses)
    assert len(list(folder.parent.glob("*.wav"))) == 1
    exported(more, "elan", tmp_path / "elan")
    assert {p.name for p in (tmp_path / "elan").iterdir()} == {"ETR009_T1.eaf", "ETR009_T1_careful.eaf"}


def test_a_record_nobody_changed_keeps_every_byte() -> None:
    before = '<?xml version="1.0" encoding="utf-8"?>\n<Session>\n\t<date type=\'string\'>2020-01-01</date >\n<!-- mine --></Session>'
    record = Record("Session", before)
    record.put("date", "2020-01-01")
    record.put("genre", "")
    assert record.serialise() == before.encode()
