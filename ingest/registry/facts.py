"""The registry in force: read at the start, and again after every import."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from devices.instant import Instant, milliseconds_of
from ingest.clock import Clock
from ingest.journal.database import JournalError, open_reader
from ingest.registry.limits import limits_of
from ingest.registry.snapshot import register_of
from ingest.registry.store import revision_of
from rules.bound import Rulebook
from rules.limits import LimitBook
from rules.register import COMMUNITY_DIGITS, TableRegister
from rules.rule import AlertRule
from rules.sequence import SequenceRule
from rules.subject import Subject

_LOG = logging.getLogger(__name__)
_EVERY = timedelta(seconds=5)
_AT_LEAST_MS = milliseconds_of(timedelta(days=1))
"""Leases end without an import, and with them whom a dwelling's persons are."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an engine is given, and the revision of the registry it is from."""

    revision: int
    read_at: Instant
    rulebook: Rulebook
    register: TableRegister


def facts_of(
    path: Path,
    rules: Mapping[str, AlertRule],
    now: Instant,
    sequences: tuple[SequenceRule, ...] = (),
    area_digits: int = COMMUNITY_DIGITS,
) -> Facts:
    """Return the facts and limits of the registry; JournalError if its limits fit no longer.

    An import checks them, but the rules of another release may have other bounds.
    """
    with closing(open_reader(path)) as database:
        revision = revision_of(database)
        register, limits = register_of(database, now, area_digits), limits_of(database)
    rulebook = Rulebook(tuple(rules.values()), limits, sequences)
    complaints = rulebook.complaints(_chains(register, limits)) if limits.settings else []
    if complaints:
        raise JournalError("\n".join(f"limits of the registry: {each}" for each in complaints))
    return Facts(revision, now, rulebook, register)


@dataclass(slots=True)
class RegistryWatch:
    """Looks for imports, and hands on what is then in force.

    400,000 devices are read in about 3 s, in a thread. Facts that can't be read or used leave the
    former in force.
    """

    path: Path
    clock: Clock
    facts: Facts
    use: Callable[[Facts], None]
    every: timedelta = _EVERY

    async def run(self) -> None:
        """Look, for ever."""
        facts = partial(
            facts_of,
            self.path,
            {rule.name: rule for rule in self.facts.rulebook.rules},
            sequences=self.facts.rulebook.sequences,
            area_digits=self.facts.register.area_digits,
        )
        refused: int | None = None
        while True:
            await self.clock.sleep_until(self.clock.now() + milliseconds_of(self.every))
            now = self.clock.now()
            revision = self._revision()
            if revision == refused or not self._is_stale(revision, now):
                continue
            try:
                self.facts = await asyncio.to_thread(facts, now=now)
                self.use(self.facts)
            except (JournalError, sqlite3.Error) as error:
                refused = revision
                _LOG.error("the registry of before stays in force: %s", error)
            else:
                _LOG.info("registry %d in force", self.facts.revision)

    def _revision(self) -> int:
        """Return the present revision; the one in force if it can't be read now."""
        try:
            with closing(open_reader(self.path)) as database:
                return revision_of(database)
        except (JournalError, sqlite3.Error):
            return self.facts.revision

    def _is_stale(self, revision: int, now: Instant) -> bool:
        return revision != self.facts.revision or now - self.facts.read_at >= _AT_LEAST_MS


def _chains(register: TableRegister, limits: LimitBook) -> set[tuple[str, ...]]:
    """Return the places that set limits, as they follow upon each other."""
    subjects = [Subject("device", device) for device in register.devices]
    subjects += [Subject("premises", premises) for premises in register.premises]
    return {limits.sets(register.places_of(subject)) for subject in subjects}
