"""FLExText: one interlinear text a sound file, for FieldWorks Language Explorer. Guids come from our ids, so a second import changes and does not double.

A segment is a phrase with its times, speaker and media file; the words are split at blanks, and a gloss with as many
words goes under them. FLEx asks every item for a writing system: the language tag of the text, else of the variety.
"""

from __future__ import annotations

from lxml import etree

from fieldapp.corpus.bundle import Bundle, Loss, SoundFile
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.lines import Line, guid, lines
from fieldapp.corpus.output import Output
from fieldapp.corpus.xml import legal

NAME = "flextext"
TITLE = "FieldWorks (FLExText)"
SUFFIX = ".flextext"

_ITEMS = {"transcription": "txt", "ipa": "txt", "translation": "gls", "gloss": "lit", "note": "note"}


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """One .flextext beside each sound file's name."""
    losses: list[Loss] = []
    for number, (sound, found) in enumerate(lines(bundle, options, losses)):
        out.progress(number / max(1, len(bundle.recordings)), f"writing {sound.stem}{SUFFIX}")
        root = etree.Element("document", version="2")
        _text(root, bundle, sound, found, options)
        for line in found:
            losses += [Loss(a.id, "control characters, which XML cannot hold") for a in line.texts.values() if legal(a.text) != a.text]
        out.bytes(f"{sound.stem}{SUFFIX}", etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
    return losses


def _text(root: etree._Element, bundle: Bundle, sound: SoundFile, found: list[Line], options: Options) -> None:
    session = bundle.sessions[sound.recording.session]
    text = etree.SubElement(root, "interlinear-text", guid=guid("text", sound.recording.id))
    _item(text, "title", options.metadata_language, session.title or sound.stem)
    _item(text, "title-abbreviation", options.metadata_language, sound.stem)
    if session.description:
        _item(text, "comment", options.metadata_language, session.description)
    media = guid("media", sound.recording.id)
    paragraphs = etree.SubElement(text, "paragraphs")
    languages: dict[str, bool] = {options.metadata_language: False}
    for number, line in enumerate(found, 1):
        paragraph = etree.SubElement(paragraphs, "paragraph", guid=guid("paragraph", line.segment.id))
        phrase = etree.SubElement(etree.SubElement(paragraph, "phrases"), "phrase", guid=guid("phrase", line.segment.id))
        start, stop = line.milliseconds
        phrase.set("begin-time-offset", str(start))
        phrase.set("end-time-offset", str(stop))
        if line.speaker:
            phrase.set("speaker", line.speaker)
        phrase.set("media-file", media)
        _phrase(phrase, line, number, languages, options.metadata_language)
    table = etree.SubElement(text, "languages")
    for code, vernacular in sorted(languages.items()):
        etree.SubElement(table, "language", lang=code, **({"vernacular": "true"} if vernacular else {}))
    files = etree.SubElement(text, "media-files", {"offset-type": "milliseconds"})
    etree.SubElement(files, "media", guid=media, location=f"{sound.stem}.wav" if options.audio else bundle.sound_path(sound.recording).name)


def _phrase(phrase: etree._Element, line: Line, number: int, languages: dict[str, bool], meta: str) -> None:
    """Items before the words, the words, items behind them, in the order FLEx itself writes."""
    own = line.texts["transcription"].language if "transcription" in line.texts else ""
    vernacular = own or line.language
    words, glosses = line.text("transcription").split(), line.text("gloss").split()
    paired = bool(words) and len(words) == len(glosses)
    languages[vernacular] = True
    if "transcription" in line.texts:
        _item(phrase, "txt", vernacular, line.text("transcription"))
    if "ipa" in line.texts:
        phonetic = line.texts["ipa"].language or f"{vernacular}-fonipa"
        languages[phonetic] = True
        _item(phrase, "txt", phonetic, line.text("ipa"))
    _item(phrase, "segnum", meta, str(number))
    table = etree.SubElement(phrase, "words")
    for place, word in enumerate(words):
        element = etree.SubElement(table, "word", guid=guid("word", line.segment.id, str(place), word))
        _item(element, "txt", vernacular, word)
        if paired:
            _item(element, "gls", line.texts["gloss"].language or meta, glosses[place])
            languages.setdefault(line.texts["gloss"].language or meta, False)
    for tier, annotation in line.texts.items():
        if tier in ("transcription", "ipa") or (tier == "gloss" and paired):
            continue
        code = annotation.language or meta
        languages.setdefault(code, False)
        _item(phrase, _ITEMS.get(tier, "note"), code, annotation.text if tier in _ITEMS else f"tier {tier}: {annotation.text}")
    if line.draft_note():
        _item(phrase, "note", meta, line.draft_note())


def _item(parent: etree._Element, kind: str, language: str, text: str) -> None:
    etree.SubElement(parent, "item", type=kind, lang=language).text = legal(text)
