"""Metrics that are looked up when Prometheus asks, because something else keeps them."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from ingest.areas import AreaLabel
from ingest.clock import Clock
from ingest.forwarder import Forwarder
from ingest.journal.database import JournalError, JournalUnavailable
from ingest.journal.journal import Journal
from ingest.metrics import Described
from ingest.mqtt.session import Session
from ingest.outlets.outlet import Courier
from rules.severity import Severity

_CONNECTED = Described("gridwatch_mqtt_connected", "gauge", (), "1 while connected and subscribed")
_CONNECTS = Described(
    "gridwatch_mqtt_connects_total", "counter", (), "Connections made; each after the first is anew"
)
_FAILURES = Described(
    "gridwatch_mqtt_connect_failures_total", "counter", (), "Connections lost or refused"
)
_UNACKNOWLEDGED = Described(
    "gridwatch_mqtt_unacknowledged", "gauge", (), "Messages held and not acknowledged"
)
_BYTES = Described("gridwatch_journal_bytes", "gauge", (), "Bytes of the journal in use")
_LIMIT = Described(
    "gridwatch_journal_limit_bytes", "gauge", (), "Bytes at which the journal takes nothing more"
)
_DISK_FREE = Described(
    "gridwatch_journal_disk_free_bytes", "gauge", (), "Bytes free on the disk of the journal"
)
_CLOCK = Described(
    "gridwatch_clock_seconds", "gauge", (), "What the clock of the service shows, Unix time"
)
_DEVICES = Described("gridwatch_devices_seen", "gauge", (), "Devices ever seen")
_UNREGISTERED = Described(
    "gridwatch_devices_unregistered", "gauge", (), "Devices seen that are not in the registry"
)
_BACKLOG = Described(
    "gridwatch_sink_backlog_readings",
    "gauge",
    ("sink",),
    "Committed readings that the sink does not have yet",
)
_BACKLOG_AGE = Described(
    "gridwatch_sink_backlog_age_seconds",
    "gauge",
    ("sink",),
    "Age of the oldest reading that the sink does not have yet",
)
_OUTLET_BACKLOG = Described(
    "gridwatch_outlet_backlog",
    "gauge",
    ("outlet",),
    "Transitions of alerts that the outlet does not have yet",
)
_ALERTS = Described(
    "gridwatch_alerts",
    "gauge",
    ("rule", "severity", "state", "area"),
    "Alerts that are not resolved",
)
_OVERRIDES = Described(
    "gridwatch_overrides", "gauge", ("mode",), "Devices that a person has taken over, by `mode`"
)
OBSERVED = (
    _CONNECTED,
    _CONNECTS,
    _FAILURES,
    _UNACKNOWLEDGED,
    _BYTES,
    _LIMIT,
    _DISK_FREE,
    _CLOCK,
    _DEVICES,
    _UNREGISTERED,
    _ALERTS,
    _OVERRIDES,
    _BACKLOG,
    _BACKLOG_AGE,
    _OUTLET_BACKLOG,
)


@dataclass(frozen=True, slots=True, eq=False)
class Observed(Collector):
    """Looks at the session, the journal and the forwarders."""

    session: Session
    journal: Journal
    forwarders: Sequence[Forwarder]
    clock: Clock
    area_label: AreaLabel
    couriers: Sequence[Courier] = ()

    def collect(self) -> Iterator[Metric]:
        """Yield what they are like now; nothing of a journal that can't be read."""
        session = self.session
        yield _family(_CONNECTED, {(): session.connected})
        yield _family(_CONNECTS, {(): session.connects})
        yield _family(_FAILURES, {(): session.failures})
        yield _family(_UNACKNOWLEDGED, {(): session.held})
        yield _family(_CLOCK, {(): self.clock.now() / 1000})
        yield _family(_LIMIT, {(): self.journal.max_bytes})
        with suppress(OSError):
            yield _family(_DISK_FREE, {(): self.journal.disk_free_bytes()})
        yield _family(_BACKLOG, _by_name(self.forwarders, lambda each: each.backlog))
        with suppress(sqlite3.Error, JournalUnavailable, JournalError):
            yield from self._journal_families()

    def _journal_families(self) -> tuple[Metric, ...]:
        return (
            _family(_BYTES, {(): self.journal.size_bytes()}),
            _family(_DEVICES, {(): self.journal.device_count()}),
            _family(_UNREGISTERED, {(): self.journal.unregistered_count()}),
            _family(_ALERTS, self._alerts()),
            _family(_OVERRIDES, self._overrides()),
            _family(_BACKLOG_AGE, _by_name(self.forwarders, self._age_s)),
            _family(
                _OUTLET_BACKLOG,
                {(each.outlet.name,): each.outlet.backlog for each in self.couriers},
            ),
        )

    def _alerts(self) -> dict[tuple[str, ...], float]:
        counts: Counter[tuple[str, ...]] = Counter()
        for (rule, grade, state, areas), number in self.journal.live_alerts().items():
            severity = Severity(grade).name.lower()
            counts[rule, severity, state, self.area_label.of(areas)] += number
        return dict(counts)

    def _overrides(self) -> dict[tuple[str, ...], float]:
        wanted = self.journal.overrides_wanted(self.clock.now())
        return dict(Counter((each.request.mode,) for each in wanted if each.answer))

    def _age_s(self, forwarder: Forwarder) -> float:
        oldest = self.journal.oldest_after(forwarder.cursor)
        return 0.0 if oldest is None else max(0, self.clock.now() - oldest) / 1000


def _by_name(
    forwarders: Sequence[Forwarder], value: Callable[[Forwarder], float]
) -> dict[tuple[str, ...], float]:
    return {(each.name,): value(each) for each in forwarders}


def _family(described: Described, values: Mapping[tuple[str, ...], float]) -> Metric:
    kind = CounterMetricFamily if described.type == "counter" else GaugeMetricFamily
    family = kind(described.name, described.meaning, labels=described.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
