"""The `.session`, `.person`, `.sprj` and `.meta` files: fields read and set one by one, everything else left as it stands.

A record that nobody changed is written back byte for byte. Any thread.
"""

from __future__ import annotations

from lxml import etree

from fieldapp.corpus.xml import legal, parse_bytes


class Record:
    """One such file. `before` is its text as somebody else wrote it, empty for a new one."""

    def __init__(self, root: str, before: str = "") -> None:
        self._before = before
        self._changed = not before
        self.root = parse_bytes(before.encode(), root) if before else etree.Element(root)

    def get(self, name: str) -> str:
        """The text of a field, empty where it is missing."""
        return str(self.root.findtext(name) or "").strip()

    def put(self, name: str, value: str, *, custom: bool = False) -> None:
        """Write a field if it says something else; an empty value makes no new field."""
        parent = self._custom(make=bool(value)) if custom else self.root
        if parent is None:
            return
        field = parent.find(name)
        if field is None and not value:
            return
        if field is not None and str(field.text or "").strip().casefold() == value.casefold():
            return
        if field is None:
            field = etree.SubElement(parent, name)
            if self.root.tag != "Project":
                field.set("type", "string")
        field.text = legal(value)
        self._changed = True

    def remove(self, name: str) -> None:
        """Take a field out."""
        for field in self.root.findall(name):
            self.root.remove(field)
            self._changed = True

    def keep_contributors(self, names: set[str]) -> None:
        """Of the contributors keep those who may be named."""
        for listed in self.root.findall("contributions"):
            for contributor in listed.findall("contributor"):
                if str(contributor.findtext("name") or "").strip() not in names:
                    listed.remove(contributor)
                    self._changed = True

    def contribute(self, name: str, role: str, date: str) -> None:
        """Note who did what."""
        listed = self.root.find("contributions")
        if listed is None:
            listed = etree.SubElement(self.root, "contributions", type="xml")
        known = {(str(c.findtext("name")), str(c.findtext("role"))) for c in listed}
        if (name, role) not in known:
            contributor = etree.SubElement(listed, "contributor")
            for tag, text in (("name", name), ("role", role), ("date", date), ("notes", "")):
                etree.SubElement(contributor, tag).text = legal(text)
            self._changed = True

    def fields(self) -> dict[str, str]:
        """All plain fields, those under CustomFields and AdditionalFields too."""
        found: dict[str, str] = {}
        for element in (*self.root, *self.root.findall("CustomFields/*"), *self.root.findall("AdditionalFields/*")):
            if isinstance(element.tag, str) and not len(element) and element.text and element.text.strip():
                found[element.tag] = element.text.strip()
        return found

    def serialise(self) -> bytes:
        """The file."""
        if not self._changed:
            return self._before.encode()
        etree.indent(self.root, "  ")
        return bytes(etree.tostring(self.root, xml_declaration=True, encoding="utf-8"))

    def _custom(self, *, make: bool) -> etree._Element | None:
        found = self.root.find("CustomFields")
        return etree.SubElement(self.root, "CustomFields", type="xml") if found is None and make else found
