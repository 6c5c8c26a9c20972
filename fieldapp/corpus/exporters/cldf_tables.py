"""What each column of our CLDF Wordlist means, as CLDF's own terms: the table description CSVW asks for. Data, no work."""

from __future__ import annotations

from typing import Any

TERMS = "http://cldf.clld.org/v1.0/terms.rdf#"

COLUMNS: dict[str, tuple[str, ...]] = {
    "languages.csv": ("ID", "Name", "ISO639P3code", "Glottocode", "Latitude", "Longitude"),
    "parameters.csv": ("ID", "Name"),
    "forms.csv": ("ID", "Language_ID", "Parameter_ID", "Form", "Orthography", "Translated_Text", "Gloss", "Comment", "Speaker", "Take", "Best", "Drafts",
                  "Media_ID", "Segment"),
    "examples.csv": ("ID", "Language_ID", "Primary_Text", "Phonetic", "Gloss", "Translated_Text", "Comment", "Speaker", "Drafts", "Media_ID", "Segment"),
    "media.csv": ("ID", "Name", "Media_Type", "Download_URL"),
}  # fmt: skip

_TABLES = {
    "languages.csv": "LanguageTable",
    "parameters.csv": "ParameterTable",
    "forms.csv": "FormTable",
    "examples.csv": "ExampleTable",
    "media.csv": "MediaTable",
}
_PROPERTIES = {
    "ID": "id", "Name": "name", "ISO639P3code": "iso639P3code", "Glottocode": "glottocode", "Latitude": "latitude", "Longitude": "longitude",
    "Language_ID": "languageReference", "Parameter_ID": "parameterReference", "Form": "form", "Comment": "comment", "Primary_Text": "primaryText",
    "Translated_Text": "translatedText", "Media_ID": "mediaReference", "Media_Type": "mediaType", "Download_URL": "downloadUrl",
}  # fmt: skip
_REFERENCES = {"Language_ID": "languages.csv", "Parameter_ID": "parameters.csv", "Media_ID": "media.csv"}
_REQUIRED = {"ID", "Language_ID", "Parameter_ID", "Form", "Primary_Text", "Media_Type"}
_LATITUDE = {"base": "decimal", "minimum": "-90", "maximum": "90"}
_LONGITUDE = {"base": "decimal", "minimum": "-180", "maximum": "180"}
_TYPES: dict[str, Any] = {
    "Latitude": _LATITUDE,
    "Longitude": _LONGITUDE,
    "ID": {"base": "string", "format": "[a-zA-Z0-9_\\-]+"},
    "Take": "integer",
    "Best": "boolean",
    "Download_URL": "anyURI",
}


def metadata(title: str, description: str, *, media: bool) -> dict[str, Any]:
    """The whole of Wordlist-metadata.json."""
    tables = [name for name in COLUMNS if media or name != "media.csv"]
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "dc:conformsTo": f"{TERMS}Wordlist",
        "dc:title": title,
        "dc:description": description,
        "dialect": {"commentPrefix": None},
        "tables": [_table(name, media=media) for name in tables],
    }


def _table(name: str, *, media: bool) -> dict[str, Any]:
    columns = COLUMNS[name]
    references = [c for c in columns if c in _REFERENCES and (media or c != "Media_ID")]
    return {
        "url": name,
        "dc:conformsTo": TERMS + _TABLES[name],
        "tableSchema": {
            "columns": [_column(c, table=name, media=media) for c in columns],
            "primaryKey": ["ID"],
            "foreignKeys": [{"columnReference": [c], "reference": {"resource": _REFERENCES[c], "columnReference": ["ID"]}} for c in references],
        },
    }


def _column(name: str, *, table: str, media: bool) -> dict[str, Any]:
    column: dict[str, Any] = {"name": name, "required": name in _REQUIRED, "datatype": _TYPES.get(name, "string")}
    if name in _PROPERTIES and (media or name != "Media_ID") and not (name == "Translated_Text" and table == "forms.csv"):
        column["propertyUrl"] = TERMS + _PROPERTIES[name]
    if name == "Media_ID":
        column["separator"] = ";"
    return column
