"""Distances, trees, maps: what must come out of varieties whose history is known; the YuBao folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fieldapp.errors import ImportProblem
from fieldapp.lab import yubao
from fieldapp.lab.dialects import agreement, mean_distance, newick, plane, supported_tree, tree
from fieldapp.lab.drawing import curves, heat_map, points
from fieldapp.lab.utterances import F32, Utterance


def family(sentences: int = 30, noise: float = 0.02) -> np.ndarray:
    """Four varieties: 0 and 1 are close, 2 and 3 are close, the pairs are far apart."""
    base = np.array([[1, 0.9, 0.5, 0.5], [0.9, 1, 0.5, 0.5], [0.5, 0.5, 1, 0.8], [0.5, 0.5, 0.8, 1]])
    shaken = np.random.default_rng(0).normal(0, noise, (sentences, 4, 4))
    return base + (shaken + shaken.transpose(0, 2, 1)) / 2


def test_the_tree_of_a_known_family_is_found_with_full_support() -> None:
    forks = supported_tree(family())
    assert [set(fork.left) | set(fork.right) for fork in forks] == [{0, 1}, {2, 3}, {0, 1, 2, 3}]
    assert [fork.support for fork in forks] == [1.0, 1.0, 1.0]
    assert forks[0].height == pytest.approx(0.05, abs=0.01)
    assert forks[2].height == pytest.approx(0.25, abs=0.01)


def test_where_sentences_disagree_support_is_low_and_the_seed_decides_nothing_else() -> None:
    likeness = np.random.default_rng(1).random((10, 5, 5))
    likeness = (likeness + likeness.transpose(0, 2, 1)) / 2
    forks = supported_tree(likeness, seed=3)
    assert min(fork.support for fork in forks[:-1]) < 0.9
    assert forks == supported_tree(likeness, seed=3)


def test_newick_keeps_heights_support_and_odd_names() -> None:
    text = newick(supported_tree(family(noise=0)), ["a", "b b", "c'c", "d"])
    assert text == "(('a':0.05000,'b b':0.05000)100:0.20000,('c''c':0.10000,'d':0.10000)100:0.15000)100;\n"


def test_sentences_a_unit_lacks_are_left_out_of_its_distances() -> None:
    likeness = family()
    likeness[:10, 0] = likeness[:10, :, 0] = np.nan
    distance = mean_distance(likeness)
    assert np.isfinite(distance).all()
    likeness[:, 0, 1] = likeness[:, 1, 0] = np.nan
    assert np.isnan(mean_distance(likeness)[0, 1])
    assert len(tree(mean_distance(likeness))) == 3


def test_places_in_a_plane_keep_distances_that_fit_into_one() -> None:
    true = np.random.default_rng(2).standard_normal((6, 2))
    distance = np.linalg.norm(true[:, None] - true[None], axis=2)
    places, shown = plane(distance)
    np.testing.assert_allclose(np.linalg.norm(places[:, None] - places[None], axis=2), distance, atol=1e-9)
    assert shown == pytest.approx(1)
    assert plane(np.zeros((3, 3)))[1] == 1


def test_agreement_knows_the_same_and_the_unrelated() -> None:
    chance = np.random.default_rng(3)
    one = np.abs(np.subtract.outer(chance.random(9), chance.random(9)))
    one = one + one.T
    other = chance.random((9, 9))
    assert agreement(one, 2 * one)[0] == pytest.approx(1)
    assert agreement(one, 2 * one)[1] < 0.01
    assert agreement(one, other + other.T)[1] > 0.01
    assert np.isnan(agreement(one[:2, :2], one[:2, :2])[0])


def test_drawings_are_whole_xml_whatever_the_names() -> None:
    from xml.dom.minidom import parseString

    name = "<吴&\"'>"
    drawn = (
        heat_map([name], [name], {(name, name): 0.5}, name),
        curves({name: [(0, 0.1), (1, 0.9)]}, name, "x", "y", band=(0, 0.1)),
        points({name: (1, 2)}, name),
    )
    for svg in drawn:
        assert parseString(svg).getElementsByTagName("svg")


def test_names_of_near_places_do_not_hide_each_other() -> None:
    from xml.dom.minidom import parseString

    drawn = points({"Made dialect": (0.0, 0.0), "Mandarin": (0.04, 0.0), "Hakka": (1.0, 1.0)}, "Map")
    texts = parseString(drawn).getElementsByTagName("text")
    near = {one.firstChild.data: (float(one.getAttribute("y")), one.getAttribute("text-anchor")) for one in texts}  # type: ignore[union-attr]
    assert near["Made dialect"] != near["Mandarin"]
    assert near["Hakka"][1] == "start"


def quiet(_: Utterance) -> F32:
    return np.zeros(1600, np.float32)


def site(folder: Path, code: str, name: str, subgrouping: str, numbers: range, suffix: str = ".wav") -> None:
    (folder / name).mkdir()
    sentences = {}
    for number in numbers:
        utterance = f"{code}mb01yf{number:04d}"
        (folder / name / f"{utterance}{suffix}").touch()
        sentences[utterance] = {"transcript": "你好。/您好。", "translation": "你好。", "ipa": "ni53 xau214", "english": "hello"}
    (folder / f"{code}.json").write_text(json.dumps({"site": name, "subgrouping": subgrouping, "sentences": sentences}), encoding="utf-8")


def test_a_yubao_folder_is_read_as_it_is(tmp_path: Path) -> None:
    site(tmp_path, "04G95", "上海_上海_上海", "吴语太湖片", range(1, 4))
    site(tmp_path, "02A12", "福建_南平_浦城", "闽语、闽北片", range(2, 5), ".mp4")
    site(tmp_path, "11111", "河北_承德_滦平", "冀鲁官话", range(1, 2))
    (tmp_path / "上海_上海_上海" / "04G95mb01yf0002.mp4").touch()
    (tmp_path / "notes.json").write_text("{}")
    assert yubao.is_yubao(tmp_path)
    found = yubao.read(tmp_path, quiet, fewest=3)
    assert [(u.variety, u.meaning, u.column("group")) for u in found.utterances if u.language == "wuu"] == [
        ("上海_上海_上海", f"yf000{n}", "wuu") for n in (1, 2, 3)
    ]
    assert {u.meaning for u in found.utterances if u.language == "min"} == {"yf0002", "yf0003", "yf0004"}
    assert {Path(u.where).suffix for u in found.utterances} == {".wav", ".mp4"}
    assert all(Path(u.where).suffix == ".wav" for u in found.utterances if u.language == "wuu")
    assert found.aside == ("The site 河北_承德_滦平 (11111) left out: it has 1 utterances with sound, 3 are needed.",)
    assert found.utterances[0].speaker == found.utterances[0].variety


def test_a_branch_is_the_one_named_first_and_may_be_unknown() -> None:
    assert (yubao.branch("江淮官话洪巢片"), yubao.branch("客家话，旧属赣语"), yubao.branch("")) == ("zh", "hak", "")


def test_a_broken_site_file_is_named_and_a_site_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "04G95.json").write_text('{"site": "x"}')
    with pytest.raises(ImportProblem, match="04G95"):
        yubao.is_yubao(tmp_path)
    (tmp_path / "04G95.json").write_text('{"site": "../", "sentences": {}}')
    assert not yubao.is_yubao(tmp_path)
