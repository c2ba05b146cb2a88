"""Judging: the engine beside the journal; what it decides is durable with what it decided by.

Context: alerts that are written after the readings are lost by a kill in between, and alerts that
are written before them may rest on readings that never were.
Decision: the engine observes inside the journal's transaction, and its states and alerts are rows
of it. If it fails, the engine forgets and loads again.
Given up: an engine in a process of its own.
"""

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, TypeVar

from devices.instant import Instant, iso_of
from devices.reading import Reading
from ingest.alert_rows import change_row, explained, state_rows, title_of, titled
from ingest.clock import Clock, pause
from ingest.command_rows import command_row
from ingest.health import Health
from ingest.hearing import Hearing
from ingest.journal.alerts import ResetRequest
from ingest.journal.batch import Batch, Committed
from ingest.journal.consequences import Consequences, Fresh
from ingest.journal.database import JournalUnavailable
from ingest.journal.journal import Journal
from ingest.journal.overrides import OverrideRequest
from ingest.metrics import Metrics
from ingest.steady import SteadyTime
from rules.effect import AlertChange, Command, Proof, Withdrawal
from rules.engine import Engine
from rules.explanation import Text
from rules.lifecycle import Transition
from rules.rule import AlertRule
from rules.sequence import Override
from rules.severity import Severity
from rules.subject import Subject

P = ParamSpec("P")
T = TypeVar("T")
if TYPE_CHECKING:
    from ingest.shadow.shadow import Shadow

_LOG = logging.getLogger(__name__)
HEARING_KEY = "hearing"
_NO_WORDS: Mapping[str, str] = {}
_LONGEST_WAIT_MS = 1_000
"""So often a request to reset is looked for, and whether anybody is heard."""
_MOST_AT_ONCE = 500
"""Subjects whose timers ring in one transaction, so that no commit waits long."""
_BREATH = timedelta(0)
_RAISED = frozenset({Transition.RAISED, Transition.RAISED_LATE})
_ENGINE = "engine"
"""The rule that failures are counted under that are none of a condition."""


@dataclass(frozen=True, slots=True)
class Ears:
    """Whether the service hears its devices: connected, and the journal takes what comes."""

    connected: Callable[[], bool]
    health: Health

    def hear(self) -> bool:
        """Return whether a device that speaks now would be heard."""
        return self.connected() and self.health.healthy


class Asked(NamedTuple):
    """What people ask of the process that judges, and of whom the registry says something else.

    `waiting` are readings stored by another process, with their numbers.
    """

    resets: Sequence[ResetRequest]
    overrides: Sequence[OverrideRequest]
    moved: Sequence[Subject]
    waiting: Sequence[tuple[int, Reading]]


