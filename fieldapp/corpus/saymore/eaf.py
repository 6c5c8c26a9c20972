"""SayMore's own kind of EAF: one tier `Transcription` with times and one `Phrase Free Translation` under it, nothing else. Any thread."""

from __future__ import annotations

from lxml import etree

from fieldapp.corpus.bundle import Loss
from fieldapp.corpus.lines import Line
from fieldapp.corpus.xml import legal

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
CARRIED = ("transcription", "translation")


def two_tiers(found: list[Line], media: str, day: str, losses: list[Loss]) -> bytes:
    """The file for one sound file; what its two tiers cannot hold is told."""
    root = etree.Element("ANNOTATION_DOCUMENT", nsmap={"xsi": _XSI}, AUTHOR="Fieldapp", FORMAT="3.0", VERSION="3.0")
    root.set("DATE", f"{day if len(day) == 10 else '1970-01-01'}T00:00:00+00:00")
    root.set(f"{{{_XSI}}}noNamespaceSchemaLocation", _SCHEMA)
    header = etree.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    etree.SubElement(header, "MEDIA_DESCRIPTOR", MEDIA_URL=media, MIME_TYPE="audio/x-wav", RELATIVE_MEDIA_URL=f"./{media}")
    order = etree.SubElement(root, "TIME_ORDER")
    texts = etree.SubElement(root, "TIER", LINGUISTIC_TYPE_REF="Transcription", TIER_ID="Transcription")
    free = etree.SubElement(root, "TIER", LINGUISTIC_TYPE_REF="Translation", PARENT_REF="Transcription", TIER_ID="Phrase Free Translation")
    end, number = 0, 0
    for line in found:
        start, stop = line.milliseconds
        losses += [Loss(a.id, f"the tier '{tier}', which SayMore has not") for tier, a in line.texts.items() if tier not in CARRIED]
        if stop <= max(start, end):
            losses.append(Loss(line.segment.id, "a segment that lies inside another, with its texts: SayMore knows no overlap"))
            continue
        if start < end:
            losses.append(Loss(line.segment.id, f"its first {end - start} ms, which overlap the segment before"))
        start, end, number = max(start, end), stop, number + 1
        etree.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=f"ts{2 * number - 1}", TIME_VALUE=str(start))
        etree.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=f"ts{2 * number}", TIME_VALUE=str(stop))
        text = etree.SubElement(etree.SubElement(texts, "ANNOTATION"), "ALIGNABLE_ANNOTATION", ANNOTATION_ID=f"a{2 * number - 1}")
        text.set("TIME_SLOT_REF1", f"ts{2 * number - 1}")
        text.set("TIME_SLOT_REF2", f"ts{2 * number}")
        etree.SubElement(text, "ANNOTATION_VALUE").text = legal(line.text("transcription"))
        meant = etree.SubElement(etree.SubElement(free, "ANNOTATION"), "REF_ANNOTATION", ANNOTATION_ID=f"a{2 * number}", ANNOTATION_REF=f"a{2 * number - 1}")
        etree.SubElement(meant, "ANNOTATION_VALUE").text = legal(line.text("translation"))
    etree.SubElement(header, "PROPERTY", NAME="lastUsedAnnotationId").text = str(2 * number)
    etree.SubElement(root, "LINGUISTIC_TYPE", GRAPHIC_REFERENCES="false", LINGUISTIC_TYPE_ID="Transcription", TIME_ALIGNABLE="true")
    kind = etree.SubElement(root, "LINGUISTIC_TYPE", GRAPHIC_REFERENCES="false", LINGUISTIC_TYPE_ID="Translation", TIME_ALIGNABLE="false")
    kind.set("CONSTRAINTS", "Symbolic_Association")
    etree.SubElement(root, "CONSTRAINT", DESCRIPTION="1-1 association with a parent annotation", STEREOTYPE="Symbolic_Association")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
