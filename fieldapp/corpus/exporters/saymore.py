"""A SayMore/lameta project folder: sessions, people, sound, annotations, consents.

A project that came from SayMore or lameta goes back with everything Fieldapp does not know (`corpus/saymore/record.py`).
People go by their code unless `names` was asked for; their contact never leaves. Sound that may not leave in one
piece goes as one file a segment.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from fieldapp.corpus.bundle import Bundle, Loss, SoundFile
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.lines import Line, all_lines, cut_line, language_of, lines, not_told, plain_name, variety_of
from fieldapp.corpus.output import Output
from fieldapp.corpus.pieces import apart, copy_sound, suffix_of
from fieldapp.corpus.saymore.eaf import two_tiers
from fieldapp.corpus.saymore.record import Record
from fieldapp.model import Person, PersonId, Session

NAME = "saymore"
TITLE = "SayMore/lameta project folder"
SUFFIX = ".sprj"

PRESERVED = "saymore"
"""The key in a session's or person's metadata that holds their file as it came."""
PRESERVED_PROJECT = "saymore_project"
ORAL = {"careful": "Careful", "translation": "Translation"}
"""Kinds of spoken answers, as SayMore names their files."""
_CONTACT = ("howToContact", "contact", "email", "phone")


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """One project folder, named after the fieldbook."""
    losses: list[Loss] = []
    project = plain_name(bundle.title)
    spoken, bundle = _spoken(bundle)
    bundle, sources = apart(bundle, losses) if options.audio else (bundle, {})
    out.bytes(f"{project}/{project}.sprj", _project(bundle))
    names = {p.id: _called(p, options) for p in bundle.persons.values()}
    for person in bundle.persons.values():
        folder = plain_name(names[person.id])
        out.bytes(f"{project}/People/{folder}/{folder}.person", _person(person, names[person.id]))
        if said := _consents(bundle, person):
            out.text(f"{project}/People/{folder}/{folder}_Consent.txt", said)
    for session in bundle.sessions.values():
        out.bytes(f"{project}/Sessions/{session.name}/{session.name}.session", _session(bundle, session, names))
    files = list(lines(bundle, options, losses))
    stretches: dict[str, str] = {}
    for number, (sound, found) in enumerate(files):
        out.progress(number / len(files), f"writing {sound.stem}")
        session = bundle.sessions[sound.recording.session]
        source = sources.get(sound.recording.id)
        ending = suffix_of(source) if source else Path(sound.recording.path).suffix.lower()
        media = f"{sound.stem}{ending}" if sound.stem.endswith("_Source") else f"{sound.stem}_Source{ending}"
        place = f"{project}/Sessions/{session.name}/{media}"
        stretches |= {line.segment.id: f"{place}_Annotations/{_stretch(*line.milliseconds)}" for line in found}
        if source:
            out.file(place, partial(copy_sound, bundle, source))
        else:
            losses.append(Loss(sound.recording.id, "the sound (it was not asked for)"))
        out.bytes(f"{place}.meta", _meta(bundle, sound, found, names))
        losses += not_told(found, sound.stem, languages=True, speakers=True)
        out.bytes(f"{place}.annotations.eaf", two_tiers(found, media, session.date[:10], losses))
    _write_spoken(spoken, stretches, out, options, losses)
    return losses


def _spoken(bundle: Bundle) -> tuple[Bundle, Bundle]:
    """The careful respeakings and oral translations of segments that leave too, and everything else."""
    there = {segment.id for segment in bundle.segments}
    answers = tuple(s for s in bundle.segments if s.metadata.get("oral") in ORAL and s.metadata.get("of") in there)
    spoken = {s.id for s in answers}
    rest = tuple(s for s in bundle.segments if s.id not in spoken)
    homes = {s.recording for s in rest}
    only_answers = {s.recording for s in answers} - homes
    recordings = {key: r for key, r in bundle.recordings.items() if key not in only_answers and r.master not in only_answers}
    return replace(bundle, segments=answers), replace(bundle, segments=rest, recordings=recordings)


def _write_spoken(spoken: Bundle, stretches: dict[str, str], out: Output, options: Options, losses: list[Loss]) -> None:
    """One file an answer, named after the stretch it answers; of several takes the best, else the last, is SayMore's one."""
    chosen: dict[str, Line] = {}
    for line in sorted(all_lines(spoken, options, losses), key=lambda line: (line.segment.best, line.segment.take, line.segment.id)):
        about = line.segment.metadata
        place = f"{stretches.get(str(about['of']), '')}_{ORAL[str(about['oral'])]}.wav"
        if str(about["of"]) not in stretches:
            losses.append(Loss(line.segment.id, "an answer to a segment that could not be written"))
            continue
        if place in chosen:
            losses.append(Loss(chosen[place].segment.id, "another take of an oral annotation: SayMore has room for one"))
        chosen[place] = line
    for place, line in chosen.items():
        losses += [Loss(text.id, "the texts of an oral annotation") for text in line.texts.values()]
        if options.audio:
            out.file(place, partial(cut_line, spoken, line))


