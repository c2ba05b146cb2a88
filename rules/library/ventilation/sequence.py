"""The ventilation sequence of a tank: start, feedback, retry, purge, stop, each step proven.

Context: gas and fan are measured on the device's clock; commands leave and expire on ours.
Decision: orders and their retries are timed by our clock, everything else by the device's.
An order to start is given at once, by a reading of now, and retried by time. An order to stop is
given by a reading alone, one that shows every gas clear: so time and silence never stop a fan.
Given up: a retry that falls due while we are down is dropped; the next reading decides anew.
"""

from dataclasses import dataclass

from devices.instant import Instant
from devices.message import Reply
from devices.reading import Reading
from rules.commands import Outcome, answered, command_of, issued, outcome
from rules.effect import Order, Proof, Withdrawal
from rules.library.gas_levels import OVER_RANGE
from rules.library.ventilation.findings import findings_of
from rules.library.ventilation.numbers import (
    AGAIN,
    CHRONIC,
    DAY,
    FEEDBACK,
    HALVED,
    INTERLOCK,
    LATE,
    LIVE,
    ORDERS,
    PURGE,
    TRANSIT,
)
from rules.library.ventilation.tank import (
    Level,
    Tank,
    feedback,
    gases_after,
    is_uneventful,
    tank_of,
)
from rules.moment import Moment
from rules.sequence import Override, Turn

_NEVER = Tank()
_Orders = tuple[Order, ...]
_FAN = "fan"


