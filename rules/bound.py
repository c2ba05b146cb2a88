"""Bound rules: rules whose numbers are settled for the subjects of one place and traits."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Literal, NamedTuple, TypeAlias, cast

from devices.instant import Instant
from devices.reading import Reading, Value
from rules.condition import FOR_EVER, Calm, Calming, Condition, State, Timeless, Verdict
from rules.conditions.never import Never
from rules.derived import DERIVATIONS, RARE, Derivation, Guard
from rules.lifecycle import Policy
from rules.limits import LimitBook, LimitError
from rules.register import Register, Traits
from rules.rule import AlertRule, Numbers
from rules.sequence import Sequence, SequenceRule
from rules.subject import Scope, Subject
from rules.water_use import Bounds

_MOST_ROUTES = 4_096
"""Devices choose which fields they send; what they choose must not fill the memory."""


class Bound(NamedTuple):
    """A rule with its condition made, and what is asked of it most at hand.

    `deadline` is None of a condition that never has one, see `Timeless`.
    """

    name: str
    rule: AlertRule
    condition: Condition
    policy: Policy
    start: State
    observe: Callable[[State, Reading], Verdict]
    deadline: Callable[[State], Instant | None] | None


Watch: TypeAlias = tuple[str, State, Callable[[State, Reading], Verdict], Bound]
"""Name, start and `observe` of a bound rule, and itself; a plain tuple, which is taken apart at a
quarter of the cost, for each rule at each reading."""


Which: TypeAlias = Literal["all", "last", "rare"]
"""Which of the readings that waited change a state: the last, or those with a value in `RARE`."""


class Calmings(NamedTuple):
    """Of readings with these fields, what they may say while they wait, and what is asked for when.

    Of each rule that they concern its name, start and `calm_until`, and whether that holds for its
    deadline as well; of derived values their names with `until` and `guard`; what these must stay
    `below`. `moved` are the rules whose states such readings change, and which of them do;
    `rare` the values of `RARE` that they may show; `timed` the names and deadlines of those that
    time changes but for the ones that each reading renews, to `renews_ms` after it at the earliest.
    """

    fields: frozenset[str]
    bounds: tuple[tuple[str, float, float], ...]
    texts: tuple[tuple[str, Value], ...]
    steady: tuple[str, ...]
    below: Bounds
    rules: tuple[tuple[str, State, Callable[[State, Instant], Instant], bool], ...]
    derived: tuple[tuple[str, Callable[[State, Instant], Instant]], ...]
    guards: tuple[tuple[str, Callable[[State, Reading, Bounds], Guard | None]], ...]
    moved: tuple[tuple[Bound, Which], ...]
    rare: frozenset[str]
    timed: tuple[tuple[str, Callable[[State], Instant | None]], ...]
    renews_ms: int


class BoundSequence(NamedTuple):
    """A sequence rule with its sequence made."""

    name: str
    rule: SequenceRule
    sequence: Sequence


class Profile:
    """The bound rules that many subjects share, and which of them a reading concerns.

    The alerts of sequences are among `bound`, but no reading concerns them by itself.
    `timed` are the names and deadlines of those that time changes; `derivations` are name and
    function of what any rule reads of such a device, in order, and whether few readings show it;
    `resting` are the names of the rules that read nothing else, see `Memory.wake`. `edition` is
    that of the `Profiles` it is one of.
    """

    def __init__(
        self,
        bound: Iterable[Bound],
        sequences: Iterable[BoundSequence] = (),
        alerts: Iterable[Bound] = (),
        derivations: Iterable[Derivation] = (),
        edition: object = None,
    ) -> None:
        self.edition = edition
        judging = tuple(bound)
        self.bound = {rule.name: rule for rule in (*judging, *alerts)}
        self.timed = tuple(
            (bound.name, bound.deadline) for bound in judging if bound.deadline is not None
        )
        self.sequences = tuple(sequences)
        self.derived = tuple(derivations)
        self.derivations = tuple((each.name, each.of, each.name in RARE) for each in self.derived)
        self.resting = tuple(bound.name for bound in judging if _rests(bound))
        self.observing = self.sequences
        self._judging = judging
        self._calming: dict[tuple[str, ...], Calmings | None] = {}
        self._routes: dict[tuple[str, ...], tuple[Watch, ...]] = {}

    def route(self, reading: Reading) -> tuple[Watch, ...]:
        """Return the rules that read a field of this reading."""
        key = (reading.kind, *reading.values)
        found = self._routes.get(key)
        if found is None:
            names = frozenset(reading.values)
            found = tuple(
                (bound.name, bound.start, bound.observe, bound)
                for bound in self._judging
                if bound.rule.reads(reading.kind, names)
            )
            if len(self._routes) >= _MOST_ROUTES:
                self._routes.clear()
            self._routes[key] = found
        return found

    def calming(self, reading: Reading) -> Calmings | None:
        """Return what can say of readings with the same fields that they may wait.

        None if one of the rules that they concern never can. See `rules.lull`.
        """
        key = (reading.kind, *reading.values)
        if key not in self._calming:
            if len(self._calming) >= _MOST_ROUTES:
                self._calming.clear()
            self._calming[key] = self._calmings(reading)
        return self._calming[key]

    def _calmings(self, reading: Reading) -> Calmings | None:
        fields = frozenset(reading.values)
        names = fields | {each.name for each in self.derived if each.guard}
        rules = [each for each in self._judging if each.rule.reads(reading.kind, names)]
        calms = [(each, getattr(each.condition, "calm", None)) for each in rules]
        if self.observing or any(calm is None for _, calm in calms):
            return None
        said: list[tuple[Bound, Calm]] = [(each, calm) for each, calm in calms if calm]
        steady = {name for each in self.derived for name in each.steady}
        steady.update(name for _, calm in said for name in calm.steady)
        bounds = [each for _, calm in said for each in calm.bounds]
        renewed = {bound.name: calm.renews_ms for bound, calm in said if calm.renews_ms}
        return Calmings(
            fields,
            tuple(each for each in bounds if each[0] in fields),
            tuple(
                dict.fromkeys(each for _, calm in said for each in calm.texts if each[0] in fields)
            ),
            tuple(sorted(steady & fields)),
            {name: high for name, _, high in sorted(bounds, key=itemgetter(2), reverse=True)},
            tuple(_asked(bound, timed=bound.name not in renewed) for bound in rules),
            tuple((each.name, each.until) for each in self.derived if each.until),
            tuple((each.name, each.guard) for each in self.derived if each.guard),
            tuple((bound, _which(bound, calm)) for bound, calm in said if not calm.stays),
            names & RARE,
            tuple(each for each in self.timed if each[0] not in renewed),
            min(renewed.values(), default=FOR_EVER),
        )


def _asked(
    bound: Bound, *, timed: bool
) -> tuple[str, State, Callable[[State, Instant], Instant], bool]:
    until = cast("Calming", bound.condition).calm_until
    return bound.name, bound.start, until, timed and bound.deadline is not None


def _which(bound: Bound, calm: Calm) -> Which:
    if _rests(bound):
        return "rare"
    return "last" if calm.by_last else "all"


def _rests(bound: Bound) -> bool:
    """Return whether only rare readings of the device itself change the state of a rule."""
    rule = bound.rule
    others = rule.scope != "device" or rule.amends or rule.musters or bound.deadline is not None
    return not others and all(names and names <= RARE for names in rule.fields.values())


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules in force and the limits set for them; immutable, exchanged as a whole."""

    rules: tuple[AlertRule, ...] = ()
    limits: LimitBook = field(default_factory=LimitBook)
    sequences: tuple[SequenceRule, ...] = ()

    def kinds_of(self, scope: Scope) -> frozenset[str]:
        """Return the kinds that the rules of a scope read, or its sequences heed."""
        read = {kind for rule in self.rules if rule.scope == scope for kind in rule.fields}
        ordered = {each.kind for each in self.sequences if each.scope == scope and each.heeds}
        return frozenset(read | ordered)

    def derivations_of(self, kind: str) -> tuple[Derivation, ...]:
        """Return what is to be derived of a kind's readings, because a rule needs it."""
        read = {name for rule in self.rules for name in rule.fields.get(kind, ())}
        needed: list[Derivation] = []
        for each in reversed(DERIVATIONS):
            if each.kind == kind and each.name in read:
                needed.insert(0, each)
                read |= each.reads
        return tuple(needed)

    def complaints(self, chains: Iterable[tuple[str, ...]]) -> list[str]:
        """Return what is wrong with the limits set, given every chain of places from the city down.

        To be asked before an engine is given the book: there a contradiction is a LimitError.
        """
        told = [alert for sequence in self.sequences for alert in sequence.alerts]
        ordering = [each for sequence in self.sequences for each in sequence.limits]
        judging = [(rule.name, limit) for rule in (*self.rules, *told) for limit in rule.limits]
        limits = {f"{rule}.{limit.name}": (rule, limit) for rule, limit in (*judging, *ordering)}
        found = {
            f"{place}: {name}: expected one of {', '.join(sorted(limits))}"
            for place, settings in self.limits.settings.items()
            for name in settings
            if name not in limits
        }
        for chain in chains:
            for rule, limit in limits.values():
                try:
                    self.limits.in_force(rule, limit, chain)
                except LimitError as error:
                    found.add(str(error))
        return sorted(found)


