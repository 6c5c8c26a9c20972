"""Kaldi data folders train, validation and test: wav.scp, segments, text, utt2spk, spk2utt, sorted as Kaldi wants them (by bytes).

Only texts that a person confirmed go in: a recogniser trained on its own guesses learns its own mistakes.
With sound every utterance is a file of its own; without, the masters are named where they lie.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from fieldapp.corpus.bundle import Bundle, Loss
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.exporters.audiofolder import consent_of, licence_of
from fieldapp.corpus.lines import Line, all_lines, cut_line, distinct_names, one_row
from fieldapp.corpus.output import Output
from fieldapp.corpus.splits import split

NAME = "kaldi"
TITLE = "Kaldi data folders"
SUFFIX = ".scp"


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """A folder a set."""
    losses: list[Loss] = []
    usable = [line for line in all_lines(bundle, options, losses) if _usable(line, losses)]
    names = {code: name.replace("-", "_") for code, name in distinct_names(sorted({line.speaker for line in usable if line.speaker})).items()}
    for name, found in split(usable, losses).items():
        if found:
            _folder(bundle, out, options, name, {_utterance(line, names): line for line in found}, losses)
    return losses


def _usable(line: Line, losses: list[Loss]) -> bool:
    why = "" if line.text("transcription").strip() else "left out: it has no transcription"
    if "transcription" in line.drafts:
        why = "left out: its transcription is a machine's draft"
    losses += [Loss(line.segment.id, why)] if why else []
    others = [a for tier, a in line.texts.items() if tier != "transcription"]
    losses += [Loss(a.id, f"the tier '{a.tier}'") for a in others]
    return not why


def _utterance(line: Line, names: dict[str, str]) -> str:
    """Begins with the speaker, so that both orders are one."""
    return f"{names.get(line.speaker, 'unknown_' + line.sound.recording.id)}-{line.segment.id}"


def _folder(bundle: Bundle, out: Output, options: Options, name: str, found: dict[str, Line], losses: list[Loss]) -> None:
    speakers: dict[str, list[str]] = {}
    sounds, texts, homes, rights, places = {}, {}, {}, {}, {}
    for number, (utterance, line) in enumerate(found.items()):
        out.progress(number / len(found), f"the {name} set")
        speaker = utterance.split("-")[0]
        speakers.setdefault(speaker, []).append(utterance)
        homes[utterance] = speaker
        texts[utterance] = one_row(line.text("transcription"), line.segment.id, losses)
        rights[utterance] = f"{licence_of(bundle, line) or '-'} {consent_of(bundle, line)}"
        rate = line.sound.recording.rate
        if options.audio:
            sounds[utterance] = f"{name}/wav/{utterance}.wav"
            out.file(f"{name}/wav/{utterance}.wav", partial(cut_line, bundle, line))
        else:
            sounds[line.sound.recording.id] = str(bundle.sound_path(line.sound.recording))
            places[utterance] = f"{line.sound.recording.id} {line.span.start / rate:.6f} {line.span.stop / rate:.6f}"
    for file, table in (("wav.scp", sounds), ("text", texts), ("utt2spk", homes), ("utt2consent", rights), ("segments", places)):
        if table:
            out.rows(f"{name}/{file}", _sorted(table))
    out.rows(f"{name}/spk2utt", _sorted({speaker: " ".join(sorted(own, key=str.encode)) for speaker, own in speakers.items()}))


def _sorted(table: dict[str, str]) -> Iterator[str]:
    return (f"{key} {table[key]}\n" for key in sorted(table, key=str.encode))