class Judging:
    """A record of batches that also judges them, and lets time pass for the rules.

    `ordered` is set when commands have become durable.
    """

    def __init__(
        self,
        journal: Journal,
        engine: Engine,
        rules: Mapping[str, AlertRule],
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._journal = journal
        self._engine = engine
        self._rules = rules
        self._clock = clock
        self._time = SteadyTime(clock)
        self._metrics = metrics
        self._hearing = Hearing(journal.remembered(HEARING_KEY))
        engine.deaf(self._hearing.outages)
        self.ordered = asyncio.Event()
        self.shadow: Shadow | None = None
        """What tries other limits on the same readings, if anything."""
        self._turn = asyncio.Lock()
        self._commands: Counter[tuple[str, str]] = Counter()
        self._failed: set[str] = set()
        self._moved: dict[Subject, None] = {}
        self._moving: list[Subject] = []
        self._words: dict[str, str] = {}
        self._saying: dict[str, str] = {}
        self._changes: Counter[tuple[str, str]] = Counter()
        self._raised: Counter[tuple[str, int, str]] = Counter()
        self._failures: Counter[str] = Counter()

    async def commit(self, batch: Batch) -> Committed:
        """Make the batch durable with what follows from it; JournalUnavailable."""
        async with self._judged():
            return await self._journal.commit(batch, self._observe)

    async def run(self, ears: Ears) -> None:
        """Let time pass, for ever."""
        while True:
            with suppress(JournalUnavailable):  # the pipeline says so and tries again
                while await self.look(hears=ears.hear()):
                    await pause(_BREATH)
            due, now = self._next_deadline(), self._clock.now()
            latest = now + _LONGEST_WAIT_MS
            await self._clock.sleep_until(latest if due is None else max(now, min(due, latest)))

    async def look(self, *, hears: bool) -> bool:
        """Do what is due now, some of it; return whether there is more. JournalUnavailable."""
        now = self._time.now()
        changed = self._hearing.look(now, hears=hears)
        if changed:
            self._engine.deaf(self._hearing.outages)
        asked = Asked(
            self._journal.reset_requests(),
            self._journal.override_requests(),
            tuple(islice(self._moved, _MOST_AT_ONCE)),
            self._journal.unjudged(_MOST_AT_ONCE),
        )
        turns = self.shadow is not None and self.shadow.look(
            self._time.ours(now), self._hearing.outages
        )
        if self._is_due(now) or any((*asked, changed, turns)) or self._hearing.forgets(now):
            async with self._judged():
                await self._journal.judge(partial(self._pass, now, asked))
            self._hearing.remembered(now)
        return self._is_due(now) or bool(self._moved) or len(asked.waiting) == _MOST_AT_ONCE

    async def judge_waiting(self) -> None:
        """Judge all readings that wait, so that none has to be stored any more; JournalUnavailable.

        See `rules.lull`.
        """
        more = [True]

        def judge(_: Fresh) -> Consequences:
            more[0] = self._engine.judge_waiting(_MOST_AT_ONCE)
            return self._taken()

        while more[0]:
            async with self._judged():
                await self._journal.judge(judge)

    def consider(self, moved: Iterable[Subject], words: Mapping[str, str] = _NO_WORDS) -> None:
        """Look anew at subjects of which the registry says something else, at the next look.

        `words` are remembered by their keys once all have been looked at.
        """
        self._moved.update(dict.fromkeys(moved))
        self._words.update(words)

    def title_of(self, rule: str) -> Text:
        """Return the title of what people are told of by this name."""
        return title_of(rule, self._rules)

    def _next_deadline(self) -> Instant | None:
        """Return when there is something to do, by our clock."""
        dues = [self._engine.next_deadline()]
        if self.shadow:
            dues.append(self.shadow.next_deadline())
        return min((self._time.ours(due) for due in dues if due is not None), default=None)

    def _is_due(self, now: Instant) -> bool:
        due = self._next_deadline()
        return due is not None and due <= self._time.ours(now)

    @asynccontextmanager
    async def _judged(self) -> AsyncIterator[None]:
        """One transaction at a time; the engine forgets what fails, what succeeds is counted."""
        async with self._turn:
            try:
                yield
            except BaseException:
                self._engine.discard()
                self.consider(self._moving, {**self._saying, **self._words})
                if self.shadow:
                    self.shadow.discard()
                raise
            else:
                if self.shadow:
                    self.shadow.taken()
                self._count()
            finally:
                self._changes.clear()
                self._raised.clear()
                self._commands.clear()
                self._moving.clear()
                self._saying = {}
                self._failures.clear()

    def _observe(self, fresh: Fresh) -> Consequences:
        fresh = self._time.fresh(fresh)
        late, observe = fresh.late, self._engine.observe
        for place, reading in enumerate(fresh.readings):
            try:
                if place in late:
                    observe(reading, late=True)
                else:
                    observe(reading)
            except sqlite3.Error:
                raise
            except Exception as error:  # noqa: BLE001 readings are stored whatever the rules do
                self._fail(_ENGINE, error)
        for reading in fresh.doubted:
            self._try(self._engine.observe_doubted, reading)
        for reply, orderer in fresh.replies:
            self._try(self._engine.observe_reply, reply, orderer)
        if self.shadow:
            self.shadow.observe(fresh)
        return self._taken()

    def _pass(self, now: Instant, asked: Asked, fresh: Fresh) -> Consequences:
        waiting = self._time.readings([reading for _seq, reading in asked.waiting])
        for reading in waiting:
            self._try(self._engine.observe, reading)
        answers = {request.alert: self._reset(request, now) for request in asked.resets}
        taken_over = [(each, self._take_over(each, now)) for each in asked.overrides]
        for subject in asked.moved:
            del self._moved[subject]
            self._moving.append(subject)
            self._try(self._engine.consider, subject, now)
        if not self._moved:
            self._saying, self._words = self._words, {}
        if self.shadow:
            self.shadow.observe(fresh._replace(readings=waiting))
            self.shadow.tick(now, _MOST_AT_ONCE)
        self._try(self._engine.tick, now, _MOST_AT_ONCE)
        return replace(
            self._taken(now),
            answers=answers,
            taken_over=taken_over,
            words={HEARING_KEY: self._hearing.word, **self._saying},
            judged=[seq for seq, _reading in asked.waiting],
        )

    def _reset(self, request: ResetRequest, now: Instant) -> str:
        subject = Subject(request.scope, request.subject)
        lives = self._try(self._engine.lives, subject) or {}
        life = lives.get(request.rule)
        if life is None or life.start != request.start_at:
            return "refused"
        if not self._try(self._engine.reset, subject, request.rule, now):
            return "danger" if life.latched else "no latch"
        if self.shadow:
            self.shadow.reset(subject, request.rule, now)
        return "reset"

    def _take_over(self, request: OverrideRequest, now: Instant) -> str:
        override = Override(request.mode, self._time.of(request.until))
        subject = Subject("device", request.subject)
        done = self._try(self._engine.override, subject, request.sequence, override, now)
        until = f"until {iso_of(request.until)}" if request.until > now else "is over"
        words = (request.subject, request.mode, until, request.asked_by or "nobody who is named")
        _LOG.warning("%s: override %s %s, asked for by %s%s", *words, "" if done else ": refused")
        return "taken_over" if done else "refused"

    def _try(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Let the engine act; None if it raised, which keeps nothing else waiting."""
        try:
            return act(*args, **kwargs)
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 readings are stored whatever the rules do
            self._fail(_ENGINE, error)
            return None

    def _taken(self, turns_at: Instant | None = None) -> Consequences:
        """Return what to write; trials begin and end only at `turns_at`, without readings."""
        outcome = self._engine.take()
        for rule, _, error in outcome.failures:
            self._note(rule, error)
        effects = [self._time.told(effect) for effect in outcome.effects]
        alerts = [effect for effect in effects if isinstance(effect, AlertChange)]
        self._changes.update((change.rule, change.transition) for change in alerts)
        places_of = self._engine.places_of
        changes = [change_row(each, self._text(each), places_of(each.subject)) for each in alerts]
        self._raised.update(
            (row.rule, row.severity, row.areas) for row in changes if row.transition in _RAISED
        )
        orders = [effect for effect in effects if isinstance(effect, Command)]
        self._commands.update((order.kind, order.command) for order in orders)
        now = self._clock.now()
        return Consequences(
            state_rows(outcome),
            changes,
            [command_row(order, now) for order in orders],
            [effect for effect in effects if isinstance(effect, Proof)],
            withdrawn=[each.identity for each in effects if isinstance(each, Withdrawal)],
            beside=self.shadow.take(turns_at) if self.shadow else None,
        )

    def _text(self, change: AlertChange) -> Text:
        try:
            return explained(change, self._rules)
        except Exception as error:  # noqa: BLE001 an alert is told, with or without its words
            self._fail(change.rule, error)
            return titled(change, self._rules)

    def _fail(self, rule: str, error: Exception) -> None:
        self._note(rule, type(error).__name__)

    def _note(self, rule: str, error: str) -> None:
        """Count what a rule could not do, and say so the first time."""
        self._failures[rule] += 1
        if rule not in self._failed:
            self._failed.add(rule)
            _LOG.error("rule %s: %s; its state before is kept, and others go on", rule, error)

    def _count(self) -> None:
        for (kind, command), number in self._commands.items():
            self._metrics.commands.labels(kind, command, "queued").inc(number)
            self.ordered.set()
        for (rule, transition), number in self._changes.items():
            self._metrics.alert_changes.labels(rule, transition).inc(number)
        for (rule, severity, areas), number in self._raised.items():
            labels = (rule, Severity(severity).name.lower(), self._metrics.area_label.of(areas))
            self._metrics.alerts_raised.labels(*labels).inc(number)
        for rule, number in self._failures.items():
            self._metrics.rule_failures.labels(rule).inc(number)
