"""Metrics: what the service tells Prometheus. Names are a contract; labels are bounded."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from ingest.intake import Sorted
from ingest.journal.batch import Committed

_COMMIT_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_BATCH_MESSAGES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000)


disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """Every metric of the service, in a registry of its own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.received = Counter(
            "gridwatch_messages_received",
            "MQTT messages taken in, counted at their commit",
            ("kind", "channel"),
            registry=registry,
        )
        self.stored = Counter(
            "gridwatch_readings_stored", "Readings made durable", ("kind",), registry=registry
        )
        self.duplicates = Counter(
            "gridwatch_readings_duplicate",
            "Readings that repeated a stored one and changed nothing",
            ("kind",),
            registry=registry,
        )
        self.late = Counter(
            "gridwatch_readings_late",
            "Stored readings older than the newest of their device",
            ("kind",),
            registry=registry,
        )
        self.dead_letters = Counter(
            "gridwatch_dead_letters",
            "Messages and readings refused and kept as dead letters",
            ("kind", "stage", "reason"),
            registry=registry,
        )
        self.dead_letters_dropped = Counter(
            "gridwatch_dead_letters_dropped",
            "Dead letters that fell out of the bounds of age or size",
            ("cause",),
            registry=registry,
        )
        self.unknown_fields = Counter(
            "gridwatch_unknown_fields",
            "Fields of payloads that no version of the contract knows",
            ("kind",),
            registry=registry,
        )
        self.batch_messages = Histogram(
            "gridwatch_batch_messages",
            "Messages of a micro-batch",
            buckets=_BATCH_MESSAGES,
            registry=registry,
        )
        self.commit_seconds = Histogram(
            "gridwatch_commit_seconds",
            "Time to make a micro-batch durable",
            buckets=_COMMIT_SECONDS,
            registry=registry,
        )
        self.journal_unavailable = Gauge(
            "gridwatch_journal_unavailable",
            "1 while the journal can't take anything and nothing is acknowledged",
            registry=registry,
        )
        self.readings_pruned = Counter(
            "gridwatch_readings_pruned",
            "Readings removed from the journal, by age or early because of its size limit",
            ("cause",),
            registry=registry,
        )
        self.sink_written = Counter(
            "gridwatch_sink_readings_written",
            "Readings that the sink took",
            ("sink",),
            registry=registry,
        )
        self.sink_errors = Counter(
            "gridwatch_sink_errors",
            "Tries that the sink did not answer, or answered that it can't now",
            ("sink",),
            registry=registry,
        )

    def count(self, incoming: Sorted, committed: Committed) -> None:
        """Count a batch; called once it is durable."""
        self.batch_messages.observe(incoming.received.total())
        for (kind, channel), number in incoming.received.items():
            self.received.labels(kind, channel).inc(number)
        for kind, number in incoming.unknown_fields.items():
            self.unknown_fields.labels(kind).inc(number)
        for counter, counts in (
            (self.stored, committed.stored),
            (self.late, committed.late),
            (self.duplicates, committed.duplicates),
        ):
            for kind, number in counts.items():
                counter.labels(kind).inc(number)
        for letter in (*incoming.batch.dead_letters, *committed.conflicts):
            self.dead_letters.labels(letter.kind, letter.stage, letter.reason).inc()
