"""Deposits: what archives' own schemas and other people's parsers say, what may not enter, and that one changed byte is seen."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import bagit
import numpy as np
import pytest
import rocrate.rocrate
import soundfile
from lxml import etree
from sounding import frames_of, sounding_bundle
from wavinfo import WavInfoReader

from fieldapp.cli import main
from fieldapp.corpus.bundle import Bundle
from fieldapp.corpus.deposit import cmdi
from fieldapp.corpus.deposit.making import EVIDENCE, Deposit, make_deposit
from fieldapp.corpus.deposit.profiles import PROFILES, profile
from fieldapp.corpus.deposit.selfcheck import check_bag, passed
from fieldapp.errors import AlreadyThere, ExportProblem, WrongUsage
from fieldapp.model import Consent, ConsentId, Recording, RecordingId, Segment, SegmentId, Session, SessionId, Span, new_id
from fieldapp.store import consent, people, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

DAY = "2026-11-21"


@pytest.fixture(scope="session")
def schemas() -> Path:
    found = next((p / "shared" / "schemas" for p in Path(__file__).resolve().parents if (p / "shared" / "schemas").is_dir()), None)
    if found is None:
        pytest.skip("no folder of schemas beside the project")
    return found


def deposited(bundle: Bundle, out: Path, name: str = "olac", schemas: Path | None = None) -> Deposit:
    return make_deposit(bundle, out, profile(name), day=DAY, schemas=schemas)


@pytest.mark.parametrize("name", [one.name for one in PROFILES])
def test_every_profile_makes_a_bag_that_everybody_accepts(name: str, tmp_path: Path, schemas: Path) -> None:
    made = deposited(sounding_bundle(tmp_path / "book"), tmp_path / "bag", name, schemas)
    assert passed(made.checks)
    absent = {check.what for check in made.checks if check.ok is None}
    assert absent <= {".cmdi files follow the profile's schema"}, "every other schema and every peer is there in the tests"
    bagit.Bag(str(tmp_path / "bag")).validate()
    assert {p.name for p in (tmp_path / "bag").glob("manifest-*")} == {"manifest-sha256.txt", "manifest-sha512.txt"}
    with (tmp_path / "bag" / "data" / "names.csv").open() as file:
        assert all(profile(name).fits(Path(row["new"]).name) for row in csv.DictReader(file))
    assert not any(b"Awi" in p.read_bytes() or b"never exported" in p.read_bytes() for p in (tmp_path / "bag").rglob("*") if p.is_file())


def test_the_evidence_lies_in_the_bag_and_is_covered_by_it(tmp_path: Path) -> None:
    deposited(sounding_bundle(tmp_path / "book"), tmp_path / "bag")
    told = json.loads((tmp_path / "bag" / EVIDENCE).read_text())
    assert any(check["what"].startswith("every sound is its master") and check["ok"] for check in told["checks"])
    (tmp_path / "bag" / EVIDENCE).write_text("{}")
    with pytest.raises(bagit.BagError):
        bagit.Bag(str(tmp_path / "bag")).validate()


def test_paradisec_names_and_its_table(tmp_path: Path) -> None:
    deposited(sounding_bundle(tmp_path / "book"), tmp_path / "bag", "paradisec")
    data = tmp_path / "bag" / "data"
    assert (data / "ETR009" / "EDOLOFRIEN-ETR009-01.wav").is_file()
    assert (data / "ETR009" / "EDOLOFRIEN-ETR009-01.eaf").is_file()
    header, row = csv.reader((data / "EDOLOFRIEN-items.csv").read_text().splitlines())
    assert header[:6] == ["Collection ID", "Collection Title", "Collection Description", "Collector First Name", "Collector Last Name", "Item Identifier"]
    assert header[17:22] == ["Dialect", "Language as given", "Role 1", "First Name 1", "Last Name 1"]
    assert row[17].startswith("Wu (Suzhou)")


def test_rocrate_opens_it_and_finds_every_file(tmp_path: Path) -> None:
    deposited(sounding_bundle(tmp_path / "book"), tmp_path / "bag", "rocrate")
    data = tmp_path / "bag" / "data"
    crate = rocrate.rocrate.ROCrate(data)
    listed = {entity.id for entity in crate.data_entities if entity.type == "File"}
    assert listed == {p.relative_to(data).as_posix() for p in data.rglob("*") if p.is_file()} - {"ro-crate-metadata.json"}


@pytest.fixture(scope="module")
def cmdi_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The payload of a deposit for a CMDI repository; to be looked at only."""
    place = tmp_path_factory.mktemp("cmdi")
    deposited(sounding_bundle(place / "book"), place / "bag", "cmdi")
    return place / "bag" / "data"


