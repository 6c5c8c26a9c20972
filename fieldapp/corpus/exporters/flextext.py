"""FLExText: one interlinear text a sound file, for FieldWorks Language Explorer. Guids come from our ids, so a second import changes and does not double.

A segment is a phrase with its times, speaker and media file; the words are split at blanks, and a gloss with as many
words goes under them. FLEx asks every item for a writing system: the language tag of the text, else of the variety.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from lxml import etree

from fieldapp.corpus.bundle import Bundle, Loss, SoundFile
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.lines import Line, guid, lines, not_told
from fieldapp.corpus.output import Output
from fieldapp.corpus.validate import sentences
from fieldapp.corpus.validate_flextext import Rules
from fieldapp.corpus.xml import legal

NAME = "flextext"
TITLE = "FieldWorks (FLExText)"
SUFFIX = ".flextext"

_ITEMS = {"transcription": "txt", "ipa": "txt", "translation": "gls", "gloss": "lit", "note": "note"}


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """One .flextext beside each sound file's name."""
    losses: list[Loss] = []
    for number, (sound, found) in enumerate(lines(bundle, options, losses, untimed=True)):
        out.progress(number / max(1, len(bundle.recordings)), f"writing {sound.stem}{SUFFIX}")
        losses += not_told(found, sound.stem)
        for line in found:
            losses += [Loss(a.id, "control characters, which XML cannot hold") for a in line.texts.values() if legal(a.text) != a.text]
        out.file(f"{sound.stem}{SUFFIX}", partial(_write, bundle=bundle, sound=sound, found=found, options=options))
    return losses


def _write(place: Path, *, bundle: Bundle, sound: SoundFile, found: list[Line], options: Options) -> None:
    """Paragraph by paragraph: a tree of a hundred thousand texts would take ten times the memory of the file."""
    languages: dict[str, bool] = {options.metadata_language: False}
    media = guid("media", sound.recording.id)
    rules = Rules()
    with place.open("w", encoding="utf-8", newline="\n") as file:
        file.write("<?xml version='1.0' encoding='UTF-8'?>\n<document version=\"2\">\n")
        file.write(f'  <interlinear-text guid="{guid("text", sound.recording.id)}">\n')
        file.writelines(_rows(_titles(bundle, sound, options.metadata_language), 2))
        file.write("    <paragraphs>\n" if found else "    <paragraphs/>\n")
        for number, line in enumerate(found, 1):
            paragraph = _paragraph(line, number, media, languages, options.metadata_language)
            rules.look(paragraph)
            rules.look(paragraph[0][0])
            file.writelines(_rows([paragraph], 3))
        file.write("    </paragraphs>\n" if found else "")
        tables = _tables(bundle, sound, media, languages, options)
        for entry in (*tables[0], *tables[1]):
            rules.look(entry)
        file.writelines(_rows(tables, 2))
        file.write("  </interlinear-text>\n</document>\n")
    if broken := sentences(rules.findings()):
        raise AssertionError(f"{sound.stem}{SUFFIX} would break FLEx's rules: {' '.join(broken)}")


def _rows(elements: Iterable[etree._Element], level: int) -> Iterable[str]:
    for element in elements:
        etree.indent(element, level=level)
        yield f"{'  ' * level}{etree.tostring(element, encoding='unicode')}\n"


def _titles(bundle: Bundle, sound: SoundFile, meta: str) -> list[etree._Element]:
    session = bundle.sessions[sound.recording.session]
    said = (("title", session.title or sound.stem), ("title-abbreviation", sound.stem), ("comment", session.description))
    return [_item(kind, meta, text) for kind, text in said if text or kind != "comment"]


def _tables(bundle: Bundle, sound: SoundFile, media: str, languages: dict[str, bool], options: Options) -> list[etree._Element]:
    table = etree.Element("languages")
    for code, vernacular in sorted(languages.items()):
        etree.SubElement(table, "language", lang=code, **({"vernacular": "true"} if vernacular else {}))
    files = etree.Element("media-files", {"offset-type": "milliseconds"})
    etree.SubElement(files, "media", guid=media, location=f"{sound.stem}.wav" if options.audio else bundle.sound_path(sound.recording).name)
    return [table, files]


def _paragraph(line: Line, number: int, media: str, languages: dict[str, bool], meta: str) -> etree._Element:
    paragraph = etree.Element("paragraph", guid=guid("paragraph", line.segment.id))
    phrase = etree.SubElement(etree.SubElement(paragraph, "phrases"), "phrase", guid=guid("phrase", line.segment.id))
    if line.timed:
        start, stop = line.milliseconds
        phrase.set("begin-time-offset", str(start))
        phrase.set("end-time-offset", str(stop))
    if line.speaker:
        phrase.set("speaker", line.speaker)
    phrase.set("media-file", media)
    _phrase(phrase, line, number, languages, meta)
    return paragraph


def _phrase(phrase: etree._Element, line: Line, number: int, languages: dict[str, bool], meta: str) -> None:
    """Items before the words, the words, items behind them, in the order FLEx itself writes."""
    own = line.texts["transcription"].language if "transcription" in line.texts else ""
    vernacular = own or line.language
    words, glosses = line.text("transcription").split(), line.text("gloss").split()
    paired = bool(words) and len(words) == len(glosses)
    languages[vernacular] = True
    if "transcription" in line.texts:
        _add(phrase, "txt", vernacular, line.text("transcription"))
    if "ipa" in line.texts:
        phonetic = line.texts["ipa"].language or f"{vernacular}-fonipa"
        languages[phonetic] = True
        _add(phrase, "txt", phonetic, line.text("ipa"))
    _add(phrase, "segnum", meta, str(number))
    table = etree.SubElement(phrase, "words")
    for place, word in enumerate(words):
        element = etree.SubElement(table, "word", guid=guid("word", line.segment.id, str(place), word))
        _add(element, "txt", vernacular, word)
        if paired:
            _add(element, "gls", line.texts["gloss"].language or meta, glosses[place])
            languages.setdefault(line.texts["gloss"].language or meta, False)
    for tier, annotation in line.texts.items():
        if tier in ("transcription", "ipa") or (tier == "gloss" and paired):
            continue
        code = annotation.language or meta
        languages.setdefault(code, False)
        _add(phrase, _ITEMS.get(tier, "note"), code, annotation.text if tier in _ITEMS else f"tier {tier}: {annotation.text}")
    if line.draft_note():
        _add(phrase, "note", meta, line.draft_note())


def _add(parent: etree._Element, kind: str, language: str, text: str) -> None:
    parent.append(_item(kind, language, text))


def _item(kind: str, language: str, text: str) -> etree._Element:
    item = etree.Element("item", type=kind, lang=language)
    item.text = legal(text)
    return item
