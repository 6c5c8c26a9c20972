"""XML in and out with nothing dangerous in it: no DTD, no entities, no network, bounded size; text reduced to what XML can hold."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from lxml import etree

from fieldapp.errors import ImportProblem

LARGEST_BYTES = 128 * 2**20
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """The text with every code point XML 1.0 forbids replaced by U+FFFD, and line ends as XML readers will return them."""
    return _ILLEGAL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def parse(path: Path, harmless: re.Pattern[bytes] | None = None) -> etree._ElementTree:
    """Read an XML file that somebody else made. DTDs are refused; `harmless` is the one DOCTYPE line a format always has, taken out unread."""
    _weigh(path)
    try:
        data = path.read_bytes()
        tree = etree.ElementTree(etree.fromstring(harmless.sub(b"", data, count=1) if harmless else data, _parser()))
    except (etree.XMLSyntaxError, OSError, ValueError) as trouble:
        raise ImportProblem(f"{path} is no readable XML: {trouble}.", "Open it in the program that made it and save it again.") from trouble
    _refuse_doctype(tree, path)
    return tree


def stream(path: Path, tags: Collection[str]) -> Iterator[tuple[str, etree._Element]]:
    """The elements of these names as they begin ("start", attributes only) and end ("end", whole), each emptied when the next is asked for.

    So a file of any size takes the memory of one element. A document without any of them gives its root's end alone.
    """
    _weigh(path)
    looked = False
    try:
        with path.open("rb") as file:
            events = etree.iterparse(
                file, events=("start", "end"), tag=tuple(tags), resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
                huge_tree=False, collect_ids=False,
            )  # fmt: skip
            for event, element in events:
                if not looked:
                    _refuse_doctype(element.getroottree(), path)
                    looked = True
                yield event, element
                if event == "end":
                    _drop(element)
    except (etree.XMLSyntaxError, OSError, ValueError) as trouble:
        raise ImportProblem(f"{path} is no readable XML: {trouble}.", "Open it in the program that made it and save it again.") from trouble
    if not looked:
        _refuse_doctype(events.root.getroottree(), path)
        yield "end", events.root


def parse_bytes(content: bytes, where: object) -> etree._Element:
    """Read XML that is in memory already; `where` names it in errors."""
    try:
        root = etree.fromstring(content, _parser())
    except (etree.XMLSyntaxError, ValueError) as trouble:
        raise ImportProblem(f"{where} is no readable XML: {trouble}.", "Open it in the program that made it and save it again.") from trouble
    _refuse_doctype(root.getroottree(), where)
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_blank_text=False)


def _weigh(path: Path) -> None:
    """Refuse what is empty or beyond all measure before it is opened."""
    try:
        size = path.stat().st_size
    except OSError as trouble:
        raise ImportProblem(f"{path} cannot be read: {trouble.strerror}.") from trouble
    if size > LARGEST_BYTES:
        raise ImportProblem(
            f"{path} is {size / 2**20:.0f} MB of XML; more than {LARGEST_BYTES // 2**20} MB is not read.", "Split the file in ELAN and import the parts."
        )
    if size == 0:
        raise ImportProblem(f"{path} is empty.", "Look for a backup beside it (.001, .bak).")


def _drop(element: etree._Element) -> None:
    """Empty an element that was dealt with, and forget those before it; it stays itself, because the parser still holds it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _refuse_doctype(tree: etree._ElementTree, where: object) -> None:
    if tree.docinfo.internalDTD is not None or tree.docinfo.doctype:
        raise ImportProblem(f"{where} brings a document type of its own, which is refused.", "Remove the DOCTYPE line if you trust the file.")
