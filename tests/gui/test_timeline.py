"""One timeline for all widgets: it never leaves the sound, and zooming keeps the anchor in its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.gui.widgets.timeline import Timeline, clock
from fieldapp.model import Span

pytestmark = pytest.mark.gui

moves = st.lists(
    st.one_of(
        st.tuples(st.just("zoom"), st.floats(0.05, 20), st.floats(0, 1000)),
        st.tuples(st.just("scroll"), st.floats(-1e6, 1e6), st.just(0.0)),
        st.tuples(st.just("follow"), st.floats(0, 1e8), st.just(0.0)),
        st.tuples(st.just("resize"), st.floats(1, 4000), st.just(0.0)),
    ),
    max_size=20,
)


@given(frames=st.integers(1, 48000 * 3600 * 10), steps=moves)
def test_whatever_is_done_the_view_stays_inside_the_sound(frames: int, steps: list[tuple[str, float, float]]) -> None:
    line = Timeline(48000, frames)
    line.resize(1000)
    for kind, a, b in steps:
        if kind == "zoom":
            line.zoom(a, b)
        elif kind == "scroll":
            line.scroll(a)
        elif kind == "follow":
            line.follow(min(frames, int(a)))
        else:
            line.resize(int(a))
        assert line.start >= 0
        assert line.start + line.width * line.frames_per_pixel <= max(frames, line.width * 0.25) + 1e-3 * frames
        assert line.visible().stop <= frames


@given(factor=st.floats(0.3, 3), anchor=st.floats(200, 800))
def test_zooming_keeps_the_frame_under_the_pointer(factor: float, anchor: float) -> None:
    line = Timeline(48000, 48000 * 600)
    line.resize(1000)
    line.show(Span(48000 * 200, 48000 * 300))
    before = line.frame_at(anchor)
    line.zoom(factor, anchor)
    assert line.frame_at(anchor) == pytest.approx(before, abs=1)


@pytest.mark.parametrize(
    ("frame", "places", "shown"), [(0, 1, "0:00.0"), (47999, 1, "0:00.9"), (48000 * 3599, 0, "59:59"), (48000 * 3600, 1, "1:00:00.0"), (24000, 3, "0:00.500")]
)
def test_the_clock_never_runs_ahead(frame: int, places: int, shown: str) -> None:
    assert clock(frame, 48000, places=places) == shown
