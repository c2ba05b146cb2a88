"""Water use: from the counters and increments of a meter to spans of use."""

from collections.abc import Mapping
from enum import StrEnum
from math import inf
from typing import Any, NamedTuple, TypeAlias

from devices.instant import Instant
from devices.reading import NUMBER, Reading, Values
from rules.meter_size import LARGEST_FLOW_LH

WATER_USE = "water_use"
"""The field by which rules read the `Use` that a reading shows, see `rules.derived`."""
STANDING_FLOW = "standing_flow_m3h"
"""By this name conditions say, in `calm`, which flow is nothing while the counter stands."""
HOUR = 3_600_000
_MINUTE = 60_000
LONGEST_SLOT = 2 * HOUR
"""A longer span between two readings is a gap: its use is known, when in it is not. An hourly
meter that lost one reading is just within it."""
_JITTER_L = 10.0
"""A counter that shakes back by a few litres, as one real meter did 163 times in a year."""
_NEW_L = 1_000.0
"""A meter that has counted less than this was just put in (general knowledge)."""
_LEAST_MODULUS_L = 1_000_000.0
_START_L = 10.0
ROUNDED_LH = 0.02
"""Above what rounding to a hundredth of a litre, or of a litre an hour, can add."""
_REMEMBERED = 7 * 24 * HOUR
"""A counter that goes back to where it stood before a step, within this time, was wrong in between
(a choice): a new meter takes longer to count as much."""

_Known: TypeAlias = list[Any] | tuple[Any, ...]
Counter: TypeAlias = _Known | None
"""None before the first reading; else when and how much, in ms and L; and, while a step is not
explained yet, when and how much it stepped to; for a week after that, as one value, when and how
much it stepped from. The litres are -1 for not known. The serial number, where it is known, is the
last. A JSON value."""


Bounds: TypeAlias = Mapping[str, float]
"""What must stay below which value, by its name."""
_new = tuple.__new__


class Step(StrEnum):
    """Why a counter did not go on from where it stood."""

    ROLLOVER = "rollover"
    REPLACED = "replaced"
    ERROR = "error"


class Use(NamedTuple):
    """What went through between two instants, and the step of the counter, if there was one.

    `litres` None: not known. `restored`: a step was taken back, and its use lies in this span.
    `counts`: the counter before and after the step, in L; `confirmed`: it is sure.
    """

    start_at: Instant
    end_at: Instant
    litres: float | None
    step: Step | None = None
    restored: bool = False
    counts: tuple[float, float] | None = None
    confirmed: bool = False

    @property
    def slot(self) -> bool:
        """Whether it is short enough to say when the water ran."""
        return self.litres is not None and self.end_at - self.start_at <= LONGEST_SLOT

    @property
    def flow_lh(self) -> float:
        """The mean flow in L/h; the litres must be known."""
        return (self.litres or 0.0) * HOUR / (self.end_at - self.start_at)


def _plain(start_at: Instant, end_at: Instant, litres: float) -> Use:
    """Return the use of a slot without a step; as `Use(...)` at half of its cost."""
    return _new(Use, (start_at, end_at, litres, None, False, None, False))


def use_in(reading: Reading) -> Use | None:
    """Return the use that a reading was found to show, None for none."""
    use: Any = reading.values.get(WATER_USE)
    return use  # type: ignore[no-any-return]  # to cast costs as much again


def use_of(
    counter: Counter, reading: Reading, most_lh: float = LARGEST_FLOW_LH
) -> tuple[Counter, Use | None]:
    """Return the counter after a reading, and the use that this one shows, None for none.

    A flow above `most_lh` is no use but a step, in the counter or in an increment.
    """
    serial = reading.values.get("serial")
    known: Any = counter[-1] if counter else None
    if serial is None and known.__class__ is float:
        plain = _plainly(counter, reading, most_lh)
        if plain is not None:
            return plain
    if serial is None and known.__class__ is not str:
        return _of_one_meter(counter, reading, most_lh)
    if isinstance(known, str):
        counter = counter[:-1] if counter else None
        if serial is not None and serial != known:
            after, use = _of_another_meter(counter, reading, most_lh)
            return _with_serial(after, serial), use
    after, use = _of_one_meter(counter, reading, most_lh)
    return _with_serial(after, serial or known), use


