"""The life cycle of an alert: one pure state machine for all rules.

```
inactive --found--> pending --hold--> firing <--data lost, data back--> stale
   ^                   |                |
   +---clear, or lost--+                |
   +--------- clear for `keep`, unless latched: resolved
```
A latched one that is clear for `keep` says so, `cleared`, and fires on until a person resets it.
Severity steps up at once and down after `keep`. What is lost never clears: the time of `keep`
starts anew when the data is back. Suppression lies over it all: nobody is told, and life goes on.
"""

from enum import StrEnum
from typing import NamedTuple, TypeAlias

from devices.instant import Instant
from rules.finding import NO_EVIDENCE, Evidence, Finding
from rules.severity import Severity


class Phase(StrEnum):
    """Where in its life an alert is."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    STALE = "stale"
    SUPPRESSED = "suppressed"


class Transition(StrEnum):
    """What happened to an alert. A released name never changes: it labels metrics."""

    RAISED = "raised"
    RAISED_LATE = "raised_late"
    ESCALATED = "escalated"
    EASED = "eased"
    LOST = "lost"
    REGAINED = "regained"
    SUPPRESSED = "suppressed"
    RESUMED = "resumed"
    CLEARED = "cleared"
    RECURRED = "recurred"
    RESET = "reset"
    RESOLVED = "resolved"
    WOULD_NOT_HAVE_FIRED = "would_not_have_fired"


class Change(NamedTuple):
    """A transition, and when it came in device time."""

    transition: Transition
    at: Instant


class Policy(NamedTuple):
    """The durations of a rule in milliseconds, and from which severity on it latches.

    `stale_after` None: data is never taken for lost. `quieted_by` names the reasons that suppress.
    """

    hold: int = 0
    keep: int = 0
    stale_after: int | None = None
    latch_from: Severity | None = None
    quieted_by: frozenset[str] = frozenset()


class Life(NamedTuple):
    """The state of one alert; saved as the list of its fields, so that new ones go to the end.

    One that is over has its end alone, and is saved as that.

    `start` is when it began in device time; `found_at` when the hold began; `severity` what people
    were told and `latest` what was found last, 0 for nothing; `below_at` since when it has been
    below `severity`, and `peak` the greatest since then; `ended_at` the end of the alert before;
    `cleared` says that only the latch keeps it up.
    """

    phase: Phase = Phase.INACTIVE
    start: Instant = 0
    found_at: Instant = 0
    known_at: Instant = 0
    severity: int = 0
    latest: int = 0
    below_at: Instant | None = None
    peak: int = 0
    latched: bool = False
    quiet_until: Instant | None = None
    ended_at: Instant = 0
    evidence: Evidence = NO_EVIDENCE
    cleared: bool = False

    @property
    def visible(self) -> Phase:
        """The phase that people see."""
        quiet = self.quiet_until is not None and self.phase in RAISED
        return Phase.SUPPRESSED if quiet else self.phase


Step: TypeAlias = tuple[Life, tuple[Change, ...]]

NEVER = Life()
"""The life of an alert that never was; not saved."""

RAISED = (Phase.FIRING, Phase.STALE)
"""The phases of an alert that was told."""


def is_raised(life: Life | None) -> bool:
    """Return whether an alert has been told and is not over."""
    return life is not None and life.phase in RAISED


def saved_of(life: Life) -> Life | Instant:
    """Return a life as it is saved: of nearly every one only the end is left."""
    return life.ended_at if life.phase is Phase.INACTIVE else life


def life_of(saved: list[object] | Instant) -> Life:
    """Return a life from what it was saved as."""
    if isinstance(saved, int):
        return Life(ended_at=saved)
    life = Life(*saved)  # type: ignore[arg-type]
    return life._replace(phase=Phase(life.phase))


def judged(life: Life, finding: Finding, policy: Policy) -> Step:
    """Return the life after a finding."""
    if not finding.known:
        return lost(life, finding.at)
    severity = finding.severity or 0
    if life.phase in RAISED:
        return _rejudged(life, finding, policy)
    if not severity:
        return _ended(life), ()
    if life.phase is Phase.INACTIVE:
        life = Life(
            Phase.PENDING,
            start=max(finding.since, life.ended_at + 1 if life.ended_at else finding.since),
            found_at=finding.at,
            ended_at=life.ended_at,
        )
    life = life._replace(
        known_at=finding.at, severity=severity, latest=severity, evidence=dict(finding.evidence)
    )
    if finding.confirmed or finding.at - life.found_at >= policy.hold:
        return _raised(life, finding.at, policy)
    return life, ()


def aged(life: Life, finding: Finding, policy: Policy) -> Step:
    """Return the life after a finding that time alone has brought: what was lost stays lost."""
    if life.phase is Phase.STALE:
        severity = int(finding.severity or 0)
        if severity <= life.severity:
            return life, ()
        life = life._replace(severity=severity, latest=severity, evidence=dict(finding.evidence))
        return _latched(life, policy), (Change(Transition.ESCALATED, finding.at),)
    after, changes = judged(life, finding, policy)
    if Phase.INACTIVE in (life.phase, after.phase):
        return after, changes
    return after._replace(known_at=life.known_at), changes


def heard(life: Life, at: Instant) -> Step:
    """Return the life after data that has nothing new to say."""
    if life.phase is Phase.INACTIVE:
        return life, ()
    return _regained(life, at)


def lost(life: Life, at: Instant) -> Step:
    """Return the life when it can't be judged any more: what was pending is given up."""
    if life.phase is Phase.PENDING:
        return _ended(life), ()
    if life.phase is Phase.FIRING:
        return life._replace(phase=Phase.STALE, below_at=None, peak=0, cleared=False), (
            Change(Transition.LOST, at),
        )
    return life, ()


