"""Ventilation in tests: the production engine on a journal in memory."""

from devices.instant import Instant
from devices.message import Reply, Result
from devices.reading import Reading
from rules.bound import Rulebook
from rules.casefile import AREAS, SavedStates
from rules.effect import AlertChange, Command, Effect
from rules.engine import Engine
from rules.library.ventilation.rule import RULE
from rules.limits import LimitBook
from rules.register import DeviceFacts, TableRegister
from rules.sequence import Override
from rules.subject import device_subject

DEVICE = "device-1"
TANK = device_subject("gas_monitor", DEVICE)
REGISTER = TableRegister({TANK.id: DeviceFacts(areas=AREAS)})


class Station:
    """An engine with its journal; each event is one transaction. Times of effects are ours."""

    def __init__(self, limits: LimitBook | None = None) -> None:
        self.rulebook = Rulebook((), limits or LimitBook(), (RULE,))
        self.store = SavedStates()
        self.effects: list[tuple[Instant, Effect]] = []
        self.restart()

    def restart(self) -> None:
        """Begin anew from the saved bytes."""
        self.engine = Engine(self.rulebook, REGISTER, self.store)

    def wait(self, until: Instant) -> None:
        """Let each timer ring when it is due."""
        while (at := self.engine.next_deadline()) is not None and at <= until:
            self.tick(at)

    def tick(self, now: Instant) -> None:
        """Let time pass at once."""
        self.engine.tick(now)
        self.commit(now)

    def hear(self, reading: Reading, *, late: bool = False) -> None:
        """Take a reading in."""
        self.engine.observe(reading, late=late)
        self.commit(reading.received_at)

    def reply(self, result: Result, at: Instant, identity: str | None = None) -> None:
        """Answer the last command."""
        identity = identity or self.commands()[-1][1].identity
        self.engine.observe_reply(Reply("gas_monitor", DEVICE, identity, result, None, at, at))
        self.commit(at)

    def override(self, mode: str, until: Instant, now: Instant) -> None:
        """Let a person take over."""
        assert self.engine.override(TANK, RULE.name, Override(mode, until), now)
        self.commit(now)

    def commit(self, now: Instant) -> None:
        """Write what changed."""
        outcome = self.engine.take()
        assert outcome.failures == ()
        self.store.states.update(outcome.states)
        self.effects += [(now, effect) for effect in outcome.effects]

    def commands(self) -> list[tuple[Instant, Command]]:
        """Return the commands, and when they were given."""
        return [(at, effect) for at, effect in self.effects if isinstance(effect, Command)]

    def changes(self) -> list[AlertChange]:
        """Return the changes of alerts."""
        return [effect for _, effect in self.effects if isinstance(effect, AlertChange)]
