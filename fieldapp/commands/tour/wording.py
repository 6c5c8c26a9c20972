"""The end of the tour in words a linguist reads: what was said, what was found, how sure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fieldapp.commands.tour.understanding import Understood


def as_text(told: Understood) -> str:
    """Three short tables with their legends."""
    return "\n".join([*_said(told), "", *_right(told), "", *_found(told)])


def _said(told: Understood) -> list[str]:
    lines = ["WHAT WAS SAID  (a draft of each variety beside what the speaker was asked to say)"]
    for one in told.examples:
        lines.append(f"  {one.variety:<13} {one.speaker}  asked  {one.asked}")
        lines.append(f"  {'':<13} {'':<{len(one.speaker)}}  draft  {one.draft}   (sure {one.sure:.0%}, {one.wrong} of {one.characters} characters wrong)")
    return lines


def _right(told: Understood) -> list[str]:
    lines = [
        "HOW RIGHT THE DRAFTS ARE  (all speakers whom nobody had transcribed; voices the model was never trained with)",
        "  variety        speakers  answers  characters wrong  answers all right  the model's own confidence",
    ]
    return lines + [f"  {one.variety:<13} {one.speakers:>9} {one.answers:>8} {one.error:>17.1%} {one.whole:>18.0%} {one.sure:>28.0%}" for one in told.read]


def _found(told: Understood) -> list[str]:
    by = "by the model's trained meaning head" if told.by_head == "meaning" else "by the fieldbook's own head" if told.by_head else "without a head"
    lines = [
        f"WHAT WAS FOUND  (each sentence of a speaker looked for among the sentences of a speaker of another variety, {by})",
        "  from          to             sentences  right one first   with other sentences   by chance",
    ]
    for one in told.found:
        sure = f"{one.low:.0%} to {one.high:.0%}"
        lines.append(f"  {one.one:<13} {one.other:<13} {one.sentences:>10} {one.first:>16.0%} {sure:>22} {one.chance:>11.0%}")
    return lines
