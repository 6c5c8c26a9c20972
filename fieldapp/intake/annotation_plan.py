"""What an annotation file adds to a recording: new segments and new texts, nothing changed that is there. Plain values in and out; any thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fieldapp.corpus.document import Text, Utterance
from fieldapp.model import Annotation, AnnotationId, PersonId, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.store.storable import clean

SOURCE = "import"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the annotations go: a master, the rate and length of its clock, where the annotated file begins on it, what is there already."""

    recording: RecordingId
    rate: int
    frames: int
    first_frame: int
    segments: Sequence[Segment]
    texts: Mapping[SegmentId, Sequence[Annotation]]


@dataclass(slots=True)
class Plan:
    """What is to be written, and what is only told."""

    segments: list[Segment] = field(default_factory=list)
    changed: list[Segment] = field(default_factory=list)
    texts: list[Annotation] = field(default_factory=list)
    added: int = 0
    already: int = 0
    differ: int = 0
    beyond: int = 0
    cut: int = 0
    joined: int = 0


def plan(place: Place, utterances: Sequence[Utterance], people: Mapping[str, PersonId], origin_ms: int, name: str) -> Plan:
    """The additions of one file. A segment of the same times (to the millisecond) and speaker is met, not made again."""
    made = Plan()
    free: dict[tuple[int, int], list[Segment]] = {}
    bare = _bare(place)
    for segment in place.segments:
        if segment is not bare:
            free.setdefault(segment.span.milliseconds(place.rate), []).append(segment)
    for utterance in utterances:
        span = _span(place, utterance, origin_ms, made)
        if span is None:
            continue
        texts = _joined(utterance.texts, made)
        speaker = people.get(utterance.speaker)
        met = _meet(free, span.milliseconds(place.rate), speaker, texts, place)
        segment = met or _segment(place, utterance, span, speaker, texts, name)
        if met is None:
            made.segments.append(segment)
        elif speaker and met.speaker is None:
            made.changed.append(replace(met, speaker=speaker))
        made.added += met is None
        _add_texts(made, segment.id, texts, place.texts.get(segment.id, ()))
    if bare is not None and made.segments:
        _take_over(made, bare)
    return made


def _span(place: Place, utterance: Utterance, origin_ms: int, made: Plan) -> Span | None:
    start, stop = (((ms + origin_ms) * place.rate + 500) // 1000 + place.first_frame for ms in (utterance.start_ms, utterance.stop_ms))
    if start < 0 or start >= place.frames:
        made.beyond += 1
        return None
    made.cut += stop > place.frames + place.rate // 1000
    return Span(start, min(stop, place.frames))


def _joined(texts: Sequence[Text], made: Plan) -> list[Text]:
    """One text a tier and state: pieces without times of their own are joined by spaces, as Fieldapp keeps them."""
    found: dict[tuple[str, str], Text] = {}
    for text in texts:
        stored = replace(text, text=clean(text.text)[0])
        before = found.get((text.tier, text.state))
        made.joined += before is not None
        found[text.tier, text.state] = replace(before, text=f"{before.text} {stored.text}") if before else stored
    return list(found.values())


def _meet(free: dict[tuple[int, int], list[Segment]], times: tuple[int, int], speaker: PersonId | None, texts: Sequence[Text], place: Place) -> Segment | None:
    """The segment there that this utterance is about: the one that says most of the same. Each is met once."""
    wanted = {(text.tier, text.text) for text in texts}
    same = [one for one in free.get(times, ()) if one.speaker == speaker or one.speaker is None or speaker is None]
    if not same:
        return None
    found = max(same, key=lambda one: (one.speaker == speaker, len(wanted & {(text.tier, text.text) for text in place.texts.get(one.id, ())})))
    free[times].remove(found)
    return found


def _segment(place: Place, utterance: Utterance, span: Span, speaker: PersonId | None, texts: Sequence[Text], name: str) -> Segment:
    came = {"annotations": name} | ({"ref": utterance.ref} if utterance.ref else {})
    state = "checked" if any(text.state == "confirmed" for text in texts) else "draft" if texts else "pending"
    return Segment(
        id=SegmentId(new_id()), recording=place.recording, span=span, speaker=speaker, meaning_id=utterance.meaning_id, take=max(1, utterance.take),
        best=utterance.best, state=utterance.state or state, source=SOURCE, metadata={**utterance.metadata, SOURCE: came},
    )  # fmt: skip


def _add_texts(made: Plan, segment: SegmentId, texts: Sequence[Text], there: Sequence[Annotation]) -> None:
    for text in texts:
        if any((one.tier, one.text) == (text.tier, text.text) and (one.state == "confirmed" or text.state == "draft") for one in there):
            made.already += 1
        elif text.state == "confirmed" and any(one.tier == text.tier and one.state == "confirmed" for one in there):
            made.differ += 1
        else:
            state = "draft" if text.state == "draft" else "confirmed"
            source = text.source if state == "draft" else SOURCE
            made.texts.append(
                Annotation(id=AnnotationId(new_id()), segment=segment, tier=text.tier, text=text.text, language=text.language, source=source, state=state)
            )


def _bare(place: Place) -> Segment | None:
    """The one segment that importing a sound makes, over all of it, while nobody has said anything about it but who speaks."""
    if len(place.segments) != 1:
        return None
    (only,) = place.segments
    untouched = only.source == SOURCE and only.state == "pending" and not only.meaning_id and not place.texts.get(only.id)
    return only if untouched and only.span == Span(0, place.frames) else None


def _take_over(made: Plan, bare: Segment) -> None:
    """The first utterance becomes the bare segment, which keeps the mark by which an import knows its sound; what it said holds for all."""
    every = [replace(one, speaker=one.speaker or bare.speaker, variety=bare.variety) for one in made.segments]
    about = {**bare.metadata.get(SOURCE, {}), **every[0].metadata[SOURCE]}
    first = replace(every[0], id=bare.id, quality=bare.quality, metadata={**bare.metadata, **every[0].metadata, SOURCE: about})
    made.texts = [replace(text, segment=bare.id) if text.segment == every[0].id else text for text in made.texts]
    made.changed.append(first)
    made.segments = every[1:]