def passed(life: Life, at: Instant, policy: Policy) -> Step:
    """Return the life when time has passed up to `at`; at most one thing happens, see `due`."""
    if life.quiet_until is not None and at >= life.quiet_until:
        return life._replace(quiet_until=None), (Change(Transition.RESUMED, at),)
    if policy.stale_after is not None and at - life.known_at >= policy.stale_after:
        life, changes = lost(life, at)
        if changes or life.phase is Phase.INACTIVE:
            return life, changes
    if life.phase is Phase.PENDING and at - life.found_at >= policy.hold:
        return _raised(life, at, policy)
    if life.phase is Phase.FIRING:
        return _eased(life, at, policy)
    return life, ()


def due(life: Life, policy: Policy) -> Instant | None:
    """Return when `passed` has something to do, or None."""
    instants = []
    if life.quiet_until is not None:
        instants.append(life.quiet_until)
    if life.phase in (Phase.PENDING, Phase.FIRING) and policy.stale_after is not None:
        instants.append(life.known_at + policy.stale_after)
    if life.phase is Phase.PENDING:
        instants.append(life.found_at + policy.hold)
    stays = life.latched and (life.cleared or life.peak)
    if life.phase is Phase.FIRING and life.below_at is not None and not stays:
        instants.append(life.below_at + policy.keep)
    return min(instants, default=None)


def reset(life: Life, at: Instant, policy: Policy) -> Step:
    """Return the life after a person has reset the latch; no effect while the danger lasts."""
    danger = policy.latch_from is not None and life.latest >= policy.latch_from
    if not life.latched or danger or life.phase is Phase.STALE:
        return life, ()
    life, changes = _eased(life._replace(latched=False, cleared=False), at, policy)
    return life, (Change(Transition.RESET, at), *changes)


def quieted(life: Life, until: Instant, at: Instant) -> Step:
    """Return the life when a reason to keep quiet, such as maintenance, holds until then."""
    if life.phase not in RAISED or life.quiet_until == until:
        return life, ()
    if until <= at:
        resumed = () if life.quiet_until is None else (Change(Transition.RESUMED, at),)
        return life._replace(quiet_until=None), resumed
    told = () if life.quiet_until is not None else (Change(Transition.SUPPRESSED, at),)
    return life._replace(quiet_until=until), told