def test_cmdi_records_describe_items_and_collection(cmdi_data: Path) -> None:
    data = cmdi_data
    record = etree.parse(data / "ETR009" / "Edolo_friends_ETR009.cmdi").getroot()
    names = {"cmd": cmdi.CMD, "cmdp": cmdi.TERMS}
    assert record.xpath("string(//cmd:MdProfile)", namespaces=names) == cmdi.PROFILE
    links = record.xpath("//cmd:ResourceRef/text()", namespaces=names)
    assert {(data / "ETR009" / str(link)).is_file() for link in links} == {True}
    assert {Path(str(link)).suffix for link in links} == {".wav", ".eaf"}
    assert record.xpath("//cmdp:contributor/@olac-role", namespaces=names) == ["speaker", "interviewer"]
    assert set(record.xpath("//cmdp:language/@olac-language", namespaces=names)) == {"wuu", "arz"}
    whole = etree.parse(data / "Edolo_friends.cmdi").getroot()
    assert whole.xpath("//cmd:ResourceRef/text()", namespaces=names) == ["ETR009/Edolo_friends_ETR009.cmdi"]
    assert (data / "ETR009" / record.xpath("string(//cmd:IsPartOf)", namespaces=names)).resolve() == (data / "Edolo_friends.cmdi").resolve()


CMDI_HARM = [("Resource</", "Resource</"), ("1.2", "1.1"), ("_01.wav</", "_99.wav</"), ('"speaker"', '"shaman"'), ('"wuu"', '"wu"'),
             ("<cmdp:contributor", "<cmdp:zebra"), ("<cmd:JournalFileProxyList/>", ""), ("MdProfile", "MdOther")]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong"), CMDI_HARM)
def test_a_cmdi_record_that_breaks_a_rule_is_found(right: str, wrong: str, cmdi_data: Path) -> None:
    path = cmdi_data / "ETR009" / "Edolo_friends_ETR009.cmdi"
    text = path.read_text(encoding="utf-8")
    assert right in text
    broken = text.replace("cmdp:contributor", wrong[1:]) if right.startswith("<cmdp") else text.replace(right, wrong)
    assert bool(list(cmdi.findings(etree.fromstring(broken.encode()), path.parent))) == (right != wrong)


@pytest.mark.parametrize("victim", ["data/ETR009/*.wav", "data/ETR009/*.eaf", "data/names.csv", "bag-info.txt"])
def test_one_changed_byte_is_seen(victim: str, tmp_path: Path) -> None:
    deposited(sounding_bundle(tmp_path / "book"), tmp_path / "bag")
    (path,) = (tmp_path / "bag").glob(victim)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert not passed(check_bag(tmp_path / "bag"))
    assert main(["deposit", str(tmp_path / "bag"), "--check"]) == 1


@pytest.mark.parametrize("harm", ["extra", "missing"])
def test_a_file_too_many_or_too_few_is_seen(harm: str, tmp_path: Path) -> None:
    deposited(sounding_bundle(tmp_path / "book"), tmp_path / "bag")
    assert main(["deposit", str(tmp_path / "bag"), "--check"]) == 0
    data = tmp_path / "bag" / "data"
    (data / ".DS_Store").write_bytes(b"x") if harm == "extra" else (data / "segments.csv").unlink()
    assert main(["deposit", str(tmp_path / "bag"), "--check"]) == 1


