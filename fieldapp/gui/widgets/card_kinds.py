"""What is on the cards of people, varieties and sessions: their fields, and how they are kept. GUI thread; writing goes through the store."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtWidgets import QCompleter, QLineEdit

from fieldapp.corpus.glottolog import CODE, Glottolog
from fieldapp.errors import WrongUsage
from fieldapp.gui import languages
from fieldapp.gui.widgets.card import Card, Field
from fieldapp.gui.words import say, sayable
from fieldapp.model import Person, PersonId, Session, Variety, VarietyId, new_id
from fieldapp.store import people, sessions
from fieldapp.store.transaction import Transaction

PART = re.compile(r"(?P<code>.+?)\s+as\s+(?P<role>.+)")
SPEAKER = "speaker"
GAP = "   "
"""Between a code and its name in a list."""


def _tag(text: str) -> str:
    return "" if not text or languages.is_tag(text) else say("No known language code. Type the language's name and choose.")


def _letters(text: str) -> str:
    return "" if not text or re.fullmatch(r"[a-z]{3}", text) else say("ISO 639-3 codes are three small letters, such as wuu.")


def day(text: str) -> str:
    """What is odd about a date, if anything."""
    return "" if not text or re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", text) else say("Dates look like 2026-11-21, 2026-11 or 2026.")


class PersonKind:
    """Somebody who speaks, records or annotates."""

    NEW, EMPTY = sayable("New person"), sayable("People")
    FIELDS = (
        Field("code", sayable("Code"), sayable("stands in file names and exports, such as W1")),
        Field("name", sayable("Name"), sayable("stays in this fieldbook unless you export with names")),
        Field("nickname", sayable("Called")),
        Field("birth_year", sayable("Born in"), sayable("a year"), "whole"),
        Field("gender", sayable("Gender"), sayable("in their own words")),
        Field("languages", sayable("Languages"), sayable("separated by commas, the first one first"), "list"),
        Field("education", sayable("Education")),
        Field("occupation", sayable("Occupation")),
        Field("contact", sayable("Contact"), sayable("never exported")),
        Field("description", sayable("Notes"), kind="lines"),
    )

    def all(self, db: sqlite3.Connection) -> list[Person]:
        return people.persons(db)

    def title(self, value: Person) -> str:
        return f"{value.code}   {value.name}".strip()

    def named(self, read: dict[str, Any], _value: Person) -> str:
        return str(read["code"])

    def blank(self) -> Person:
        return Person(id=PersonId(new_id()), code="")

    def shown(self, _db: sqlite3.Connection, value: Person) -> dict[str, Any]:
        return {field.name: getattr(value, field.name) for field in self.FIELDS}

    def refuse(self, db: sqlite3.Connection, value: Person, read: dict[str, Any]) -> None:
        people.must_have_code(replace(value, **read))
        other = people.find_person(db, read["code"])
        if other is not None and other.id != value.id:
            raise WrongUsage(say("There is already somebody with the code {code}.", code=read["code"]))

    def keep(self, tx: Transaction, value: Person, read: dict[str, Any], *, new: bool) -> None:
        self.refuse(tx.db, value, read)
        (people.add_person if new else people.update_person)(tx, replace(value, **read))

    def dress(self, card: Card, db: sqlite3.Connection) -> None:
        """Nothing to choose from."""


class VarietyKind:
    """A dialect or language. Glottocodes are looked up where somebody has loaded Glottolog's table."""

    NEW, EMPTY = sayable("New variety"), sayable("Varieties")

    def __init__(self) -> None:
        self.glottolog: Glottolog | None = None
        self.FIELDS = (
            Field("name", sayable("Variety name"), sayable("as its speakers say")),
            Field("language", sayable("Language code"), sayable("type a language's name or a code, such as wuu"), check=_tag),
            Field("iso639_3", sayable("ISO 639-3"), sayable("three letters"), check=_letters),
            Field("glottocode", sayable("Glottocode"), sayable("such as suzh1234"), check=self._glottocode),
            Field("place", sayable("Place")),
            Field("latitude", sayable("Latitude"), sayable("degrees, north positive: 31.3"), "number"),
            Field("longitude", sayable("Longitude"), sayable("degrees, east positive: 120.6"), "number"),
        )

    def _glottocode(self, text: str) -> str:
        if not text:
            return ""
        if not CODE.fullmatch(text):
            return say("Glottocodes are four letters and four digits, such as suzh1234.")
        known = self.glottolog is None or self.glottolog.get(text) is not None
        return "" if known else say("The Glottolog that is loaded here does not know this code.")

    def all(self, db: sqlite3.Connection) -> list[Variety]:
        return people.varieties(db)

    def title(self, value: Variety) -> str:
        return f"{value.name}   {value.language}".strip()

    def named(self, read: dict[str, Any], _value: Variety) -> str:
        return str(read["name"])

    def blank(self) -> Variety:
        return Variety(id=VarietyId(new_id()), name="")

    def shown(self, _db: sqlite3.Connection, value: Variety) -> dict[str, Any]:
        return {field.name: getattr(value, field.name) for field in self.FIELDS}

    def refuse(self, db: sqlite3.Connection, value: Variety, read: dict[str, Any]) -> None:
        people.must_have_name(replace(value, **read))
        other = people.find_variety(db, read["name"])
        if other is not None and other.id != value.id:
            raise WrongUsage(say("There is already a variety called {name}.", name=read["name"]))
        for name, most in (("latitude", 90), ("longitude", 180)):
            if read[name] is not None and not -most <= read[name] <= most:
                raise WrongUsage(say("{number} is no place on earth.", number=read[name]))

    def keep(self, tx: Transaction, value: Variety, read: dict[str, Any], *, new: bool) -> None:
        self.refuse(tx.db, value, read)
        (people.add_variety if new else people.update_variety)(tx, replace(value, **read))

    def dress(self, card: Card, db: sqlite3.Connection) -> None:
        if card.line("language").completer() is None:
            _complete(card.line("language"), _languages, lambda code: _language(card, code))
            _complete(card.line("glottocode"), self._languoids, lambda code: self._choose(card, code))

    def _languoids(self, typed: str) -> list[str]:
        found = self.glottolog.matching(typed) if self.glottolog is not None else []
        return [f"{one.code}{GAP}{one.name}" for one in found]

    def _choose(self, card: Card, code: str) -> None:
        """The code, and what the catalogue knows beside it where the card says nothing yet."""
        chosen = self.glottolog.get(code) if self.glottolog is not None else None
        card.set_text("glottocode", code)
        if chosen is not None:
            known = {"iso639_3": chosen.iso639_3, "latitude": chosen.latitude, "longitude": chosen.longitude}
            for name, value in known.items():
                if value not in ("", None) and not card.line(name).text():
                    card.set_text(name, str(value))
        card.judge()
        card.left.emit()


