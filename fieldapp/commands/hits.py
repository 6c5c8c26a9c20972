"""Found segments as lines for a person and as data for a program. Not a command itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fieldapp.finding.question import Match, Reason, space_name
from fieldapp.model import Hit, Span

if TYPE_CHECKING:
    from fieldapp.finding.explain import Carried, Evidence

_BRIGHT, _QUIET, _PLAIN = "\x1b[1;7m", "\x1b[2m", "\x1b[0m"
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"  # a text that runs from the right must not pull its neighbours over
_SHOWN_PAIRS = 12


def as_data(match: Match, evidence: Evidence | Carried | None = None) -> dict[str, Any]:
    """One match for JSON."""
    hit = match.hit
    data: dict[str, Any] = {**asdict(hit), "span": [hit.span.start, hit.span.stop], "seconds": _seconds(hit.span, hit.rate)}
    data["reasons"] = [_reason(reason) for reason in match.reasons]
    if match.stretch is not None:
        data["stretch"] = {"span": [match.stretch.start, match.stretch.stop], "seconds": _seconds(match.stretch, hit.rate)}
    if evidence is not None:
        data["evidence"] = evidence.data()
    return data


def lines_of(match: Match, evidence: Evidence | Carried | None, *, coloured: bool) -> Iterator[str]:
    """The hit, and below it why it was found unless words say so themselves."""
    yield _hit_line(match.hit, coloured=coloured)
    for reason in match.reasons:
        if reason.space is not None:
            note = f" · {reason.basis.note}" if reason.basis else ""
            yield f"    {reason.rank}. {reason.why} · similarity {reason.similarity:.3f}{note} · {space_name(reason.space)}"
        elif len(match.reasons) > 1:
            yield f"    {reason.rank}. {reason.why}"
    for name, pairs in (evidence.data() if evidence else {}).items():
        if name in ("aligned", "carried"):
            step = max(1, len(pairs) // _SHOWN_PAIRS)
            yield f"    {name}: " + ", ".join(" ~ ".join(f"{value:.2f}" for value in pair) for pair in pairs[::step])


def _reason(reason: Reason) -> dict[str, Any]:
    about = {"mode": reason.mode, "why": reason.why, "rank": reason.rank}
    if reason.space is not None:
        about |= {"similarity": round(reason.similarity or 0.0, 4), "space": {**asdict(reason.space), "title": space_name(reason.space)}}
    if reason.basis is not None:
        about["calibration"] = asdict(reason.basis)
    return about


def _seconds(span: Span, rate: int) -> dict[str, float]:
    return {"start": round(span.start / rate, 3), "stop": round(span.stop / rate, 3)}


def _hit_line(hit: Hit, *, coloured: bool) -> str:
    minutes, seconds = divmod(hit.span.start / hit.rate, 60)
    text = " ".join(_highlighted(hit).splitlines()) if coloured else " ".join(hit.text.splitlines())
    about = " · ".join(part for part in (hit.speaker, hit.variety, hit.session) if part)
    draft = " (draft)" if hit.state == "draft" else ""
    if coloured:
        about = f"{_QUIET}{about}{_PLAIN}"
    return f"{hit.segment}  {minutes:02.0f}:{seconds:06.3f}  {hit.tier}: {text}{draft}  {about}"


def _highlighted(hit: Hit) -> str:
    pieces, at = [], 0
    for start, stop in hit.marks:
        pieces += [hit.text[at:start], _BRIGHT, hit.text[start:stop], _PLAIN]
        at = stop
    return f"{_ISOLATE}{''.join([*pieces, hit.text[at:]])}{_END_ISOLATE}"
