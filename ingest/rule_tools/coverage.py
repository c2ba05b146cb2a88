"""Coverage: which devices were watched, for how long, and which rules could judge them."""

from collections.abc import Iterable
from datetime import timedelta

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading
from rules.derived import shown_by
from rules.rule import AlertRule

_MONTH_MS = milliseconds_of(timedelta(days=365.25) / 12)


class _Watched:
    __slots__ = ("first_at", "newest_at", "shapes")

    def __init__(self, at: Instant) -> None:
        self.first_at = self.newest_at = at
        self.shapes: set[tuple[str, ...]] = set()


class Coverage:
    """The devices whose readings were seen, with the names of the values they carried."""

    def __init__(self) -> None:
        self._devices: dict[tuple[str, str], _Watched] = {}
        self.late = 0

    def __len__(self) -> int:
        """Return how many devices there are."""
        return len(self._devices)

    def add(self, reading: Reading) -> bool:
        """Take note of a reading; return whether it is older than the newest of its device."""
        device, kind, at, _, values = reading
        watched = self._devices.get((kind, device))
        if watched is None:
            watched = self._devices[kind, device] = _Watched(at)
        watched.shapes.add(tuple(values))
        if at < watched.newest_at:
            watched.first_at = min(watched.first_at, at)
            self.late += 1
            return True
        watched.newest_at = at
        return False

    def device_months(self, rule: AlertRule | None = None) -> float:
        """Return for how many months devices were watched that concern the rule; without it, all.

        A device is watched from its first to its last reading, gaps included.
        """
        return _months(
            watched
            for (kind, _), watched in self._devices.items()
            if rule is None or _is_concerned(rule, kind, watched)
        )

    def concerns(self, rule: AlertRule) -> bool:
        """Return whether any reading was one that the rule reads.

        One that musters is concerned by all: it looks at who is silent.
        """
        return any(
            _is_concerned(rule, kind, watched) for (kind, _), watched in self._devices.items()
        )


def _is_concerned(rule: AlertRule, kind: str, watched: _Watched) -> bool:
    return rule.musters or any(rule.reads(kind, shown_by(kind, shape)) for shape in watched.shapes)


def _months(devices: Iterable[_Watched]) -> float:
    return sum(watched.newest_at - watched.first_at for watched in devices) / _MONTH_MS
