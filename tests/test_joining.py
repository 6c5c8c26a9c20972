"""Who is given which text of the live engine; a second is a thousand frames here."""

from __future__ import annotations

from fieldapp.model import RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.session.joining import divide


def row(start: float, stop: float, state: str = "draft") -> Segment:
    return Segment(id=SegmentId(new_id()), recording=RecordingId("r"), span=Span(round(start * 1000), round(stop * 1000)), state=state)


def test_a_row_that_reaches_into_another_take_is_divided_by_nobody() -> None:
    takes = [row(1, 2), row(3, 4), row(6, 7)]
    within, across = row(5.8, 7.1), row(0.8, 4.1)
    assert divide(takes, [across, within], 1000) == {takes[2].id: [within]}


def test_a_take_of_several_rows_is_given_all_of_them_and_talk_between_takes_goes_to_none() -> None:
    takes = [row(1, 5), row(9, 10)]
    one, two, between, last = row(0.8, 2.2), row(2.9, 5.1), row(6, 8), row(8.7, 10.2)
    assert divide(takes, [one, two, between, last], 1000) == {takes[0].id: [one, two], takes[1].id: [last]}


def test_a_row_that_reaches_far_beyond_its_take_is_not_its_text() -> None:
    takes = [row(1, 2)]
    assert divide(takes, [row(0.8, 4.0)], 1000) == {}
