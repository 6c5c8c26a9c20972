"""Oral annotation by the space bar: whatever keys come, only what is said between Space and Space counts, and to the right segment."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fieldapp.elicitation.events import TAKE
from fieldapp.elicitation.sitting import Sitting
from fieldapp.session.respeaking import HELD_S, Phase, Respeaking

STEPS = ("down", "up", "later", "again", "skip", "back", "played")


class Course:
    """A real sitting over segments, with a loudspeaker that only counts."""

    def __init__(self, count: int) -> None:
        self.sitting = Sitting([f"s{number}" for number in range(count)])
        self.sitting.begin()
        self.made: list[tuple[str, str]] = []
        self.heard: list[int | None] = []
        self.now = 0.0
        self.respeaking = Respeaking(self.press, lambda: self.sitting.view.paused, self.play, lambda: None)
        self.respeaking.begin()

    def press(self, key: str) -> list[str]:
        happened = self.sitting.press(key)
        self.made += [(one.kind, one.topic) for one in happened]
        return [one.kind for one in happened]

    def play(self) -> None:
        self.heard.append(self.sitting.view.place)

    def do(self, step: str) -> None:
        if step == "later":
            self.now += HELD_S
        elif step in ("down", "up"):
            getattr(self.respeaking, step)(self.now)
        else:
            getattr(self.respeaking, step)()

    @property
    def taken(self) -> list[str]:
        return [topic for kind, topic in self.made if kind == TAKE]


def test_held_space_speaks_until_it_is_let_go_and_the_next_segment_is_played() -> None:
    course = Course(2)
    for step in ("played", "down", "later", "up"):
        course.do(step)
    assert (course.taken, course.heard, course.respeaking.phase) == (["s0"], [0, 1], Phase.LISTENING)


def test_tapped_space_speaks_until_the_next_tap_and_cuts_listening_short() -> None:
    course = Course(2)
    for step in ("down", "up", "later", "later"):
        course.do(step)
    assert course.respeaking.phase is Phase.SPEAKING
    for step in ("down", "up"):
        course.do(step)
    assert (course.taken, course.respeaking.phase) == (["s0"], Phase.LISTENING)


def test_after_the_last_answer_it_is_over_and_space_means_nothing() -> None:
    course = Course(1)
    for step in ("down", "later", "up", "down", "up", "again", "skip"):
        course.do(step)
    assert (course.taken, course.respeaking.phase) == (["s0"], Phase.OVER)


def test_back_at_the_first_segment_changes_nothing() -> None:
    course = Course(2)
    course.do("back")
    assert (course.respeaking.phase, course.sitting.view.paused, course.sitting.view.place) == (Phase.LISTENING, True, 0)


def test_hearing_again_keeps_what_was_said_and_makes_another_take() -> None:
    course = Course(1)
    for step in ("down", "later", "again"):
        course.do(step)
    assert (course.sitting.view.take, course.heard, course.respeaking.phase) == (2, [0, 0], Phase.LISTENING)


@given(st.integers(1, 4), st.lists(st.sampled_from(STEPS), max_size=40))
def test_the_clock_runs_while_somebody_speaks_and_never_else(count: int, steps: list[str]) -> None:
    course = Course(count)
    for step in steps:
        course.do(step)
        phase, view = course.respeaking.phase, course.sitting.view
        if phase is Phase.OVER:
            assert view.place is None
        else:
            assert view.paused == (phase in (Phase.LISTENING, Phase.READY))
            assert view.place is not None
        if phase is Phase.LISTENING:
            assert course.heard[-1] == view.place
