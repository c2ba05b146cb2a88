"""Running cases: the production engine, on readings and a clock that a case file gives."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import NamedTuple

from devices.instant import Instant
from devices.reading import Reading
from rules import library
from rules.bound import Rulebook
from rules.case import Case, CaseError, Delivery, Premises, cases_of, deliveries_of, span_of
from rules.catalogue import catalogue
from rules.effect import AlertChange, Effect
from rules.engine import Engine
from rules.lifecycle import Life, Phase
from rules.limits import LimitBook
from rules.memory import SavedState
from rules.moment import Outage
from rules.register import DeviceFacts, Lease, PremisesFacts, Span, TableRegister
from rules.rule import AlertRule
from rules.sequence import SequenceRule
from rules.severity import Severity
from rules.shared_doors import Leases, with_shared_doors
from rules.subject import Subject

AREAS = ("500000", "500103", "500103003")
"""Where the devices of a case stand: city, district, street."""
PREMISES, ELSEWHERE = "home", "elsewhere"
_WELL = (Phase.INACTIVE, 0)


class CaseResult(NamedTuple):
    """What became of a case: the phases seen, the alert changes, and what is wrong, if anything."""

    case: Case
    seen: tuple[str, ...]
    changes: tuple[AlertChange, ...]
    problems: tuple[str, ...]


_NONE: Mapping[str, int] = {}
_NO_STATES: Mapping[Subject, SavedState] = {}


class SavedStates:
    """A store in memory, as the journal is one on disk."""

    def __init__(self, states: Mapping[Subject, SavedState] = _NO_STATES) -> None:
        self.states = dict(states)

    def load(self, subject: Subject) -> bytes | None:
        """Return the saved state of a subject, or None."""
        saved = self.states.get(subject)
        return None if saved is None else saved.state

    def deadlines(self) -> Iterator[tuple[Instant, Subject]]:
        """Yield every saved deadline."""
        for subject, saved in self.states.items():
            if saved.deadline is not None:
                yield saved.deadline, subject

    def since(self, subject: Subject, at: Instant) -> Sequence[Reading]:  # noqa: ARG002
        """Return none: whoever saves states here lets no reading wait."""
        return ()


def cases_of_rule(rule: AlertRule | SequenceRule) -> tuple[Case, ...]:
    """Return the cases that lie in the rule's folder; CaseError."""
    file = files(library) / rule.name / "cases.toml"
    return cases_of(file.read_text(encoding="utf-8"), f"{rule.name}/cases.toml")


def run_case(rule: AlertRule, case: Case) -> CaseResult:
    """Return what the rule does in the case; CaseError if the case can't be run."""
    play = Play(rule, case)
    play.run()
    problems = [*play.problems, *differences(case.expect, play.seen)]
    return CaseResult(case, tuple(play.seen), tuple(play.changes), tuple(problems))


