"""What becomes of live rows when a session with prompts closes: their text goes to the takes they lie in. Part of the closing transaction.

Live rows end where somebody pauses, takes where prompts and the quiet between answers say. A take is given the drafts of the rows that lie
inside it; where a row reaches into another take or beyond, its text cannot be divided, and the take waits for text of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fieldapp.bulk.drafts import TIER
from fieldapp.model import Annotation, AnnotationId, Segment, SegmentId, Span, new_id
from fieldapp.speech.embed import pack, shifted, unpack
from fieldapp.store import segments, spaces, texts, vectors
from fieldapp.store.transaction import Transaction

AIR_SECONDS = (0.3, 0.2)  # what live rows keep before and after speech
SLACK_SECONDS = 0.25  # two ways of hearing where speech begins may differ by so much


def divide(takes: Sequence[Segment], heard: Sequence[Segment], rate: int) -> dict[SegmentId, list[Segment]]:
    """For each take with a text of its own: the live rows that make it up. Both in the order of time."""
    cores = [_core(row.span, rate) for row in heard]
    slack, found, first = round(SLACK_SECONDS * rate), dict[SegmentId, list[Segment]](), 0
    for number, take in enumerate(takes):
        while first < len(cores) and cores[first].stop <= take.span.start:
            first += 1
        last = first
        while last < len(cores) and cores[last].start < take.span.stop:
            last += 1
        others = [other.span for other in takes[max(0, number - 1) : number + 2] if other is not take]
        wide = Span(max(0, take.span.start - slack), take.span.stop + slack)
        mine = cores[first:last]
        if mine and all(wide.start <= core.start and core.stop <= wide.stop and not any(core.overlaps(other) for other in others) for core in mine):
            found[take.id] = list(heard[first:last])
    return found


def join(tx: Transaction, takes: Sequence[Segment], heard: Sequence[Segment], rate: int) -> None:
    """Give takes their drafts and take the live rows back, but for those a person wrote something to."""
    for identity, rows in divide(takes, heard, rate).items():
        if all(row.state != "pending" for row in rows):
            _give(tx, segments.segment(tx.db, identity), rows, rate)
    segments.delete_segments(tx, [row.id for row in heard if all(text.source.startswith("machine:") for text in texts.texts(tx.db, row.id))])


def _give(tx: Transaction, take: Segment, rows: Sequence[Segment], rate: int) -> None:
    drafts = [text for row in rows for text in texts.texts(tx.db, row.id) if text.tier == TIER]
    quality = dict(take.quality)
    quality |= {name: row.quality[name] for row in rows for name in ("heard_language", *(() if drafts else ("no_text",))) if name in row.quality}
    segments.update_segment(tx, replace(take, state="draft", quality=quality))
    if drafts:
        texts.add_texts(tx, [_joined(take.id, drafts)])
    if len(rows) == 1:
        _move_vectors(tx, rows[0], take, rate)


def _joined(take: SegmentId, drafts: Sequence[Annotation]) -> Annotation:
    sure = [draft.confidence for draft in drafts if draft.confidence is not None]
    text = " ".join(draft.text for draft in drafts)
    return replace(drafts[-1], id=AnnotationId(new_id()), segment=take, text=text, state="draft", confidence=min(sure, default=None))


def _move_vectors(tx: Transaction, row: Segment, take: Segment, rate: int) -> None:
    """The speech is the same, so its vectors are; frames know when they were, counted from the beginning of their segment."""
    vectors.move_vectors(tx, row.id, take.id)
    for space in spaces.spaces(tx.db):
        if stored := vectors.frames(tx.db, space, row.id):
            kept = shifted(unpack(stored.data), (row.span.start - take.span.start) / rate)
            vectors.put_frames(tx, space, take.id, len(kept), kept.rate, pack(kept))


def _core(span: Span, rate: int) -> Span:
    """Where somebody speaks in a live row; at least a frame."""
    before, after = (round(air * rate) for air in AIR_SECONDS)
    start = min(span.start + before, (span.start + span.stop) // 2)
    return Span(start, max(start + 1, span.stop - after))
