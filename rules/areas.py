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
from rules.silence import News, Turn, keep_roll, keep_told, roll_of
from rules.subject import Subject

if TYPE_CHECKING:
    from rules.condition import Mustering

_MOST_SILENT = 4_096
"""About 120 kB of state; a community has about 1,100 dwellings."""


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
        judge.covered = self._covers

    def replaced(self) -> None:
        """Hear that devices may stand elsewhere now, or nowhere."""
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
            state, life = memory.states.get(bound.name) or (bound.start, None)
            if not bound.rule.musters or life is None or life.phase not in RAISED:
                continue
            if life.start <= since and cast("Mustering", bound.condition).covers(state, since):
                return True
        return False

    def _tell(self, news: News) -> None:
        memory = self._touch(Subject("area", news.area))
        when = When(news.at, news.told_at)
        if memory.due <= when.at:
            self._judge.let_pass(memory, when, hearing=False)
        self._check(memory, when)
        roll = roll_of(memory)
        if news.silence is None:
            roll.pop(news.device.id, None)
        elif news.device.id in roll or len(roll) < _MOST_SILENT:
            roll[news.device.id] = news.silence
        else:
            keep_told(self._touch(news.device), None)
        keep_roll(memory, roll)
        self._judge.muster(memory, roll, when)
        self._arm(memory)

    def _turn(self, turn: Turn) -> None:
        for device in roll_of(self._load(turn.area)):
            subject = Subject("device", device)
            if self._judge.has_told_silence(self._load(subject)):
                self._requiet(self._touch(subject), turn.at, turn.told_at)

    def _check(self, memory: Memory, when: When) -> None:
        """Strike from the roll what stands elsewhere since the register was replaced."""
        area = memory.subject.id
        if area in self._checked:
            return
        self._checked.add(area)
        roll = roll_of(memory)
        for device in list(roll):
            subject = Subject("device", device)
            if self._judge.register.area_of(subject) != area:
                del roll[device]
                gone = self._touch(subject)
                keep_told(gone, None)
                self._requiet(gone, *when)
        keep_roll(memory, roll)

    def _requiet(self, memory: Memory, at: Instant, told_at: Instant) -> None:
        self._judge.requiet(memory, When(at + memory.ahead_ms, told_at))
        self._arm(memory)