def test_a_master_that_may_not_leave_whole_is_deposited_as_cuts(tmp_path: Path) -> None:
    bundle = replace(sounding_bundle(tmp_path / "book"), whole=frozenset())
    made = deposited(bundle, tmp_path / "bag")
    cuts = sorted((tmp_path / "bag" / "data" / "ETR009").glob("*.wav"))
    assert [frames_of(p) for p in cuts] == [(s.span.start, len(s.span)) for s in bundle.segments if len(s.span)]
    assert any("without any sound" in loss.what for loss in made.losses)


def test_a_copy_that_differs_from_its_master_is_not_kept(tmp_path: Path) -> None:
    bundle = replace(sounding_bundle(tmp_path / "book"), whole=frozenset())

    def wrong(source: Path, span: Span, target: Path) -> None:
        soundfile.write(target, np.zeros(len(span), np.int16), 48000, format="WAV")

    with pytest.raises(ExportProblem, match="other sound after frame 0"):
        deposited(replace(bundle, cut=wrong), tmp_path / "bag")
    assert not [p for p in tmp_path.iterdir() if "bag" in p.name]


def test_what_the_archive_will_still_ask_for_is_listed(tmp_path: Path) -> None:
    made = deposited(sounding_bundle(tmp_path / "book"), tmp_path / "bag", "elar")
    told = {(one.where, one.field) for one in made.missing}
    assert {("the fieldbook", "licence"), ("session ETR009", "genre"), ("person M2", "gender")} <= told
    assert ("session ETR009", "title") not in told


def test_a_deposit_is_never_written_over_another(tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    with pytest.raises(AlreadyThere):
        deposited(sounding_bundle(tmp_path / "book"), tmp_path / "bag")
    with pytest.raises(WrongUsage, match="elar"):
        profile("nonsense")


def test_what_consent_holds_back_does_not_enter_and_is_named_outside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book, rate = tmp_path / "book", 16000
    with Store.create(book, "Two") as store:
        soundfile.write(book / "audio" / "S_T1.wav", np.arange(10 * rate, dtype=np.int16), rate)

        def fill(tx: Transaction) -> None:
            session = Session(id=SessionId(new_id()), name="S", title="T", date="2026-03-01")
            sessions.add_session(tx, session)
            master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/S_T1.wav", rate=rate, channels=1, bits=16, frames=10 * rate)
            sessions.add_recording(tx, master)
            for number, code in enumerate(("W1", "Mona-2")):
                person = people.ensure_person(tx, code)
                sessions.take_part(tx, session.id, person.id)
                segment = Segment(id=SegmentId(new_id()), recording=master.id, span=Span(number * rate, (number + 1) * rate), speaker=person.id)
                segments.add_segments(tx, [segment])
                texts.set_text(tx, segment.id, "transcription", f"words of {code}")
                consent.give(tx, Consent(id=ConsentId(new_id()), person=person.id, purpose="archive", allowed=code == "W1"))

        store.do(fill)
    assert main(["deposit", str(book), "--out", str(tmp_path / "bag"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [left["why"][:10] for left in told["left_out"]] == ["Mona-2 ref"]
    assert not any(b"Mona" in p.read_bytes() for p in (tmp_path / "bag").rglob("*") if p.is_file())
    (cut,) = (tmp_path / "bag" / "data").rglob("*.wav")
    assert soundfile.info(cut).frames == rate
    assert WavInfoReader(str(cut)).fmt.sample_rate == rate
    assert main(["deposit", str(book), "--out", str(tmp_path / "bag")]) == 1
    assert main(["consent", str(book), "withdraw", "--person", "W1", "--json"]) == 0
    printed = capsys.readouterr().out
    assert str(tmp_path / "bag") in printed
    assert main(["deposit", str(book), "--out", str(tmp_path / "other")]) == 1
    assert not (tmp_path / "other").exists()