@dataclass(frozen=True, slots=True)
class Ventilation:
    """The sequence, by the levels in force for a tank. State: a Tank."""

    levels: tuple[Level, ...]

    def start(self) -> Tank:
        """Return a tank of which nothing is known."""
        return _NEVER

    def observe(self, device: str, state: list[object] | Tank, reading: Reading) -> Turn:
        """Take in gas and feedback; order a start or a stop if the reading is of now."""
        tank, now = tank_of(state), reading.received_at
        if tank.at_rest and is_uneventful(self.levels, tank.gases, reading):
            return Turn(tank._replace(clock=(reading.measured_at, now)))
        live = _is_live(tank.clock, reading)
        tank = tank._replace(
            clock=(reading.measured_at, now), gases=gases_after(self.levels, tank.gases, reading)
        )
        tank = self._run(tank, reading)
        tank = self._danger(tank, reading.measured_at, now)
        tank, orders = self._pressed(device, tank, now, may_order=live)
        if live:
            tank, stops = self._stopped(device, tank, reading.measured_at, now)
            orders += stops
        return self._turn(tank, reading.measured_at, now, orders)

    def answer(self, device: str, state: list[object] | Tank, reply: Reply) -> Turn:
        """Take in a reply: a refusal is followed at once by the retry, a "done" by nothing."""
        before, now = tank_of(state), reply.received_at
        tank = before._replace(
            start=answered(before.start, reply.id, reply.result),
            stop=answered(before.stop, reply.id, reply.result),
        )
        if tank == before:
            return Turn(before)
        late = tank.start is not None and now > tank.start.expires_at + LATE
        tank, orders = self._pressed(device, tank, now, may_order=not late)
        return self._turn(tank, now + tank.ahead_ms, now, orders)

    def tick(
        self, device: str, state: list[object] | Tank, moment: Moment, told_at: Instant
    ) -> Turn:
        """Retry a start without feedback, and find what time alone tells."""
        tank = tank_of(state)
        orders: _Orders = ()
        if moment.hearing:
            return Turn(tank)
        if tank.start is not None and told_at >= tank.start.expires_at + TRANSIT:
            due_at = tank.start.expires_at + TRANSIT
            if told_at > due_at + LATE:
                tank = tank._replace(start=None, attempts=0)
            else:
                tank, orders = self._pressed(device, tank, due_at, may_order=True)
        tank = _interlocked(tank, moment, told_at)
        return self._turn(tank, moment.at, told_at, orders)

    def override(
        self, device: str, state: list[object] | Tank, override: Override, now: Instant
    ) -> Turn:
        """Run the fan, or leave it alone, until an instant; what failed before counts no more.

        What was ordered before and contradicts it is withdrawn.
        """
        tank = tank_of(state)
        wanted: tuple[str, Instant] | None = (override.mode, override.until)
        if override.until <= now:
            wanted = (tank.mode(now), now) if tank.mode(now) else tank.override
        tank = tank._replace(override=wanted, attempts=0, failed_at=None)
        runs = tank.mode(now) == "run"
        withdrawn = self._withdrawn(tank, now)
        tank, orders = self._pressed(device, tank, now, may_order=runs)
        return self._turn(tank, now + tank.ahead_ms, now, withdrawn + orders)

    def deadline(self, state: list[object] | Tank) -> Instant | None:
        """Return when a retry, the interlock or the end of a chronic source is due."""
        tank = tank_of(state)
        instants = [] if tank.interlock_at is None else [tank.interlock_at]
        if tank.start is not None:
            instants.append(tank.start.expires_at + TRANSIT + tank.ahead_ms)
        if len(tank.starts) >= CHRONIC:
            instants.append(tank.starts[-CHRONIC] + DAY)
        return min(instants, default=None)

    def _turn(self, tank: Tank, at: Instant, now: Instant, orders: _Orders) -> Turn:
        tank = tank._replace(starts=tuple(each for each in tank.starts if at - each < DAY))
        if not tank.mode(now) and not tank.running and tank.level_at is None:
            tank = tank._replace(override=None)
        told, findings = findings_of(tank, at, now)
        return Turn(tank._replace(told=told), findings, orders)

    def _withdrawn(self, tank: Tank, now: Instant) -> _Orders:
        """Return the withdrawals of what a person does not want, or the sequence any more."""
        mode = tank.mode(now)
        starts = mode == "run" or (not mode and self._is_high(tank))
        unwanted = (None if starts else tank.start, tank.stop if mode else None)
        return tuple(Withdrawal(each.identity, now) for each in unwanted if each is not None)

    def _is_high(self, tank: Tank) -> bool:
        gases = tank.gases
        return OVER_RANGE in gases or any(
            level.starts and level.field in gases and gases[level.field].reached
            for level in self.levels
        )

    def _is_clear(self, tank: Tank) -> bool:
        known = [level for level in self.levels if level.field in tank.gases]
        left = all(level.left(tank.gases[level.field]) for level in known)
        return bool(known) and left and OVER_RANGE not in tank.gases

    def _run(self, tank: Tank, reading: Reading) -> Tank:
        """Take in the feedback: a run begins, becomes ours, or ends."""
        running, at, now = feedback(reading), reading.measured_at, reading.received_at
        if running is None:
            return tank
        if not running:
            return tank._replace(
                running=False, own=False, run_at=None, before={}, ineffective=None,
                level_at=None if tank.running else tank.level_at,
                ordered_at=None if tank.running else tank.ordered_at,
            )  # fmt: skip
        run_at = at if tank.run_at is None else tank.run_at
        tank = tank._replace(running=True, run_at=run_at)
        ordered = tank.ordered_at is not None and now - tank.ordered_at < AGAIN
        wanted = ordered or self._is_high(tank) or tank.mode(now) == "run"
        if tank.own or not wanted:
            return tank
        by_hand = tank.mode(now) == "run" and not self._is_high(tank)
        starts = tank.starts if by_hand else (*tank.starts, at)[-CHRONIC:]
        return tank._replace(own=True, run_at=at, starts=starts)

    def _danger(self, tank: Tank, at: Instant, now: Instant) -> Tank:
        """Note since when gas is at level 1, and whether the fan has halved it."""
        level_at = at if tank.level_at is None else tank.level_at
        interlock_at = tank.decides_from(level_at) + INTERLOCK
        if not self._is_high(tank):
            tank = tank._replace(level_at=None, interlock_at=None, interlock=False)
        elif tank.running or tank.mode(now):
            tank = tank._replace(level_at=level_at, interlock_at=None, interlock=False)
        elif at >= interlock_at:
            tank = tank._replace(interlock_at=None, interlock=True)
        elif not tank.interlock:
            tank = tank._replace(level_at=level_at, interlock_at=tank.interlock_at or interlock_at)
        return self._halved(tank, at) if tank.running and tank.own else tank

    def _halved(self, tank: Tank, at: Instant) -> Tank:
        before, found, known = dict(tank.before), None, False
        for level in self.levels:
            gas = tank.gases.get(level.field)
            if gas is None or gas.value is None:
                continue
            amount = level.amount(gas.value)
            if gas.reached and level.field not in before:
                before[level.field] = (amount, at)
            if level.field in before:
                known = True
                first, since = before[level.field]
                if at - since >= HALVED and amount > first / 2:
                    found = found or (level.field, amount, first)
        return tank._replace(before=before, ineffective=found if known else tank.ineffective)

    def _pressed(
        self, device: str, tank: Tank, now: Instant, *, may_order: bool
    ) -> tuple[Tank, _Orders]:
        """See what became of an order to start, and give one if it is needed and may be."""
        proofs: _Orders = ()
        if tank.start is not None:
            became = outcome(tank.start, now, effect=tank.running is True)
            if became is Outcome.WAITING:
                return tank, ()
            if became is Outcome.PROVEN:
                proofs = (Proof(tank.start.identity, now),)
            elif became is Outcome.FAILED and tank.attempts >= ORDERS:
                answer = tank.start.answer
                tank = tank._replace(failed_at=now, failed_answer=answer, attempts=0)
            tank = tank._replace(start=None)
        if tank.running:
            return tank._replace(attempts=0, failed_at=None), proofs
        mode = tank.mode(now)
        if not self._is_high(tank) and mode != "run":
            return tank._replace(attempts=0, failed_at=None), ()
        resting = tank.failed_at is not None and not tank.attempts
        if mode == "off" or not may_order or (resting and now - (tank.failed_at or 0) < AGAIN):
            return tank, ()
        flight = issued(device, "fan_start", now, FEEDBACK)
        tank = tank._replace(start=flight, attempts=tank.attempts + 1, ordered_at=now)
        return tank, (command_of(device, flight, _FAN),)

    def _stopped(self, device: str, tank: Tank, at: Instant, now: Instant) -> tuple[Tank, _Orders]:
        """Order the stop of a run of ours when every gas is clear and the purge is over."""
        proofs: _Orders = ()
        if tank.stop is not None:
            became = outcome(tank.stop, now, effect=tank.running is False)
            if became is Outcome.WAITING:
                return tank, ()
            stuck = became is Outcome.FAILED and tank.stops >= ORDERS
            if became is Outcome.PROVEN:
                proofs = (Proof(tank.stop.identity, now),)
            tank = tank._replace(stop=None)
            tank = tank._replace(stuck_at=now, stops=0) if stuck else tank
        over = tank.run_at is not None and at - tank.run_at >= PURGE
        if not (tank.running and tank.own and over and self._is_clear(tank)) or tank.mode(now):
            return tank._replace(stops=0, stuck_at=None), proofs
        if tank.stuck_at is not None and not tank.stops and now - tank.stuck_at < AGAIN:
            return tank, ()
        flight = issued(device, "fan_stop", now, FEEDBACK)
        return tank._replace(stop=flight, stops=tank.stops + 1), (command_of(device, flight, _FAN),)


def _interlocked(tank: Tank, moment: Moment, told_at: Instant) -> Tank:
    """Find that nothing has started, unless it was we who could not hear of it."""
    if tank.interlock_at is None or tank.level_at is None or moment.at < tank.interlock_at:
        return tank
    since = tank.decides_from(tank.level_at)
    due_at = since + INTERLOCK + moment.unheard_since(since)
    if moment.at < due_at:
        return tank._replace(interlock_at=due_at)
    return tank._replace(interlock_at=None, interlock=not tank.mode(told_at))


def _is_live(clock: tuple[Instant, Instant] | None, reading: Reading) -> bool:
    """Return whether a reading is of now, and not one of a backlog.

    Either by its own time; or, as a clock may be wrong, because it advances as ours does.
    """
    if abs(reading.received_at - reading.measured_at) <= LIVE:
        return True
    if clock is None:
        return False
    measured, received = reading.measured_at - clock[0], reading.received_at - clock[1]
    return abs(measured - received) <= LIVE and 2 * received >= measured
