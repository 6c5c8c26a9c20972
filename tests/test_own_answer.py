"""The speaker's last answer, played back to them while the session waits."""

from __future__ import annotations

from pathlib import Path

import soundfile
from e2e.marked_session import RATE, Answer, MarkedSession, read_tone
from e2e.recorders import recorder_ends_with, until

from fieldapp.audio.client import RecorderClient
from fieldapp.prompts import read_prompts
from fieldapp.session import plan, running
from fieldapp.session.own_answer import last_answer
from fieldapp.session.running import RunningSession
from fieldapp.store import sessions
from fieldapp.store.store import Store


def begin(store: Store, folder: Path, answers: list[Answer]) -> RunningSession:
    """Three prompts, and these answers."""
    session = MarkedSession(["a", "b", "c"], answers=answers, seconds=60.0)
    source = {"source": str(session.write_sound(folder / "played.wav")), "speed": 4.0}
    client = RecorderClient.start_or_attach(store.folder, reserve=0)
    armed = running.arm(client, source)
    wish = plan.Wish(speaker="W1", prompts=read_prompts(session.write_list(folder / "list.csv")))
    return running.begin(store, client, plan.make_plan(store, wish, {**armed, "bits": 24}), source)


def test_it_is_the_answer_to_the_latest_prompt_that_was_answered_and_not_what_is_heard_in_a_pause(tmp_path: Path) -> None:
    answers = [Answer(0, "a", 1.0, 1.6, True), Answer(1, "b", 3.0, 3.5, True), Answer(2, "c", 5.5, 6.0, False)]
    with recorder_ends_with(tmp_path / "book") as folder, Store.create(folder, "book") as store:
        session, target = begin(store, tmp_path, answers), tmp_path / "answer.wav"
        heard = []
        for key, pressed, seconds in (("next", 2 * RATE, 2.4), ("next", 4 * RATE, 4.8), ("pause", 5 * RATE, 7.0)):
            until(lambda seconds=seconds: session.look().frames > seconds * RATE)  # type: ignore[misc]
            session.press(key, frame=pressed)
            until(lambda pressed=pressed: any(event.frame == pressed for event in sessions.events(store.reader(), session.plan.master.id)))  # type: ignore[misc]
            clip = last_answer(store, session, target)
            assert clip is not None
            sound = soundfile.read(clip.path, dtype="float32")[0]
            assert len(sound) == clip.span.stop
            heard.append(read_tone(sound)[0])
        session.stop()
    assert heard == [0, 1, 1]


def test_where_nobody_spoke_there_is_nothing_to_play(tmp_path: Path) -> None:
    with recorder_ends_with(tmp_path / "book") as folder, Store.create(folder, "book") as store:
        session = begin(store, tmp_path, [])
        until(lambda: session.look().frames > RATE)
        assert last_answer(store, session, tmp_path / "answer.wav") is None
        session.stop()
