"""Cards for Anki and other flash card programs: a text file to import, and the sounds beside it.

Anki recognises a card by its first field, so importing again updates the cards one has learned with.
"""

from __future__ import annotations

import html

from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.compressed import mp3
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.lines import Line, all_lines, gloss_of
from fieldapp.corpus.output import Output

NAME = "anki"
TITLE = "Flash cards (Anki)"
SUFFIX = ".txt"

_COLUMNS = ("Id", "Meaning", "Word", "Sound", "IPA", "Variety", "Speaker", "Others")
_SHOWN = {"transcription", "ipa"}


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """One cards.txt; with sound, `media/*.mp3` to be copied into Anki's media folder."""
    losses: list[Loss] = []
    every = all_lines(bundle, options, losses)
    rows = ["#separator:tab", "#html:true", "#guid column:1", f"#columns:{chr(9).join(_COLUMNS)}"]
    for number, line in enumerate(every):
        out.progress(number / len(every), "writing cards")
        name = f"fieldapp-{line.segment.id}.mp3"
        if options.audio:
            out.bytes(f"media/{name}", mp3(bundle, line))
        rows.append("\t".join(_field(text) for text in _card(bundle, line, f"[sound:{name}]" if options.audio else "")))
    if every and not options.audio:
        losses.append(Loss("every segment", "the sound (it was not asked for)"))
    out.text("cards.txt", "\n".join(rows) + "\n")
    return losses


def _card(bundle: Bundle, line: Line, sound: str) -> tuple[str, ...]:
    others = [f"{tier}: {a.text}" for tier, a in line.texts.items() if tier not in _SHOWN]
    if line.draft_note():
        others.append(line.draft_note())
    word, ipa = line.text("transcription"), line.text("ipa")
    return (line.segment.id, gloss_of(bundle, line), word, sound, ipa, bundle.variety_name(line.segment), line.speaker, "\n".join(others))


def _field(text: str) -> str:
    return html.escape(text, quote=False).replace("\t", " ").replace("\r", "").replace("\n", "<br>")
