"""What the ventilation of a tank has done, in the words of the alerts of its gases."""

from typing import cast

from devices.instant import Instant
from rules.condition import State
from rules.finding import Evidence
from rules.library.ventilation.numbers import AGAIN
from rules.library.ventilation.tank import Tank, tank_of

_BY_HAND = {"off": "kept_off_by_hand", "run": "kept_running_by_hand"}


def what_was_done(state: State, now: Instant) -> Evidence:
    """Return `done`, words joined by commas, and since when, or how long a person has decided so.

    `done_at` is in device time, `until_at` and `now` in ours.
    """
    tank = Tank() if state is None else tank_of(cast("list[object] | Tank", state))
    words, at = _done(tank)
    mode = tank.mode(now)
    if mode and tank.override is not None:
        return {"done": ",".join((*words, _BY_HAND[mode])), "until_at": tank.override[1]}
    done: Evidence = {"done": ",".join(words)}
    return done if at is None else {**done, "done_at": at}


def _done(tank: Tank) -> tuple[tuple[str, ...], Instant | None]:
    ordered_at = None if tank.ordered_at is None else tank.ordered_at + tank.ahead_ms
    if tank.running and tank.run_at is not None:
        ordered = ordered_at is not None and tank.run_at - ordered_at < AGAIN
        return ("fan_ordered" if ordered else "fan_not_ordered", "run_confirmed"), tank.run_at
    unheard = ("no_fan_heard_of",) if tank.running is None else ()
    if tank.failed_at is not None:
        return ("fan_ordered", "fan_failed", *unheard), tank.failed_at + tank.ahead_ms
    if tank.start is not None:
        return ("fan_ordered", "no_feedback_yet", *unheard), ordered_at
    if tank.starts:
        return ("fan_ran_and_stands",), None
    return ("fan_not_ordered", *unheard), None