def _plainly(
    counter: Counter, reading: Reading, most_lh: float
) -> tuple[Counter, Use | None] | None:
    """Return what `_of_one_meter` does for a counter that goes on; None for others.

    Nearly every reading is one of these, and this costs half as much.
    """
    _, _, at, _, values = reading
    total: Any = values.get("cumulative_m3")
    if counter is None or len(counter) != 2 or total.__class__ is not float:
        return None
    start_at, before = counter
    if "increment_m3" in values:
        return None
    litres = int(total * 1_000_000 + 0.5) / 1_000
    rise = litres - before
    if before < 0 or at <= start_at or rise < 0:
        return None
    if rise > _START_L and rise > _most(at - start_at, most_lh):
        return None
    return (at, litres), _plain(start_at, at, thousandths(rise) if rise else 0.0)


def _with_serial(counter: Counter, serial: object) -> Counter:
    return (*counter, serial) if counter else None


def _of_another_meter(
    counter: Counter, reading: Reading, most_lh: float
) -> tuple[Counter, Use | None]:
    """Begin with another meter: from counter to counter is no use, a slot of its own is."""
    after, slot = _of_one_meter(None, reading, most_lh)
    if counter is None or counter[1] < 0 or after is None or after[1] < 0:
        return after, slot
    use = slot or Use(int(counter[0]), reading.measured_at, None)
    counts = counter[1], after[1]
    return after, use._replace(step=Step.REPLACED, counts=counts, confirmed=True)


class CounterGuard:
    """Looks over the counter of readings that wait, see `rules.lull`: slots in order, no step.

    A flow is let by below its bound, less what rounding adds to it.
    """

    __slots__ = ("_at", "_count", "_most_lh", "_standing_m3h")

    def __init__(self, at: Instant, count: float, bounds: Bounds, most_lh: float) -> None:
        self._at, self._count = at, count
        self._most_lh = min(bounds.get(WATER_USE, inf), most_lh) - ROUNDED_LH
        self._standing_m3h = bounds.get(STANDING_FLOW, inf)

    def admits(self, at: Instant, values: Values) -> bool:
        """Return whether a reading can wait; one that can is the newest from then on."""
        count: Any = values["cumulative_m3"]
        span, rise = at - self._at, count - self._count
        if span > LONGEST_SLOT or not 0 <= rise * (1_000 * HOUR) < self._most_lh * span:
            return False
        if not rise and values.get("flow_m3h", -inf) >= self._standing_m3h:  # type: ignore[operator]
            return False
        self._at, self._count = at, count
        return True


def counter_guard(
    counter: Counter, newest: Reading, bounds: Bounds, most_lh: float = LARGEST_FLOW_LH
) -> CounterGuard | None:
    """Return a guard that goes on from a meter's newest reading, None if its use is not known."""
    values = newest.values
    if not counter or "increment_m3" in values:
        return None
    at, litres, *others = counter
    if at != newest.measured_at or litres < 0 or not all(isinstance(each, str) for each in others):
        return None
    count = values.get("cumulative_m3")
    if not isinstance(count, NUMBER) or abs(count * 1_000 - litres) > ROUNDED_LH:
        return None
    return CounterGuard(at, count, bounds, most_lh)


def slot_litres(reading: Reading, most_lh: float = LARGEST_FLOW_LH) -> float | None:
    """Return the litres of the slot that a reading holds; None for none, or one that can't be."""
    increment, minutes = reading.values.get("increment_m3"), reading.values.get("slot_minutes")
    if not isinstance(increment, NUMBER) or not isinstance(minutes, int):
        return None
    litres = _litres(increment)
    return litres if litres <= most_lh * minutes * _MINUTE / HOUR else None


def slot_use(reading: Reading, most_lh: float = LARGEST_FLOW_LH) -> Use | None:
    """Return the use of the slot that a reading holds, None for none."""
    litres, minutes = slot_litres(reading, most_lh), reading.values.get("slot_minutes")
    if litres is None or not isinstance(minutes, int):
        return None
    return _plain(reading.measured_at - minutes * _MINUTE, reading.measured_at, litres)


def _of_one_meter(counter: Counter, reading: Reading, most_lh: float) -> tuple[Counter, Use | None]:
    values, at = reading.values, reading.measured_at
    total = values.get("cumulative_m3")
    litres = int(total * 1_000_000 + 0.5) / 1_000 if isinstance(total, NUMBER) else -1.0
    if isinstance(values.get("increment_m3"), NUMBER):
        return _of_slot(counter, reading, litres, most_lh)
    if litres < 0:
        return counter, None
    if counter is None or counter[1] < 0:
        return (at, litres), None
    if at <= counter[0]:
        return counter, None
    told = _counted if len(counter) == 2 else _after_step
    return told(counter, at, litres, most_lh)


