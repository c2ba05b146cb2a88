"""The registry in force: read at the start, and again after every import or change of limits."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, TypeAlias

from devices.instant import Instant, milliseconds_of
from ingest.clock import Clock
from ingest.health import Health
from ingest.journal.database import JournalError, open_reader
from ingest.registry.limits import limits_of
from ingest.registry.overlay import fitting, limits_over, read_limits
from ingest.registry.refusal import RegistryError
from ingest.registry.snapshot import register_of
from ingest.registry.store import revision_of
from rules.bound import Rulebook
from rules.limits import LimitBook
from rules.register import COMMUNITY_DIGITS, Lease, TableRegister
from rules.rule import AlertRule
from rules.sequence import SequenceRule

_LOG = logging.getLogger(__name__)
_PART = "registry"
_EVERY = timedelta(seconds=5)
_AT_LEAST_MS = milliseconds_of(timedelta(days=1))
"""Leases end without an import, and with them whom a dwelling's persons are."""

Stamp: TypeAlias = tuple[int, int, int] | None
"""What tells one content of a file from another: when it was written, its size and its number."""


class Sources(NamedTuple):
    """The journal with the registry, and a file of limits over those of the registry.

    `area_digits` says by which level of area devices fall silent together.
    """

    journal: Path
    limits: Path | None = None
    area_digits: int = COMMUNITY_DIGITS

    def stamp(self) -> Stamp:
        """Return what tells that the file has changed; None if there is none, or none is named."""
        if self.limits is None:
            return None
        try:
            status = self.limits.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


@dataclass(frozen=True, slots=True)
class Facts:
    """What an engine is given, and the revision of the registry and the file it is from.

    `leases` are those of the dwellings that have any, and `removed` the devices that were removed,
    by `<kind>/<device>`; apart, as what changes is looked for while readings wait.
    """

    revision: int
    stamp: Stamp
    read_at: Instant
    rulebook: Rulebook
    register: TableRegister
    leases: Mapping[str, tuple[Lease, ...]]
    removed: frozenset[str]

    @property
    def limits(self) -> LimitBook:
        """The limits in force."""
        return self.rulebook.limits


def facts_of(
    sources: Sources,
    rules: Mapping[str, AlertRule],
    now: Instant,
    sequences: tuple[SequenceRule, ...] = (),
) -> Facts:
    """Return the facts and limits in force.

    Raises JournalError if the registry's limits fit no longer, RegistryError for those of the file.
    """
    stamp = sources.stamp()
    with closing(open_reader(sources.journal)) as database:
        revision = revision_of(database)
        register = register_of(database, now, sources.area_digits)
        if sources.limits is None:
            limits = limits_of(database, now)
        else:
            limits = limits_over(database, read_limits(sources.limits), now)
    rulebook = Rulebook(tuple(rules.values()), limits, sequences)
    leases = {home: facts.leases for home, facts in register.premises.items() if facts.leases}
    removed = frozenset(name for name, facts in register.devices.items() if facts.is_removed)
    fitted = fitting(rulebook, register)
    return Facts(revision, stamp, now, fitted, register, leases, removed)


@dataclass(slots=True)
class RegistryWatch:
    """Looks for imports and for changes of the limits file, and hands on what is then in force.

    400,000 devices are read in about 3 s, in a thread. What can't be read or used leaves the former
    in force; health says so until it is mended.
    """

    sources: Sources
    clock: Clock
    facts: Facts
    use: Callable[[Facts], None]
    health: Health
    every: timedelta = _EVERY
    _refused: tuple[int, Stamp] | None = None

    async def run(self) -> None:
        """Look, for ever."""
        while True:
            await self.clock.sleep_until(self.clock.now() + milliseconds_of(self.every))
            await self.look()

    async def look(self) -> None:
        """Take what has changed since the last look, if anything has."""
        now, present = self.clock.now(), (self._revision(), self.sources.stamp())
        seen = self._refused or (self.facts.revision, self.facts.stamp)
        if present == seen and now - self.facts.read_at < _AT_LEAST_MS:
            return
        rules = {rule.name: rule for rule in self.facts.rulebook.rules}
        try:
            self.facts = await asyncio.to_thread(
                facts_of, self.sources, rules, now, self.facts.rulebook.sequences
            )
            self.use(self.facts)
        except (JournalError, RegistryError, sqlite3.Error) as error:
            self._refused = present
            self._refuse(str(error))
        else:
            self._refused = None
            self.health.recovered(_PART)
            _LOG.info("registry %d in force", self.facts.revision)

    def _refuse(self, why: str) -> None:
        text = f"what was in force before stays in force: {why}"
        if _PART in self.health.troubles:
            _LOG.error("%s: %s", _PART, text)
        self.health.trouble(_PART, text)

    def _revision(self) -> int:
        """Return the present revision; the one in force if it can't be read now."""
        try:
            with closing(open_reader(self.sources.journal)) as database:
                return revision_of(database)
        except (JournalError, sqlite3.Error):
            return self.facts.revision
