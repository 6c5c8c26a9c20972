"""A postcard for the village: one page that holds everything, words and voices, opens in any browser without a network, and prints as a word list.

Sounds lie inside the page as MP3. There is no script in it. Every text takes the direction of its own script. People
appear by their code: a page that is copied from telephone to telephone cannot be called back.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator

from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.compressed import mp3
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.lines import Line, all_lines, gloss_of
from fieldapp.corpus.output import Output

NAME = "postcard"
TITLE = "Postcard (one page with players, prints as a word list)"
SUFFIX = ".html"

_STYLE = """
:root { color-scheme: light dark; }
body { font: 17px/1.5 "Charis SIL", "Noto Sans", system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 1.6rem 0 .3rem; border-bottom: 1px solid #8886; }
ul { list-style: none; margin: 0; padding: 0; }
li { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: center; padding: .3rem 0; break-inside: avoid; }
.word { font-size: 1.35rem; white-space: pre-line; } .who, .more, .draft { font-size: .85rem; opacity: .75; white-space: pre-line; }
.draft { border-bottom: 2px dotted; } audio { height: 2.2rem; max-width: 100%; }
@media print { audio { display: none; } body { max-width: none; margin: 0; } .page { columns: 2; } h2 { break-after: avoid; } }
"""


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """One postcard.html."""
    losses: list[Loss] = []
    every = all_lines(bundle, options, losses)
    if every and not options.audio:
        losses.append(Loss("every segment", "the sound (it was not asked for)"))
    language = html.escape(options.metadata_language)
    head = f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    parts = [f"{head}<title>{html.escape(bundle.title)}</title><style>{_STYLE}</style></head><body>", f'<h1 dir="auto">{html.escape(bundle.title)}</h1>']
    if bundle.description:
        parts.append(f'<p dir="auto">{html.escape(bundle.description)}</p>')
    parts.append('<div class="page">')
    done = 0
    for meaning, found in _by_meaning(bundle, every):
        parts.append(f'<section><h2 dir="auto">{html.escape(meaning)}</h2><ul>')
        for line in found:
            out.progress(done / len(every), "putting voices on the page")
            done += 1
            parts += _entry(bundle, line, options)
        parts.append("</ul></section>")
    out.text("postcard.html", "\n".join([*parts, "</div></body></html>"]) + "\n")
    return losses


def _by_meaning(bundle: Bundle, every: list[Line]) -> Iterator[tuple[str, list[Line]]]:
    """What means the same stands together, in the order in which it was first said."""
    groups: dict[str, list[Line]] = {}
    for line in every:
        groups.setdefault(gloss_of(bundle, line) or "\u2026", []).append(line)
    yield from groups.items()


def _entry(bundle: Bundle, line: Line, options: Options) -> Iterator[str]:
    yield "<li>"
    if options.audio:
        sound = base64.b64encode(mp3(bundle, line)).decode("ascii")
        yield f'<audio controls preload="none" src="data:audio/mpeg;base64,{sound}"></audio>'
    for tier, annotation in line.texts.items():
        kind = "word" if tier in ("transcription", "ipa") else "more"
        language = f' lang="{html.escape(annotation.language)}"' if annotation.language else ""
        yield f'<span class="{kind}" dir="auto"{language}>{html.escape(annotation.text)}</span>'
    if line.draft_note():
        yield f'<span class="draft">{html.escape(line.draft_note())}</span>'
    about = " \u00b7 ".join(part for part in (line.speaker, bundle.variety_name(line.segment)) if part)
    yield f'<span class="who" dir="auto">{html.escape(about)}</span></li>'
