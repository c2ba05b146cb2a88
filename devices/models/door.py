"""A simulated door controller: events as people pass, and heartbeats between them."""

from devices.instant import Instant, milliseconds_of
from devices.message import Command
from devices.models.calendar import DAY, MINUTE, SECOND, Window
from devices.models.chance import octets, whole
from devices.models.command import DONE, UNKNOWN_COMMAND, Answer
from devices.models.community import DOOR, Community, DeviceName
from devices.models.doorway import Act, DoorEvent, events_of_day, packed, unpacked
from devices.models.injection import Injection, clock_error
from devices.models.power import battery_fall_v, mains_cut, without_power
from devices.models.simulated import Utterance

_BEAT_AFTER = 500
"""Milliseconds after the full second, where no event ever is."""


class Door:
    """One door. It keeps the events of the running day, the rest follows from seed and day."""

    __slots__ = (
        "_beat_at", "_befalling", "_community", "_count", "_day", "_events", "_number", "_open",
        "_position", "_revoked",
    )  # fmt: skip

    def __init__(
        self, number: int, community: Community, befalling: tuple[Injection, ...], start: Instant
    ) -> None:
        self._number = number
        self._community = community
        self._befalling = befalling
        self._revoked: frozenset[str] = frozenset()
        self._count = 0
        self._open = False
        seconds = max(1, milliseconds_of(community.plan.heartbeat_period) // SECOND)
        phase = whole((community.plan.seed, "beat", number)) % seconds
        self._beat_at = (start // SECOND + 1 + phase) * SECOND + _BEAT_AFTER
        self._load(community.calendar.day_of(start))
        while self._event_at() < start:
            self._position += 1

    @property
    def name(self) -> DeviceName:
        """Its address."""
        return DeviceName(DOOR, self._number)

    def next_at(self) -> Instant:
        """Return when the next event, heartbeat or local midnight is."""
        return min(self._event_at(), self._beat_at)

    def late_by(self, units: int) -> int:
        """A door tries again within minutes."""
        return units * MINUTE

    def speak(self, at: Instant) -> Utterance | None:
        """Return the event or heartbeat of the instant.

        None at midnight, when a day begins, and without power.
        """
        if at == self._beat_at:
            self._beat_at += milliseconds_of(self._community.plan.heartbeat_period)
            return None if self._is_dead(at) else Utterance(self._heartbeat(at), 1)
        if self._position == len(self._events):
            self._load(self._day + 1)
            return None
        event = unpacked(self._events[self._position])
        self._position += 1
        return self._utter(event, at)

    def obey(self, command: Command, at: Instant) -> Answer:  # noqa: ARG002 it holds from now on
        """Revoke or restore the authorisation of a person."""
        person = command.arguments.get("person")
        if command.command not in ("authorisation_revoke", "authorisation_restore"):
            return UNKNOWN_COMMAND
        if not isinstance(person, str):
            return Answer("refused", "person_missing")
        if command.command == "authorisation_revoke":
            self._revoked |= {person}
        else:
            self._revoked -= {person}
        return DONE

    def _load(self, day: int) -> None:
        self._day = day
        self._position = 0
        self._events = packed(events_of_day(self._community, self._number, day, self._befalling))

    def _event_at(self) -> Instant:
        start_at = self._community.calendar.start_of(self._day)
        if self._position == len(self._events):
            return start_at + DAY
        return start_at + unpacked(self._events[self._position]).second * SECOND

    def _utter(self, event: DoorEvent, at: Instant) -> Utterance | None:
        act, who = event.act, self._who(event)
        if act.event == "opened" and who in self._revoked:
            act = Act("denied", "blacklisted", act.cause, act.direction)
        elif act.event in ("closed", "held_open") and not self._open:
            return None
        elif act.event in _OPENING:
            self._open = True
        elif act.event == "closed":
            self._open = False
        self._count += 1
        return Utterance(self._event_text(act, event.place, who, at), 1)

    def _who(self, event: DoorEvent) -> str | None:
        if event.is_anonymous:
            return None
        behind = self._community.dwellings_behind(self._number)
        return self._community.person_id(behind[event.place], event.person)

    def _event_text(self, act: Act, place: int, who: str | None, at: Instant) -> bytes:
        cause = "" if act.cause is None else f',"{_CAUSES[act.event]}":"{act.cause}"'
        credential = "" if act.credential is None else f',"credential":"{act.credential}"'
        direction = "" if act.direction is None else f',"direction":"{act.direction}"'
        return (
            f'{{"v":1,"type":"event","device":"{self.name.device}",'
            f'"measured_at":"{self._text_of(at)}","event":"{act.event}"{cause}{credential}'
            f'{self._whose(place, who, act)}{direction},"number":{self._count}}}'
        ).encode()

    def _whose(self, place: int, who: str | None, act: Act) -> str:
        """A door knows the dwelling of a known person and of an announced visitor."""
        if who is None and act.cause != "visitor":
            return ""
        dwelling = self._community.dwellings_behind(self._number)[place]
        person = "" if who is None else f',"person":"{who}"'
        return f'{person},"dwelling":"{self._community.dwelling_id(dwelling)}"'

    def _heartbeat(self, at: Instant) -> bytes:
        trait = octets(3, (self._community.plan.seed, "doorway", self._number))
        cut = mains_cut(self._befalling, at)
        battery_v = 12.4 + trait[1] / 256 - (battery_fall_v(cut, at) if cut else 0.0)
        return (
            f'{{"v":1,"type":"heartbeat","device":"{self.name.device}",'
            f'"measured_at":"{self._text_of(at)}","door_open":{"true" if self._open else "false"},'
            f'"mains_power":{"false" if cut else "true"},"uptime_s":{self._uptime_s(at, trait[0])},'
            f'"battery_v":{battery_v:.2f},"rsrp_dbm":{-70 - trait[2] % 35}}}'
        ).encode()

    def _uptime_s(self, at: Instant, trait: int) -> int:
        """Return the time since the last start: every 40 to 50 days, and when power is back."""
        ends = [window.end_at for window in self._dead_times() if window.end_at is not None]
        since = at // SECOND % (40 * 86_400 + trait * 3_600)
        return min([since, *((at - end) // SECOND for end in ends if end <= at)])

    def _is_dead(self, at: Instant) -> bool:
        return any(window.covers(at) for window in self._dead_times())

    def _dead_times(self) -> list[Window]:
        """Return when neither the mains nor the battery have power."""
        found = (without_power(self.name, one) for one in self._befalling)
        return [window for window in found if window is not None]

    def _text_of(self, at: Instant) -> str:
        return self._community.calendar.text_of(at + clock_error(self._befalling, at))


_OPENING = frozenset({"opened", "forced", "fire_release"})
_CAUSES = {"opened": "opened_by", "denied": "denied_because"}