class Play:
    """A case as it is played, with all that is seen of it."""

    def __init__(self, rule: AlertRule | SequenceRule, case: Case) -> None:
        self.seen: list[str] = []
        self.changes: list[AlertChange] = []
        self.problems: list[str] = []
        self._rule = rule
        self._case = case
        of_rule = rule.kind if isinstance(rule, SequenceRule) else next(iter(rule.fields), "")
        self._kind = case.kind or of_rule
        self._store = SavedStates()
        self._register = register_in(case, self._kind)
        self._standing = _WELL
        self._newest: dict[tuple[str, str], Instant] = {}
        _require_sound(case, self._rulebook())
        self._engine = self._started()

    def run(self) -> None:
        """Let everything happen in its order, and look after each."""
        deliveries = deliveries_of(self._case, self._kind)
        for at, happening in self._script(deliveries):
            self._wait(at)
            self._happen(at, happening)
            self._look(at)

    def _happen(self, at: Instant, happening: object) -> None:
        if isinstance(happening, Delivery):
            self._deliver(happening)
        elif happening == "restart":
            self._engine = self._started()
            self._consider(at)
        elif happening == "named":
            self._consider(at)
        elif happening == "reset":
            for subject in self._store.states:
                for rule in self._told:
                    self._engine.reset(subject, rule, at)

    def _consider(self, at: Instant) -> None:
        for device in self._register.awaited:
            self._engine.consider(Subject("device", device), at)

    @property
    def _told(self) -> Mapping[str, AlertRule]:
        """The rules that people are told of, by name."""
        rule = self._rule
        rules = rule.alerts if isinstance(rule, SequenceRule) else (rule,)
        return {each.name: each for each in rules}

    def _explain(self, change: AlertChange) -> None:
        try:
            self._told[change.rule].explanation.text(change.evidence, change.start)
        except KeyError as error:
            self.problems.append(f"explanation: expected evidence {error}")

    def _started(self) -> Engine:
        engine = Engine(self._rulebook(), self._register, self._store)
        start_at = self._case.start_at
        engine.deaf(tuple(Outage(start_at + one, start_at + end) for one, end in self._case.deaf))
        return engine

    def _rulebook(self) -> Rulebook:
        limits = LimitBook(self._case.limits)
        if isinstance(self._rule, SequenceRule):
            return Rulebook((), limits, (self._rule,))
        also = (_rule_of(self._case, name) for name in self._case.also)
        return Rulebook((self._rule, *also), limits)

    def _wait(self, until: Instant) -> None:
        while (at := self._engine.next_deadline()) is not None and at <= until:
            deaf = (
                self._case.start_at + end
                for one, end in self._case.deaf
                if one <= at - self._case.start_at < end
            )
            at = max(deaf, default=at)
            if at > until:
                return
            self._engine.tick(at)
            self._look(at)

    def _deliver(self, delivery: Delivery) -> None:
        reading = delivery.reading
        for _ in range(2 if self._case.duplicate else 1):
            newest = self._newest.get((reading.kind, reading.device), reading.measured_at)
            self._engine.observe(reading, late=reading.measured_at < newest)
            newest = max(newest, reading.measured_at)
            self._newest[reading.kind, reading.device] = newest

    def _look(self, at: Instant) -> None:
        outcome = self._engine.take()
        self._store.states.update(outcome.states)
        self.problems += [f"{failure.rule} raised {failure.error}" for failure in outcome.failures]
        for change in outcome.effects:
            if isinstance(change, AlertChange) and change.rule in self._told:
                self.changes.append(change)
                self._explain(change)
        self._see(at, outcome.effects)

    def _see(self, at: Instant, effects: Iterable[Effect]) -> None:  # noqa: ARG002 for sequences
        """Note what people see now, if it has changed."""
        lives = [
            life
            for subject in self._store.states
            for rule, life in self._engine.lives(subject).items()
            if rule in self._told
        ]
        standing = max(map(_standing, lives), key=lambda each: each[1], default=_WELL)
        if standing != self._standing:
            self._standing = standing
            phase, severity = standing
            told = f" {Severity(severity).name.lower()}" if severity else ""
            self.seen.append(f"{shown_at(at - self._case.start_at)} {phase}{told}")

    def _script(self, deliveries: Iterable[Delivery]) -> list[tuple[Instant, object]]:
        """Return what happens, in order."""
        case = self._case
        script: list[tuple[Instant, object]] = [(each.at, each) for each in deliveries]
        named = [each for each in (case, *case.devices.values()) if each.installed is not None]
        script += [(case.start_at, "named")] if named else []
        script += [(case.start_at + at, "restart") for at in case.restart_at]
        script += [(case.start_at + at, "reset") for at in case.reset_at]
        if case.until is not None:
            script.append((case.start_at + case.until, "end"))
        return sorted(script, key=lambda each: each[0])


def _rule_of(case: Case, name: str) -> AlertRule:
    found = catalogue().get(name)
    if found is None:
        raise CaseError(f"{case.name}: also: expected one of {', '.join(catalogue())}")
    return found


