"""The export formats, in one visible tuple. Adding one is one module with NAME, TITLE, SUFFIX and `write`, one line here, one golden file.

`write(bundle, out, options) -> list of losses`: same bundle, same bytes; nothing is left out without appearing among the losses.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Protocol

from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.output import Output
from fieldapp.errors import WrongUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person may choose for an export. An exporter ignores what its format has no use for."""

    tiers: tuple[str, ...] = ()
    drafts: bool = True
    audio: bool = False
    metadata_language: str = "en"
    profile: str = ""
    names: bool = False
    """Call people by their names, where a format has a place for them; else their codes stand for them."""

    def keeps(self, tier: str) -> bool:
        """Whether a tier is wanted; no choice means all."""
        return not self.tiers or tier in self.tiers


class Exporter(Protocol):
    """What an exporter module offers."""

    NAME: str
    TITLE: str
    SUFFIX: str

    def write(self, bundle: Bundle, out: Output, options: Options) -> list[Loss]:
        """Write the whole bundle; return what the format could not carry."""


EXPORTERS: tuple[tuple[str, str], ...] = (
    ("elan", "fieldapp.corpus.exporters.elan"),
    ("elan-original", "fieldapp.corpus.exporters.elan_original"),
    ("textgrid", "fieldapp.corpus.exporters.textgrid"),
    ("csv", "fieldapp.corpus.exporters.table"),
    ("tsv", "fieldapp.corpus.exporters.tsv"),
    ("jsonl", "fieldapp.corpus.exporters.jsonlines"),
    ("srt", "fieldapp.corpus.exporters.srt"),
    ("vtt", "fieldapp.corpus.exporters.vtt"),
    ("audacity", "fieldapp.corpus.exporters.audacity"),
    ("flextext", "fieldapp.corpus.exporters.flextext"),
    ("saymore", "fieldapp.corpus.exporters.saymore"),
    ("chat", "fieldapp.corpus.exporters.chat"),
    ("toolbox", "fieldapp.corpus.exporters.toolbox"),
    ("cldf", "fieldapp.corpus.exporters.cldf"),
    ("audiofolder", "fieldapp.corpus.exporters.audiofolder"),
    ("kaldi", "fieldapp.corpus.exporters.kaldi"),
    ("anki", "fieldapp.corpus.exporters.anki"),
    ("postcard", "fieldapp.corpus.exporters.postcard"),
)
"""Name and module; a module is imported only when it is asked for."""


TRAINING = ("audiofolder", "kaldi")
"""What models are trained with: whatever else it is for, its speakers must have allowed that."""


def needed(name: str, purpose: str = "") -> tuple[str, ...]:
    """What people must have allowed for an export: its purpose (where none is named, the usual one), and training where it is a training set."""
    usual = purpose or ("train" if name in TRAINING else "archive")
    return (usual, "train") if name in TRAINING and usual != "train" else (usual,)


def exporter(name: str) -> Exporter:
    """The exporter of that name."""
    module = dict(EXPORTERS).get(name)
    if module is None:
        raise WrongUsage(f"There is no export format '{name}'.", f"Known formats: {', '.join(n for n, _ in EXPORTERS)}.")
    found: Exporter = importlib.import_module(module)
    return found
