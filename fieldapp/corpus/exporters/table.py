"""CSV: one row a segment, one column a tier, for spreadsheets.

A text that a spreadsheet would take for a formula (clitics are often written `=ka`) gets an apostrophe in front; TSV stays exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fieldapp.corpus.bundle import Bundle, Loss, is_machine
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.output import Output

NAME = "csv"
TITLE = "Spreadsheet (CSV)"
SUFFIX = ".csv"

LIKE_A_FORMULA = re.compile(r"'*[=+\-@\t\r](?!\d+(?:[.,]\d+)?$)")
_FIXED = ("segment", "session", "date", "recording", "path", "start_s", "end_s", "speaker", "variety", "meaning_id", "item", "take", "best", "state")


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """One file `segments.csv`."""
    return write_table(bundle, out, options, "segments.csv", ",")


def write_table(bundle: Bundle, out: Output, options: Options, name: str, delimiter: str) -> list[Loss]:
    """The table under this name, guarded against formulas where commas part the cells."""
    losses: list[Loss] = []
    out.sheet(name, _rows(bundle, out, options, losses, guard=delimiter == ","), delimiter)
    return losses


def _rows(bundle: Bundle, out: Output, options: Options, losses: list[Loss], *, guard: bool) -> Iterator[list[object]]:
    tiers = [t for t in bundle.tiers() if options.keeps(t)]
    yield [*_FIXED, *tiers, "machine_tiers"]
    for number, segment in enumerate(bundle.segments):
        if number % 1000 == 0:
            out.progress(number / max(1, len(bundle.segments)), "writing the table")
        recording = bundle.recordings[segment.recording]
        session = bundle.sessions[recording.session]
        texts = {}
        for annotation in bundle.texts(segment.id):
            if annotation.tier in texts:
                losses.append(Loss(segment.id, f"a second text on tier '{annotation.tier}'"))
            elif options.drafts or not is_machine(annotation):
                texts[annotation.tier] = annotation
        item = bundle.items.get(segment.item) if segment.item else None
        fixed = (segment.id, session.name, session.date, recording.id, recording.path, _seconds(segment.span.start, recording.rate),
                 _seconds(segment.span.stop, recording.rate), bundle.speaker_code(segment), bundle.variety_name(segment), segment.meaning_id,
                 item.text if item else "", segment.take, int(segment.best), segment.state)  # fmt: skip
        machine = " ".join(t for t in tiers if t in texts and is_machine(texts[t]))
        formulas = [text for text in texts.values() if guard and guarded(text.text) != text.text]
        losses += [Loss(text.id, "a beginning like a formula's, which got an apostrophe in front") for text in formulas]
        losses += [Loss(text.id, "carriage returns, which became line feeds") for text in texts.values() if "\r" in text.text]
        row = [*fixed, *(_line_feeds(texts[t].text) if t in texts else "" for t in tiers), machine]
        yield [guarded(cell) if guard and isinstance(cell, str) else cell for cell in row]


def guarded(cell: str) -> str:
    """The cell as no spreadsheet takes it for a formula; plain numbers stay."""
    return f"'{cell}" if LIKE_A_FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before `guarded`."""
    return cell[1:] if cell.startswith("'") and LIKE_A_FORMULA.match(cell[1:]) else cell


def _line_feeds(text: str) -> str:
    """A lone carriage return would end the row for most readers."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _seconds(frame: int, rate: int) -> str:
    """Seconds to the microsecond: enough to find the frame again at any rate."""
    return f"{frame / rate:.6f}"
