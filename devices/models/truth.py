"""Ground truth: what a run injected, to hold against what was detected."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple, TypeAlias

from devices.instant import Instant
from devices.models.community import DOOR, METER, Community, DeviceName
from devices.models.injection import Injection, Injections

Parameter: TypeAlias = float | str
_PLACE_AND_TIME = frozenset({"at", "device", "duration", "what", "dwelling"})

EVERYWHERE = "*"
"""Stands for the kind and device of an outage of more than one device."""


class TruthRecord(NamedTuple):
    """One thing that was injected, from `start_at` up to `end_at`."""

    event: int
    """Its number in the scenario, from 1; 0 for what happened by habit."""
    what: str
    kind: str
    device: str
    start_at: Instant
    end_at: Instant | None
    """None if it never ends by itself, or has no length."""
    parameters: Mapping[str, Parameter]
    """As in the scenario, durations in seconds; with the dwelling, its meter and its door where it
    concerns one."""


class Truth(NamedTuple):
    """All that was injected, and how often each network fault happened."""

    injected: tuple[TruthRecord, ...]
    network_faults: Mapping[str, int]
    """Counts of `duplicate`, `lost`, `late`, `rollover`, `replacement`, `clock_drift`."""


def truth_of(injections: Injections, community: Community, faults: Mapping[str, int]) -> Truth:
    """Return the truth about a fleet."""
    records = tuple(_record(injection, community) for injection in injections.all)
    drifting = sum(record.what == "clock_drift" for record in records)
    return Truth(records, {**faults, "clock_drift": drifting})


def _record(injection: Injection, community: Community) -> TruthRecord:
    incident, name = injection.incident, injection.name
    parameters = {
        key: _parameter(value)
        for key, value in incident.__dict__.items()
        if key not in _PLACE_AND_TIME and value is not None
    }
    if injection.dwelling is not None:
        parameters.update(_places(injection.dwelling, community))
    return TruthRecord(
        injection.number,
        incident.what,
        EVERYWHERE if name is None else name.kind,
        EVERYWHERE if name is None else name.device,
        injection.window.start_at,
        injection.window.end_at,
        parameters,
    )


def _parameter(value: object) -> Parameter:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value if isinstance(value, int | float) else str(value)


def _places(dwelling: int, community: Community) -> dict[str, Parameter]:
    places: dict[str, Parameter] = {"dwelling": community.dwelling_id(dwelling)}
    if dwelling < community.plan.homes:
        places["meter"] = DeviceName(METER, dwelling + 1).device
    door = community.door_of(dwelling)
    if door is not None:
        places["door"] = DeviceName(DOOR, door).device
    return places
