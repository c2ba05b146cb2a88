"""Alert rules: what is judged, when it is told, and how it is explained."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from devices.instant import milliseconds_of
from rules.condition import Condition
from rules.explanation import Template
from rules.lifecycle import Policy
from rules.limits import InForce, Limit
from rules.register import Traits
from rules.severity import Severity
from rules.subject import Scope

_NONE = timedelta(0)
AWAY, MAINTENANCE, REMOVED = "away", "maintenance", "removed"
"""Reasons to keep quiet that the register knows: nobody is in, somebody works on it, it is gone."""
BLIND_AREA = "blind_area"
"""The reason to keep quiet about a silent device: its whole area is, and that was told."""
_NO_TRAITS = Traits()


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a rule's condition is made from: its limits in force, and the subject's traits."""

    limits: Mapping[str, InForce]
    traits: Traits = _NO_TRAITS

    def __getitem__(self, name: str) -> InForce:
        """Return a limit by name."""
        return self.limits[name]


Build: TypeAlias = Callable[[Numbers], Condition]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """One rule; a literal named RULE in `rules/library/<rule>/rule.py`.

    `fields` are, by kind, those its condition reads, derived ones (see `rules.derived`) among them;
    empty for a rule that reads none but wants every reading. `hold`: how long it is found before it
    is told; `keep`: how long it is gone before that is told; `stale_after`: for how long without
    data of these fields it is still known.
    A rule whose condition is `Amendable` sets `amends`, one whose condition is `Reliving` sets
    `relives`; one whose condition is `Awaiting` sets `awaits`; one of areas whose condition is
    `Mustering` sets `musters`. `quieted_by`: the reasons to keep quiet. A rule of silence names
    BLIND_AREA too: its area hears of what it finds, from the beginning of the hold on. `remedy`
    names the sequence that acts on it: each of its alerts tells what that has done. `of_homes`: it
    judges how much water people use, and has nothing to say of a bulk meter.
    """

    name: str
    title: str
    title_zh: str
    scope: Scope
    fields: Mapping[str, frozenset[str]]
    condition: Build
    explanation: Template
    limits: tuple[Limit, ...] = ()
    hold: timedelta = _NONE
    keep: timedelta = _NONE
    stale_after: timedelta | None = None
    latch_from: Severity | None = None
    amends: bool = False
    relives: bool = False
    awaits: bool = False
    musters: bool = False
    remedy: str | None = None
    of_homes: bool = False
    quieted_by: frozenset[str] = field(default=frozenset({MAINTENANCE, REMOVED}))

    @property
    def policy(self) -> Policy:
        """What the life cycle needs of it."""
        stale = None if self.stale_after is None else milliseconds_of(self.stale_after)
        hold, keep = milliseconds_of(self.hold), milliseconds_of(self.keep)
        return Policy(hold, keep, stale, self.latch_from, self.quieted_by)

    def reads(self, kind: str, names: frozenset[str]) -> bool:
        """Return whether a reading of these fields concerns it."""
        wanted = self.fields.get(kind)
        return wanted is not None and (not wanted or not wanted.isdisjoint(names))
