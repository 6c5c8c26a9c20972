"""JSON Lines: everything that may leave, one value a line, nothing lost but who people are: their code stands for them.

Each line is an object with `kind`: first `corpus`, then sessions, persons, varieties, consents, recordings, items, and each segment with its texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any

from fieldapp.corpus.bundle import Bundle, Loss, is_machine
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.output import Output
from fieldapp.model import Person, Span

NAME = "jsonl"
TITLE = "Everything (JSON Lines)"
SUFFIX = ".jsonl"
FORM = 1
_STAYS = {"name", "nickname", "contact"}
_KEPT_HERE = {"saymore", "saymore_folder", "papers", "consent_files"}
"""In metadata: what another program wrote about people and sessions, names and contacts too, and where it lies in the fieldbook."""


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """One file `corpus.jsonl`."""
    out.rows("corpus.jsonl", (f"{json.dumps(line, ensure_ascii=False, separators=(',', ':'))}\n" for line in _lines(bundle, out, options)))
    return [
        Loss(person.code, "name, nickname, contact and what other programs wrote, which never leave; the code stands for the person")
        for person in bundle.persons.values()
    ]


def _lines(bundle: Bundle, out: Output, options: Options) -> Iterator[dict[str, Any]]:
    yield {"kind": "corpus", "form": FORM, "title": bundle.title, "description": bundle.description, "purpose": bundle.purpose}
    for session in bundle.sessions.values():
        taking_part = [{"person": person, "role": role} for person, role in bundle.roles.get(session.id, ())]
        yield {"kind": "session", **_plain(session), "participants": taking_part}
    for kind, values in (
        ("person", bundle.persons.values()),
        ("variety", bundle.varieties.values()),
        ("consent", (consent for consent in bundle.consents if consent.person in bundle.persons)),
        ("recording", bundle.recordings.values()),
        ("item", bundle.items.values()),
    ):
        for value in values:
            yield {"kind": kind, **_plain(value)}
    for number, segment in enumerate(bundle.segments):
        if number % 1000 == 0:
            out.progress(number / len(bundle.segments), "writing segments")
        kept = [text for text in bundle.texts(segment.id) if options.keeps(text.tier) and (options.drafts or not is_machine(text))]
        about = {"rate": bundle.recordings[segment.recording].rate, "speaker_code": bundle.speaker_code(segment)}
        yield {"kind": "segment", **_plain(segment), **about, "texts": [_plain(text) for text in kept]}


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if kind is not Person or field.name not in _STAYS)


def _plain(value: Any) -> dict[str, Any]:
    """The value's fields, without those that are not set."""
    found: dict[str, Any] = {}
    kind: type = type(value)
    for name in _names(kind):
        inner = getattr(value, name)
        if isinstance(inner, Span):
            found |= {"start": inner.start, "stop": inner.stop}
        elif inner not in (None, "", (), {}):
            inner = {key: value for key, value in inner.items() if key not in _KEPT_HERE} if name == "metadata" else inner
            found[name] = inner if isinstance(inner, str | int | float | bool) else json.loads(json.dumps(inner, default=dict))
    return found
