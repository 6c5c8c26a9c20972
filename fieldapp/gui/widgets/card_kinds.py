"""What is on the cards of people, varieties and sessions: their fields, and how they are kept. GUI thread; writing goes through the store."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtWidgets import QCompleter, QLineEdit

from fieldapp.errors import WrongUsage
from fieldapp.gui import languages
from fieldapp.gui.widgets.card import Card, Field
from fieldapp.gui.words import say, sayable
from fieldapp.model import Person, PersonId, Session, Variety, VarietyId, new_id
from fieldapp.store import people, sessions
from fieldapp.store.transaction import Transaction

PART = re.compile(r"(?P<code>.+?)\s+as\s+(?P<role>.+)")
SPEAKER = "speaker"


def _tag(text: str) -> str:
    return "" if not text or languages.is_tag(text) else say("No known language code. Type the language's name and choose.")


def _letters(text: str) -> str:
    return "" if not text or re.fullmatch(r"[a-z]{3}", text) else say("ISO 639-3 codes are three small letters, such as wuu.")


def _glottocode(text: str) -> str:
    return "" if not text or languages.is_glottocode(text) else say("Glottocodes are four letters and four digits, such as suzh1234.")


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

    def blank(self) -> Person:
        return Person(id=PersonId(new_id()), code="")

    def shown(self, _db: sqlite3.Connection, value: Person) -> dict[str, Any]:
        return {field.name: getattr(value, field.name) for field in self.FIELDS}

    def keep(self, tx: Transaction, value: Person, read: dict[str, Any], *, new: bool) -> None:
        other = people.find_person(tx.db, read["code"])
        if other is not None and other.id != value.id:
            raise WrongUsage(say("There is already somebody with the code {code}.", code=read["code"]))
        (people.add_person if new else people.update_person)(tx, replace(value, **read))

    def dress(self, card: Card, db: sqlite3.Connection) -> None:
        """Nothing to choose from."""


class VarietyKind:
    """A dialect or language."""

    NEW, EMPTY = sayable("New variety"), sayable("Varieties")
    FIELDS = (
        Field("name", sayable("Name"), sayable("as its speakers say")),
        Field("language", sayable("Language code"), sayable("type a language's name or a code, such as wuu"), check=_tag),
        Field("iso639_3", sayable("ISO 639-3"), sayable("three letters"), check=_letters),
        Field("glottocode", sayable("Glottocode"), sayable("such as suzh1234"), check=_glottocode),
        Field("place", sayable("Place")),
        Field("latitude", sayable("Latitude"), sayable("degrees, north positive: 31.3"), "number"),
        Field("longitude", sayable("Longitude"), sayable("degrees, east positive: 120.6"), "number"),
    )

    def all(self, db: sqlite3.Connection) -> list[Variety]:
        return people.varieties(db)

    def title(self, value: Variety) -> str:
        return f"{value.name}   {value.language}".strip()

    def blank(self) -> Variety:
        return Variety(id=VarietyId(new_id()), name="")

    def shown(self, _db: sqlite3.Connection, value: Variety) -> dict[str, Any]:
        return {field.name: getattr(value, field.name) for field in self.FIELDS}

    def keep(self, tx: Transaction, value: Variety, read: dict[str, Any], *, new: bool) -> None:
        other = people.find_variety(tx.db, read["name"])
        if other is not None and other.id != value.id:
            raise WrongUsage(say("There is already a variety called {name}.", name=read["name"]))
        for name, most in (("latitude", 90), ("longitude", 180)):
            if read[name] is not None and not -most <= read[name] <= most:
                raise WrongUsage(say("{number} is no place on earth.", number=read[name]))
        (people.add_variety if new else people.update_variety)(tx, replace(value, **read))

    def dress(self, card: Card, db: sqlite3.Connection) -> None:
        if card.line("language").completer() is None:
            _complete_languages(card)


def _complete_languages(card: Card) -> None:
    """Languages by name while typing; a choice writes the code, and the three letters where they are missing."""
    line = card.line("language")
    model = QStringListModel(line)
    completer = QCompleter(model, line)
    completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    line.setCompleter(completer)

    def offer(typed: str) -> None:
        model.setStringList([f"{code}   {name}" for code, name in languages.matching(typed)])

    def chosen(text: str) -> None:
        code = text.split("   ")[0]
        _fill(line, card, code)

    line.textEdited.connect(offer)
    completer.activated.connect(chosen, Qt.ConnectionType.QueuedConnection)  # after Qt has put the whole line of the list into the field


def _fill(line: QLineEdit, card: Card, code: str) -> None:
    line.setText(code)
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

    def blank(self) -> Session:
        raise NotImplementedError("sessions come from recording and importing")

    def shown(self, db: sqlite3.Connection, value: Session) -> dict[str, Any]:
        codes = {person.id: person.code for person in people.persons(db)}
        took_part = [codes[who] if role == SPEAKER else f"{codes[who]} as {role}" for who, role in sessions.participants(db, value.id)]
        return {field.name: getattr(value, field.name) for field in self.FIELDS if field.name != "participants"} | {"participants": took_part}

    def keep(self, tx: Transaction, value: Session, read: dict[str, Any], *, new: bool) -> None:
        wanted = {self._participant(tx, text) for text in read.pop("participants")}
        before = set(sessions.participants(tx.db, value.id))
        for person, role in wanted - before:
            sessions.take_part(tx, value.id, person, role)
        for person, role in before - wanted:
            sessions.take_no_part(tx, value.id, person, role)
        sessions.update_session(tx, replace(value, **read))

    def dress(self, card: Card, db: sqlite3.Connection) -> None:
        card.offer("variety", [(variety.id, variety.name) for variety in people.varieties(db)])

    @staticmethod
    def _participant(tx: Transaction, text: str) -> tuple[PersonId, str]:
        split = PART.fullmatch(text)
        code, role = (split["code"], split["role"]) if split else (text, SPEAKER)
        person = people.find_person(tx.db, code)
        if person is None:
            raise WrongUsage(say("There is nobody with the code {code}.", code=code))
        return person.id, role
