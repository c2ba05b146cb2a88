"""What a home shows: alarms on its own readings, and on readings with leaks and disturbances."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from devices.instant import Instant
from rules.memory import SavedState
from rules.severity import Severity
from rules.subject import Subject
from rules.water_use import LONGEST_SLOT
from tests.quality.disturbance import LASTS_DAYS, STANDS, disturbances
from tests.quality.injection import DAY, LASTS, Counted, leaking, leaks
from tests.quality.meter import Alarm, Watched, alarms_of, trivial, warnings_of

WARM_UP = 30 * DAY
ONSETS = 4
MONTH = 365.25 / 12 * DAY
_SAYS_SO = frozenset({"counter_step", "stopped_meter"})
"""Rules that are there to speak of the counter itself."""
_STANDS = _SAYS_SO | {"low_day"}
"""Those that tell of a counter that stands, whatever the reason."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One leak put into one home. Delays in ms, None for not found within its 14 days."""

    leak: str
    delay: int | None
    readings: int
    litres: float
    noticed: int | None
    trivial: Mapping[float, int | None]
    known: float
    """The share of the first 48 h that lies in slots."""


@dataclass(slots=True)
class Score:
    """What one home shows, in device-months after the warm-up."""

    home: str
    months: float = 0.0
    warnings: list[Alarm] = field(default_factory=list)
    notices: list[Alarm] = field(default_factory=list)
    trivial: dict[float, int] = field(default_factory=dict)
    trials: list[Trial] = field(default_factory=list)
    gap_alarms: list[str] = field(default_factory=list)
    disturbed: int = 0


def score_of(home: str, readings: Sequence[Counted], seed: int = 0) -> Score:
    """Return what a home shows; a home of less than warm-up and leak has no device-months.

    Another seed puts the leaks and disturbances at other instants.
    """
    random, score = Random(f"{home}/{seed}" if seed else home), Score(home)
    first_at, last_at = readings[0][0], readings[-1][0]
    if last_at - first_at < WARM_UP + LASTS:
        return score
    score.months = (last_at - first_at - WARM_UP) / MONTH
    places = [
        number
        for number, (at, _) in enumerate(readings)
        if first_at + WARM_UP <= at <= last_at - LASTS
    ]
    onsets = sorted(random.sample(places, ONSETS)) if len(places) >= ONSETS else []
    watched, begun = Watched(), 0
    for onset in onsets:
        watched.take_in(readings[begun : onset + 1])
        begun = onset + 1
        states = watched.taken()
        window = [one for one in readings[onset:] if one[0] <= readings[onset][0] + LASTS]
        if not watched.active(Severity.WARNING):
            history = readings[max(0, onset - 60) : onset]
            _leak(score, (history, window), states, random)
        _disturb(score, window, states, watched.active())
    watched.take_in(readings[begun:]).taken()
    _untouched(score, readings, watched.alarms)
    return score


def _untouched(score: Score, readings: Sequence[Counted], alarms: Sequence[Alarm]) -> None:
    counts_from = readings[0][0] + WARM_UP
    warned = [alarm for alarm in warnings_of(alarms) if alarm.at >= counts_from]
    score.warnings = warned
    score.notices = [
        alarm for alarm in alarms if alarm.severity == Severity.NOTICE and alarm.at >= counts_from
    ]
    for limit in (0.0, 5.0):
        score.trivial[limit] = sum(at >= counts_from for at in trivial(readings, limit))
    times = sorted(at for at, _ in readings)
    for alarm in warned:
        place = bisect_left(times, alarm.at)
        if place and times[place] - times[place - 1] > LONGEST_SLOT:
            score.gap_alarms.append(f"{alarm.rule} at a reading after a gap")


def _leak(
    score: Score,
    parts: tuple[Sequence[Counted], Sequence[Counted]],
    states: Mapping[Subject, SavedState],
    random: Random,
) -> None:
    history, window = parts
    onset_at = window[0][0]
    known = _known(window, onset_at + 2 * DAY)
    for leak in leaks():
        extra = leak.begun(onset_at, random)
        readings = leaking(window[1:], extra)
        alarms = alarms_of(readings, states)
        at = _first(alarm.at for alarm in alarms if alarm.severity >= Severity.WARNING)
        noticed = _first(alarm.at for alarm in alarms)
        whole = [*history, window[0], *readings]
        score.trials.append(
            Trial(
                leak.name,
                None if at is None else at - onset_at,
                sum(one <= (at or 0) for one, _ in readings),
                extra(at if at is not None else onset_at + LASTS),
                None if noticed is None else noticed - onset_at,
                {
                    limit: _first(one - onset_at for one in trivial(whole, limit) if one > onset_at)
                    for limit in (0.0, 5.0)
                },
                known,
            )
        )


def _disturb(
    score: Score,
    window: Sequence[Counted],
    states: Mapping[Subject, SavedState],
    active: frozenset[str],
) -> None:
    """Count what is told until two days after a disturbance, and neither before nor without it."""
    until = window[0][0] + (1 + LASTS_DAYS + 2) * DAY
    usual = [one for one in window[1:] if one[0] <= until]
    if not usual or usual[-1][0] < window[0][0] + DAY:
        return
    expected = active | {alarm.rule for alarm in alarms_of(usual, states)}
    for name, readings in disturbances(usual).items():
        score.disturbed += 1
        says_so = _STANDS if name in STANDS else _SAYS_SO
        found = {alarm.rule for alarm in alarms_of(readings, states)} - expected - says_so
        score.gap_alarms += [f"{rule} after {name}" for rule in sorted(found)]


def _known(readings: Sequence[Counted], until: Instant) -> float:
    spans = (after - before for (before, _), (after, _) in pairwise(readings) if after <= until)
    return sum(span for span in spans if 0 < span <= LONGEST_SLOT) / (2 * DAY)


def _first(instants: Iterable[Instant]) -> Instant | None:
    return next(iter(instants), None)
