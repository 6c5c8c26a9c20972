"""Hugging Face audiofolder: train/, validation/ and test/, each with its metadata.csv beside the cut sound.

The sets share neither speaker nor meaning (`corpus/splits.py`). Every row says what its use rests on and whether a
machine wrote the text.
"""

from __future__ import annotations

import csv
import io
from functools import partial

from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.lines import Line, all_lines, cut_line
from fieldapp.corpus.output import Output
from fieldapp.corpus.splits import split

NAME = "audiofolder"
TITLE = "Hugging Face audiofolder"
SUFFIX = ".csv"

_COLUMNS = ("file_name", "transcription", "speaker", "variety", "language", "meaning_id", "session", "seconds", "consent", "licence", "drafts")


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """A folder a set, and a card that says what is in them."""
    losses: list[Loss] = []
    every = all_lines(bundle, options, losses)
    sets = split(every, losses)
    tiers = [t for t in bundle.tiers() if options.keeps(t) and t != "transcription"]
    if not options.audio and every:
        losses.append(Loss("every segment", "the sound (it was not asked for)"))
    done = 0
    for name, found in sets.items():
        if not found:
            continue
        buffer = io.StringIO(newline="")
        sheet = csv.writer(buffer, lineterminator="\n")
        sheet.writerow([*_COLUMNS, *tiers])
        for line in found:
            out.progress(done / len(every), f"cutting the {name} set")
            done += 1
            sheet.writerow([*_row(bundle, line), *(line.text(tier) for tier in tiers)])
            if options.audio:
                out.file(f"{name}/{line.segment.id}.wav", partial(cut_line, bundle, line))
        out.text(f"{name}/metadata.csv", buffer.getvalue())
    out.text("README.md", _card(bundle, sets))
    return losses


def consent_of(bundle: Bundle, line: Line) -> str:
    """The words on which the use of this line rests."""
    given = sorted(c.given[:10] for c in bundle.consents if c.person == line.segment.speaker and c.allowed and c.purpose in (bundle.purpose, "anything"))
    return f"{bundle.purpose}, given {given[-1]}" if given else bundle.purpose


def licence_of(bundle: Bundle, line: Line) -> str:
    """The licence noted with the session, empty where none is."""
    session = bundle.sessions[bundle.recordings[line.segment.recording].session]
    return str(session.metadata.get("licence") or session.metadata.get("license") or "")


def _row(bundle: Bundle, line: Line) -> tuple[object, ...]:
    session = bundle.sessions[line.sound.recording.session]
    return (f"{line.segment.id}.wav", line.text("transcription"), line.speaker, bundle.variety_name(line.segment), line.language, line.segment.meaning_id,
            session.name, f"{line.span.seconds(line.sound.recording.rate):.3f}", consent_of(bundle, line), licence_of(bundle, line),
            " ".join(line.drafts))  # fmt: skip


def _card(bundle: Bundle, sets: dict[str, list[Line]]) -> str:
    rows = [f"| {name} | {len(found)} | {len({x.speaker for x in found})} | {len({x.segment.meaning_id for x in found})} |" for name, found in sets.items()]
    return "\n".join(
        (
            f"# {bundle.title}",
            "",
            bundle.description or "Recordings of dialect speakers.",
            "",
            "| set | utterances | speakers | meanings |",
            "|---|---|---|---|",
            *rows,
            "",
            "No speaker and no meaning stands in two sets. Texts named in the column `drafts` were written by a machine and confirmed by nobody.",
            f"Made for the purpose '{bundle.purpose}', with the consent of the speakers; whoever takes it back must be taken out of copies too.",
            "",
        )
    )
