"""Praat TextGrid: long form, UTF-8 without a mark, LF. One tier for each speaker and tier; intervals tile the whole sound.

Where one speaker's segments overlap, a second tier (`~2`) takes the later one. Segments without length stand on a tier of points.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from fieldapp.corpus.bundle import Bundle, Loss, SoundFile, is_machine
from fieldapp.corpus.document import take_apart
from fieldapp.corpus.exporters import Options
from fieldapp.corpus.lines import tier_texts
from fieldapp.corpus.output import Output
from fieldapp.corpus.praat_codes import without_codes
from fieldapp.corpus.validate import sentences
from fieldapp.corpus.validate_textgrid import Interval, Tier, textgrid_findings
from fieldapp.model import Annotation

NAME = "textgrid"
TITLE = "Praat TextGrid"
SUFFIX = ".TextGrid"


def write(bundle: Bundle, out: Output, options: Options) -> list[Loss]:
    """One TextGrid beside each sound file's name."""
    losses: list[Loss] = []
    for number, sound in enumerate(bundle.sound_files(losses)):
        out.progress(number / max(1, len(bundle.recordings)), f"writing {sound.stem}{SUFFIX}")
        tiers = _tiers(bundle, sound, options, losses)
        if broken := sentences(textgrid_findings(tiers)):
            raise AssertionError(f"{sound.stem}{SUFFIX} would break the format's rules: {' '.join(broken)}")
        out.rows(f"{sound.stem}{SUFFIX}", _long_form(tiers))
    return losses


def _tiers(bundle: Bundle, sound: SoundFile, options: Options, losses: list[Loss]) -> list[Tier]:
    pieces = sorted(sound.pieces, key=lambda piece: (piece[1], piece[0].id))
    spans = {segment.id: span.milliseconds(sound.recording.rate) for segment, span in pieces}
    length = (Decimal(sound.recording.frames) / sound.recording.rate).quantize(Decimal("1e-9"))
    end = max([length, Decimal("0.001"), *(Decimal(stop) / 1000 for _, stop in spans.values())])
    tiers: dict[tuple[str, str, int], Tier] = {}
    about = False
    for segment, _ in pieces:
        texts = tier_texts(bundle, segment, options, losses)
        about = about or bool(segment.meaning_id or segment.take != 1 or segment.best or any(text.language or is_machine(text) for text in texts.values()))
        labels = {tier: _label(text, losses) for tier, text in texts.items()}
        if not any(labels.values()):
            losses.append(Loss(segment.id, "a segment without any text"))
        start, stop = (Decimal(time) / 1000 for time in spans[segment.id])
        who = bundle.speaker_code(segment) or "unknown"
        for tier, label in labels.items():
            if label:
                _lane(tiers, tier, who, start, stop, end).intervals.append(Interval(start, stop, label))
    if about:
        losses.append(Loss(sound.stem, "takes, states, prompts, languages, and which machine wrote a draft"))
    order = {tier: place for place, tier in enumerate(bundle.tiers())}
    keys = sorted(tiers, key=lambda key: (key[0], order[take_apart(key[1]).tier], *key[1:]))
    found = [tiers[key] for key in keys] or [Tier("transcription", Decimal(0), end)]
    return [tier if tier.points else _tiled(tier) for tier in found]


def _lane(tiers: dict[tuple[str, str, int], Tier], tier: str, who: str, start: Decimal, stop: Decimal, end: Decimal) -> Tier:
    """The first tier of this speaker and kind that is free at this time; points have tiers of their own."""
    kind = tier if start < stop else f"{tier}-points"
    number = 1
    while True:
        name = f"{kind}@{who}" if number == 1 else f"{kind}@{who}~{number}"
        lane = tiers.setdefault((who, kind, number), Tier(name, Decimal(0), end, points=start == stop))
        if not lane.intervals or (lane.intervals[-1].stop <= start and (start < stop or lane.intervals[-1].start < start)):
            return lane
        number += 1


def _tiled(tier: Tier) -> Tier:
    """The tier with empty intervals wherever nobody speaks."""
    filled: list[Interval] = []
    at = tier.start
    for interval in tier.intervals:
        if at < interval.start:
            filled.append(Interval(at, interval.start, ""))
        filled.append(interval)
        at = interval.stop
    if at < tier.stop:
        filled.append(Interval(at, tier.stop, ""))
    return Tier(tier.name, tier.start, tier.stop, filled)


def _label(text: Annotation, losses: list[Loss]) -> str:
    plain = " ".join("".join(letter for letter in text.text if letter.isspace() or (letter >= " " and letter != "\x7f")).split())
    if plain != text.text:
        losses.append(Loss(text.id, "line breaks, tabs, doubled spaces and control characters inside a text"))
    if "\\" in plain:
        losses.append(Loss(text.id, "a backslash, which stands there as \\bs, as Praat writes it"))
    return without_codes(plain)


def _long_form(tiers: list[Tier]) -> Iterator[str]:
    end = tiers[0].stop
    yield f'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0 \nxmax = {_number(end)} \ntiers? <exists> \nsize = {len(tiers)} \nitem []: \n'
    for number, tier in enumerate(tiers, 1):
        kind, pieces = ("TextTier", "points") if tier.points else ("IntervalTier", "intervals")
        yield f'    item [{number}]:\n        class = "{kind}" \n        name = "{_quoted(tier.name)}" \n        xmin = 0 \n        xmax = {_number(end)} \n'
        yield f"        {pieces}: size = {len(tier.intervals)} \n"
        for place, one in enumerate(tier.intervals, 1):
            yield f"        {pieces} [{place}]:\n"
            if tier.points:
                yield f'            number = {_number(one.start)} \n            mark = "{_quoted(one.label)}" \n'
            else:
                yield f'            xmin = {_number(one.start)} \n            xmax = {_number(one.stop)} \n            text = "{_quoted(one.label)}" \n'


def _number(seconds: Decimal) -> str:
    """Never in powers of ten."""
    return f"{seconds.normalize():f}" if seconds else "0"


def _quoted(text: str) -> str:
    return text.replace('"', '""')
