"""The shadow: an engine with other limits or rules beside the one in force; it tells nobody.

Context: an operations room wants to know what other limits would have said before it sets them, by
its own devices and with the history that the rules have learnt.
Decision: a second engine with only the rules that are tried, or whose limits are, observes the same
readings in the same transaction. It starts from the states of the first; a rule of the operator's
own has learnt nothing yet. Its rows lie in tables of their own.
Given up: the sequences of commands: what they ordered would have to happen.
"""

import logging
import sqlite3
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol, TypeAlias

from devices.instant import Instant
from ingest.alert_rows import explained, state_rows, titled
from ingest.journal.consequences import Fresh
from ingest.journal.database import JournalError, passing_failures
from ingest.registry.overlay import fitting, laid_over
from ingest.rule_tools.library import digest_of, library_of, refuse_if_others_write
from ingest.shadow.table import ShadowTable
from ingest.shadow.trial import OwnRules, Trial, trial_of
from ingest.simulate.refusal import InputError
from rules.bound import Rulebook
from rules.effect import AlertChange
from rules.engine import Engine
from rules.explanation import Text
from rules.limits import LimitBook
from rules.moment import Outage
from rules.register import TableRegister
from rules.rule import AlertRule
from rules.subject import Subject

_LOG = logging.getLogger(__name__)
Write: TypeAlias = Callable[[sqlite3.Connection], None]


class InForce(Protocol):
    """What is in force: limits and facts."""

    @property
    def limits(self) -> LimitBook:
        """The limits."""

    @property
    def register(self) -> TableRegister:
        """The facts."""


