"""A small town for laws of the whole library: a dwelling, doors, tanks and meters of one area."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from hypothesis import strategies as st
from pydantic_core import from_json

from devices.instant import Instant
from devices.message import Reply, Result
from devices.reading import Reading, Value
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.catalogue import catalogue, sequences
from rules.effect import AlertChange, Command, Effect
from rules.engine import Engine
from rules.lifecycle import Life
from rules.limits import LimitBook, Setting
from rules.register import DeviceFacts, Lease, PremisesFacts, Span, TableRegister
from rules.subject import Subject

MINUTE = 60_000
HOUR = 60 * MINUTE
START = 1_772_380_800_000
"""2026-03-02 00:00 +08:00."""
PLACES = ("500000", "500106", "500106003", "500106003001")
HOME, PERSON = "d-0000000000000001", "p-0000000000000001"

_LIMITS = LimitBook({PLACES[0]: {"blind_area.least": Setting(3.0)}})
RULES = Rulebook(tuple(catalogue().values()), _LIMITS)
ALL = replace(RULES, sequences=tuple(sequences().values()))

_DWELLING = PremisesFacts(
    areas=PLACES,
    rooms=1,
    persons=frozenset({PERSON}),
    care="elderly_alone",
    away=Span(START + 300 * HOUR, START + 330 * HOUR),
    leases=(Lease(PERSON, START + 150 * HOUR, ("flat",)),),
)
_DEVICES = {
    "water_meter/home": DeviceFacts(size="DN15", areas=PLACES, premises=HOME),
    "water_meter/bulk": DeviceFacts(size="DN40", areas=PLACES),
    "door/flat": DeviceFacts(areas=PLACES, premises=HOME),
    "door/entrance": DeviceFacts(areas=PLACES),
    "gas_monitor/tank": DeviceFacts(areas=PLACES),
    "gas_monitor/drain": DeviceFacts(areas=PLACES),
    "gas_monitor/shaft": DeviceFacts(areas=PLACES),
    "gas_monitor/sewer": DeviceFacts(
        areas=PLACES, maintenance=Span(START + 20 * HOUR, START + 40 * HOUR)
    ),
}


_LATER_DEVICES = {
    "door/entrance": DeviceFacts(areas=(*PLACES[:3], "500106003002")),
    "gas_monitor/tank": DeviceFacts(areas=(*PLACES[:3], "500106003002")),
    "gas_monitor/drain": DeviceFacts(areas=PLACES, is_removed=True),
}
_LATER = _DWELLING._replace(care=None, leases=(Lease(PERSON, START + 400 * HOUR, ("flat",)),))


def register(*, later: bool = False) -> TableRegister:
    """Return the town's register, made anew each time.

    Later two devices have moved, one is removed, nobody is in care, and the lease is renewed.
    """
    return TableRegister(
        {**_DEVICES, **_LATER_DEVICES} if later else dict(_DEVICES),
        {HOME: _LATER if later else _DWELLING},
        {"door/entrance": (HOME,)},
        {"water_meter/bulk": PLACES[-1]},
    )


_METER: tuple[dict[str, Value], ...] = (
    {"increment_m3": 0.0, "slot_minutes": 60, "cumulative_m3": 12.5},
    {"increment_m3": 0.008, "slot_minutes": 60, "cumulative_m3": 12.5, "resolution_l": 1},
    {"increment_m3": 2.9, "slot_minutes": 60, "water_temperature_c": -1.0},
    {"cumulative_m3": 1.0, "reverse_m3": 0.5, "valve": "open", "serial": "A1"},
    {"cumulative_m3": 0.1, "reverse_m3": 0.6, "battery_v": 3.0, "flags": "cover_open"},
)
_DOOR: tuple[dict[str, Value], ...] = (
    {"door_open": False, "mains_power": True},
    {"event": "opened", "opened_by": "face", "person": PERSON, "dwelling": HOME},
    {"event": "denied", "denied_because": "expired", "credential": "card", "person": PERSON},
    {"event": "forced"},
    {"event": "held_open", "door_open": True},
    {"event": "offline"},
)
_GAS: tuple[dict[str, Value], ...] = (
    {"ch4_lel_pct": 2.0, "o2_vol_pct": 20.8, "sensor_status": "ok", "fan_running": False},
    {"ch4_lel_pct": 27.0, "o2_vol_pct": 20.0, "sensor_status": "ok", "fan_running": False},
    {"ch4_lel_pct": 60.0, "h2s_mgm3": 25.0, "sensor_status": "ok", "fan_running": True},
    {"ch4_lel_pct": -9.0, "o2_vol_pct": 18.5, "sensor_status": "fault"},
    {"co_mgm3": 50.0, "o2_vol_pct": 17.0, "sensor_status": "ok", "temperature_c": 30.0},
)
_SAYS = [
    *(("water_meter/home", values) for values in _METER),
    *(("water_meter/bulk", values) for values in _METER[:3]),
    *((door, values) for door in ("door/flat", "door/entrance") for values in _DOOR),
    *((tank, values) for tank in ("gas_monitor/tank", "gas_monitor/sewer") for values in _GAS),
]
_SLOWLY = {"water_meter": 0, "door": -3 * MINUTE, "gas_monitor": 7 * MINUTE}
"""How far the clocks of the kinds are ahead."""


class Event(NamedTuple):
    """What happens so long after the event before; `past` minutes before, by the device's clock.

    So many `times` in a row, an hour apart.
    """

    wait: float
    device: str
    values: dict[str, Value]
    past: int = 0
    answer: Result | None = None
    times: int = 1


_AT_FIRST = [
    *(Event(0.2, f"gas_monitor/{name}", _GAS[0]) for name in ("tank", "drain", "shaft", "sewer")),
    *(Event(0.2, f"door/{name}", _DOOR[0]) for name in ("flat", "entrance")),
    *(Event(0.2, f"water_meter/{name}", _METER[0]) for name in ("home", "bulk")),
]
_THEN = st.lists(
    st.builds(
        lambda wait, says, *more: Event(wait, says[0], says[1], *more),
        st.sampled_from((0.0, 0.2, 1.0, 5.0, 30.0, 60.0, 240.0, 1_500.0, 6_000.0)),
        st.sampled_from(_SAYS),
        st.sampled_from((0, 0, 0, 0, 90, 90, 2_000)),
        st.sampled_from((None, None, "done", "refused")),
        st.sampled_from((1, 1, 1, 1, 1, 50)),
    ),
    max_size=30,
)
EVENTS = st.builds(lambda first, then: [*first, *then], st.sampled_from(([], _AT_FIRST)), _THEN)
"""Half of them begin with a word from each, so that an area can become blind."""


class Arrival(NamedTuple):
    """A reading as the journal hands it on, and the answer to the last command."""

    reading: Reading
    late: bool
    doubted: bool
    answer: Result | None


def arrivals(events: Sequence[Event]) -> list[Arrival]:
    """Return the readings as the journal hands them on: what is late, which instants are taken."""
    now, newest = float(START), dict[str, Instant]()
    taken: set[tuple[str, Instant]] = set()
    found = []
    for event, wait in _each(events):
        now += wait
        kind, _, name = event.device.partition("/")
        at = round(now) - event.past * MINUTE + _SLOWLY[kind]
        reading = Reading(name, kind, at, round(now), event.values)
        doubted = (event.device, at) in taken
        late = at < newest.get(event.device, at)
        found.append(Arrival(reading, late, doubted, event.answer))
        taken.add((event.device, at))
        newest[event.device] = max(at, newest.get(event.device, at))
    return found


def _each(events: Sequence[Event]) -> Iterator[tuple[Event, float]]:
    """Yield each event as often as it happens, with the milliseconds since the one before."""
    for event in events:
        yield event, event.wait * MINUTE
        yield from ((event, HOUR) for _ in range(event.times - 1))


class Town:
    """An engine with its journal, and all that it told."""

    def __init__(self, rulebook: Rulebook, *, cached: int = 100) -> None:
        self._rulebook = rulebook
        self._cached = cached
        self.store = SavedStates()
        self.effects: list[Effect] = []
        self._later = False
        self.restart(START)

    def restart(self, now: Instant) -> None:
        """Go on in a new process, which looks anew at dwellings with leases."""
        self.engine = Engine(
            self._rulebook, register(later=self._later), self.store, cached=self._cached
        )
        self.engine.consider(Subject("premises", HOME), now)
        self.commit()

    def renew(self) -> None:
        """Take over a register read anew, in which nothing has changed."""
        self.engine.replace(self._rulebook, register(later=self._later))

    def change(self, now: Instant) -> None:
        """Take over a register that says something else, the one from before every second time."""
        self.engine.tick(now)
        self.commit()
        self._later = not self._later
        self.renew()
        for subject in (Subject("premises", HOME), Subject("device", "gas_monitor/drain")):
            self.engine.consider(subject, now)
        self.commit()

    def take_in(self, arrival: Arrival, command: Command | None) -> None:
        """Let the engine have what arrived."""
        if arrival.doubted:
            self.engine.observe_doubted(arrival.reading)
        else:
            self.engine.observe(arrival.reading, late=arrival.late)
        if arrival.answer and command is not None:
            now = arrival.reading.received_at
            reply = Reply(
                command.kind, command.device, command.identity, arrival.answer, None, now, now
            )
            self.engine.observe_reply(reply, command.orderer)
            self.engine.tick(now)

    def commit(self) -> None:
        """Write what follows."""
        outcome = self.engine.take()
        assert outcome.failures == ()
        self.store.states.update(outcome.states)
        self.effects += outcome.effects

    def attempt(self, act: Callable[[], None], *, fails: bool) -> None:
        """Act in one transaction; if it fails, again in another."""
        if fails:
            act()
            self.engine.take()
            self.engine.discard()
        act()
        self.commit()

    def last_command(self) -> Command | None:
        """Return what was ordered last."""
        commands = (each for each in reversed(self.effects) if isinstance(each, Command))
        return next(commands, None)

    def told(self) -> list[object]:
        """Return what was told and ordered, without when we came to know of it."""
        return sorted((_said(effect) for effect in self.effects), key=str)

    def states(self) -> dict[Subject, object]:
        """Return the saved states, without when an alert was last looked at."""
        return {subject: _unlooked(saved.state) for subject, saved in self.store.states.items()}


def _said(effect: Effect) -> object:
    if isinstance(effect, AlertChange):
        return (effect.identity, effect.suppressed, effect.evidence)
    return effect


def _unlooked(state: bytes) -> object:
    """A restart looks at dwellings with leases: what is told is known to be so by then."""
    version, clocks, states, lives, derived = from_json(state)
    known_at = Life._fields.index("known_at")
    lives = {
        name: life if isinstance(life, int) else [*life[:known_at], *life[known_at + 1 :]]
        for name, life in lives.items()
    }
    return version, clocks, states, lives, derived


def lived(town: Town, arrived: Iterable[Arrival], changes: Collection[int] = ()) -> Town:
    """Return a town in which each arrival is one transaction, and time passes before each.

    The register changes before those of these numbers.
    """
    for number, arrival in enumerate(arrived):
        if number in changes:
            town.change(arrival.reading.received_at)
        town.engine.tick(arrival.reading.received_at)
        town.commit()
        town.take_in(arrival, town.last_command())
        town.commit()
    return town
