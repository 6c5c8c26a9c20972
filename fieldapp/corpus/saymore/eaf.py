"""SayMore's own kind of EAF: one tier `Transcription` with times and one `Phrase Free Translation` under it, nothing else. Any thread."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from fieldapp.corpus.bundle import Loss
from fieldapp.corpus.lines import Line
from fieldapp.corpus.xml import legal

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
CARRIED = ("transcription", "translation")
_KINDS = """  <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="Transcription" TIME_ALIGNABLE="true"/>
  <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="Translation" TIME_ALIGNABLE="false" CONSTRAINTS="Symbolic_Association"/>
  <CONSTRAINT DESCRIPTION="1-1 association with a parent annotation" STEREOTYPE="Symbolic_Association"/>
</ANNOTATION_DOCUMENT>
"""


def two_tiers(found: list[Line], media: str, day: str, losses: list[Loss]) -> bytes:
    """The file for one sound file; what its two tiers cannot hold is told. Written row by row: a tree would take ten times the memory."""
    rows = _without_overlap(found, losses)
    buffer = io.BytesIO()
    out = io.TextIOWrapper(buffer, encoding="utf-8", newline="\n")
    date = f"{day if len(day) == 10 else '1970-01-01'}T00:00:00+00:00"
    out.write("<?xml version='1.0' encoding='UTF-8'?>\n")
    out.write(f'<ANNOTATION_DOCUMENT xmlns:xsi="{_XSI}" AUTHOR="Fieldapp" FORMAT="3.0" VERSION="3.0" DATE="{date}"')
    out.write(f' xsi:noNamespaceSchemaLocation="{_SCHEMA}">\n  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">\n')
    url = quoteattr(legal(media))
    out.write(f'    <MEDIA_DESCRIPTOR MEDIA_URL={url} MIME_TYPE="audio/x-wav" RELATIVE_MEDIA_URL={quoteattr(legal(f"./{media}"))}/>\n')
    out.write(f'    <PROPERTY NAME="lastUsedAnnotationId">{2 * len(rows)}</PROPERTY>\n  </HEADER>\n')
    _section(out, "TIME_ORDER", "", (_slots(number, line) for number, line in enumerate(rows, 1)))
    texts = ' LINGUISTIC_TYPE_REF="Transcription" TIER_ID="Transcription"'
    free = ' LINGUISTIC_TYPE_REF="Translation" PARENT_REF="Transcription" TIER_ID="Phrase Free Translation"'
    _section(out, "TIER", texts, (_annotation(_timed(number), line.text) for number, line in enumerate(rows, 1)))
    _section(out, "TIER", free, (_annotation(_meaning(number), line.free) for number, line in enumerate(rows, 1)))
    out.write(_KINDS)
    out.flush()
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class _Row:
    start: int
    stop: int
    text: str
    free: str


def _without_overlap(found: list[Line], losses: list[Loss]) -> list[_Row]:
    rows: list[_Row] = []
    end = 0
    for line in found:
        start, stop = line.milliseconds
        losses += [Loss(a.id, f"the tier '{tier}', which SayMore has not") for tier, a in line.texts.items() if tier not in CARRIED]
        if stop <= max(start, end):
            losses.append(Loss(line.segment.id, "a segment that lies inside another, with its texts: SayMore knows no overlap"))
            continue
        if start < end:
            losses.append(Loss(line.segment.id, f"its first {end - start} ms, which overlap the segment before"))
        rows.append(_Row(max(start, end), stop, line.text("transcription"), line.text("translation")))
        end = stop
    return rows


def _section(out: TextIO, name: str, attributes: str, rows: Iterable[str]) -> None:
    """An element with its rows, or an empty one."""
    written = False
    for row in rows:
        if not written:
            out.write(f"  <{name}{attributes}>\n")
        written = True
        out.write(row)
    out.write(f"  </{name}>\n" if written else f"  <{name}{attributes}/>\n")


def _slots(number: int, row: _Row) -> str:
    pairs = ((2 * number - 1, row.start), (2 * number, row.stop))
    return "".join(f'    <TIME_SLOT TIME_SLOT_ID="ts{slot}" TIME_VALUE="{time}"/>\n' for slot, time in pairs)


def _timed(number: int) -> str:
    slots = f'TIME_SLOT_REF1="ts{2 * number - 1}" TIME_SLOT_REF2="ts{2 * number}"'
    return f'ALIGNABLE_ANNOTATION ANNOTATION_ID="a{2 * number - 1}" {slots}'


def _meaning(number: int) -> str:
    return f'REF_ANNOTATION ANNOTATION_ID="a{2 * number}" ANNOTATION_REF="a{2 * number - 1}"'


def _annotation(opening: str, text: str) -> str:
    value = f"<ANNOTATION_VALUE>{escape(legal(text))}</ANNOTATION_VALUE>"
    kind = opening.split(" ", 1)[0]
    return f"    <ANNOTATION>\n      <{opening}>\n        {value}\n      </{kind}>\n    </ANNOTATION>\n"
