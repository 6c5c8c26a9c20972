"""What FLEx asks of a FLExText file, element by element, so that a file of any length can be looked at while it is read or written.

FLEx's own schema (FlexInterlinear.xsd) is not bundled; these are its structural rules and those FLEx needs beyond it: one `words` a phrase,
type and writing system on every item, guids that are one each, media and writing systems that are listed, times in order.
"""

from __future__ import annotations

from lxml import etree

from fieldapp.corpus.validate import Finding

_WITH_GUID = ("interlinear-text", "paragraph", "phrase", "word", "media")
_SHOWN = 200


class Rules:
    """Shown the elements of one document as they come; `findings` tells at the end which rules were broken."""

    def __init__(self) -> None:
        self._broken: list[Finding] = []
        self._guids: set[bytes] = set()
        self._phrases = 0
        self._media: dict[str, str] = {}
        self._listed: set[str] = set()
        self._media_listed: set[str] = set()
        self._languages: dict[str, str] = {}

    def look(self, element: etree._Element) -> None:
        """One whole element: a phrase with all that is in it, or one of the lists' entries."""
        name = _name(element)
        if name == "phrase":
            self._phrase(element)
            return
        self._guid(element, name)
        if name == "media":
            self._media_listed.add(element.get("guid", ""))
        elif name == "language":
            self._listed.add(element.get("lang", ""))

    def findings(self) -> list[Finding]:
        """Everything that was found, in the order it was met; references come last, because lists may stand at the end."""
        lists = [
            Finding(where, f"its media-file '{guid}' is not among the media files") for guid, where in self._media.items() if guid not in self._media_listed
        ]
        if self._listed:
            lists += [
                Finding(where, f"the writing system '{code}' is not among the languages") for code, where in self._languages.items() if code not in self._listed
            ]
        return self._broken + lists

    def _phrase(self, phrase: etree._Element) -> None:
        self._phrases += 1
        where = f"phrase {self._phrases}"
        for element in phrase.iter():
            match _name(element):
                case "item":
                    if not element.get("type") or not element.get("lang"):
                        self._tell(where, "an item lacks its type or its writing system")
                    self._languages.setdefault(element.get("lang", ""), where)
                case "word" | "phrase" as name:
                    self._guid(element, name)
        if (words := len(phrase.findall("{*}words"))) != 1:
            self._tell(where, f"has {words} elements 'words', not one")
        start, stop = (phrase.get(f"{edge}-time-offset", "") for edge in ("begin", "end"))
        if start.isdecimal() and stop.isdecimal() and int(start) > int(stop):
            self._tell(where, f"ends at {stop} ms, before its start at {start} ms")
        if media := phrase.get("media-file", ""):
            self._media.setdefault(media, where)

    def _guid(self, element: etree._Element, name: str) -> None:
        written = element.get("guid", "")
        if name in _WITH_GUID and written:
            short = written.encode()
            if short in self._guids:
                self._tell(name, f"the guid {written} occurs more than once")
            self._guids.add(short)

    def _tell(self, where: str, what: str) -> None:
        if len(self._broken) < _SHOWN:
            self._broken.append(Finding(where, what))


def _name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