def _require_sound(case: Case, rulebook: Rulebook) -> None:
    """Raise CaseError if a limit is of no rule or place of the case, or contradicts another."""
    places = (*AREAS, PREMISES)
    complaints = [
        f"{place}: expected one of {', '.join(places)}"
        for place in case.limits
        if place not in places
    ]
    complaints += rulebook.complaints([places])
    if complaints:
        raise CaseError("\n".join(f"{case.name}: limits: {each}" for each in complaints))


def _standing(life: Life) -> tuple[Phase, int]:
    return life.visible, 0 if life.visible is Phase.INACTIVE else life.severity


def register_in(case: Case, kind: str, renewed: Mapping[str, int] = _NONE) -> TableRegister:
    """Return the register of a case; `renewed` are new ends of leases, by person."""

    def span(since: int | None, until: int | None) -> Span | None:
        if until is None:
            return None
        return Span(0 if since is None else case.start_at + since, case.start_at + until)

    premises = None if case.premises is None else PREMISES
    devices = {
        f"{device.kind or kind}/{name}": DeviceFacts(
            model=device.model,
            size=device.size,
            areas=AREAS,
            premises=premises,
            maintenance=span(device.maintenance_since, device.maintenance_until),
        )
        for device in (case, *case.devices.values())
        for name in device.names
    }
    bulk = {
        f"{device.kind or kind}/{name}": AREAS[-1]
        for device in (case, *case.devices.values())
        if device.bulk
        for name in device.names
    }
    awaited = {
        f"{device.kind or kind}/{name}": case.start_at + device.installed
        for device in (case, *case.devices.values())
        if device.installed is not None
        for name in device.names
    }
    if case.premises is None:
        return TableRegister(devices, bulk=bulk, awaited=awaited)
    facts = PremisesFacts(
        areas=AREAS,
        rooms=case.premises.rooms,
        care=case.premises.care,
        persons=frozenset(case.premises.persons),
        away=span(case.premises.away_since, case.premises.away_until),
        maintenance=span(case.premises.maintenance_since, case.premises.maintenance_until),
    )
    homes = {PREMISES: facts}
    for home, leases in _leases_in(case, case.premises, renewed).items():
        homes[home] = homes.get(home, PremisesFacts(areas=AREAS))._replace(leases=leases)
    return TableRegister(devices, homes, bulk=bulk, awaited=awaited)


def _leases_in(case: Case, premises: Premises, renewed: Mapping[str, int]) -> Leases:
    """Return the leases by dwelling; those elsewhere are not renewed."""
    rows = {PREMISES: (premises.leases, renewed), ELSEWHERE: (premises.elsewhere, _NONE)}
    leases = {
        home: tuple(
            Lease(each.person, case.start_at + new.get(each.person, each.ends), each.doors)
            for each in of_home
        )
        for home, (of_home, new) in rows.items()
        if of_home
    }
    return with_shared_doors(leases, {})


def differences(expect: Iterable[str], seen: list[str]) -> Iterator[str]:
    """Compare by time, phase, and severity where one is expected."""
    expected = [_expectation(text) for text in expect]
    found = [_expectation(text) for text in seen]
    for number, wanted in enumerate(expected):
        got = found[number] if number < len(found) else None
        if got is None or got[: len(wanted)] != wanted:
            shown = seen[number] if got else "nothing more"
            yield f"expected {tuple(expect)[number]!r}, found {shown!r}; all of it: {seen}"
            return
    if len(found) > len(expected):
        yield f"expected nothing more, found {seen[len(expected) :]}"


def _expectation(text: str) -> tuple[object, ...]:
    at, *words = text.split()
    try:
        return (span_of(at), *words)
    except ValueError as error:
        raise CaseError(f"expect: {text!r}: {error}") from None


def shown_at(span: int) -> str:
    """Return a span of time as cases write it."""
    rest, text = span, "-" if span < 0 else ""
    rest = abs(rest)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000)):
        number, rest = divmod(rest, size)
        text += f"{number}{unit}" if number else ""
    return text + f"{rest / 1000:g}s" if rest or not text.strip("-") else text
