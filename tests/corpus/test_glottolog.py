"""Glottolog's table is read in each of its forms; anything else is a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.corpus.glottolog import Glottolog, Languoid, read
from fieldapp.errors import ImportProblem

CLDF = """ID,Name,Macroarea,Latitude,Longitude,Glottocode,ISO639P3code,Level
aaaa1111,Wu Chinese,Eurasia,30.0,120.5,aaaa1111,wuu,language
bbbb2222,Suzhou,Eurasia,,,bbbb2222,,dialect
cccc3333,Old Suzhou,Eurasia,95.0,120.0,cccc3333,NOCODE_x,dialect
book1242,Bookkeeping,,,,no code,,family
"""
OLDER = "id,family_id,name,level,latitude,longitude,iso639P3code\naaaa1111,x,Wu Chinese,language,30.0,120.5,wuu\n"
GEO = "glottocode,name,isocodes,level,macroarea,latitude,longitude\naaaa1111,Wu Chinese,wuu,language,Eurasia,30.0,120.5\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "languages.csv"


@pytest.mark.parametrize("text", [CLDF, OLDER, GEO, "\ufeff" + CLDF])
def test_every_form_of_the_table_is_read(table: Path, text: str) -> None:
    table.write_text(text, encoding="utf-8")
    assert read(table).get("aaaa1111") == Languoid("aaaa1111", "Wu Chinese", "wuu", "language", 30.0, 120.5)


def test_what_is_odd_in_a_row_is_left_out(table: Path) -> None:
    table.write_text(CLDF, encoding="utf-8")
    found = read(table)
    assert len(found) == 3
    assert found.get("cccc3333") == Languoid("cccc3333", "Old Suzhou", level="dialect")
    assert found.get("zzzz9999") is None


@pytest.mark.parametrize(
    ("typed", "codes"), [("suz", ["bbbb2222", "cccc3333"]), ("SÚZHOU", ["bbbb2222", "cccc3333"]), ("aaaa", ["aaaa1111"]), ("s", []), ("zz", [])]
)
def test_names_codes_and_later_words_are_found(table: Path, typed: str, codes: list[str]) -> None:
    table.write_text(CLDF, encoding="utf-8")
    assert [one.code for one in read(table).matching(typed)] == codes


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"Glottocode,Name\n,\n", b'Glottocode,Name\n"' + b"x" * 200_000])
def test_what_is_no_such_table_is_a_sentence(table: Path, data: bytes) -> None:
    table.write_bytes(data)
    with pytest.raises(ImportProblem, match=r"languages\.csv"):
        read(table)


def test_a_file_that_is_not_there_is_a_sentence(table: Path) -> None:
    with pytest.raises(ImportProblem):
        read(table)


@given(st.text())
def test_whatever_is_typed_finds_something_or_nothing(typed: str) -> None:
    catalogue = Glottolog({"aaaa1111": Languoid("aaaa1111", "Wu Chinese")})
    assert all(one.code == "aaaa1111" for one in catalogue.matching(typed))
