"""A SayMore/lameta project folder: sessions, people, sound, annotations, consents.

A project that came from SayMore or lameta goes back with everything Fieldapp does not know: elements (`corpus/saymore/record.py`),
names of files, papers (`corpus/saymore/giving_back.py`), annotation files that hold all there is to say. People go by their code
unless `names` was asked for; their contact never leaves. Sound that may not leave in one piece goes as one file a segment.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

from fieldapp.corpus.bundle import Bundle, Loss, SoundFile
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.exporters.elan_original import as_it_came
from fieldapp.corpus.lines import Line, all_lines, language_of, lines, not_told, plain_name, variety_of
from fieldapp.corpus.output import Output
from fieldapp.corpus.pieces import Source, apart, copy_sound
from fieldapp.corpus.saymore.eaf import two_tiers
from fieldapp.corpus.saymore.giving_back import GivingBack, copy_bytes
from fieldapp.corpus.saymore.record import Record
from fieldapp.model import Person, PersonId, Session, Span

NAME = "saymore"
TITLE = "SayMore/lameta project folder"
SUFFIX = ".sprj"

PRESERVED = "saymore"
"""The key in a session's or person's metadata that holds their file as it came."""
FOLDER_NAME = "saymore_folder"
"""The key that holds what their folder was called."""
ORAL = {"careful": "Careful", "translation": "Translation"}
"""Kinds of spoken answers, as SayMore names their files."""
_CONTACT = ("howToContact", "contact", "email", "phone")


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """One project folder, called what it was called, else after the fieldbook."""
    losses: list[Loss] = []
    spoken, bundle = _spoken(bundle)
    bundle, sources = apart(bundle, losses) if options.audio else (bundle, {})
    back = GivingBack(bundle, out, options, losses)
    project = back.name(bundle.project[0], plain_name(bundle.title), "")
    out.bytes(f"{project}/{project}.sprj", _project(bundle))
    names = {p.id: _called(p, options) for p in (*bundle.persons.values(), *bundle.unheard)}
    for person in (*bundle.persons.values(), *bundle.unheard):
        wanted = str(person.metadata.get(FOLDER_NAME, "")) if options.names else ""
        folder = back.name(wanted, plain_name(names[person.id]), f"{project}/People", person.code)
        place = f"{project}/People/{folder}"
        out.bytes(f"{place}/{PurePosixPath(folder).name}.person", _person(person, names[person.id]))
        if said := _consents(bundle, person):
            out.text(f"{place}/{folder}_Consent.txt", said)
        back.papers(person.id, place, shows_who="a photo or form shows who it is; say --names")
    homes = {}
    for session in bundle.sessions.values():
        folder = back.name(str(session.metadata.get(FOLDER_NAME, "")), session.name, f"{project}/Sessions")
        homes[session.id] = f"{project}/Sessions/{folder}"
        out.bytes(f"{homes[session.id]}/{folder}.session", _session(bundle, session, names))
    stretches: dict[str, str] = {}
    files = list(lines(bundle, options, losses, silent=True))
    for number, (sound, found) in enumerate(files):
        out.progress(number / len(files), f"writing {sound.stem}")
        place = _sound(back, sound, found, homes[sound.recording.session], sources.get(sound.recording.id), names)
        stretches |= {line.segment.id: f"{place}_Annotations/{_stretch(*line.milliseconds)}" for line in found}
    _write_spoken(spoken, stretches, out, options, losses)
    for session_id, home in homes.items():
        back.papers(session_id, home)
    back.papers("", project)
    return losses


def _sound(back: GivingBack, sound: SoundFile, found: list[Line], home: str, source: Source | None, names: dict[PersonId, str]) -> str:
    """A sound with its description and its annotations; returns its place."""
    bundle, out, losses = back.bundle, back.out, back.losses
    session = bundle.sessions[sound.recording.session]
    media, original = back.media(sound, source, home, came=PRESERVED in session.metadata)
    place = f"{home}/{media}"
    said = any(line.texts for line in found)
    if not source:
        losses.append(Loss(sound.recording.id, "the sound (it was not asked for)"))
    elif original:
        out.file(f"{home}/{original}", lambda target: copy_bytes(bundle.folder / sound.recording.original, target))
    if source and (said or not original):
        out.file(place, partial(copy_sound, bundle, source))
    described = f"{home}/{original or media}.meta"
    out.bytes(described, _meta(bundle, sound, found, names, back.description(session.id, f"{original or media}.meta")))
    as_before = as_it_came(bundle, sound.recording, back.options) if back.may_name and not original and back.kept_name(media, sound) else None
    if as_before is not None:
        out.file(f"{place}.annotations.eaf", as_before)
    elif said or not back.kept_name(original or media, sound):
        losses += [Loss(sound.stem, "what its ELAN file says beyond SayMore's two tiers")] if sound.recording.metadata.get("annotations") else []
        losses += not_told(found, sound.stem, languages=True, speakers=True)
        out.bytes(f"{place}.annotations.eaf", two_tiers(found, media, session.date[:10], losses))
    return place


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
            out.file(place, partial(copy_sound, spoken, _answer(spoken, line)))


def _answer(spoken: Bundle, line: Line) -> Source:
    """The file itself where it holds this answer alone."""
    recording = line.sound.recording
    alone = line.span == Span(0, recording.frames) and recording.path.lower().endswith(".wav") and (recording.master or recording.id) in spoken.whole
    return Source(recording, None if alone else line.span)


def _stretch(start: int, stop: int) -> str:
    """Seconds as SayMore writes them: 1.25_to_3.5."""
    return f"{start / 1000:.10g}_to_{stop / 1000:.10g}"


def _called(person: Person, options: Options) -> str:
    return person.name if options.names and person.name else person.code


def _project(bundle: Bundle) -> bytes:
    before = bundle.project[1]
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


def _meta(bundle: Bundle, sound: SoundFile, found: list[Line], names: dict[PersonId, str], before: str) -> bytes:
    session = bundle.sessions[sound.recording.session]
    record = Record("MetaData", before)
    drafts = ". ".join(sorted({note for line in found if (note := line.draft_note())}))
    if drafts and drafts not in record.get("notes"):
        record.put("notes", ". ".join(filter(None, (record.get("notes"), drafts))))
    if not before:
        record.put("Device", session.equipment)
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
