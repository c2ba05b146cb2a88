"""Metrics that are looked up when Prometheus asks, because something else keeps them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from ingest.clock import Clock
from ingest.forwarder import Forwarder
from ingest.journal.journal import Journal
from ingest.mqtt.session import Session


@dataclass(frozen=True, slots=True, eq=False)
class Observed(Collector):
    """Looks at the session, the journal and the forwarders."""

    session: Session
    journal: Journal
    forwarders: Sequence[Forwarder]
    clock: Clock

    def collect(self) -> Iterator[Metric]:
        """Yield what they are like now."""
        session, journal = self.session, self.journal
        yield GaugeMetricFamily(
            "gridwatch_mqtt_connected", "1 while connected and subscribed", session.connected
        )
        yield CounterMetricFamily(
            "gridwatch_mqtt_connects", "Connections made", value=session.connects
        )
        yield CounterMetricFamily(
            "gridwatch_mqtt_connect_failures", "Connections lost or refused", value=session.failures
        )
        yield GaugeMetricFamily(
            "gridwatch_mqtt_unacknowledged", "Messages held and not acknowledged", session.held
        )
        yield GaugeMetricFamily(
            "gridwatch_journal_bytes", "Bytes of the journal in use", journal.size_bytes()
        )
        yield GaugeMetricFamily(
            "gridwatch_devices_seen", "Devices ever seen", journal.device_count()
        )
        yield from self._backlogs()

    def _backlogs(self) -> Iterator[Metric]:
        readings = GaugeMetricFamily(
            "gridwatch_sink_backlog_readings",
            "Committed readings that the sink does not have yet",
            labels=("sink",),
        )
        age = GaugeMetricFamily(
            "gridwatch_sink_backlog_age_seconds",
            "Age of the oldest reading that the sink does not have yet",
            labels=("sink",),
        )
        for forwarder in self.forwarders:
            oldest = self.journal.oldest_after(forwarder.cursor)
            seconds = 0.0 if oldest is None else max(0, self.clock.now() - oldest) / 1000
            readings.add_metric((forwarder.name,), forwarder.backlog)
            age.add_metric((forwarder.name,), seconds)
        yield readings
        yield age
