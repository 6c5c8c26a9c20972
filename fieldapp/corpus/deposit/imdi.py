"""IMDI 3.0 session files, one an item: what ELAR (through lameta) and The Language Archive read. People appear by their code. Any thread."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from lxml import etree

from fieldapp.corpus.bundle import Bundle
from fieldapp.corpus.deposit.plan import Item, Plan, Sound
from fieldapp.corpus.xml import legal
from fieldapp.model import Person

NAMESPACE = "http://www.mpi.nl/IMDI/Schema/IMDI"
_VOCABULARY = {"Type": "OpenVocabulary"}


def imdi(plan: Plan, item: Item) -> bytes:
    """The description of one item."""
    root = etree.Element(f"{{{NAMESPACE}}}METATRANSCRIPT", nsmap={None: NAMESPACE})
    day = item.session.date[:10] if re.fullmatch(r"\d{4}-\d{2}-\d{2}.*", item.session.date) else "1970-01-01"
    for name, value in (("Date", day), ("FormatId", "IMDI 3.03"), ("Originator", "Fieldapp"), ("Type", "SESSION"), ("Version", "0")):
        root.set(name, value)
    session = _add(root, "Session")
    _add(session, "Name", f"{plan.collection}{plan.profile.joint}{item.name}")
    _add(session, "Title", item.session.title or item.session.name)
    _add(session, "Date", item.session.date[:10] if re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", item.session.date[:10]) else "Unspecified")
    _add(session, "Description", item.session.description)
    group = _add(session, "MDGroup")
    _location(group, item)
    _project(group, plan)
    _add(group, "Keys")
    _content(group, item)
    _actors(group, item.bundle, item)
    resources = _add(session, "Resources")
    for sound in item.sounds:
        _media(resources, sound)
    for sound in item.sounds:
        _written(resources, sound)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _add(parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}", **attributes)
    if text:
        element.text = legal(text)
    return element


def _word(parent: etree._Element, name: str, text: str = "") -> None:
    """An entry of an open vocabulary."""
    _add(parent, name, text or "Unspecified", **_VOCABULARY)


def _location(group: etree._Element, item: Item) -> None:
    location = _add(group, "Location")
    variety = item.bundle.varieties.get(item.session.variety) if item.session.variety else None
    _word(location, "Continent", str(item.session.metadata.get("continent", "")))
    _word(location, "Country", str(item.session.metadata.get("country", "")))
    _add(location, "Region", str(item.session.metadata.get("region", "")) or (variety.place if variety else ""))
    _add(location, "Address", item.session.place)


def _project(group: etree._Element, plan: Plan) -> None:
    project = _add(group, "Project")
    _add(project, "Name", plan.collection)
    _add(project, "Title", plan.origin.title)
    _add(project, "Id", plan.collection)
    _contact(project)
    _add(project, "Description", plan.origin.description)


def _contact(parent: etree._Element) -> None:
    """Contacts never leave the fieldbook: the element is asked for, its content is not."""
    contact = _add(parent, "Contact")
    for name in ("Name", "Address", "Email", "Organisation"):
        _add(contact, name)


def _content(group: etree._Element, item: Item) -> None:
    content = _add(group, "Content")
    _word(content, "Genre", item.session.genre)
    context = _add(content, "CommunicationContext")
    for name in ("Interactivity", "PlanningType", "Involvement", "SocialContext", "EventStructure", "Channel"):
        _word(context, name, str(item.session.metadata.get(name, "")))
    languages = _add(content, "Languages")
    used = {s.variety or item.session.variety for s in item.bundle.segments} | {item.session.variety}
    for identity in sorted(filter(None, used)):
        if identity in item.bundle.varieties:
            variety = item.bundle.varieties[identity]
            _language(languages, variety.iso639_3, variety.name)
    keys = _add(content, "Keys")
    for identity in sorted(filter(None, used)):
        if identity in item.bundle.varieties:
            _add(keys, "Key", item.bundle.varieties[identity].name, Name="Dialect")
    _add(content, "Description")


def _language(parent: etree._Element, iso: str, name: str) -> None:
    language = _add(parent, "Language")
    _add(language, "Id", f"ISO639-3:{iso if re.fullmatch(r'[a-z]{3}', iso) else 'und'}")
    _add(language, "Name", name or iso or "Unspecified")


def _actors(group: etree._Element, bundle: Bundle, item: Item) -> None:
    actors = _add(group, "Actors")
    for identity, role in bundle.roles.get(item.session.id, ()):
        if identity in bundle.persons:
            _actor(actors, bundle.persons[identity], role, item.session.date)


def _actor(actors: etree._Element, person: Person, role: str, day: str) -> None:
    actor = _add(actors, "Actor")
    _word(actor, "Role", role)
    _add(actor, "Name", person.code)
    _add(actor, "FullName", person.code)
    _add(actor, "Code", person.code)
    _word(actor, "FamilySocialRole")
    languages = _add(actor, "Languages")
    for tag in person.languages:
        _language(languages, tag.split("-")[0], tag)
    _word(actor, "EthnicGroup")
    age = int(day[:4]) - person.birth_year if person.birth_year and day[:4].isdigit() else -1
    _add(actor, "Age", str(age) if 0 <= age < 130 else "Unspecified")
    _add(actor, "BirthDate", f"{person.birth_year:04}" if person.birth_year else "Unspecified")
    _word(actor, "Sex", person.gender)
    _add(actor, "Education", person.education)
    _add(actor, "Anonymized", "true")
    _add(actor, "Keys")
    _add(actor, "Description", person.description)


def _media(resources: etree._Element, sound: Sound) -> None:
    media = _add(resources, "MediaFile", ResourceId=f"m-{PurePosixPath(sound.path).stem}")
    _add(media, "ResourceLink", PurePosixPath(sound.path).name)
    _word(media, "Type", "audio")
    _word(media, "Format", "audio/x-wav" if sound.path.endswith(".wav") else f"audio/{PurePosixPath(sound.path).suffix[1:]}")
    _add(media, "Size")
    _add(media, "Quality", "Unspecified")
    _add(media, "RecordingConditions")
    position = _add(media, "TimePosition")
    seconds = sound.recording.frames // sound.recording.rate
    _add(position, "Start", "00:00:00")
    _add(position, "End", f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" if seconds < 360000 else "Unspecified")
    _access(media)
    _add(media, "Description", f"{sound.recording.rate} Hz, {sound.recording.bits} bit, {sound.recording.channels} channels")
    _add(media, "Keys")


def _written(resources: etree._Element, sound: Sound) -> None:
    written = _add(resources, "WrittenResource", ResourceId=f"w-{PurePosixPath(sound.path).stem}")
    _add(written, "ResourceLink", PurePosixPath(sound.annotations).name)
    _add(written, "MediaResourceLink", PurePosixPath(sound.path).name)
    _add(written, "Date", "Unspecified")
    _word(written, "Type", "Annotation")
    _word(written, "SubType")
    _word(written, "Format", "text/x-eaf+xml")
    _add(written, "Size", "Unspecified", **_VOCABULARY)
    validation = _add(written, "Validation")
    _word(validation, "Type", "content")
    _word(validation, "Methodology", "automatic")
    _add(validation, "Level", "Unspecified")
    _add(validation, "Description")
    _word(written, "Derivation", "Annotation")
    _add(written, "CharacterEncoding", "UTF-8")
    _add(written, "ContentEncoding")
    _word(written, "LanguageId")
    _add(written, "Anonymized", "true")
    _access(written)
    _add(written, "Description")
    _add(written, "Keys")


def _access(parent: etree._Element) -> None:
    access = _add(parent, "Access")
    _word(access, "Availability")
    _add(access, "Date", "Unspecified")
    for name in ("Owner", "Publisher"):
        _add(access, name)
    _contact(access)
