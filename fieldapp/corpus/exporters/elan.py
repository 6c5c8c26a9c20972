"""ELAN (EAF 3.0): one file for each sound file, one family of tiers for each speaker.

A family hangs on `transcription@CODE`, the only tier with times; everything else about a segment is a symbolic child of
it, so moving a boundary in ELAN moves all of it. Where a speaker's segments overlap, a second family (`~2`) takes the
later one, because ELAN allows no overlap on a tier. A machine's draft stands on a tier of its own, `machine-TIER@CODE`,
whose annotator is the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from lxml import etree

from fieldapp.corpus.bundle import Bundle, Loss, SoundFile, is_machine
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.output import Output
from fieldapp.corpus.validate import sentences, span_findings
from fieldapp.corpus.xml import legal
from fieldapp.model import Annotation, Segment

NAME = "elan"
TITLE = "ELAN (EAF 3.0)"
SUFFIX = ".eaf"

ROOT_TIER = "transcription"
STATES = {"pending": "nobody looked at it", "draft": "a machine's guess", "checked": "checked by a person", "rejected": "not to be used"}
CONSTRAINTS = {
    "Time_Subdivision": "Time subdivision of parent annotation's time interval, no time gaps allowed within this interval",
    "Symbolic_Subdivision": "Symbolic subdivision of a parent annotation. Annotations refering to the same parent are ordered",
    "Symbolic_Association": "1-1 association with a parent annotation",
    "Included_In": "Time alignable annotations within the parent annotation's time interval, gaps are allowed",
}
_IN_ATTRIBUTES = {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(slots=True)
class Family:
    """The tiers of one speaker that hold no overlap: the root's spans and, per child tier, texts of root annotations."""

    code: str
    number: int
    pieces: list[tuple[Segment, int, int]] = field(default_factory=list)
    end_ms: int = 0

    def tier(self, name: str) -> str:
        """The tier's id in the file."""
        who = self.code or "unknown"
        return f"{name}@{who}" if self.number == 1 else f"{name}@{who}~{self.number}"


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """One EAF beside each sound file's name."""
    losses: list[Loss] = []
    files = list(bundle.sound_files(losses))
    for number, sound in enumerate(files):
        out.progress(number / max(1, len(files)), f"writing {sound.stem}.eaf")
        document = _Document(bundle, sound, options, losses)
        out.rows(f"{sound.stem}{SUFFIX}", document.rows())
    return losses


@dataclass(slots=True)
class Mark:
    """One annotation: its number, what it says and where it hangs, on two time slots or on another annotation."""

    number: int
    text: str
    language: str
    times: tuple[int, int] | None = None
    first: int = 0
    second: int = 0
    parent: int = 0

    def attributes(self, states: bool) -> dict[str, str]:
        """As the file has them; a state also points into its vocabulary."""
        found = {"ANNOTATION_ID": f"a{self.number}"}
        if self.language:
            found["LANG_REF"] = _language_id(self.language)
        if self.times:
            return found | {"TIME_SLOT_REF1": f"ts{self.first}", "TIME_SLOT_REF2": f"ts{self.second}"}
        found["ANNOTATION_REF"] = f"a{self.parent}"
        return found | {"CVE_REF": f"state-{self.text}"} if states else found


@dataclass(slots=True)
class Tier:
    """One tier with its annotations. Kept as plain values: an XML tree of a large corpus would take ten times the memory."""

    attributes: dict[str, str]
    marks: list[Mark] = field(default_factory=list)
    states: bool = False


