"""Backtest: the production engine over readings of the past, as fast as it can."""

from collections import Counter
from typing import NamedTuple

from ingest.clock import stopwatch
from ingest.rule_tools.coverage import Coverage
from ingest.rule_tools.episode import Alert, AlertLog, Episode, episodes_of
from ingest.rule_tools.feed import Feed
from ingest.rule_tools.progress import Advance
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.effect import AlertChange, Command
from rules.engine import Engine
from rules.rule import AlertRule
from rules.severity import Severity

_AT_ONCE = 1_000
_LEAST_MONTHS = 12 / 365.25
"""A day: what minutes show, times thousands, is no rate (general knowledge)."""


def rate_of(alerts: int, device_months: float) -> float | None:
    """Return how many alerts came for a device in a month; None below a day of one device."""
    return alerts / device_months if device_months >= _LEAST_MONTHS else None


class RuleTrial(NamedTuple):
    """What one rule did: its alerts, its episodes, and for how long it watched."""

    rule: AlertRule
    alerts: list[Alert]
    episodes: list[Episode]
    device_months: float

    def of(self, severity: Severity) -> int:
        """Return how many alerts reached the severity, or more."""
        return sum(alert.severity >= severity for alert in self.alerts)

    def per_device_month(self, severity: Severity = Severity.NOTICE) -> float | None:
        """Return how many alerts of the severity, or more, came for a device in a month.

        None where devices were watched for too short a time, see `rate_of`.
        """
        return rate_of(self.of(severity), self.device_months)


class Trial(NamedTuple):
    """What became of it. `idle` are the rules that no reading concerned, and that told of nothing.

    `failures` counts by rule how often its condition raised, `orders` by command what sequences
    would have ordered. Nobody was given these: what devices did is as recorded, and they answered
    nothing.
    """

    readings: int
    coverage: Coverage
    rules: list[RuleTrial]
    idle: list[str]
    failures: Counter[str]
    orders: Counter[str]
    seconds: float


def backtest(rulebook: Rulebook, feed: Feed, advance: Advance) -> Trial:
    """Return what the rules make of the readings; time passes up to the last of them."""
    begin = stopwatch()
    run = _Run(rulebook, feed)
    number = 0
    for number, reading in enumerate(feed, start=1):
        while (at := run.engine.next_deadline()) is not None and at <= reading.received_at:
            run.engine.tick(at)
        run.engine.observe(reading, late=run.coverage.add(reading))
        if number % _AT_ONCE == 0:
            run.take()
            advance(_AT_ONCE)
    run.take()
    told = (alert for sequence in rulebook.sequences for alert in sequence.alerts)
    trials = [run.trial(rule) for rule in (*rulebook.rules, *told)]
    judged = [each for each in trials if each.alerts or run.coverage.concerns(each.rule)]
    idle = [each.rule.name for each in trials if each not in judged]
    seconds = stopwatch() - begin
    return Trial(number, run.coverage, judged, idle, run.failures, run.orders, seconds)


class _Run:
    def __init__(self, rulebook: Rulebook, feed: Feed) -> None:
        self.coverage = Coverage()
        self.failures: Counter[str] = Counter()
        self.orders: Counter[str] = Counter()
        self._log = AlertLog()
        self._store = SavedStates()
        self.engine = Engine(rulebook, feed.register, self._store)

    def take(self) -> None:
        """Keep what changed, as the journal would."""
        outcome = self.engine.take()
        self._store.states.update(outcome.states)
        self.failures.update(failure.rule for failure in outcome.failures)
        for effect in outcome.effects:
            if isinstance(effect, AlertChange):
                self._log.add(effect)
            elif isinstance(effect, Command):
                self.orders[effect.command] += 1

    def trial(self, rule: AlertRule) -> RuleTrial:
        """Return what the rule did."""
        alerts = self._log.of(rule.name)
        return RuleTrial(rule, alerts, episodes_of(alerts), self.coverage.device_months(rule))
