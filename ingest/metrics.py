"""Metrics: what the service tells Prometheus. Names are a contract; labels are bounded."""

from collections.abc import Mapping
from typing import NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from ingest.areas import AreaLabel
from ingest.intake import Sorted
from ingest.journal.batch import Committed

_COMMIT_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_BATCH_MESSAGES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000)

LABELS: Mapping[str, str] = {
    "kind": "device kind, `other` for what is not one",
    "channel": "last level of the topic: `up`, `reply`, `status`",
    "stage": "where it was refused: `decode`, `store`, `sink:<name>`",
    "reason": "why, by a fixed word",
    "cause": "`age` or `size`",
    "rule": "name of the rule, `engine` for what is of none",
    "transition": "what happened to the alert, by a fixed word such as `raised`",
    "command": "what a device is told, such as `fan_start`",
    "severity": "`notice`, `warning` or `critical`",
    "area": "code of a level that `alerts.label_level` names, or above it where that is not known;"
    " `unknown`; `other` above `alerts.label_areas`",
    "outlet": "name of the outlet: `influx`, `mqtt`, `alertmanager:<host>:<port>`",
    "state": "`firing`, `stale` (data lost while firing) or `suppressed`; of a command `queued`,"
    " `sent`, `done`, `refused` or `failed` as the device answers, `expired` before it left or as"
    " the device answers; without an answer in its time `proven` by its effect, or `unanswered`",
    "sink": "name of the sink, such as `influx`",
    "mode": "what a person has a device do: `run`, `off`",
}
"""Every label there is, and what it takes."""


disable_created_metrics()  # type: ignore[no-untyped-call]


class Described(NamedTuple):
    """A metric as the documentation lists it; `name` is that of its samples."""

    name: str
    type: str
    labels: tuple[str, ...]
    meaning: str


class Metrics:
    """Every metric that is counted as things happen, in a registry of its own."""

    def __init__(self, area_label: AreaLabel | None = None) -> None:
        self.area_label = area_label or AreaLabel("street", 0)
        self.registry = CollectorRegistry()
        self.described: list[Described] = []
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.received = self._counter(
            "messages_received",
            "MQTT messages taken in, counted at their commit",
            "kind",
            "channel",
        )
        self.stored = self._counter("readings_stored", "Readings made durable", "kind")
        self.duplicates = self._counter(
            "readings_duplicate", "Readings that repeated a stored one and changed nothing", "kind"
        )
        self.late = self._counter(
            "readings_late", "Stored readings older than the newest of their device", "kind"
        )
        self.dead_letters = self._counter(
            "dead_letters",
            "Messages and readings refused and kept as dead letters",
            *("kind", "stage", "reason"),
        )
        self.dead_letters_dropped = self._counter(
            "dead_letters_dropped",
            "Dead letters that fell out of the bounds of age or size",
            "cause",
        )
        self.shed = self._counter(
            "messages_shed", "Messages let go because their device says too much at once", "kind"
        )
        self.unknown_fields = self._counter(
            "unknown_fields", "Fields of payloads that no version of the contract knows", "kind"
        )
        self.batch_messages = self._histogram(
            "batch_messages", "Messages of a micro-batch", _BATCH_MESSAGES
        )
        self.commit_seconds = self._histogram(
            "commit_seconds", "Time to make a micro-batch durable", _COMMIT_SECONDS
        )
        self._add_journal()
        self._add_rules()
        self._add_commands()
        self._add_sinks()
        self._add_outlets()

    def count(self, incoming: Sorted, committed: Committed) -> None:
        """Count a batch; called once it is durable."""
        self.batch_messages.observe(incoming.received.total())
        for (kind, channel), number in incoming.received.items():
            self.received.labels(kind, channel).inc(number)
        for (kind, _), number in incoming.shed.items():
            self.shed.labels(kind).inc(number)
        for kind, number in incoming.unknown_fields.items():
            self.unknown_fields.labels(kind).inc(number)
        for counter, counts in (
            (self.stored, committed.stored),
            (self.late, committed.late),
            (self.duplicates, committed.duplicates),
        ):
            for kind, number in counts.items():
                counter.labels(kind).inc(number)
        for (kind, command, result), number in committed.answered.items():
            self.commands.labels(kind, command, result).inc(number)
        for kind, number in committed.unmatched.items():
            self.replies_unmatched.labels(kind).inc(number)
        for letter in (*incoming.batch.dead_letters, *committed.conflicts):
            self.dead_letters.labels(letter.kind, letter.stage, letter.reason).inc()

    def _add_journal(self) -> None:
        self.journal_unavailable = self._gauge(
            "journal_unavailable",
            "1 while the journal can't take anything and nothing is acknowledged",
        )
        self.readings_pruned = self._counter(
            "readings_pruned",
            "Readings removed from the journal, by age or early because of its size limit",
            "cause",
        )

    def _add_rules(self) -> None:
        self.alert_changes = self._counter(
            "alert_changes", "Transitions of alerts, as they became durable", "rule", "transition"
        )
        self.alerts_raised = self._counter(
            "alerts_raised",
            "Alerts raised, late ones included, by their severity then",
            *("rule", "severity", "area"),
        )
        self.rule_failures = self._counter(
            "rule_failures",
            "Times that a rule failed instead of judging: a defect; its state before was kept",
            "rule",
        )
        self.registry_refused = self._gauge(
            "registry_refused",
            "1 while limits or a registry that were given can't be used: those before are in force",
        )

    def _add_commands(self) -> None:
        self.commands = self._counter(
            "commands", "Commands that came into a state", "kind", "command", "state"
        )
        self.replies_unmatched = self._counter(
            "replies_unmatched",
            "Replies to no command that their device was given, or to one removed by age",
            "kind",
        )
        self.command_errors = self._counter(
            "command_errors", "Tries to send a command that the broker did not acknowledge"
        )

    def _add_sinks(self) -> None:
        self.sink_written = self._counter(
            "sink_readings_written", "Readings that the sink took", "sink"
        )
        self.sink_errors = self._counter(
            "sink_errors",
            "Tries that the sink did not answer, or answered that it can't now",
            "sink",
        )

    def _add_outlets(self) -> None:
        self.outlet_sent = self._counter(
            "outlet_sent", "Alerts, or transitions of them, that the outlet took", "outlet"
        )
        self.outlet_errors = self._counter(
            "outlet_errors",
            "Tries that the other side of the outlet did not answer, or did not take",
            "outlet",
        )

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        self.described.append(Described(f"gridwatch_{name}_total", "counter", labels, meaning))
        return Counter(f"gridwatch_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        self.described.append(Described(f"gridwatch_{name}", "gauge", (), meaning))
        return Gauge(f"gridwatch_{name}", meaning, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...]) -> Histogram:
        self.described.append(Described(f"gridwatch_{name}", "histogram", (), meaning))
        return Histogram(f"gridwatch_{name}", meaning, registry=self.registry, buckets=buckets)
