"""The account of a soak: its figures, and what is required of them."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devices.instant import Instant, iso_of
from tests.proof.fans import FanAccount
from tests.proof.message import Letter
from tests.proof.stores import EmbeddedStore, InfluxStore
from tests.proof.tanks import Monitor
from tests.soak.alerts import Alerts, alerts_of
from tests.soak.faults import Faults
from tests.soak.kinds import KINDS
from tests.soak.load import Load
from tests.soak.memory import Growth
from tests.soak.readings import Readings, readings_of
from tests.soak.stack import Stack

MOST_GROWTH_PCT = 20.0
"""Of what is new in every wave, devices and their rules, some is rightly kept in memory."""


@dataclass(frozen=True, slots=True)
class Account:
    """All figures of a soak."""

    readings: Readings
    messages: int
    malformed: int
    letters_expected: int
    letters_found: int
    letters_wrong: Sequence[str]
    alerts: Alerts
    commands_done: int
    commands_twice: Sequence[str]
    wave_rate: float
    burst_rate: float
    memory: Growth
    happened: Mapping[str, int]
    ended_well: bool
    events: Sequence[str]
    """What befell the stack, and what the web hook heard, in order."""

    def figures(self) -> dict[str, float]:
        """Return what the last line says."""
        return {
            "published": self.readings.published,
            "stored": self.readings.stored,
            "duplicates": self.readings.duplicates,
            "lost": self.readings.lost,
            "double_alerts": len(self.alerts.doubled),
            "missed_incidents": len(self.alerts.missed),
            "commands_twice": len(self.commands_twice),
            "memory_growth_pct": self.memory.percent,
        }

    def json(self) -> str:
        """Return the last line."""
        return json.dumps(self.figures())

    def missed(self) -> list[str]:
        """Return a line for each requirement that is missed; none if the soak is passed."""
        found = {
            "readings lost": self.readings.lost,
            "readings held twice": self.readings.duplicates,
            "readings that nobody published": self.readings.foreign,
            "readings of other values": self.readings.altered,
            "dead letters missing or not expected": len(self.letters_wrong),
            "double alerts": len(self.alerts.doubled),
            "missed incidents": len(self.alerts.missed),
            "alerts of nothing": len(self.alerts.unexpected),
            "commands executed twice": len(self.commands_twice),
            "faults that did not happen": sum(not self.happened[each.name] for each in KINDS),
            "service did not end well": int(not self.ended_well),
        }
        missed = [f"{what}: {number}" for what, number in found.items() if number]
        if self.memory.percent > MOST_GROWTH_PCT:
            missed.append(f"memory grew by {self.memory.percent} %, at most {MOST_GROWTH_PCT:g} %")
        return missed

    def details(self) -> list[str]:
        """Return the first lines of what is wrong of each sort."""
        sorts = (
            self.readings.wrong,
            self.letters_wrong,
            self.alerts.doubled,
            self.alerts.missed,
            self.alerts.unexpected,
            self.commands_twice,
        )
        return [line for sort in sorts for line in sort[:10]]


def account_of(stack: Stack, load: Load, faults: Faults, memory: Growth) -> Account:
    """Return the account of a soak that is over."""
    journal = stack.service.journal
    stores = (EmbeddedStore(journal), InfluxStore(stack.database))
    expected = load.ledger.letters()
    found = EmbeddedStore(journal).letters()
    return Account(
        readings=readings_of(load.readings(), stores),
        messages=load.messages(),
        malformed=load.malformed(),
        letters_expected=len(expected),
        letters_found=len(set(found)),
        letters_wrong=[*_wrong_letters(expected, found)],
        alerts=alerts_of(journal, load, stack.hook),
        commands_done=sum(len(each.done) for each in load.monitors),
        commands_twice=[*_done_twice(load.monitors)],
        wave_rate=max(load.wave_rates, default=0.0),
        burst_rate=max(load.burst_rates, default=0.0),
        memory=memory,
        happened=faults.happened,
        ended_well=stack.service.exit_code == 0
        and "Traceback" not in stack.service.log.read_text(encoding="utf-8"),
        events=[f"{iso_of(at)} {what}" for at, what in sorted(_events(stack, faults))],
    )


def _events(stack: Stack, faults: Faults) -> Iterator[tuple[Instant, str]]:
    yield from faults.events
    for each in stack.hook.notices:
        yield each.at, f"notice {each.status} {each.severity} {each.alert}"


def settled(stack: Stack, load: Load) -> Callable[[], bool]:
    """Return what says whether all is told and all fans have done their turn."""
    journal, hook = stack.service.journal, stack.hook
    return lambda: _fans_settled(journal, load) and not alerts_of(journal, load, hook).missed


def _fans_settled(journal: Path, load: Load) -> bool:
    """Return whether nothing is to leave, and each tank's fan has stopped or never will be.

    Orders of a service whose clock is behind are too late when they come.
    """
    fans = FanAccount(journal, load.monitors)
    late = {each.device for each in fans.commands() if each.state == "expired"}
    return fans.nothing_waits() and all(
        each.stopped or each.device in late for each in load.monitors if each.high_at
    )


def _wrong_letters(expected: set[Letter], found: Sequence[Letter]) -> Iterator[str]:
    yield from (f"dead letter missing: {each}"[:300] for each in expected - set(found))
    counts = Counter(found)
    yield from (
        f"dead letter not expected: {each}"[:300] for each in counts if each not in expected
    )
    yield from (f"dead letter twice: {each}"[:300] for each, number in counts.items() if number > 1)


def _done_twice(monitors: Sequence[Monitor]) -> Iterator[str]:
    """Yield commands that were obeyed more than once, and fans turned on or off again."""
    for monitor in monitors:
        times = Counter(each.command.id for each in monitor.done)
        yield from (each for each, number in times.items() if number > 1)
        if max(len(monitor.started), len(monitor.stopped)) > 1:
            yield f"{monitor.device}: started {len(monitor.started)} times"
