"""CLDF Wordlist: forms for what was asked (meaning by language), examples for what was told, media for their sound.

Ids are made plain (`[A-Za-z0-9_-]`); the original id of a segment stands in its row. The description of the tables is
`cldf_tables.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial

from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.exporters.cldf_tables import COLUMNS, metadata
from fieldapp.corpus.lines import Line, all_lines, cut_line, distinct_names, gloss_of
from fieldapp.corpus.output import Output

NAME = "cldf"
TITLE = "CLDF Wordlist"
SUFFIX = "-metadata.json"

_OWN_COLUMN = {"transcription", "ipa", "translation", "gloss"}


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """Wordlist-metadata.json and its tables; with sound, media/*.wav."""
    losses: list[Loss] = []
    every = all_lines(bundle, options, losses)
    ids = distinct_names(line.segment.id for line in every)
    languages = distinct_names([line_language(bundle, line) for line in every])
    parameters = distinct_names([line.segment.meaning_id for line in every if line.segment.meaning_id])
    meant = {line.segment.meaning_id: gloss_of(bundle, line) for line in reversed(every) if line.segment.item}
    asked = [line for line in every if line.segment.meaning_id and _form(line)]
    told = [line for line in every if not line.segment.meaning_id and _form(line)]
    losses += [Loss(line.segment.id, "left out: it has neither a transcription nor IPA") for line in every if not _form(line)]
    with_sound = [*asked, *told] if options.audio else []
    tables: dict[str, list[dict[str, object]]] = {
        "languages.csv": [_language(bundle, name, identity) for name, identity in languages.items()],
        "parameters.csv": [{"ID": identity, "Name": meant.get(name, name)} for name, identity in parameters.items()],
        "forms.csv": [_row(bundle, line, ids, languages, options) | {"Parameter_ID": parameters[line.segment.meaning_id]} for line in asked],
        "examples.csv": [_row(bundle, line, ids, languages, options) for line in told],
        "media.csv": [_medium(line, ids) for line in with_sound],
    }
    if every and not options.audio:
        losses.append(Loss("every segment", "the sound (it was not asked for)"))
    for number, line in enumerate(with_sound):
        out.progress(number / len(with_sound), "cutting the sound")
        out.file(f"media/{ids[line.segment.id]}.wav", partial(cut_line, bundle, line))
    for name, rows in tables.items():
        if rows or name != "media.csv":
            out.sheet(name, _sheet(COLUMNS[name], rows))
    out.text("Wordlist-metadata.json", json.dumps(metadata(bundle.title, bundle.description, media=bool(with_sound)), ensure_ascii=False, indent=1) + "\n")
    return losses


def line_language(bundle: Bundle, line: Line) -> str:
    """The name under which a variety stands in languages.csv."""
    return bundle.variety_name(line.segment) or line.language


def _form(line: Line) -> str:
    return line.text("ipa") or line.text("transcription")


def _row(bundle: Bundle, line: Line, ids: dict[str, str], languages: dict[str, str], options: Options) -> dict[str, object]:
    """The columns that forms and examples share; each table takes those it knows."""
    others = [f"{tier}: {a.text}" for tier, a in line.texts.items() if tier not in _OWN_COLUMN]
    identity = ids[line.segment.id]
    word, free = line.text("transcription"), line.text("translation")
    return {
        "ID": identity, "Language_ID": languages[line_language(bundle, line)], "Form": _form(line), "Primary_Text": word or _form(line),
        "Orthography": word, "Phonetic": line.text("ipa"), "Translated_Text": free, "Gloss": line.text("gloss"), "Comment": " | ".join(others),
        "Speaker": line.speaker, "Take": line.segment.take, "Best": str(line.segment.best).lower(), "Drafts": line.draft_note(),
        "Media_ID": identity if options.audio else "", "Segment": line.segment.id,
    }  # fmt: skip


def _language(bundle: Bundle, name: str, identity: str) -> dict[str, object]:
    variety = next((v for v in bundle.varieties.values() if v.name == name), None)
    if variety is None:
        return {"ID": identity, "Name": name}
    iso = variety.iso639_3 if len(variety.iso639_3) == 3 else ""
    return {"ID": identity, "Name": name, "ISO639P3code": iso, "Glottocode": variety.glottocode, "Latitude": variety.latitude, "Longitude": variety.longitude}


def _medium(line: Line, ids: dict[str, str]) -> dict[str, object]:
    identity = ids[line.segment.id]
    return {"ID": identity, "Name": f"{identity}.wav", "Media_Type": "audio/x-wav", "Download_URL": f"file:media/{identity}.wav"}


def _sheet(columns: tuple[str, ...], rows: list[dict[str, object]]) -> Iterator[Iterable[object]]:
    yield columns
    yield from ([row.get(column, "") for column in columns] for row in rows)
