"""What the speaker said last, to be played back to them while the session waits. Reads behind the recorder, on any thread."""

from __future__ import annotations

from pathlib import Path

import soundfile

from fieldapp.audio.render import Clip
from fieldapp.elicitation.events import AGAIN, BEGIN, PAUSE, PROMPT, RESUME
from fieldapp.elicitation.loudness import LoudnessMeter
from fieldapp.model import Span
from fieldapp.session.running import RunningSession
from fieldapp.session.sound import end_of, read_span
from fieldapp.store import sessions
from fieldapp.store.store import Store

AIR_S = 0.15
LONGEST_S = 60
"""What lies longer ago is not looked for."""
_EDGES = {BEGIN, PROMPT, PAUSE, RESUME} | AGAIN


def last_answer(store: Store, session: RunningSession, target: Path) -> Clip | None:
    """From the first to the last sound of the voice since a prompt was shown, of the latest prompt that was answered at all, written to `target`."""
    rate = session.plan.master.rate
    parts = [part for run in session.runs for part in run.parts()]
    begun = [(event.frame, event.kind) for event in sessions.events(store.reader(), session.plan.master.id) if event.kind in _EDGES]
    end = end_of(parts)
    for (start, kind), stop in reversed([*zip(begun, [frame for frame, _ in begun[1:]] + [end])]):
        span = Span(max(start, end - LONGEST_S * rate), max(stop, start))
        if kind == PAUSE or span.stop <= span.start:  # in a pause nobody answers, and what is played back is heard by the microphone, too
            continue
        sound = read_span(parts, span)
        meter = LoudnessMeter(rate)
        meter.push(sound)
        speech = meter.loudness().speech()
        if speech:
            first, last = max(0, speech[0].start - round(AIR_S * rate)), min(len(sound), speech[-1].stop + round(AIR_S * rate))
            soundfile.write(target, sound[first:last], rate, subtype="PCM_16")
            return Clip(target, Span(0, last - first))
    return None
