"""What became of a session, as data and as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldapp.bulk.drafts import TIER
from fieldapp.model import Segment
from fieldapp.session.closing import Outcome
from fieldapp.store import people, prompts, texts
from fieldapp.store.store import Store

_SHOWN, _NAMED = 40, 10


def as_data(store: Store, outcome: Outcome) -> dict[str, Any]:
    """Everything a script wants to know."""
    rate, db = outcome.rate, store.reader()
    codes = {person.id: person.code for person in people.persons(db)}
    drafts = {segment.id: [text.text for text in texts.texts(db, segment.id) if text.tier == TIER] for segment in outcome.segments}
    varieties = {variety.id: variety.name for variety in people.varieties(db)}

    def row(segment: Segment) -> dict[str, Any]:
        item = prompts.item(db, segment.item) if segment.item else None
        return {
            "id": segment.id,
            "start": round(segment.span.start / rate, 4),
            "stop": round(segment.span.stop / rate, 4),
            "meaning_id": segment.meaning_id,
            "text": item.text if item else "",
            "draft": " ".join(drafts[segment.id]),
            "state": segment.state,
            "take": segment.take,
            "best": segment.best,
            "speaker": codes[segment.speaker] if segment.speaker else "",
            "variety": varieties[segment.variety] if segment.variety else "",
            "kinds": segment.quality.get("kinds", []),
            **segment.metadata,
        }

    return {
        "session": outcome.session,
        "master": outcome.master,
        "state": outcome.state,
        "seconds": round(outcome.frames / rate, 3),
        "rate": rate,
        "files": [{"path": part.path, "frames": part.frames, "first_frame": part.first_frame, "sha256": part.sha256} for part in outcome.parts],
        "gaps": [[round(gap.start / rate, 4), round(gap.stop / rate, 4)] for gap in outcome.gaps],
        "repairs": list(outcome.repairs),
        "unanswered": list(outcome.unanswered),
        "segments": [row(segment) for segment in outcome.segments],
    }


def as_text(data: Mapping[str, Any]) -> str:
    """The same for a person."""
    lines = [line for name in ("recovered", "sessions") for told in data[name] for line in _told(told, name == "recovered")]
    lines += [f"  {sentence}" for sentence in (*data["problems"], *data["notices"])]
    return "\n".join(lines) or "Nothing was left open."


def _told(told: Mapping[str, Any], recovered: bool) -> list[str]:
    segments = told["segments"]
    done = "Recovered" if recovered else "Recorded"
    lines = [f"{done} {told['seconds']:.1f} s in the session {told['session']}: {len(segments)} segments, {len(told['files'])} files"]
    for segment in segments[:_SHOWN]:
        what = segment["meaning_id"] or segment.get("of", "")
        notes = (
            [name for name in ("silent", "gap") if segment.get(name)]
            + [str(segment.get("answer", ""))]
            + list(segment["kinds"])
            + [f"'{segment['draft']}'" if segment["draft"] else ""]
        )
        place = f"{segment['start']:8.2f} - {segment['stop']:8.2f}"
        best = "*" if segment["best"] else " "
        lines.append(f"  {place}  {what:<20} take {segment['take']}{best} {segment['speaker']:<8} {', '.join(filter(None, notes))}".rstrip())
    if len(segments) > _SHOWN:
        lines.append(f"  ... and {len(segments) - _SHOWN} more")
    lines += [f"  sound is missing from {start:.2f} to {stop:.2f} s" for start, stop in told["gaps"]]
    if told["unanswered"]:
        some = ", ".join(told["unanswered"][:_NAMED]) + (" ..." if len(told["unanswered"]) > _NAMED else "")
        lines.append(f"  without an answer ({len(told['unanswered'])}): {some}")
    return lines + [f"  {repair}" for repair in told["repairs"]]
