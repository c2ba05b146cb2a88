"""Zone balance: what flows into a zone, less what its homes count."""

from dataclasses import dataclass
from statistics import mean, pstdev
from typing import Any, NamedTuple, TypeAlias

from devices.reading import Reading
from rules.condition import State, Timeless, Verdict
from rules.finding import Evidence, Finding, clear
from rules.severity import Severity
from rules.water_day import DAY, Day, day_in

_WAIT_DAYS = 2
_COVERAGE = 0.95
_REMEMBERED = 7

_Open: TypeAlias = list[Any]
"""A day that is not judged yet: its number; litres and number of bulk meters; those of homes."""


class Zone(NamedTuple):
    """The bulk meters of a zone, as `<kind>/<device>`, and how many other meters it has."""

    bulk: frozenset[str]
    homes: int


class Loss(NamedTuple):
    """What is too much: above `percent` of the inflow, and above the own habit.

    The habit is the mean of the last seven usual days and `deviations` standard deviations.
    """

    percent: float
    deviations: float
    source: str


@dataclass(frozen=True, slots=True)
class ZoneBalance(Timeless):
    """The share of a day's inflow that no home counted.

    A day is judged when all meters have told it, or two days later with those that have: all bulk
    meters and 95 % of the homes, the rest taken for as much as these. The first seven days are for
    learning. State: the open days; the last day judged; the shares; since, 0 for usual.
    """

    zone: Zone
    loss: Loss

    def start(self) -> State:
        """Return the state before the first day."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Add a meter's day, and judge the first open one if it is complete."""
        day = day_in(reading)
        if day is None:
            return state, None
        days, judged, shares, since = state or ([], 0, [], 0)
        if day.number > judged:
            days = self._added(days, day, f"{reading.kind}/{reading.device}")
        if not days or not self._is_over(days[0], days[-1][0]):
            return (days, judged, shares, since), None
        over, *days = days
        shares, since, finding = self._judged(over, shares, since)
        return (days, over[0], shares, since), finding

    def _added(self, days: list[_Open], day: Day, meter: str) -> list[_Open]:
        number, inflow, bulk, used, homes = next(
            (each for each in days if each[0] == day.number), [day.number, 0.0, 0, 0.0, 0]
        )
        if not day.known:
            pass
        elif meter in self.zone.bulk:
            inflow, bulk = round(inflow + day.litres, 3), bulk + 1
        else:
            used, homes = round(used + day.litres, 3), homes + 1
        others = [each for each in days if each[0] != day.number]
        return sorted([*others, [number, inflow, bulk, used, homes]])

    def _is_over(self, day: _Open, newest: int) -> bool:
        number, _, bulk, _, homes = day
        told = bulk >= len(self.zone.bulk) and homes >= self.zone.homes
        return bool(told or number <= newest - _WAIT_DAYS)

    def _judged(
        self, day: _Open, shares: list[float], since: int
    ) -> tuple[list[float], int, Finding | None]:
        number, inflow, bulk, used, homes = day
        heard = bulk == len(self.zone.bulk) and homes >= _COVERAGE * self.zone.homes
        if not heard or not homes or inflow <= 0:
            return shares, since, None
        ended = Day(number, inflow, DAY)
        whole = used * max(self.zone.homes, homes) / homes
        lost = round(100 * (inflow - whole) / inflow, 2)
        usual = mean(shares) + self.loss.deviations * pstdev(shares) if shares else 0.0
        limit = max(self.loss.percent, usual)
        if len(shares) < _REMEMBERED or lost <= limit:
            remembered = [*shares, lost][-_REMEMBERED:]
            return remembered, 0, clear(ended.end_at) if since else None
        since = since or ended.start_at
        evidence: Evidence = {
            "inflow_m3": round(inflow / 1_000, 2),
            "homes_m3": round(whole / 1_000, 2),
            "lost_pct": lost,
            "usual_pct": round(mean(shares), 1),
            "limit_pct": round(limit, 1),
            "homes": homes,
            "of_homes": max(self.zone.homes, homes),
            "limit_from": self.loss.source,
        }
        return shares, since, Finding(Severity.WARNING, ended.end_at, since, evidence)
