"""The gases of a tank, and its ventilation, as they are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from devices.instant import Instant
from devices.reading import Reading
from rules.commands import Flight
from rules.library.gas_levels import NOT_TO_BE_TRUSTED, OVER_RANGE

AMBIENT_O2_VOL_PCT = 20.9
_EVENTFUL = NOT_TO_BE_TRUSTED | {OVER_RANGE}


class Gas(NamedTuple):
    """One gas: whether level 1 was reached and not yet left, and the value if it is known."""

    reached: bool
    value: float | None


Gases = dict[str, Gas]


@dataclass(frozen=True, slots=True)
class Level:
    """The first level of a gas, and the value on its good side at which it counts as left.

    A gas that does not `start` the fan only keeps it running.
    """

    field: str
    limit: float
    clear: float
    source: str
    falling: bool = False
    starts: bool = True

    def reached(self, value: float, *, before: bool) -> bool:
        """Return whether the level is reached, or was and is not yet left."""
        bound = self.clear if before else self.limit
        return value <= bound if self.falling else value >= bound

    def left(self, gas: Gas) -> bool:
        """Return whether the gas is known to be on the good side of the way back."""
        return gas.value is not None and not self.reached(gas.value, before=True)

    def amount(self, value: float) -> float:
        """Return what the fan is to halve: the gas, or the oxygen that is missing."""
        return AMBIENT_O2_VOL_PCT - value if self.falling else value


class Tank(NamedTuple):
    """What is known of one tank; saved as the list of its fields, so that new ones go to the end.

    Device time: `run_at` since when the fan runs, `level_at` since when level 1, `interlock_at`
    when something must have started, `starts`, and `before`: by gas, the amount at the start of
    its ventilation and when. Ours: `ordered_at` of the last order to
    start, `failed_at` and `stuck_at` when two orders had no effect. `clock`
    is `measured_at` and `received_at` of the newest reading.
    """

    clock: tuple[Instant, Instant] | None = None
    gases: Mapping[str, Gas] = {}
    running: bool | None = None
    own: bool = False
    run_at: Instant | None = None
    level_at: Instant | None = None
    interlock_at: Instant | None = None
    interlock: bool = False
    before: Mapping[str, tuple[float, Instant]] = {}
    ineffective: tuple[str, float, float] | None = None
    starts: tuple[Instant, ...] = ()
    start: Flight | None = None
    attempts: int = 0
    failed_at: Instant | None = None
    failed_answer: str | None = None
    ordered_at: Instant | None = None
    stop: Flight | None = None
    stops: int = 0
    stuck_at: Instant | None = None
    override: tuple[str, Instant] | None = None
    told: tuple[str, ...] = ()

    @property
    def ahead_ms(self) -> int:
        """How far the device's clock is ahead of ours."""
        return 0 if self.clock is None else self.clock[0] - self.clock[1]

    @property
    def at_rest(self) -> bool:
        """Whether the fan is known to stand and nothing is the matter, ordered or remembered."""
        return self.running is False and not (
            self.level_at or self.start or self.stop or self.starts or self.told
            or self.failed_at or self.ordered_at or self.override
        )  # fmt: skip

    def decides_from(self, at: Instant) -> Instant:
        """Return since when, from `at` on, the sequence decides and no person; in device time."""
        return at if self.override is None else max(at, self.override[1] + self.ahead_ms)

    def mode(self, now: Instant) -> str:
        """Return what a person wants, "" for nothing."""
        return self.override[0] if self.override is not None and now < self.override[1] else ""


def tank_of(state: list[object] | Tank) -> Tank:
    """Return a tank from the list it was saved as."""
    if isinstance(state, Tank):
        return state
    tank = Tank(*state)  # type: ignore[arg-type]
    return tank._replace(
        gases={field: Gas(*gas) for field, gas in tank.gases.items()},
        start=tank.start and Flight(*tank.start),
        stop=tank.stop and Flight(*tank.stop),
        starts=tuple(tank.starts),
        told=tuple(tank.told),
    )


def gases_after(levels: tuple[Level, ...], gases: Mapping[str, Gas], reading: Reading) -> Gases:
    """Return the gases as a reading leaves them: what it doesn't vouch for is not known.

    What a sensor can't show any more, of whichever gas, is one of its own while that is so.
    """
    status = reading.values.get("sensor_status")
    sound = status not in NOT_TO_BE_TRUSTED
    after: Gases = {}
    if status == OVER_RANGE or (OVER_RANGE in gases and not sound):
        after[OVER_RANGE] = Gas(reached=True, value=None)
    for level in levels:
        gas = gases.get(level.field)
        value = reading.values.get(level.field) if sound else None
        if isinstance(value, (int, float)):
            reached = level.reached(value, before=gas is not None and gas.reached)
            after[level.field] = Gas(reached, value)
        elif gas is not None:
            after[level.field] = gas._replace(value=None)
    return after


def is_uneventful(levels: tuple[Level, ...], gases: Mapping[str, Gas], reading: Reading) -> bool:
    """Return whether a reading shows a fan that stands and the same gases, none at its level."""
    values = reading.values
    if values.get("fan_running") is not False or values.get("sensor_status") in _EVENTFUL:
        return False
    for level in levels:
        value, gas = values.get(level.field), gases.get(level.field)
        if (value is None) is not (gas is None) or (gas is not None and gas.reached):
            return False
        if isinstance(value, (int, float)) and level.reached(value, before=False):
            return False
    return True


def feedback(reading: Reading) -> bool | None:
    """Return whether the fan is proven to run; None if the reading doesn't say."""
    running = reading.values.get("fan_running")
    if isinstance(running, bool):
        return running
    current_a = reading.values.get("fan_current_a")
    return current_a >= RUNS_FROM_A if isinstance(current_a, (int, float)) else None


RUNS_FROM_A = 0.2
"""General knowledge, not from a standard: the smallest fans take more, a leaking relay less."""