class _Document:
    def __init__(self, bundle: Bundle, sound: SoundFile, options: Options, losses: list[Loss]) -> None:
        self.bundle, self.sound, self.options, self.losses = bundle, sound, options, losses
        self.next_annotation = 0
        self.languages: set[str] = set()
        self.types: dict[str, str] = {}

    def rows(self) -> Iterator[str]:
        """The file from its first line to its last, told piece by piece."""
        tiers = [tier for family in self._families() for tier in self._tiers(family)]
        _refuse_overlap(tiers)
        yield "<?xml version='1.0' encoding='UTF-8'?>\n"
        schema = f'xsi:noNamespaceSchemaLocation="{_SCHEMA}"'
        yield f'<ANNOTATION_DOCUMENT xmlns:xsi="{_XSI}" AUTHOR="Fieldapp" DATE="{self._date()}" FORMAT="3.0" VERSION="3.0" {schema}>\n'
        yield _indented(self._header())
        yield from _slot_rows(tiers)
        for tier in tiers:
            yield from _tier_rows(tier)
        for element in self._definitions():
            yield _indented(element)
        yield "</ANNOTATION_DOCUMENT>\n"

    def _definitions(self) -> Iterator[etree._Element]:
        """What stands behind the tiers: types, languages, constraints, the vocabulary of states."""
        for name, constraint in self.types.items():
            kind = etree.Element("LINGUISTIC_TYPE", GRAPHIC_REFERENCES="false", LINGUISTIC_TYPE_ID=name)
            kind.set("TIME_ALIGNABLE", "false" if constraint else "true")
            if constraint:
                kind.set("CONSTRAINTS", constraint)
            if name == "state":
                kind.set("CONTROLLED_VOCABULARY_REF", "state")
            yield kind
        for code in sorted(self.languages | {"eng"}):
            yield etree.Element("LANGUAGE", LANG_ID=_language_id(code), LANG_DEF=code, LANG_LABEL=code)
        for name, meaning in CONSTRAINTS.items():
            yield etree.Element("CONSTRAINT", DESCRIPTION=meaning, STEREOTYPE=name)
        yield _state_vocabulary()

    def _date(self) -> str:
        """The day of the recording: an export has no date of its own, or the same corpus would give other bytes tomorrow."""
        session = self.bundle.sessions[self.sound.recording.session]
        day = (self.sound.recording.started or session.date)[:10]
        return f"{day if len(day) == 10 else '1970-01-01'}T00:00:00+00:00"

    def _header(self) -> etree._Element:
        header = etree.Element("HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
        media = etree.SubElement(header, "MEDIA_DESCRIPTOR")
        path = self.bundle.sound_path(self.sound.recording)
        media.set("MEDIA_URL", path.absolute().as_uri())
        media.set("MIME_TYPE", "audio/x-wav" if path.suffix.lower() == ".wav" else f"audio/{path.suffix[1:].lower()}")
        media.set("RELATIVE_MEDIA_URL", f"./{path.name}")
        etree.SubElement(header, "PROPERTY", NAME="lastUsedAnnotationId").text = str(self.next_annotation)
        return header

    def _families(self) -> list[Family]:
        """Segments dealt out by speaker, in time order, each to the first family that is free again."""
        families: dict[tuple[str, int], Family] = {}
        for segment, span in sorted(self.sound.pieces, key=lambda piece: (piece[1], piece[0].id)):
            start, stop = span.milliseconds(self.sound.recording.rate)
            if start == stop:
                self.losses.append(Loss(segment.id, "a segment shorter than a millisecond, with its texts"))
                continue
            code = self.bundle.speaker_code(segment)
            number = 1
            while (family := families.setdefault((code, number), Family(code, number))).end_ms > start:
                number += 1
            family.pieces.append((segment, start, stop))
            family.end_ms = stop
        return [families[key] for key in sorted(families)]

    def _tiers(self, family: Family) -> Iterator[Tier]:
        """The root tier and its children."""
        roots: dict[str, int] = {}
        root = self._tier(family, ROOT_TIER, "utterance", "")
        children: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
        for segment, start, stop in family.pieces:
            texts = self._texts(segment)
            own = texts.pop((ROOT_TIER, ""), None)
            mark = self._mark(own.text if own else "", own.language if own else "")
            mark.times = (start, stop)
            root.marks.append(mark)
            roots[segment.id] = mark.number
            for key, annotation in texts.items():
                children.setdefault(key, []).append((segment.id, annotation.text, annotation.language))
            for tier, value in _about(segment).items():
                children.setdefault((tier, ""), []).append((segment.id, value, ""))
        yield root
        for (tier, annotator), texts_of_tier in sorted(children.items()):
            element = self._tier(family, tier, "state" if tier == "state" else tier.removeprefix("machine-"), annotator)
            element.states = tier == "state"
            for segment_id, text, language in texts_of_tier:
                child = self._mark(text, language)
                child.parent = roots[segment_id]
                element.marks.append(child)
            yield element

    def _texts(self, segment: Segment) -> dict[tuple[str, str], Annotation]:
        """The texts to write, by tier and annotator; a second text of the same kind is a loss."""
        kept: dict[tuple[str, str], Annotation] = {}
        for annotation in self.bundle.texts(segment.id):
            if not self.options.keeps(annotation.tier) or (is_machine(annotation) and not self.options.drafts):
                continue
            key = (f"machine-{annotation.tier}", annotation.source) if is_machine(annotation) else (annotation.tier, "")
            if key in kept:
                self.losses.append(Loss(annotation.id, f"a second text on tier '{annotation.tier}'"))
                continue
            if legal(annotation.text) != annotation.text:
                self.losses.append(Loss(annotation.id, "control characters, which XML cannot hold"))
            kept[key] = annotation
        return kept

    def _tier(self, family: Family, tier: str, kind: str, annotator: str) -> Tier:
        self.types.setdefault(kind, "" if kind == "utterance" else "Symbolic_Association")
        attributes = {"LINGUISTIC_TYPE_REF": kind}
        if annotator:
            attributes["ANNOTATOR"] = annotator
        if kind != "utterance":
            attributes["PARENT_REF"] = family.tier(ROOT_TIER)
        if family.code:
            attributes["PARTICIPANT"] = family.code
        return Tier(attributes | {"TIER_ID": family.tier(tier)})

    def _mark(self, text: str, language: str) -> Mark:
        self.next_annotation += 1
        if language:
            self.languages.add(language)
        return Mark(self.next_annotation, legal(text), language)


def _refuse_overlap(tiers: list[Tier]) -> None:
    """ELAN would lose annotations of such a tier: never the person's fault, so a bug."""
    for tier in tiers:
        spans = [(*mark.times, f"a{mark.number}") for mark in tier.marks if mark.times]
        if broken := sentences(span_findings(tier.attributes["TIER_ID"], spans)):
            raise AssertionError(f"The export would break ELAN's rules: {' '.join(broken)}")


def _slot_rows(tiers: list[Tier]) -> Iterator[str]:
    """The time slots in order of time; each annotation learns the numbers of its own."""
    ends = [(mark.times[end], mark, end) for tier in tiers for mark in tier.marks if mark.times for end in (0, 1)]
    yield "  <TIME_ORDER>\n" if ends else "  <TIME_ORDER/>\n"
    for number, (milliseconds, mark, end) in enumerate(sorted(ends, key=lambda one: one[0]), 1):
        yield f'    <TIME_SLOT TIME_SLOT_ID="ts{number}" TIME_VALUE="{milliseconds}"/>\n'
        if end:
            mark.second = number
        else:
            mark.first = number
    yield "  </TIME_ORDER>\n" if ends else ""


def _tier_rows(tier: Tier) -> Iterator[str]:
    yield f"  <TIER{_attributes(tier.attributes)}>\n"
    for mark in tier.marks:
        kind = "ALIGNABLE_ANNOTATION" if mark.times else "REF_ANNOTATION"
        value = f"<ANNOTATION_VALUE>{escape(mark.text)}</ANNOTATION_VALUE>"
        yield f"    <ANNOTATION>\n      <{kind}{_attributes(mark.attributes(tier.states))}>\n        {value}\n      </{kind}>\n    </ANNOTATION>\n"
    yield "  </TIER>\n"


def _attributes(values: dict[str, str]) -> str:
    return "".join(f' {name}="{escape(legal(value), _IN_ATTRIBUTES)}"' for name, value in values.items())


def _indented(element: etree._Element) -> str:
    text = str(etree.tostring(element, encoding="unicode", pretty_print=True))
    return "".join(f"  {row}\n" for row in text.rstrip("\n").split("\n"))


def _about(segment: Segment) -> dict[str, str]:
    """What is known about a segment besides its texts."""
    about = {"state": segment.state}
    if segment.meaning_id:
        about["meaning"] = segment.meaning_id
    if segment.take != 1 or segment.best:
        about["take"] = f"{segment.take} best" if segment.best else str(segment.take)
    return about


def _language_id(code: str) -> str:
    """An XML id made of a language tag."""
    return "".join(c if (c.isalnum() and c.isascii()) or c in "-_" else "_" for c in code) if code[:1].isalpha() else f"x-{code}"


def _state_vocabulary() -> etree._Element:
    vocabulary = etree.Element("CONTROLLED_VOCABULARY", CV_ID="state")
    etree.SubElement(vocabulary, "DESCRIPTION", LANG_REF="eng").text = "how far a segment has been worked on"
    for state, meaning in STATES.items():
        entry = etree.SubElement(vocabulary, "CV_ENTRY_ML", CVE_ID=f"state-{state}")
        etree.SubElement(entry, "CVE_VALUE", DESCRIPTION=meaning, LANG_REF="eng").text = state
    return vocabulary
