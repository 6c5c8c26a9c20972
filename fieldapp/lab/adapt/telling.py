"""The report of an adaptation as lines a linguist reads: what was asked, of how many, what chance gives, what came out, how sure. Any thread."""

from __future__ import annotations

from fieldapp.lab.adapt.meaning import Outcome
from fieldapp.lab.adapt.recogniser import SAME_MEANING, SECONDS_AN_EDIT, Adapted


def told(outcome: Outcome, text_model: str) -> list[str]:
    """The lines of a report on a meaning head."""
    recipe = outcome.recipe
    begun = f"begun with the head '{recipe.begun}'" if recipe.begun else f"begun with strictness {recipe.strictness:g}"
    lines = [
        f"Meaning head towards the texts of {text_model}",
        f"  learned from  {outcome.material.sentence()}",
        f"  tested        {outcome.split.sentence()}",
        f"  recipe        {begun}, {recipe.steps} further steps (chosen on meanings left out of learning)",
        "",
        f"  {'asked':<36}{'space':<12}{'n':>5} {'chance':>7} {'R@1':>6} {'95 %':>12} {'R@5':>6} {'MRR':>6}",
    ]
    for asked in dict.fromkeys(direction.asked for directions in outcome.spaces.values() for direction in directions):
        for name, directions in outcome.spaces.items():
            for direction in directions:
                if direction.asked == asked and len(direction.found):
                    row = direction.row()
                    figures = f"{len(direction.found):>5} {_percent(row['chance']):>7} {_percent(row['R@1']):>6} {direction.interval()!s:>12}"
                    lines.append(f"  {asked:<36}{name:<12}{figures} {_percent(row['R@5']):>6} {row['MRR']:>6.2f}")
    lines += ["", f"  {'dims':>6} {'text to speech R@1':>20} {'speech to text R@1':>20} {'MB per 100,000':>16} {'ms per query':>14}"]
    for cut in outcome.dimensions:
        to_speech, to_text = (_percent(cut["R@1"].get(way, float("nan"))) for way in ("text to speech", "speech to text"))
        lines.append(f"  {cut['dims']:>6} {to_speech:>20} {to_text:>20} {cut['megabytes']:>16.1f} {cut['query_ms']:>14.2f}")
    energy = ", ".join(f"{share:.0%} in {dims}" for share, dims in outcome.energy.items())
    lines += ["", f"  energy        {energy} dimensions; own text closer than others' by {outcome.tightness:.2f} (cosine)"]
    lines += ["  doubt         the head that is used learned from all segments by the same recipe; the figures are of one that had not heard the test"]
    if outcome.in_use == outcome.before:
        lines += [f"  compared      with the space '{outcome.before}', which search by meaning uses now"]
    else:
        lines += [
            f"  compared      with the space '{outcome.before}', not with '{outcome.in_use}', which search by meaning uses now:",
            "                that one was learned from this fieldbook and has heard the test",
        ]
    verdict = outcome.verdict
    return [*lines, "", f"{'Use it' if verdict.adopt else 'Do not use it'}: beside the space '{outcome.before}', {verdict.why}."]


def told_recogniser(outcome: Adapted) -> list[str]:
    """The lines of a report on a recogniser."""
    gate, tuned = outcome.gate, outcome.tuned
    last = len(tuned.listened) - 1
    losses = f"loss on what was only listened to {tuned.listened[0]:.2f} before, {tuned.listened[tuned.best]:.2f} after epoch {tuned.best} of {last}"
    change = f"{100 * (gate.after - gate.before):+.1f} points (95 %: {gate.change})"
    lines = [
        f"Recogniser for this fieldbook (language token '{outcome.language}')",
        f"  material      {outcome.material.sentence()}",
        f"  learned from  {outcome.minutes:.1f} minutes in {outcome.lessons} segments; {losses}",
        f"  tested        {outcome.split.sentence()}",
        f"  asked         how many characters must be corrected in {gate.segments} held-back segments ({gate.seconds / 60:.1f} min)?",
        f"  CER before    {_percent(gate.before):>5} %   95 %: {gate.before_interval}",
        f"  CER after     {_percent(gate.after):>5} %   95 %: {gate.after_interval}",
        f"  difference    {change}",
        f"  saves         about {gate.minutes_an_hour:.0f} minutes of correcting in an hour of speech, at {SECONDS_AN_EDIT:g} s a character (an assumption)",
        *_about_meaning(outcome.drift),
        "  doubt         the interval is over meanings; few speakers were held back, and another place or microphone may fare otherwise",
    ]
    verdict = gate.verdict
    return [*lines, "", f"{'Adopt' if verdict.adopt else 'Do not adopt'}: {verdict.why}."]


def _about_meaning(drift: float | None) -> list[str]:
    if drift is None:
        return []
    kept = (
        "its meaning head still fits and stays" if drift >= SAME_MEANING else "its meaning head no longer fits and is left out; learn another: --kind meaning"
    )
    return [f"  meaning       old and new vectors are alike by {drift:.2f} (cosine): {kept}"]


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
