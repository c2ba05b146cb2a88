"""Late days: slots that come after those of a later day are judged as a run of their own.

Context: a meter that was away may send its newest day first, and rules that follow one slot after
the other could take in nothing of the days before.
Decision: late slots that follow each other are judged in their order by what was learnt so far.
What is found is told as of when it was, and is over when the present says so. A run is remembered
for a week after what came last of it.
Given up: a run over the edge of what comes late, what a counter without slots says of it, and
learning from it. A slot that follows no other late one tells nothing: it was of its neighbours.
"""

from datetime import timedelta
from typing import TypeAlias, cast

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading
from rules.bound import Bound
from rules.condition import Reliving, State, Verdict
from rules.conditions.never import Never
from rules.lifecycle import Phase
from rules.memory import PAST, Memory
from rules.water_use import use_in

_Runs: TypeAlias = dict[str, tuple[Instant, bool, State, Instant]]
"""By rule its end, whether it was told, its state, and when the last of it came, in our time."""
_NO_RUN = (0, False, None, 0)
_REMEMBERED = milliseconds_of(timedelta(days=7))
"""Days that come late follow each other sooner (a choice)."""


def by_itself(memory: Memory, reading: Reading) -> Reading:
    """Return a late reading with what it shows by itself of what is derived of such a device."""
    shown = {
        each.name: value
        for each in memory.profile.derived
        if each.alone is not None and (value := each.alone(reading)) is not None
    }
    values = cast("dict[str, object]", {**reading.values, **shown})
    return reading._replace(values=values) if shown else reading  # type: ignore[arg-type]


def relived(memory: Memory, bound: Bound, reading: Reading) -> Verdict:
    """Return the state of a rule after a late slot, and what it finds of the run of them."""
    (state, life), use = memory.kept(bound), use_in(reading)
    runs = _runs(memory)
    end_at, told, past, _ = runs.get(bound.name, _NO_RUN)
    is_nothing = isinstance(bound.condition, Never)
    if is_nothing or use is None or not use.slot or use.end_at == end_at:
        return state, None
    condition, follows = cast("Reliving", bound.condition), use.start_at == end_at
    past, finding = condition.observe(past if follows else condition.past(state), reading)
    found = finding is not None and finding.severity is not None and follows
    run = use.end_at, found, past, reading.received_at
    memory.states[PAST] = {**runs, bound.name: run}
    if life is not None and life.phase is not Phase.INACTIVE:
        return state, finding if found else None
    return (condition.adopted(state, past), finding) if found and not told else (state, None)


def forget(memory: Memory, now: Instant) -> None:
    """Forget runs of which nothing has come for a week; they took a sixth of a meter's room."""
    runs = _runs(memory)
    kept = {name: run for name, run in runs.items() if now - run[3] < _REMEMBERED}
    if kept:
        memory.states[PAST] = kept
    elif runs:
        del memory.states[PAST]


def _runs(memory: Memory) -> _Runs:
    return cast("_Runs", memory.states.get(PAST, {}))
