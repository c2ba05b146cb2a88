"""Sequences: what is done about a fault, step by step, with a proof of each step. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from devices.instant import Instant
from devices.message import Reply
from devices.reading import Reading
from rules.condition import State
from rules.effect import Order
from rules.finding import Evidence, Finding
from rules.limits import InForce, Limit
from rules.moment import Moment
from rules.rule import AlertRule
from rules.subject import Scope


class Turn(NamedTuple):
    """What follows from one event: the new state, findings by the name of their alert, orders.

    Among the orders are the proofs and withdrawals of earlier ones.
    """

    state: State
    findings: tuple[tuple[str, Finding], ...] = ()
    orders: tuple[Order, ...] = ()


class Override(NamedTuple):
    """What a person wants of a device instead, up to an instant of our time."""

    mode: str
    until: Instant


class Sequence(Protocol):
    """A state machine of one subject. `device` is its id, `<kind>/<device>` or the premises.

    A state is as a condition's. An order is given on an event of now: what is told later than its
    command lasts gives none.
    """

    def start(self) -> State:
        """Return the state of a device never seen."""

    def observe(self, device: str, state: State, reading: Reading) -> Turn:
        """Take in a reading, newer than all before of its device."""

    def answer(self, device: str, state: State, reply: Reply) -> Turn:
        """Take in a reply to a command."""

    def tick(self, device: str, state: State, moment: Moment, told_at: Instant) -> Turn:
        """Let time pass up to the moment, of which we come to know at `told_at`."""

    def override(self, device: str, state: State, override: Override, now: Instant) -> Turn:
        """Do what a person wants; one whose end has passed ends that."""

    def deadline(self, state: State) -> Instant | None:
        """Return when `tick` has something to do, or None.

        In device time; in ours, for a sequence of premises.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceRule:
    """A sequence for all devices of a kind.

    `limits` are those of rules, by the rule's name; it is made by those in force, as `rule.limit`.
    One of premises is moved by what the registry says, by time, by replies, and by the readings
    that it `heeds` in its state; `kind` is then of the devices it orders. `done` returns what it
    has done, from its state, None for none yet, at an instant of our time: evidence of the rules it
    is the remedy of.
    """

    name: str
    kind: str
    sequence: Callable[[Mapping[str, InForce]], Sequence]
    alerts: tuple[AlertRule, ...]
    limits: tuple[tuple[str, Limit], ...] = ()
    modes: frozenset[str] = frozenset()
    scope: Scope = "device"
    done: Callable[[State, Instant], Evidence] | None = None
    heeds: Callable[[State, Reading], bool] | None = None
