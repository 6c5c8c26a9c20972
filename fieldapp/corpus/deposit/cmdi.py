"""CMDI 1.2 records (CLARIN): one an item in the profile OLAC-DcmiTerms, one over them for the collection. People appear by their code. Any thread.

CLARIN's schemas are not bundled; `findings` checks what they ask for as far as these records use it: the envelope's order, the terms in
theirs, attributes from their lists, links that lead to files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

from lxml import etree

from fieldapp.corpus.deposit.plan import Item, Plan
from fieldapp.corpus.validate import Finding
from fieldapp.corpus.xml import legal
from fieldapp.model import Variety

CMD = "http://www.clarin.eu/cmd/1"
PROFILE = "clarin.eu:cr1:p_1288172614026"
TERMS = f"{CMD}/profiles/{PROFILE}"
SUFFIX = ".cmdi"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_WHERE = (
    f"{CMD} https://infra.clarin.eu/CMDI/1.x/xsd/cmd-envelop.xsd "
    f"{TERMS} https://catalog.clarin.eu/ds/ComponentRegistry/rest/registry/1.x/profiles/{PROFILE}/xsd"
)
_ROLES = frozenset(
    (
        *("annotator", "author", "compiler", "consultant", "data_inputter", "depositor", "developer", "editor", "illustrator", "interpreter", "interviewer"),
        *("participant", "performer", "photographer", "recorder", "researcher", "research_participant", "responder", "signer", "singer", "speaker"),
        *("sponsor", "transcriber", "translator"),
    )
)
_ORDER = ("Header", "Resources", "IsPartOfList", "Components")
_HEADER = ("MdCreator", "MdCreationDate", "MdSelfLink", "MdProfile", "MdCollectionDisplayName")
_RESOURCES = ["ResourceProxyList", "JournalFileProxyList", "ResourceRelationList"]
_MIME = {".wav": "audio/x-wav", ".flac": "audio/flac", ".eaf": "text/x-eaf+xml", SUFFIX: "application/x-cmdi+xml"}

Term = tuple[str, str, dict[str, str]]
"""Name, text and attributes of one statement about the resource."""


def record_name(plan: Plan, item: Item) -> str:
    """What an item's record is called, in the item's folder."""
    return f"{plan.collection}{plan.profile.joint}{item.name}{SUFFIX}"


def item_record(plan: Plan, item: Item) -> bytes:
    """The record of one item; its files are named relative to it."""
    files = [PurePosixPath(path).name for sound in item.sounds for path in (sound.path, sound.annotations)]
    root = _envelope(plan, item.session.date, [(name, "Resource") for name in files], part_of=f"../{plan.collection}{SUFFIX}")
    return _filled(root, _item_terms(item))


def collection_record(plan: Plan) -> bytes:
    """The record over all items."""
    days = sorted(item.session.date for item in plan.items if item.session.date)
    root = _envelope(plan, days[-1] if days else "", [(f"{item.name}/{record_name(plan, item)}", "Metadata") for item in plan.items])
    said: list[Term] = [("title", plan.origin.title, {}), ("description", plan.origin.description, {}), ("identifier", plan.collection, {}),
                        ("type", "Collection", {"dcterms-type": "DCMIType"})]  # fmt: skip
    return _filled(root, said)


def findings(root: etree._Element, folder: Path) -> Iterator[Finding]:
    """What is wrong with a record whose links are relative to `folder`."""
    names = [etree.QName(part).localname for part in root]
    if root.tag != f"{{{CMD}}}CMD" or root.get("CMDVersion") != "1.2" or names != [name for name in _ORDER if name in names]:
        yield Finding("CMD", f"no CMDI 1.2 record, or its parts stand in another order: {', '.join(names)}")
        return
    header = [etree.QName(part).localname for part in root[0]]
    if header != [name for name in _HEADER if name in header] or "MdProfile" not in header:
        yield Finding("Header", f"its parts are {', '.join(header)}")
    if [etree.QName(part).localname for part in root[1]] != _RESOURCES:
        yield Finding("Resources", "its three lists are not all there")
    for proxy in root.iter(f"{{{CMD}}}ResourceProxy"):
        link = str(proxy.findtext(f"{{{CMD}}}ResourceRef") or "")
        if not (folder / unquote(link)).is_file():
            yield Finding(proxy.get("id", ""), f"{link} is not there")
    components = root.find(f"{{{CMD}}}Components")
    terms = list(components[0]) if components is not None and len(components) == 1 else []
    order = [etree.QName(term).localname for term in terms]
    if not terms or order != sorted(order) or any(etree.QName(term).namespace != TERMS for term in terms):
        yield Finding("Components", "they hold no terms of the profile in its order")
    for term in terms:
        if term.get("olac-role", "speaker") not in _ROLES or not re.fullmatch(r"[a-z]{3}", term.get("olac-language", "und")):
            yield Finding(etree.QName(term).localname, f"{dict(term.attrib)} is not among the profile's values")


def _envelope(plan: Plan, day: str, files: list[tuple[str, str]], part_of: str = "") -> etree._Element:
    root = etree.Element(f"{{{CMD}}}CMD", nsmap={"cmd": CMD, "cmdp": TERMS, "xsi": _XSI}, CMDVersion="1.2")
    root.set(f"{{{_XSI}}}schemaLocation", _WHERE)
    header = _add(root, "Header")
    _add(header, "MdCreator", "Fieldapp")
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}.*", day):
        _add(header, "MdCreationDate", day[:10])
    _add(header, "MdProfile", PROFILE)
    _add(header, "MdCollectionDisplayName", plan.origin.title)
    resources = _add(root, "Resources")
    proxies = _add(resources, "ResourceProxyList")
    for number, (name, kind) in enumerate(files, 1):
        proxy = _add(proxies, "ResourceProxy", id=f"r{number}")
        _add(proxy, "ResourceType", kind, mimetype=_MIME.get(PurePosixPath(name).suffix, "application/octet-stream"))
        _add(proxy, "ResourceRef", quote(name))
    _add(resources, "JournalFileProxyList")
    _add(resources, "ResourceRelationList")
    if part_of:
        _add(_add(root, "IsPartOfList"), "IsPartOf", quote(part_of))
    return root


def _item_terms(item: Item) -> list[Term]:
    session, bundle = item.session, item.bundle
    used = {segment.variety or session.variety for segment in bundle.segments} | {session.variety}
    varieties = [bundle.varieties[one] for one in sorted(filter(None, used)) if one in bundle.varieties]
    people = dict.fromkeys((bundle.persons[p].code, role) for p, role in bundle.roles.get(session.id, ()) if p in bundle.persons)
    said: list[Term] = [("title", session.title or session.name, {}), ("description", session.description, {}), ("identifier", item.name, {})]
    said += [("contributor", code, {"olac-role": role} if role in _ROLES else {}) for code, role in people]
    said += [("date", session.date, {"dcterms-type": "W3CDTF"}), ("coverage", session.place, {}), ("type", "Sound", {"dcterms-type": "DCMIType"})]
    said += [(name, variety.name, _language(variety)) for variety in varieties for name in ("language", "subject")]
    return said


def _language(variety: Variety) -> dict[str, str]:
    return {"olac-language": variety.iso639_3} if re.fullmatch(r"[a-z]{3}", variety.iso639_3) else {}


def _filled(root: etree._Element, said: list[Term]) -> bytes:
    """The terms stand in the order of the alphabet, as the profile wants them; what says nothing is left out."""
    terms = etree.SubElement(_add(root, "Components"), f"{{{TERMS}}}OLAC-DcmiTerms")
    for name, text, attributes in sorted(said, key=lambda one: one[0]):
        if text:
            etree.SubElement(terms, f"{{{TERMS}}}{name}", attributes).text = legal(text)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _add(parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{CMD}}}{name}", attributes)
    if text:
        element.text = legal(text)
    return element