class Shadow:
    """At most one trial. Nothing that fails here reaches what is in force: it ends the trial.

    As the engine: `observe` and `tick`, then `take`, then one transaction that calls what was
    taken; `discard` if it fails.
    """

    def __init__(
        self, reader: sqlite3.Connection, rules: Mapping[str, AlertRule], in_force: InForce
    ) -> None:
        self._reader = reader
        self._rules = rules
        self._in_force = in_force
        self._engine: Engine | None = None
        self._table: ShadowTable | None = None
        self._trial: Trial | None = None
        self._outages: tuple[Outage, ...] = ()
        self._ends: str | None = None
        self._kinds: frozenset[str] = frozenset()
        self._own: Mapping[str, AlertRule] = {}
        self._begun = False
        self._judged = 0

    def look(self, now: Instant, outages: tuple[Outage, ...]) -> bool:
        """Look whether a trial is to begin or to end now; `outages` are those of our hearing.

        Raises JournalUnavailable.
        """
        self._hear(outages)
        with passing_failures():
            self._trial = trial = trial_of(self._reader)
        if trial is None or trial.ended_at is not None:
            self._engine = None
            return False
        if trial.stop_asked:
            self._ends = "stopped"
        elif trial.until is not None and now >= trial.until:
            self._ends = "its time is up"
        return self._engine is None or self._ends is not None

    def follow(self, in_force: InForce) -> None:
        """Go on beside other limits and facts; the tried limits stay over them."""
        self._in_force = in_force
        engine, trial = self._engine, self._trial
        if engine and trial:
            self._guarded(lambda: engine.replace(*self._tried(trial)))

    def observe(self, fresh: Fresh) -> None:
        """Take in what was stored."""
        if self._engine and self._table:
            self._table.judged_to = fresh.last
            self._guarded(lambda: self._observe(fresh))

    def tick(self, now: Instant, most: int) -> None:
        """Let time pass."""
        engine = self._engine
        if engine:
            self._guarded(lambda: engine.tick(now, most))

    def reset(self, subject: Subject, rule: str, now: Instant) -> None:
        """Reset a latch as a person did for the alert in force."""
        engine, trial = self._engine, self._trial
        if engine and trial and rule in trial.rules:
            self._guarded(lambda: engine.reset(subject, rule, now))

    def next_deadline(self) -> Instant | None:
        """Return when `tick` has something to look at next, or None."""
        return self._engine.next_deadline() if self._engine else None

    def take(self, turns_at: Instant | None) -> Write | None:
        """Return what writes all that changed since the last take, None for nothing.

        At `turns_at` it also begins or ends what `look` found.
        """
        write = self._taken() if self._engine else None
        if turns_at is None or not self._turns():
            return write

        def write_and_turn(database: sqlite3.Connection) -> None:
            if write:
                write(database)
            self._turn(database, turns_at)

        return write_and_turn

    def taken(self) -> None:
        """Hear that what was taken is durable."""
        self._begun = False

    def discard(self) -> None:
        """Forget what was not taken and what was taken last."""
        self._judged = 0
        if self._begun:
            self._engine, self._begun = None, False
        elif self._engine:
            self._engine.discard()

    def _turns(self) -> bool:
        is_open = self._trial is not None and self._trial.ended_at is None
        return is_open and (self._engine is None or self._ends is not None)

    def _turn(self, database: sqlite3.Connection, now: Instant) -> None:
        trial = self._trial
        if trial is None:
            return
        table = ShadowTable(database, anew=frozenset(trial.own.names if trial.own else ()))
        if self._ends is None:
            self._guarded(partial(self._begin, table, trial, now))
        if self._ends is not None:
            table.end(now, self._ends)
            _LOG.info("trial of %s: ended, %s", trial.name, self._ends)
            self._engine = self._ends = None

    def _taken(self) -> Write | None:
        if self._engine is None:
            return None
        outcome = self._engine.take()
        changes = [each for each in outcome.effects if isinstance(each, AlertChange)]
        states, judged = state_rows(outcome), self._judged
        self._judged = 0

        def write(database: sqlite3.Connection) -> None:
            table = ShadowTable(database)
            table.write(states, changes, self._text)
            table.count(judged, len(outcome.failures))

        return write

    def _hear(self, outages: tuple[Outage, ...]) -> None:
        self._outages = outages
        if self._engine:
            self._engine.deaf(outages)

    def _begin(self, table: ShadowTable, trial: Trial, now: Instant) -> None:
        table.begin(now, trial.rules)
        self._own = _loaded(trial.own) if trial.own else {}
        rulebook, register = self._tried(trial)
        self._table = table
        self._engine = Engine(rulebook, register, table)
        self._engine.deaf(self._outages)
        self._kinds = frozenset(kind for rule in rulebook.rules for kind in rule.fields)
        self._begun = True
        _LOG.info("trial of %s: runs beside what is in force", trial.name)

    def _tried(self, trial: Trial) -> tuple[Rulebook, TableRegister]:
        """Return the rules that are tried with their limits; JournalError if these do not fit."""
        known = {**self._rules, **self._own}
        if unknown := set(trial.rules) - set(known):
            raise JournalError(f"no rule {', '.join(sorted(unknown))}")
        rules = {name: known[name] for name in trial.rules}
        book = laid_over(self._in_force.limits, trial.limits)
        settings = {
            place: {name: own for name, own in of_place.items() if name.split(".")[0] in rules}
            for place, of_place in book.settings.items()
        }
        register = self._in_force.register
        rulebook = Rulebook(tuple(rules.values()), LimitBook(settings))
        return fitting(rulebook, register), register

    def _observe(self, fresh: Fresh) -> None:
        if self._engine is None:
            return
        for place, reading in enumerate(fresh.readings):
            if reading.kind in self._kinds:
                self._engine.observe(reading, late=place in fresh.late)
                self._judged += 1
        for reading in fresh.doubted:
            if reading.kind in self._kinds:
                self._engine.observe_doubted(reading)

    def _text(self, change: AlertChange) -> Text:
        try:
            return explained(change, {**self._rules, **self._own})
        except Exception:  # noqa: BLE001 what a rule of the operator's own says is anybody's guess
            return titled(change, {**self._rules, **self._own})

    def _guarded(self, call: Callable[[], object]) -> None:
        """Call, and end the trial if that fails; the database's own failures concern everybody."""
        try:
            call()
        except sqlite3.Error:
            raise
        except (JournalError, InputError) as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 a trial must not harm what is in force
            self._fail(type(error).__name__)

    def _fail(self, why: str) -> None:
        self._ends, self._engine = f"failed: {why}", None


def _loaded(own: OwnRules) -> Mapping[str, AlertRule]:
    """Return the rules of a folder that is as it was when a person asked for it; InputError."""
    folder = Path(own.folder)
    refuse_if_others_write(folder)
    if digest_of(folder) != own.digest:
        raise InputError(f"{folder}: changed since the trial was asked for")
    library = library_of(folder)
    return {name: library.rules[name] for name in own.names}
