"""What every exporter in the list must do, whatever its format."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bundles import hard_bundle
from sounding import sounding_bundle

from fieldapp.corpus.bundle import Bundle
from fieldapp.corpus.exporters import EXPORTERS, Options, exporter
from fieldapp.corpus.output import Output
from fieldapp.errors import Cancelled, ExportProblem, WrongUsage

NAMES = [name for name, _ in EXPORTERS]


def exported(bundle: Bundle, folder: Path, name: str, options: Options | None = None) -> dict[str, bytes]:
    exporter(name).write(bundle, Output(folder), options or Options())
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_bundle_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    bundle = hard_bundle(tmp_path)
    assert exported(bundle, tmp_path / "one", name) == exported(bundle, tmp_path / "two", name)


@pytest.mark.parametrize("name", NAMES)
def test_exporting_again_rewrites_nothing_that_is_unchanged(name: str, tmp_path: Path) -> None:
    bundle = hard_bundle(tmp_path)
    exporter(name).write(bundle, Output(tmp_path / "out"), Options())
    again = Output(tmp_path / "out")
    exporter(name).write(bundle, again, Options())
    assert again.written == []
    assert again.unchanged


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_fieldbook_can_be_exported(name: str, tmp_path: Path) -> None:
    exporter(name).write(Bundle(title="empty", folder=tmp_path, cut=hard_bundle(tmp_path).cut), Output(tmp_path / "out"), Options())


@pytest.mark.parametrize("name", NAMES)
def test_contact_details_never_leave(name: str, tmp_path: Path) -> None:
    assert all(b"never exported" not in content for content in exported(hard_bundle(tmp_path), tmp_path / "out", name).values())


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_carried_or_declared_lost(name: str, tmp_path: Path) -> None:
    bundle = hard_bundle(tmp_path)
    losses = exporter(name).write(bundle, Output(tmp_path / "out"), Options())
    everything = b"\n".join(p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()).decode("utf-8", "replace")
    lost = {loss.where for loss in losses}
    for segment, texts in bundle.annotations.items():
        for annotation in texts:
            token = annotation.text.split()[0].strip('<>"&;-')
            assert token in everything or segment in lost or annotation.id in lost, annotation


@pytest.mark.parametrize("name", NAMES)
def test_every_export_tells_its_progress_and_can_be_stopped_at_any_of_it(name: str, tmp_path: Path) -> None:
    bundle, told = sounding_bundle(tmp_path / "book"), list[tuple[float, str]]()
    exporter(name).write(bundle, Output(tmp_path / "whole", lambda share, doing: told.append((share, doing))), Options(audio=True))
    assert all(-1 <= share <= 1 and doing for share, doing in told)
    whole = {str(p.relative_to(tmp_path / "whole")): p.read_bytes() for p in (tmp_path / "whole").rglob("*") if p.is_file()}
    assert told
    for stop in {0, len(told) // 2, len(told) - 1}:
        out = tmp_path / f"stopped-{stop}"
        left = iter(range(stop))

        def stopping(share: float, doing: str, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise Cancelled

        with pytest.raises(Cancelled):
            exporter(name).write(bundle, Output(out, stopping), Options(audio=True))
        files = {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
        assert files.items() <= whole.items()


@pytest.mark.parametrize("name", NAMES)
def test_what_another_program_wrote_about_people_leaves_in_its_own_format_only(name: str, tmp_path: Path) -> None:
    bundle = hard_bundle(tmp_path)
    raw = {"saymore": "<Person><name>Secret Name</name><howToContact>Secret 0815</howToContact></Person>", "saymore_folder": "Secret_Name"}
    persons = {key: replace(one, metadata=raw) for key, one in bundle.persons.items()}
    told = {key: replace(one, metadata={"saymore": "<Session><x>Secret Name</x></Session>"}) for key, one in bundle.sessions.items()}
    found = exported(replace(bundle, persons=persons, sessions=told), tmp_path / "out", name)
    wanted = [name for name, content in found.items() if b"Secret" in content]
    assert wanted == [one for one in wanted if one.endswith(".session")], "free text that SayMore or lameta kept"


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(WrongUsage, match="csv"):
        exporter("nonsense")


@pytest.mark.parametrize("name", ["../up.txt", "/etc/x", "a\\b", "con.txt", "c:x", "", "new\nline"])
def test_no_export_writes_outside_its_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(ExportProblem):
        Output(tmp_path).text(name, "x")


def test_a_stopped_export_leaves_whole_files_only(tmp_path: Path) -> None:
    def make(path: Path) -> None:
        path.write_text("half")
        raise Cancelled

    with pytest.raises(Cancelled):
        Output(tmp_path).file("a.txt", make)
    assert list(tmp_path.iterdir()) == []


def test_rows_that_stop_half_way_leave_the_earlier_file(tmp_path: Path) -> None:
    def broken() -> Iterator[str]:
        yield "half"
        raise Cancelled

    Output(tmp_path).rows("a.txt", ["whole\n", "ŋ\n"])
    with pytest.raises(Cancelled):
        Output(tmp_path).rows("a.txt", broken())
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_bytes() == "whole\nŋ\n".encode()


def test_the_same_rows_again_change_nothing(tmp_path: Path) -> None:
    Output(tmp_path).rows("a.txt", ["one\n", "two\n"])
    again = Output(tmp_path)
    again.rows("a.txt", iter(["one\ntwo\n"]))
    assert (again.written, again.unchanged) == ([], ["a.txt"])


def test_a_large_file_of_rows_never_stands_in_memory(tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        Output(tmp_path).rows("a.txt", ("x" * 99_999 + "\n" for _ in range(100)))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (tmp_path / "a.txt").stat().st_size == 10_000_000
    assert most < 2_000_000