def _of_slot(
    counter: Counter, reading: Reading, litres: float, most_lh: float
) -> tuple[Counter, Use | None]:
    """Take the increment of a slot as its use; `litres` is the counter at its end."""
    at, values = reading.measured_at, reading.values
    minutes = values.get("slot_minutes")
    if not isinstance(minutes, int):
        return counter, None
    start_at = at - minutes * _MINUTE
    slot = int(values["increment_m3"] * 1_000_000 + 0.5) / 1_000  # type: ignore[operator]
    if slot * 60 > most_lh * minutes:
        return (at, litres), _too_much(counter, start_at, at, slot)
    if litres < 0 and counter and counter[1] >= 0 and start_at <= counter[0] < at:
        litres = thousandths(counter[1] + slot)
    return (at, litres), _plain(start_at, at, slot)


def _too_much(counter: Counter, start_at: Instant, at: Instant, slot: float) -> Use:
    """Return the use of a slot that can be none; sure where it says from which counter on."""
    counts: tuple[float, float] | None = None
    if counter and counter[1] >= 0 and start_at <= counter[0] < at:
        counts = counter[1], thousandths(counter[1] + slot)
    return Use(start_at, at, None, Step.ERROR, counts=counts, confirmed=counts is not None)


def _counted(counter: _Known, at: Instant, litres: float, most_lh: float) -> tuple[Counter, Use]:
    start_at, before = int(counter[0]), counter[1]
    rise = litres - before
    if not rise:
        return (at, litres), _plain(start_at, at, 0.0)
    if 0 < rise <= _START_L or 0 < rise <= _most(at - start_at, most_lh):
        return (at, litres), _plain(start_at, at, thousandths(rise))
    if -_JITTER_L <= rise < 0:
        return (at, before), Use(start_at, at, 0.0)
    wrapped = _rolled_over(before, litres)
    if wrapped is not None and wrapped <= _most(at - start_at, most_lh):
        return (at, litres), Use(
            start_at, at, round(wrapped, 3), Step.ROLLOVER, counts=(before, litres), confirmed=True
        )
    step = Step.REPLACED if litres <= _NEW_L < before else Step.ERROR
    return (start_at, before, at, litres), Use(start_at, at, None, step, counts=(before, litres))


def _after_step(counter: _Known, at: Instant, litres: float, most_lh: float) -> tuple[Counter, Use]:
    """A single wrong reading is taken back by the next; a counter that was set goes on from it."""
    if len(counter) == 3:
        return _after_error(counter, at, litres, most_lh)
    start_at, before, stepped_at, stepped = counter
    goes_on = stepped > before and litres >= stepped - _JITTER_L
    if not goes_on and -_JITTER_L <= litres - before <= _most(at - int(start_at), most_lh):
        use = Use(int(start_at), at, round(max(0.0, litres - before), 3), restored=True)
        return (at, max(litres, before)), use
    return _after_error((stepped_at, stepped, (start_at, before)), at, litres, most_lh)


def _after_error(
    counter: _Known, at: Instant, litres: float, most_lh: float
) -> tuple[Counter, Use]:
    """Go on from a step, unless the counter goes back to what it was: that is no use either."""
    start_at, before, was = counter
    after, use = _counted((start_at, before), at, litres, most_lh)
    if after is None or len(after) > 2 or at - was[0] > _REMEMBERED:
        return after, use
    if was[1] <= litres <= was[1] + _most(at - was[0], most_lh) and was[1] - before > _JITTER_L:
        counts = before, litres
        return after, Use(start_at, at, None, Step.ERROR, counts=counts, confirmed=True)
    return (*after, was), use


def hundredths(value: float) -> float:
    """Return a value, not negative, rounded to two places; at a third of the cost of `round`."""
    return int(value * 100 + 0.5) / 100


def thousandths(value: float) -> float:
    """Return a value, not negative, rounded to three places; at a third of the cost of `round`."""
    return int(value * 1_000 + 0.5) / 1_000


def _litres(cubic_metres: float) -> float:
    return int(cubic_metres * 1_000_000 + 0.5) / 1_000


def _most(span: int, most_lh: float) -> float:
    return _START_L + most_lh * span / HOUR


def _rolled_over(before: float, litres: float) -> float | None:
    modulus = _LEAST_MODULUS_L
    while modulus <= before:
        modulus *= 10
    if before > 0.9 * modulus and litres < 0.1 * modulus:
        return modulus - before + litres
    return None
