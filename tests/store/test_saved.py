"""Saved searches and baskets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from finding.toybook import Toy, toy

from fieldapp.errors import Damaged, NotThere, WrongUsage
from fieldapp.model import SegmentId
from fieldapp.store import about, saved, segments


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Toy]:
    with (made := toy(tmp_path / "book", range(3), range(2), heard=False)).store:
        yield made


def test_a_search_is_kept_asked_again_and_forgotten(book: Toy) -> None:
    asked = {"query": "天气", "mode": "words", "tier": ["ipa"]}
    book.store.do(lambda tx: saved.save_search(tx, " weather ", asked))
    assert saved.saved_search(book.store.reader(), "weather") == asked
    assert saved.saved_searches(book.store.reader()) == {"weather": asked}
    book.store.do(lambda tx: saved.forget_search(tx, "weather"))
    assert saved.saved_searches(book.store.reader()) == {}
    with pytest.raises(NotThere, match="weather"):
        saved.saved_search(book.store.reader(), "weather")


def test_what_is_forgotten_while_everything_is_read_is_whole_or_gone(book: Toy) -> None:
    over = threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            book.store.do(lambda tx: saved.save_search(tx, "sun", {"query": "sun"}))
            book.store.do(lambda tx: saved.forget_search(tx, "sun"))

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        seen = [saved.saved_searches(book.store.reader()) for _ in range(3000)]
    finally:
        over.set()
        other.join()
    assert all(found in ({}, {"sun": {"query": "sun"}}) for found in seen)


def test_a_basket_keeps_order_forgets_the_deleted_and_knows_no_strangers(book: Toy) -> None:
    one, two, three = list(book.said.values())[:3]
    assert book.store.do(lambda tx: saved.add_to_basket(tx, [two, one])) == 2
    assert book.store.do(lambda tx: saved.add_to_basket(tx, [one, three])) == 1
    assert saved.basket(book.store.reader()) == [two, one, three]
    book.store.do(lambda tx: segments.delete_segments(tx, [one]))
    assert saved.basket(book.store.reader()) == [two, three]
    assert book.store.do(lambda tx: saved.take_from_basket(tx, [two, one])) == 1
    assert saved.baskets(book.store.reader()) == {"basket": 1}
    with pytest.raises(NotThere, match="no segment"):
        book.store.do(lambda tx: saved.add_to_basket(tx, [SegmentId("01ARZ3NDEKTSV4RRFFQ69G5FAV")]))
    book.store.do(saved.drop_basket)
    assert saved.baskets(book.store.reader()) == {}


def test_names_are_asked_for_and_damage_is_a_sentence(book: Toy) -> None:
    with pytest.raises(WrongUsage, match="name"):
        book.store.do(lambda tx: saved.save_search(tx, "  ", {}))
    book.store.do(lambda tx: about.set_setting(tx, "basket/bent", "{"))
    book.store.do(lambda tx: about.set_setting(tx, "search/bent", "[1]"))
    with pytest.raises(Damaged, match="bent"):
        saved.basket(book.store.reader(), "bent")
    with pytest.raises(Damaged, match="bent"):
        saved.saved_search(book.store.reader(), "bent")
