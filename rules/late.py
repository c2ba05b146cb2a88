"""Late days: slots that come after those of a later day are judged as a run of their own.

Context: a meter that was away may send its newest day first, and rules that follow one slot after
the other could take in nothing of the days before.
Decision: late slots that follow each other are judged in their order by what was learnt so far.
What is found is told as of when it was, and is over when the present says so.
Given up: a run over the edge of what comes late, what a counter without slots says of it, and
learning from it. A slot that follows no other late one tells nothing: it was of its neighbours.
"""

from typing import cast

from devices.reading import Reading
from rules.bound import Bound
from rules.condition import Reliving, Verdict
from rules.lifecycle import Phase
from rules.memory import Memory
from rules.water_use import use_in

_RUNS = "@past"
"""Where they stand among the states, so that what is well takes no room; no rule is called so."""
_NO_RUN = (0, False, None)


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
    runs = cast("dict[str, tuple[int, bool, object]]", memory.states.get(_RUNS, {}))
    end_at, told, past = runs.get(bound.name, _NO_RUN)
    if use is None or not use.slot or use.end_at == end_at:
        return state, None
    condition, follows = cast("Reliving", bound.condition), use.start_at == end_at
    past, finding = condition.observe(past if follows else condition.past(state), reading)
    found = finding is not None and finding.severity is not None and follows
    memory.states[_RUNS] = {**runs, bound.name: (use.end_at, found, past)}
    if life is not None and life.phase is not Phase.INACTIVE:
        return state, finding if found else None
    return (condition.adopted(state, past), finding) if found and not told else (state, None)