class Profiles:
    """Makes each profile once: most subjects of a city share a handful of them.

    `edition` is what all its profiles have in common, and no other's.
    """

    def __init__(self, rulebook: Rulebook, register: Register) -> None:
        self.edition = object()
        self._rulebook = rulebook
        self._register = register
        self._made: dict[tuple[Scope, str, tuple[str, ...], Traits], Profile] = {}

    def of(self, subject: Subject) -> Profile:
        """Return the profile of a subject; LimitError if its levels contradict each other."""
        scope = subject.scope
        kind = subject.id.partition("/")[0] if scope == "device" else ""
        places = self._rulebook.limits.sets(self._register.places_of(subject))
        key = (scope, kind, places, self._register.traits_of(subject))
        if key not in self._made:
            sequences = [
                rule
                for rule in self._rulebook.sequences
                if rule.scope == scope and (not kind or rule.kind == kind)
            ]
            self._made[key] = Profile(
                (
                    self._bound(rule, places, key[3])
                    for rule in self._rulebook.rules
                    if rule.scope == scope and (not kind or kind in rule.fields)
                ),
                (self._sequence(rule, places) for rule in sequences),
                (self._bound(alert, places, key[3]) for rule in sequences for alert in rule.alerts),
                (each.fitted(key[3]) for each in self._rulebook.derivations_of(kind)),
                self.edition,
            )
        return self._made[key]

    def _sequence(self, rule: SequenceRule, places: tuple[str, ...]) -> BoundSequence:
        limits = {
            f"{name}.{limit.name}": self._rulebook.limits.in_force(name, limit, places)
            for name, limit in rule.limits
        }
        return BoundSequence(rule.name, rule, rule.sequence(limits))

    def _bound(self, rule: AlertRule, places: tuple[str, ...], traits: Traits) -> Bound:
        limits = {
            limit.name: self._rulebook.limits.in_force(rule.name, limit, places)
            for limit in rule.limits
        }
        is_nothing = rule.of_homes and traits.is_bulk
        made = Never() if is_nothing else rule.condition(Numbers(limits, traits))
        deadline = None if isinstance(made, Timeless) else made.deadline
        return Bound(rule.name, rule, made, rule.policy, made.start(), made.observe, deadline)
