"""The account of the fans: what gas called for, what was ordered, what was heard and done."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from devices.instant import milliseconds_of
from ingest.journal.alerts import Wanted, alerts
from ingest.journal.database import open_reader
from tests.proof.differences import lines
from tests.proof.mutation import Mutation
from tests.proof.orders import Orders
from tests.proof.tanks import KIND, Monitor

PURGE = timedelta(seconds=4)
SHORT_PURGE = Mutation(
    "purges for seconds instead of minutes",
    "rules/library/ventilation/numbers.py",
    "PURGE = 15 * MINUTE",
    "PURGE = 4 * SECOND",
    "",
)
SHORT_LIFE = (
    Mutation(
        "orders what lasts for 2 s",
        "rules/library/ventilation/numbers.py",
        "FEEDBACK = 10 * SECOND",
        "FEEDBACK = 2 * SECOND",
        "",
    ),
    Mutation(
        "gives up a retry that is 1 s late",
        "rules/library/ventilation/numbers.py",
        "LATE = 5 * SECOND",
        "LATE = 1 * SECOND",
        "",
    ),
)


def slow_outbox(seconds: float) -> Mutation:
    """Return a mutation that gives a kill, or a broker that goes away, time in between."""
    return Mutation(
        f"takes {seconds} s before it publishes, and again before it marks what has left",
        "ingest/outbox.py",
        "            outcomes = await asyncio.gather(*map(self._publish, commands))\n",
        f"            await asyncio.sleep({seconds})\n"
        "            outcomes = await asyncio.gather(*map(self._publish, commands))\n"
        f"            await asyncio.sleep({seconds})\n",
        "",
    )


SLOW_OUTBOX = slow_outbox(0.4)

_ALL = 1_000_000
_ORDERS = ("fan_start", "fan_stop")
_LEVEL = "gas_level_ch4"
_ALSO = {"gas_rate_of_rise"}
"""Gas that builds up a minute in a second rises fast as well."""

_Told: TypeAlias = tuple[str, str, int | None]
"""Rule, subject and start."""


@dataclass
class FanAccount(Orders):
    """Looks at the monitors, and into the journal beside the service."""

    monitors: Sequence[Monitor]

    def settled(self) -> bool:
        """Return whether every fan that gas calls for was stopped, all that is proven, and sent."""
        proven = Counter(each.device for each in self.commands() if each.proven_at)
        return self.nothing_waits() and all(
            proven[monitor.device] >= len(_ORDERS)
            for monitor in self.monitors
            if monitor.build_up_at is not None
        )

    def wrong(self) -> list[str]:
        """Return a line for each way in which something is wrong; none if all is right."""
        done = {each.command.id for monitor in self.monitors for each in monitor.done}
        return lines(
            {
                **self.wrong_at(self.monitors),
                "commands done but not proven": [
                    each for each in self.commands() if each.identity in done and not each.proven_at
                ],
                "fans": [what for monitor in self.monitors for what in _wrong_with(monitor)],
                "alerts": [*self._wrong_alerts()],
            }
        )

    def _wrong_alerts(self) -> Iterator[str]:
        with closing(open_reader(self.journal)) as reader:
            told: list[_Told] = [
                (each.rule, each.subject, each.start_at)
                for each in alerts(reader, _ALL, Wanted(resolved=True))
                if each.rule not in _ALSO
            ]
        expected: list[_Told] = [
            (_LEVEL, f"{KIND}/{each.device}", each.high_at)
            for each in self.monitors
            if each.high_at
        ]
        yield from _differing("told", told, expected)
        yield from _differing("not told", expected, told)


def _wrong_with(monitor: Monitor) -> Iterator[str]:
    calls = int(monitor.build_up_at is not None)
    turns = (len(monitor.started), len(monitor.stopped))
    if turns != (calls, calls):
        yield f"{monitor.device} was started and stopped {turns} times for {calls} build-ups"
    done = [each.command.command for each in monitor.done]
    if done != [*_ORDERS] * calls:
        yield f"{monitor.device} did {done}"
    for started, stopped in zip(monitor.started, monitor.stopped, strict=False):
        if stopped - started < milliseconds_of(PURGE):
            yield f"{monitor.device} ran for {stopped - started} ms"
        if monitor.high_at is None or started < monitor.high_at:
            yield f"{monitor.device} was started before the gas was there"


def _differing(what: str, those: Iterable[_Told], others: Iterable[_Told]) -> Iterator[str]:
    yield from (f"{what}: {each}" for each in (Counter(those) - Counter(others)).elements())
