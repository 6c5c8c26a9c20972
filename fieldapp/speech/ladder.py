"""How live work gives way when the machine is too slow: five levels by lag, quick to climb, slow to come down. Pure."""

from __future__ import annotations

from dataclasses import dataclass

EVERYTHING, FEWER_PARTIALS, NO_PARTIALS, QUICK_MODEL, RECORD_ONLY = range(5)


@dataclass(frozen=True, slots=True)
class LadderRules:
    """Seconds of lag that lead to each level, the cost of a partial that leads to the first, and the calm needed to come down."""

    lags: tuple[float, float, float, float] = (2.0, 4.0, 10.0, 60.0)
    partial_cost: float = 1.0
    calm: float = 10.0


class Ladder:
    """The level and since when it could be lower."""

    def __init__(self, rules: LadderRules) -> None:
        self._rules = rules
        self._calm_since: float | None = None
        self.level = EVERYTHING

    def update(self, lag: float, partial_cost: float, now: float) -> int:
        """The level for now: up at once and as far as need be, down one step after each calm while."""
        fitting = sum(lag > limit for limit in self._rules.lags)
        if partial_cost > self._rules.partial_cost:
            fitting = max(fitting, FEWER_PARTIALS)
        if fitting >= self.level:
            self.level, self._calm_since = fitting, None
        elif self._calm_since is None:
            self._calm_since = now
        elif now - self._calm_since >= self._rules.calm:
            self.level, self._calm_since = self.level - 1, now
        return self.level
