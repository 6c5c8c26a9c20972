"""What an archive asks for and nobody has filled in: of the fieldbook, its sessions, its people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from fieldapp.corpus.deposit.profiles import Profile
from fieldapp.model import Person, PersonId, Session, SessionId, Variety, VarietyId


@dataclass(frozen=True, slots=True)
class Missing:
    """A field the archive asks for and nobody has filled in; `of` is the id of the session or person, empty for the fieldbook."""

    where: str
    field: str
    of: str = ""


class Described(Protocol):
    """What is known: a bundle, or as much of a fieldbook."""

    @property
    def title(self) -> str:
        """What the fieldbook is called."""

    @property
    def description(self) -> str:
        """What it is about."""

    @property
    def licence(self) -> str:
        """Under which terms it is given."""

    @property
    def depositor(self) -> str:
        """Who gives it."""

    @property
    def sessions(self) -> Mapping[SessionId, Session]:
        """The sessions."""

    @property
    def persons(self) -> Mapping[PersonId, Person]:
        """The people."""

    @property
    def varieties(self) -> Mapping[VarietyId, Variety]:
        """The varieties."""

    @property
    def roles(self) -> Mapping[SessionId, tuple[tuple[PersonId, str], ...]]:
        """Who took part in which session, and as what."""


def missing(profile: Profile, known: Described, deposited: Iterable[Session]) -> list[Missing]:
    """Everything that is, in the order in which one would fill it in."""
    return [*_of_project(profile, known), *_of_sessions(profile, known, deposited), *_of_persons(profile, known)]


def _of_project(profile: Profile, known: Described) -> Iterator[Missing]:
    noted = {key: str(value) for session in known.sessions.values() for key, value in session.metadata.items()}
    project = {"title": known.title, "description": known.description, "licence": known.licence or noted.get("licence", ""),
               "depositor": known.depositor or noted.get("depositor", "")}  # fmt: skip
    yield from (Missing("the fieldbook", name) for name in profile.project_fields if not project.get(name))


def _of_sessions(profile: Profile, known: Described, deposited: Iterable[Session]) -> Iterator[Missing]:
    for session in deposited:
        variety = known.varieties.get(session.variety) if session.variety else None
        said = {"title": session.title, "date": session.date, "description": session.description, "genre": session.genre, "place": session.place,
                "equipment": session.equipment, "language": variety.iso639_3 or variety.glottocode if variety else "",
                "speakers": known.roles.get(session.id, ())}  # fmt: skip
        yield from (Missing(f"session {session.name}", name, session.id) for name in profile.session_fields if not said.get(name))


def _of_persons(profile: Profile, known: Described) -> Iterator[Missing]:
    for person in known.persons.values():
        yield from (Missing(f"person {person.code}", name, person.id) for name in profile.person_fields if not getattr(person, name))