def _stretch(start: int, stop: int) -> str:
    """Seconds as SayMore writes them: 1.25_to_3.5."""
    return f"{start / 1000:.10g}_to_{stop / 1000:.10g}"


def _called(person: Person, options: Options) -> str:
    return person.name if options.names and person.name else person.code


def _project(bundle: Bundle) -> bytes:
    before = next((str(s.metadata[PRESERVED_PROJECT]) for s in bundle.sessions.values() if s.metadata.get(PRESERVED_PROJECT)), "")
    record = Record("Project", before)
    if not before:
        record.put("Title", bundle.title)
        record.put("ProjectDescription", bundle.description)
    return record.serialise()


def _session(bundle: Bundle, session: Session, names: dict[PersonId, str]) -> bytes:
    record = Record("Session", str(session.metadata.get(PRESERVED, "")))
    taking_part = [names[p] for p, _ in bundle.roles.get(session.id, ()) if p in names]
    record.put("title", session.title)
    record.put("date", session.date)
    record.put("description", session.description)
    record.put("genre", session.genre)
    record.put("location", session.place)
    record.put("participants", "; ".join(dict.fromkeys(taking_part)))
    segment = next((s for s in bundle.segments if bundle.recordings[s.recording].session == session.id), None)
    variety = variety_of(bundle, segment) if segment else None
    if variety is not None and segment is not None:
        if not record.get("languages"):
            record.put("languages", language_of(bundle, segment))
        record.put("Dialect", variety.name, custom=True)
    record.keep_contributors(set(names.values()))
    return record.serialise()


def _person(person: Person, called: str) -> bytes:
    record = Record("Person", str(person.metadata.get(PRESERVED, "")))
    record.put("name", called)
    if record.get("code") or person.code != called.replace(" ", "_"):
        record.put("code", person.code)
    for field, value in (("birthYear", str(person.birth_year or "")), ("gender", person.gender), ("education", person.education),
                         ("primaryOccupation", person.occupation), ("description", person.description)):  # fmt: skip
        record.put(field, value)
    if person.languages and not record.root.findall("languages"):
        record.put("primaryLanguage", person.languages[0])
        for number, language in enumerate(person.languages[1:]):
            record.put(f"otherLanguage{number}", language)
    for field in _CONTACT:
        record.remove(field)
    return record.serialise()


def _meta(bundle: Bundle, sound: SoundFile, found: list[Line], names: dict[PersonId, str]) -> bytes:
    session = bundle.sessions[sound.recording.session]
    record = Record("MetaData")
    record.put("Device", session.equipment)
    drafts = sorted({note for line in found if (note := line.draft_note())})
    record.put("notes", ". ".join(drafts))
    for person, role in bundle.roles.get(session.id, ()):
        if person in names:
            record.contribute(names[person], role, session.date)
    return record.serialise()


def _consents(bundle: Bundle, person: Person) -> str:
    rows = []
    for consent in bundle.consents:
        if consent.person == person.id:
            verb = "allows" if consent.allowed and not consent.withdrawn else "does not allow"
            about = f" (segment {consent.segment})" if consent.segment else ""
            until = f" until {consent.until}" if consent.until else ""
            rows.append(f"{consent.given[:10]}: {verb} '{consent.purpose}' for {consent.audience}{until}{about}")
    return "\n".join(sorted(rows)) + "\n" if rows else ""
