"""The utterances of a fieldbook for experiments: its segments with their texts and the sound of their masters. Not a bench itself.

Only segments that may be searched take part: an experiment on one's own laptop is what that consent is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import langcodes
import numpy as np

from fieldapp.audio.render import clips_of
from fieldapp.audio.resample import mono16k_array
from fieldapp.commands.lab.selecting import too_long
from fieldapp.lab.adapt.material import asked
from fieldapp.lab.pronounce import PROMPTED
from fieldapp.lab.utterances import Selection, Utterance
from fieldapp.store import consent_filter, people, prompts, sessions
from fieldapp.store.rows import ANNOTATION, ITEM, SEGMENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fieldapp.lab.utterances import F32
    from fieldapp.model import Annotation, Item, Segment
    from fieldapp.store.store import Store

TIERS = {"transcription": "transcript", "translation": "translation", "ipa": "ipa"}


def read(store: Store) -> Selection:
    """Every segment that is not rejected, with its newest confirmed texts; a transcript may be a draft, which `checked` says, nothing else may."""
    db = store.reader()
    may = consent_filter.condition(db, "search")
    speakers = {person.id: person.code for person in people.persons(db)}
    varieties = {variety.id: variety for variety in people.varieties(db)}
    said_of = "tier = 'transcription' OR (tier IN ('translation', 'ipa') AND state = 'confirmed')"
    texts = _texts(ANNOTATION.each(db, f"{said_of} ORDER BY state = 'confirmed', pk"))
    every = list(SEGMENT.each(db, f"state <> 'rejected' AND stop > start AND {may.sql} ORDER BY pk", *may.parameters))
    held_back = db.execute(f"SELECT count(*) FROM segment WHERE NOT {may.sql}", may.parameters).fetchone()[0]  # noqa: S608  (made by the filter)
    lists = {listed.id: listed.name for listed in prompts.promptlists(db)}
    stems = {session.id: session.name for session in sessions.sessions(db)}
    by_id = {segment.id: segment for segment in every}
    items = {item.id: item for item in ITEM.each(db)}
    masters = {recording.id: recording for recording in sessions.recordings(db)}

    def sound(utterance: Utterance) -> F32:
        segment: Segment = by_id[utterance.id]  # type: ignore[index]
        too_long(utterance.where, segment.span.seconds(masters[segment.recording].rate))
        clips = clips_of(store.folder, sessions.parts(store.reader(), segment.recording), segment.span)
        read_clips = [mono16k_array(clip.path, clip.span) for clip in clips]
        return np.concatenate(read_clips) if read_clips else np.zeros(0, np.float32)

    utterances = []
    for segment in every:
        variety = varieties.get(segment.variety) if segment.variety else None
        said = texts.get(segment.id, {})
        master = masters[segment.recording]
        begin, end = segment.span.milliseconds(master.rate)
        item = items.get(segment.item) if segment.item else None
        place = {"latitude": variety.latitude, "longitude": variety.longitude} if variety else {}
        extra = _prompted(item, variety.language if variety else "") if item else {}
        extra |= {name: str(value) for name, value in place.items() if value is not None}
        extra |= {"session": stems[master.session], "prompts": lists[item.promptlist] if item else ""}
        utterances.append(
            Utterance(
                id=segment.id,
                where=f"{master.path} {begin / 1000:.3f}-{end / 1000:.3f} s",
                speaker=speakers.get(segment.speaker, "") if segment.speaker else "",
                variety=variety.name if variety else "",
                language=variety.language if variety else "",
                meaning=segment.meaning_id,
                checked="transcription" in said and said["transcription"].state == "confirmed",
                metadata=extra | {"take": str(segment.take), "best": str(int(segment.best)), "state": segment.state},
                **{TIERS[tier]: annotation.text for tier, annotation in said.items()},
            )
        )
    aside = (f"{held_back} segments left out: their speakers do not allow it.",) if held_back else ()
    return Selection(store.folder.name, tuple(utterances), sound, aside)


def _prompted(item: Item, language: str) -> dict[str, str]:
    """What the prompt tells about an answer: its section, its picture, what that shows, what it means, and its wording in the speaker's language."""
    labels = "; ".join((*item.gloss.values(), item.text))
    said = next((text for code, text in item.gloss.items() if _code(code) == _code(language)), "") if language else ""
    return {"section": item.section, "picture": item.picture, "labels": labels, "asked": asked(item.gloss, item.text), PROMPTED: said}


def _code(language: str) -> str:
    """One name for a language that has several; Mandarin is what `zh` means in a list of languages."""
    try:
        found = langcodes.Language.get(language).language or ""
    except ValueError:  # langcodes' own error is one
        return language
    return "zh" if found == "cmn" else found


def _texts(annotations: Iterable[Annotation]) -> dict[str, dict[str, Annotation]]:
    found: dict[str, dict[str, Annotation]] = {}
    for annotation in annotations:  # the last one of a tier stays
        found.setdefault(annotation.segment, {})[annotation.tier] = annotation
    return found
