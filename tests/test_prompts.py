"""Prompt lists as people really save them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp import paths
from fieldapp.errors import ImportProblem
from fieldapp.model import Item, ItemId, PromptListId
from fieldapp.prompts import glosses, in_order, read_prompts, same_prompts, shown


def write(folder: Path, content: str | bytes, name: str = "words.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


TABLE = "meaning_id,text,gloss_en,gloss:zh,section,repeats,notes,source\ndog,狗,dog,狗,animals,2,,field\nsun,太阳,sun,太阳,sky,,ask twice,\n"


def test_a_table_becomes_items(tmp_path: Path) -> None:
    found = read_prompts(write(tmp_path, TABLE))
    dog, sun = found.items
    assert (found.name, found.problems) == ("words", ())
    assert (dog.meaning_id, dog.text, dog.gloss, dog.section, dog.repeats, dog.position) == ("dog", "狗", {"en": "dog", "zh": "狗"}, "animals", 2, 1)
    assert (sun.notes, sun.repeats, sun.position, sun.promptlist) == ("ask twice", 1, 2, dog.promptlist)
    assert dog.metadata == {"source": "field"}


@pytest.mark.parametrize(
    "content",
    [TABLE.encode("utf-8-sig"), TABLE.encode("utf-16"), TABLE.encode("gb18030"), TABLE.replace(",", ";").encode(), TABLE.replace("\n", "\r\n").encode()],
    ids=["bom", "utf-16", "gb18030", "semicolons", "crlf"],
)
def test_encodings_and_delimiters_make_no_difference(tmp_path: Path, content: bytes) -> None:
    found = read_prompts(write(tmp_path, content))
    assert same_prompts(found.items, read_prompts(write(tmp_path, TABLE, "plain.csv")).items)
    assert [problem for problem in found.problems if "UTF-8" in problem] == (list(found.problems) if b"\xb9\xb7" in content else [])


def test_tabs_json_and_plain_words_are_lists_too(tmp_path: Path) -> None:
    tabs = read_prompts(write(tmp_path, TABLE.replace(",", "\t"), "words.tsv"))
    entries = [{"meaning_id": "dog", "text": "狗", "gloss": {"en": "dog", "zh": "狗"}, "section": "animals", "repeats": 2, "source": "field"}]
    listed = read_prompts(write(tmp_path, json.dumps({"name": "Animals", "prompts": entries}), "words.json"))
    words = read_prompts(write(tmp_path, "dog\n\nbig house\n", "words.txt"))
    assert same_prompts(listed.items, tabs.items[:1])
    assert listed.name == "Animals"
    assert [(item.text, item.meaning_id) for item in words.items] == [("dog", "dog"), ("big house", "big_house")]


def test_what_is_odd_is_told_with_its_line(tmp_path: Path) -> None:
    found = read_prompts(write(tmp_path, "meaning_id,text,gloss_en,repeats\ndog,dog,,x\n\ndog,hound,,\nx,,,\n,,cat,\nsun,,sun,\n"))
    assert [item.meaning_id for item in found.items] == ["dog", "dog", "cat", "sun"]
    assert [problem.split(":")[0] for problem in found.problems] == ["line 2", "line 4", "line 5", "line 6", "line 6", "line 7"]
    assert "line 2" in found.problems[1]
    assert shown(found.items[3]) == "sun"


def test_pictures_and_sounds_stay_inside_the_folder_of_the_list(tmp_path: Path) -> None:
    (tmp_path / "secret.png").touch()
    folder = tmp_path / "list"
    folder.mkdir()
    (folder / "dog.png").touch()
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    rows = ["dog,dog.png", "up,../secret.png", f"far,{tmp_path / 'secret.png'}", "link,link.png", "gone,gone.png", "nul,a\\..\\dog.png"]
    found = read_prompts(write(folder, "text,picture\n" + "\n".join(rows)))
    assert [item.picture for item in found.items] == ["dog.png", "", "", "", "", "a/../dog.png"]
    assert ["outside" in problem for problem in found.problems] == [True, True, True, False]


@pytest.mark.parametrize("content", [b"", b"meaning_id,text\n", b"\x00\x00", b"text\n,\n"])
def test_a_list_without_prompts_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ImportProblem):
        read_prompts(write(tmp_path, content))


@pytest.mark.parametrize("content", ["{", "3", '{"prompts": 3}', "[" * 100_000])
def test_json_that_is_no_list_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(ImportProblem):
        read_prompts(write(tmp_path, content, "words.json"))


def test_a_missing_list_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImportProblem, match="cannot be read"):
        read_prompts(tmp_path / "none.csv")


@given(content=st.binary(max_size=300), suffix=st.sampled_from([".csv", ".tsv", ".json"]))
def test_no_file_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(content)
    try:
        found = read_prompts(path)
    except ImportProblem:
        return
    assert [item.position for item in found.items] == list(range(1, len(found.items) + 1))
    assert all(item.meaning_id and (shown(item) or item.picture or item.sound) for item in found.items)


def items(sections: list[tuple[str, int]]) -> list[Item]:
    make = [("x", PromptListId("list"))] * len(sections)
    return [
        Item(id=ItemId(f"{n}"), promptlist=make[n][1], position=n + 1, meaning_id=f"m{n}", section=section, repeats=repeats)
        for n, (section, repeats) in enumerate(sections)
    ]


@given(sections=st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 3)), max_size=12).map(lambda rows: sorted(rows)), seed=st.integers())
def test_an_order_is_drawn_within_sections_and_can_be_drawn_again(sections: list[tuple[str, int]], seed: int) -> None:
    listed = items(sections)
    drawn = in_order(listed, seed)
    assert drawn == in_order(listed, seed)
    assert sorted(item.position for item in drawn) == sorted(item.position for item in in_order(listed, None))
    assert [item.section for item in drawn] == [item.section for item in in_order(listed, None)]


def test_a_gloss_that_is_shown_already_is_not_shown_twice() -> None:
    item = Item(id=ItemId("1"), promptlist=PromptListId("l"), position=1, meaning_id="dog", gloss={"en": "dog", "zh": "狗"})
    assert (shown(item), list(glosses(item))) == ("dog", ["狗"])


@pytest.mark.parametrize("name", ["swadesh-100.csv", "leipzig-jakarta-100.csv"])
def test_the_lists_that_come_with_fieldapp_are_complete(name: str) -> None:
    found = read_prompts(paths.resource("promptlists", name))
    assert (len(found.items), found.problems) == (100, ())
    assert len({item.meaning_id for item in found.items}) == 100
    assert all(item.text and item.gloss["zh"] for item in found.items)
