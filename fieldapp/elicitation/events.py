"""What can happen in a session, as the `kind` of event rows. Frames are those of the master; plain values for any thread.

| kind | when | what it means for takes |
|---|---|---|
| `begin` | recording was asked for (the pre-roll lies before it) | nothing |
| `prompt` | a prompt is shown | a take of it may begin |
| `take` | next | the take is kept, the prompt is done |
| `redo` | once more | the take is kept, another one of the same prompt begins |
| `second` | a second answer follows | the take is kept, another answer to the same prompt begins |
| `alternative` | another pronunciation follows | the same |
| `discard` | this was nothing | the take is not kept, another one begins; the sound stays in the master |
| `skip` | next without an answer | no take |
| `back` | to the prompt before | no take of this one |
| `pause` `resume` | talk that is no answer | the take goes on afterwards |
| `best` | this take is the good one | it stays best whatever follows |
| `mark` `remark` | look here; a text in `value["text"]` | kept with the take |
| `end` | recording stopped | a take is kept when an answer was heard in it |
| `speech_start` `speech_end` | where the answer of a take begins and ends | written when the takes are derived |
| `doubt` `doubt_dismissed` | an answer sounds like another item (`value["heard"]`); a person saw it and knows better | nothing |
| `gap` | `value["frames"]` are missing | times go on, the take is marked |

An event belongs to an item (`item`) or, when a segment is respoken or translated, to that segment (`value["segment"]`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fieldapp.model import Event

BEGIN, PROMPT, END = "begin", "prompt", "end"
TAKE, REDO, SECOND, ALTERNATIVE, DISCARD, SKIP, BACK = "take", "redo", "second", "alternative", "discard", "skip", "back"
PAUSE, RESUME = "pause", "resume"
MARK, REMARK, BEST = "mark", "remark", "best"
DOUBT, DOUBT_DISMISSED = "doubt", "doubt_dismissed"
SPEECH_START, SPEECH_END, GAP = "speech_start", "speech_end", "gap"

KEEPS = frozenset({TAKE, REDO, SECOND, ALTERNATIVE})
AGAIN = frozenset({REDO, SECOND, ALTERNATIVE, DISCARD})
CLOSES = KEEPS | {DISCARD, SKIP, BACK, PAUSE, END}
DERIVED = frozenset({SPEECH_START, SPEECH_END, GAP})


@dataclass(frozen=True, slots=True)
class Happening:
    """An event before it has a frame: what `Sitting` gives back for a key."""

    kind: str
    topic: str = ""
    take: int | None = None
    value: Mapping[str, Any] = field(default_factory=dict)


def topic_of(event: Event) -> str:
    """What an event is about: a prompt, or the segment that is respoken."""
    return event.item or str(event.value.get("segment", ""))
