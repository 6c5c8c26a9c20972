"""The shorter descriptions: OPEX, RO-Crate, OLAC, PARADISEC's table. IMDI and CMDI have rooms of their own. Each writes the files of one plan. Any thread."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from lxml import etree

from fieldapp.corpus.deposit.cmdi import SUFFIX, collection_record, item_record, record_name
from fieldapp.corpus.deposit.imdi import imdi
from fieldapp.corpus.deposit.plan import Item, Plan
from fieldapp.corpus.output import Output
from fieldapp.corpus.xml import legal
from fieldapp.model import Variety

OPEX = "http://www.openpreservationexchange.org/opex/v1.2"
_OAI, _DC, _TERMS, _OLAC = (
    "http://www.openarchives.org/OAI/2.0/oai_dc/",
    "http://purl.org/dc/elements/1.1/",
    "http://purl.org/dc/terms/",
    "http://www.language-archives.org/OLAC/1.1/",
)
_CRATE = "https://w3id.org/ro/crate/1.1"
_PARADISEC = (
    "Collection ID", "Collection Title", "Collection Description", "Collector First Name", "Collector Last Name", "Item Identifier", "Item Title",
    "Item Description", "Content Language", "Subject Language", "Country", "Origination Date", "Region", "Original media", "Data Categories", "Data Type",
    "Discourse Type", "Dialect", "Language as given",
)  # fmt: skip
_TRIPLES = 6


def describe(plan: Plan, out: Output) -> None:
    """Everything the profile asks for."""
    for name in plan.profile.descriptions:
        WRITERS[name](plan, out)


def _imdi(plan: Plan, out: Output) -> None:
    for item in plan.items:
        out.bytes(f"{item.name}/{plan.collection}{plan.profile.joint}{item.name}.imdi", imdi(plan, item))


def _cmdi(plan: Plan, out: Output) -> None:
    for item in plan.items:
        out.bytes(f"{item.name}/{record_name(plan, item)}", item_record(plan, item))
    out.bytes(f"{plan.collection}{SUFFIX}", collection_record(plan))


def _opex(plan: Plan, out: Output) -> None:
    """One file beside each file, one in each folder."""
    for item in plan.items:
        files = [path for sound in item.sounds for path in (sound.path, sound.annotations)]
        for path in files:
            out.bytes(f"{path}.opex", _opex_file(out, plan, item, path))
        out.bytes(f"{item.name}/{item.name}.opex", _opex_folder(item, [PurePosixPath(path).name for path in files]))


def _opex_file(out: Output, plan: Plan, item: Item, path: str) -> bytes:
    root = etree.Element(f"{{{OPEX}}}OPEXMetadata", nsmap={"opex": OPEX})
    transfer = etree.SubElement(root, f"{{{OPEX}}}Transfer")
    fixities = etree.SubElement(transfer, f"{{{OPEX}}}Fixities")
    for kind in ("SHA-256", "SHA-512"):
        with out.place(path).open("rb") as file:
            value = hashlib.file_digest(file, kind.replace("-", "").lower()).hexdigest()
        etree.SubElement(fixities, f"{{{OPEX}}}Fixity", type=kind, value=value)
    _opex_properties(root, f"{item.session.title or item.session.name}: {PurePosixPath(path).name}", item)
    return _xml(root)


def _opex_folder(item: Item, names: list[str]) -> bytes:
    root = etree.Element(f"{{{OPEX}}}OPEXMetadata", nsmap={"opex": OPEX})
    manifest = etree.SubElement(etree.SubElement(root, f"{{{OPEX}}}Transfer"), f"{{{OPEX}}}Manifest")
    files = etree.SubElement(manifest, f"{{{OPEX}}}Files")
    for name in names:
        etree.SubElement(files, f"{{{OPEX}}}File", type="content").text = name
        etree.SubElement(files, f"{{{OPEX}}}File", type="metadata").text = f"{name}.opex"
    _opex_properties(root, item.session.title or item.session.name, item)
    return _xml(root)


def _opex_properties(root: etree._Element, title: str, item: Item) -> None:
    properties = etree.SubElement(root, f"{{{OPEX}}}Properties")
    etree.SubElement(properties, f"{{{OPEX}}}Title").text = legal(title)
    etree.SubElement(properties, f"{{{OPEX}}}Description").text = legal(item.session.description)
    etree.SubElement(properties, f"{{{OPEX}}}SecurityDescriptor").text = "closed"
    described = etree.SubElement(root, f"{{{OPEX}}}DescriptiveMetadata")
    described.append(_dublin_core(item, f"{{{_OAI}}}dc", {"oai_dc": _OAI, "dc": _DC}))


def _olac(plan: Plan, out: Output) -> None:
    for item in plan.items:
        out.bytes(f"{item.name}/{item.name}.olac.xml", _xml(_dublin_core(item, f"{{{_OLAC}}}olac", {"olac": _OLAC, "dc": _DC, "dcterms": _TERMS})))


def _dublin_core(item: Item, root: str, names: Mapping[str, str]) -> etree._Element:
    record = etree.Element(root, nsmap=dict(names))
    session, bundle = item.session, item.bundle
    said = [("title", session.title or session.name), ("date", session.date), ("description", session.description), ("type", "Sound"),
            ("format", "audio/x-wav"), ("identifier", item.name), ("coverage", session.place)]  # fmt: skip
    said += [("language", variety.iso639_3 or variety.language) for variety in _varieties(item)] + [("subject", variety.name) for variety in _varieties(item)]
    said += [("contributor", f"{bundle.persons[p].code} ({role})") for p, role in bundle.roles.get(session.id, ()) if p in bundle.persons]
    for name, text in said:
        if text:
            etree.SubElement(record, f"{{{_DC}}}{name}").text = legal(text)
    return record


def _codes(item: Item) -> list[str]:
    """Who took part, by code, each once."""
    return list(dict.fromkeys(item.bundle.persons[p].code for p, _ in item.bundle.roles.get(item.session.id, ()) if p in item.bundle.persons))


def _varieties(item: Item) -> list[Variety]:
    used = {segment.variety or item.session.variety for segment in item.bundle.segments} | {item.session.variety}
    return [item.bundle.varieties[identity] for identity in sorted(filter(None, used)) if identity in item.bundle.varieties]


def _paradisec(plan: Plan, out: Output) -> None:
    """The table PARADISEC takes, its columns in the order lameta writes them."""
    out.sheet(f"{plan.collection}-items.csv", _paradisec_rows(plan))


def _paradisec_rows(plan: Plan) -> Iterator[Sequence[str]]:
    yield [*_PARADISEC, *(f"{part} {number}" for number in range(1, _TRIPLES + 1) for part in ("Role", "First Name", "Last Name"))]
    for item in plan.items:
        session, varieties = item.session, _varieties(item)
        codes = "; ".join(v.iso639_3 for v in varieties if v.iso639_3)
        people = [(role, item.bundle.persons[p].code, "") for p, role in item.bundle.roles.get(session.id, ()) if p in item.bundle.persons][:_TRIPLES]
        about = (plan.collection, plan.origin.title, plan.origin.description, "", "", item.name, session.title, session.description, codes, codes,
                 str(session.metadata.get("country", "")), session.date, session.place, "Fieldapp", "Sound", "primary_text", session.genre,
                 "; ".join(v.name for v in varieties), "; ".join(v.name for v in varieties))  # fmt: skip
        yield [*about, *(part for triple in people for part in triple)]


def _rocrate(plan: Plan, out: Output) -> None:
    """Collection, items, people by their code, varieties, files; what lies in the payload when this is called is listed."""
    graph: list[dict[str, Any]] = [
        {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "conformsTo": {"@id": _CRATE}, "about": {"@id": "./"}},
    ]
    parts: list[dict[str, str]] = []
    entities: list[dict[str, Any]] = []
    for item in plan.items:
        identity = f"#item-{item.name}"
        files = sorted(p.relative_to(out.root).as_posix() for p in (out.root / item.name).iterdir())
        entities.append(
            {
                "@id": identity, "@type": "CollectionEvent", "name": item.session.title or item.session.name, "description": item.session.description,
                "startDate": item.session.date, "hasPart": [{"@id": path} for path in files],
                "inLanguage": [{"@id": f"#variety-{v.id}"} for v in _varieties(item)], "participant": [{"@id": f"#person-{code}"} for code in _codes(item)],
            }
        )  # fmt: skip
        entities += [{"@id": path, "@type": "File", "name": PurePosixPath(path).name, "contentSize": str(out.place(path).stat().st_size)} for path in files]
        parts += [{"@id": path} for path in files]
    others = sorted(p.name for p in out.root.iterdir() if p.is_file() and p.name != "ro-crate-metadata.json")
    entities += [{"@id": name, "@type": "File", "name": name} for name in others]
    parts += [{"@id": name} for name in others]
    varieties = {v.id: v for item in plan.items for v in _varieties(item)}
    entities += [{"@id": f"#variety-{v.id}", "@type": "Language", "name": v.name, "code": v.iso639_3, "glottocode": v.glottocode} for v in varieties.values()]
    entities += [{"@id": f"#person-{p.code}", "@type": "Person", "name": p.code} for p in plan.bundle.persons.values()]
    days = sorted(item.session.date for item in plan.items if item.session.date)
    noted = (str(s.metadata["licence"]) for s in plan.origin.sessions.values() if s.metadata.get("licence"))
    licence = plan.origin.licence or next(noted, "as agreed with the speakers; ask")
    if plan.origin.depositor:
        entities.append({"@id": "#depositor", "@type": "Person", "name": plan.origin.depositor})
    graph.append(
        {"@id": "./", "@type": "Dataset", "name": plan.origin.title, "description": plan.origin.description or plan.origin.title,
         "datePublished": days[-1] if days else "1970-01-01", "license": licence, "hasPart": parts,
         "mentions": [{"@id": f"#item-{item.name}"} for item in plan.items]}
        | ({"contributor": {"@id": "#depositor"}} if plan.origin.depositor else {})
    )  # fmt: skip
    out.text("ro-crate-metadata.json", json.dumps({"@context": f"{_CRATE}/context", "@graph": graph + entities}, ensure_ascii=False, indent=1) + "\n")


def _xml(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


WRITERS: Mapping[str, Callable[[Plan, Output], None]] = {
    "imdi": _imdi, "cmdi": _cmdi, "opex": _opex, "olac": _olac, "paradisec": _paradisec, "rocrate": _rocrate,
}  # fmt: skip
"""By the name a profile calls them; RO-Crate comes last in each profile because it lists what the others wrote."""