def withdrawn(life: Life, at: Instant) -> Step:
    """Return the life when its subject was removed: nobody will ever clear it."""
    if life.phase not in RAISED:
        return _ended(life), ()
    return _ended(life._replace(ended_at=at)), (Change(Transition.RESOLVED, at),)


def amended(life: Life, finding: Finding, policy: Policy, heard_at: Instant = 0) -> Step:
    """Return the life after a finding from late data: it may add one, or excuse it.

    What is excused is told, and resolves as if it had been clear since data was last heard. What is
    added is known as of `heard_at`, the newest data: that it came late is no loss of data.
    """
    if finding.severity is None:
        if life.phase not in RAISED or not finding.known:
            return life, ()
        life = life._replace(latest=0, peak=0, below_at=life.known_at)
        return life, (Change(Transition.WOULD_NOT_HAVE_FIRED, finding.at),)
    if life.phase is not Phase.INACTIVE:
        return _worse_than_told(life, finding, policy)
    life, _ = judged(life, finding._replace(confirmed=True), policy)
    life = life._replace(known_at=max(finding.at, heard_at))
    return life, (Change(Transition.RAISED_LATE, finding.at),)


def _worse_than_told(life: Life, finding: Finding, policy: Policy) -> Step:
    """Return the life after late data of the same beginning says that it was graver."""
    severity = int(finding.severity or 0)
    if life.phase not in RAISED or finding.since != life.start or severity <= life.severity:
        return life, ()
    life = life._replace(severity=severity, latest=severity, evidence=dict(finding.evidence))
    return _latched(life, policy), (Change(Transition.ESCALATED, finding.at),)


def _raised(life: Life, at: Instant, policy: Policy) -> Step:
    life = _latched(life._replace(phase=Phase.FIRING), policy)
    return life, (Change(Transition.RAISED, at),)


def _rejudged(life: Life, finding: Finding, policy: Policy) -> Step:
    life, changes = _regained(life, finding.at)
    severity = int(finding.severity or 0)
    if life.cleared and severity:
        life = life._replace(cleared=False)
        changes += (Change(Transition.RECURRED, finding.at),)
    if severity >= life.severity:
        if severity > life.severity:
            changes += (Change(Transition.ESCALATED, finding.at),)
        life = life._replace(
            severity=severity,
            latest=severity,
            below_at=None,
            peak=0,
            evidence=dict(finding.evidence),
        )
        return _latched(life, policy), changes
    anew = life.below_at is None or (life.latched and life.latest > severity)
    below_at = finding.at if anew or life.below_at is None else life.below_at
    peak = severity if anew else max(life.peak, severity)
    life = life._replace(latest=severity, below_at=below_at, peak=peak)
    if severity:
        life = life._replace(evidence=dict(finding.evidence))
    life, eased = _eased(life, finding.at, policy)
    return life, changes + eased


def _regained(life: Life, at: Instant) -> Step:
    if life.phase is not Phase.STALE:
        return life._replace(known_at=at), ()
    return life._replace(phase=Phase.FIRING, known_at=at), (Change(Transition.REGAINED, at),)


def _eased(life: Life, at: Instant, policy: Policy) -> Step:
    if life.below_at is None or at - life.below_at < policy.keep:
        return life, ()
    if life.latched:
        if life.cleared or life.peak:
            return life, ()
        return life._replace(cleared=True), (Change(Transition.CLEARED, at),)
    if not life.peak:
        return _ended(life._replace(ended_at=at)), (Change(Transition.RESOLVED, at),)
    still_below = life.latest < life.peak
    life = life._replace(
        severity=life.peak,
        below_at=at if still_below else None,
        peak=life.latest if still_below else 0,
    )
    return life, (Change(Transition.EASED, at),)


def _latched(life: Life, policy: Policy) -> Life:
    latches = policy.latch_from is not None and life.severity >= policy.latch_from
    return life._replace(latched=True) if latches and not life.latched else life


def _ended(life: Life) -> Life:
    return Life(ended_at=life.ended_at)
