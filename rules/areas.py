"""Areas: what they hear of their silent devices, and what these hear of a blind area.

Context: a cell that fails silences hundreds of devices. Told one by one they hide each other, and
the one cause behind them.
Decision: a rule of silence finds a device silent some time before it tells, and its area hears of
it then; an area that is blind keeps its devices' silence quiet from before it is told, and what was
told already becomes suppressed. The area holds a roll of its silent devices, and when it is no
longer blind, those that still are get told. Timers ring in the order of time, over all subjects, so
that it does not matter how often somebody looks.
Given up: a roll without a bound; beyond 4,096 devices a silence is told by itself.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from devices.instant import Instant
from rules.judge import Judge, When
from rules.lifecycle import RAISED
from rules.memory import Memory
from rules.silence import News, RollCall, Turn, keep_told
from rules.subject import Subject

if TYPE_CHECKING:
    from rules.condition import Mustering

_MOST_SILENT = 4_096
"""About 160 kB of state; a community has about 1,100 dwellings."""
_MOST_CALLS = 1_000


class Areas:
    """Carries news between devices and their areas, until there are none left."""

    def __init__(
        self,
        judge: Judge,
        load: Callable[[Subject], Memory],
        touch: Callable[[Subject], Memory],
        arm: Callable[[Memory], None],
    ) -> None:
        self._judge = judge
        self._load = load
        self._touch = touch
        self._arm = arm
        self._checked: set[str] = set()
        self._calls: dict[str, RollCall] = {}
        judge.covered = self._covers

    def replaced(self) -> None:
        """Hear that devices may stand elsewhere now, or that what was struck is back."""
        self._checked.clear()

    def settle(self) -> None:
        """Hand on all news, and those that follow from them."""
        while self._judge.aftermath:
            news = self._judge.aftermath.popleft()
            if isinstance(news, News):
                self._tell(news)
            else:
                self._turn(news)

    def _covers(self, area: str, since: Instant) -> bool:
        """Return whether an alert of the area stands for its devices silent since then."""
        memory = self._load(Subject("area", area))
        for bound in memory.profile.bound.values():
            state, life = memory.kept(bound)
            if not bound.rule.musters or life is None or life.phase not in RAISED:
                continue
            if cast("Mustering", bound.condition).covers(state, since):
                return True
        return False

    def _tell(self, news: News) -> None:
        memory = self._touch(Subject("area", news.area))
        when = When(news.at, news.told_at)
        if memory.due <= when.at:
            self._judge.let_pass(memory, when, hearing=False)
        call = self._call(memory)
        self._check(call, when)
        silent = call.roll.devices
        if news.silence is None:
            call.strike(news.device.id)
        elif news.device.id in silent or len(silent) < _MOST_SILENT:
            call.enter(news.device.id, news.silence)
        else:
            keep_told(self._touch(news.device), None)
        self._judge.muster(memory, call.roll, when)
        self._arm(memory)

    def _turn(self, turn: Turn) -> None:
        for device in self._call(self._load(turn.area)).roll.devices:
            subject = Subject("device", device)
            if self._judge.has_told_silence(self._load(subject)):
                self._requiet(self._touch(subject), turn.at, turn.told_at)

    def _call(self, memory: Memory) -> RollCall:
        """Return the roll call of an area, made anew when its memory was."""
        area = memory.subject.id
        call = self._calls.pop(area, None)
        if call is None or call.memory is not memory:
            call = RollCall(memory)
        self._calls[area] = call
        if len(self._calls) > _MOST_CALLS:
            del self._calls[next(iter(self._calls))]
        return call

    def _check(self, call: RollCall, when: When) -> None:
        """Strike from the roll what stands elsewhere since the register was replaced."""
        area = call.memory.subject.id
        if area in self._checked:
            return
        self._checked.add(area)
        for device in list(call.roll.devices):
            subject = Subject("device", device)
            if self._judge.register.area_of(subject) != area:
                call.strike(device)
                gone = self._touch(subject)
                keep_told(gone, None)
                self._requiet(gone, *when)

    def _requiet(self, memory: Memory, at: Instant, told_at: Instant) -> None:
        self._judge.requiet(memory, When(at + memory.ahead_ms, told_at))
        self._arm(memory)
