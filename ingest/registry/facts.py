"""The registry in force: read at the start, and again after every import or change of limits."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, TypeAlias

from devices.instant import Instant, milliseconds_of
from ingest.clock import Clock
from ingest.health import Health
from ingest.journal.database import JournalError, JournalUnavailable, open_reader
from ingest.registry.kept import Memory, keep, kept_in
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
REGISTRY = "registry"
"""The part that is in trouble while what is given can't be used."""
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
    library = Rulebook(tuple(rules.values()), LimitBook(), sequences)
    return _facts(sources, library, now, _given_limits)


def facts_at_start(
    sources: Sources,
    rules: Mapping[str, AlertRule],
    now: Instant,
    sequences: tuple[SequenceRule, ...] = (),
) -> tuple[Facts, str | None]:
    """Return the facts to start by, with the limits kept where those given can't be used, and why.

    Raises as `facts_of` where none were kept, or where these do not fit either.
    """
    try:
        return facts_of(sources, rules, now, sequences), None
    except (JournalError, RegistryError) as error:
        library = Rulebook(tuple(rules.values()), LimitBook(), sequences)
        try:
            return _facts(sources, library, now, _kept_limits), str(error)
        except (JournalError, LookupError):
            raise error from None


_Limits: TypeAlias = Callable[[sqlite3.Connection, Sources, Instant], LimitBook]


def _facts(sources: Sources, library: Rulebook, now: Instant, limits_by: _Limits) -> Facts:
    stamp = sources.stamp()
    with closing(open_reader(sources.journal)) as database:
        revision = revision_of(database)
        register = register_of(database, now, sources.area_digits)
        limits = limits_by(database, sources, now)
    leases = {home: facts.leases for home, facts in register.premises.items() if facts.leases}
    removed = frozenset(name for name, facts in register.devices.items() if facts.is_removed)
    fitted = fitting(replace(library, limits=limits), register)
    return Facts(revision, stamp, now, fitted, register, leases, removed)


def _given_limits(database: sqlite3.Connection, sources: Sources, now: Instant) -> LimitBook:
    if sources.limits is None:
        return limits_of(database, now)
    return limits_over(database, read_limits(sources.limits), now)


def _kept_limits(database: sqlite3.Connection, _: Sources, __: Instant) -> LimitBook:
    kept = kept_in(database)
    if kept is None:
        raise LookupError
    return kept


@dataclass(slots=True)
class RegistryWatch:
    """Looks for imports and for changes of the limits file, and hands on what is then in force.

    400,000 devices are read in about 3 s, in a thread. What can't be read or used leaves the former
    in force; health says so until it is mended. The limits in force are kept in `memory`.
    """

    sources: Sources
    clock: Clock
    facts: Facts
    use: Callable[[Facts], None]
    health: Health
    memory: Memory
    every: timedelta = _EVERY
    _refused: tuple[int, Stamp] | None = None
    _kept: LimitBook | None = None

    async def run(self) -> None:
        """Look, for ever."""
        while True:
            await self.keep()
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
            self.refuse(str(error))
        else:
            self._refused = None
            self.health.recovered(REGISTRY)
            _LOG.info("%s in force", self._name)

    def refuse(self, why: str) -> None:
        """Say that what is given can't be used."""
        text = f"what was in force before stays in force: {'; '.join(why.splitlines())}"
        if REGISTRY in self.health.troubles:
            _LOG.error("%s: %s", REGISTRY, text)
        self.health.trouble(REGISTRY, text)

    @property
    def _name(self) -> str:
        name = f"registry {self.facts.revision}"
        return f"{name} with the limits of {self.sources.limits}" if self.sources.limits else name

    async def keep(self) -> None:
        """Keep the limits in force, or leave it for the next time if the journal takes nothing."""
        if self.facts.limits is not self._kept:
            with suppress(JournalUnavailable):
                await keep(self.memory, self.facts.limits)
                self._kept = self.facts.limits

    def _revision(self) -> int:
        """Return the present revision; the one in force if it can't be read now."""
        try:
            with closing(open_reader(self.sources.journal)) as database:
                return revision_of(database)
        except (JournalError, sqlite3.Error):
            return self.facts.revision