def _complete(line: QLineEdit, offered: Callable[[str], list[str]], chosen: Callable[[str], None]) -> None:
    """Offers while somebody types: lines that begin with a code, which is what `chosen` is told."""
    model = QStringListModel(line)
    completer = QCompleter(model, line)
    completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    line.setCompleter(completer)
    line.textEdited.connect(lambda typed: model.setStringList(offered(typed)))
    # queued: after Qt has put the whole line of the list into the field
    completer.activated.connect(lambda text: chosen(text.split(GAP)[0]), Qt.ConnectionType.QueuedConnection)


def _languages(typed: str) -> list[str]:
    return [f"{code}{GAP}{name}" for code, name in languages.matching(typed)]


def _language(card: Card, code: str) -> None:
    card.set_text("language", code)
    if not card.line("iso639_3").text():
        card.set_text("iso639_3", languages.iso639_3(code))
    card.judge()
    card.left.emit()


class SessionKind:
    """One sitting or import; its name is the stem of its files and stays."""

    NEW, EMPTY = "", sayable("Sessions")
    FIELDS = (
        Field("title", sayable("Title")),
        Field("date", sayable("Date"), sayable("such as 2026-11-21"), check=day),
        Field("variety", sayable("Variety"), kind="choice"),
        Field("genre", sayable("Genre"), sayable("such as word list, story, conversation")),
        Field("place", sayable("Place")),
        Field("participants", sayable("Took part"), sayable("codes: W1, K2; others with their part: H1 as interviewer"), "list"),
        Field("equipment", sayable("Equipment")),
        Field("description", sayable("Notes"), kind="lines"),
    )

    def all(self, db: sqlite3.Connection) -> list[Session]:
        return sessions.sessions(db)

    def title(self, value: Session) -> str:
        return value.name if value.title in ("", value.name) else f"{value.name}   {value.title}"

    def named(self, _read: dict[str, Any], value: Session) -> str:
        return str(value.name)

    def blank(self) -> Session:
        raise NotImplementedError("sessions come from recording and importing")

    def shown(self, db: sqlite3.Connection, value: Session) -> dict[str, Any]:
        codes = {person.id: person.code for person in people.persons(db)}
        took_part = [codes[who] if role == SPEAKER else f"{codes[who]} as {role}" for who, role in sessions.participants(db, value.id)]
        return {field.name: getattr(value, field.name) for field in self.FIELDS if field.name != "participants"} | {"participants": took_part}

    def refuse(self, db: sqlite3.Connection, value: Session, read: dict[str, Any]) -> None:
        for text in read["participants"]:
            self._participant(db, text)

    def keep(self, tx: Transaction, value: Session, read: dict[str, Any], *, new: bool) -> None:
        wanted = {self._participant(tx.db, text) for text in read.pop("participants")}
        before = set(sessions.participants(tx.db, value.id))
        for person, role in wanted - before:
            sessions.take_part(tx, value.id, person, role)
        for person, role in before - wanted:
            sessions.take_no_part(tx, value.id, person, role)
        sessions.update_session(tx, replace(value, **read))

    def dress(self, card: Card, db: sqlite3.Connection) -> None:
        card.offer("variety", [(variety.id, variety.name) for variety in people.varieties(db)])

    @staticmethod
    def _participant(db: sqlite3.Connection, text: str) -> tuple[PersonId, str]:
        split = PART.fullmatch(text)
        code, role = (split["code"], split["role"]) if split else (text, SPEAKER)
        person = people.find_person(db, code)
        if person is None:
            raise WrongUsage(say("There is nobody with the code {code}.", code=code))
        return person.id, role
