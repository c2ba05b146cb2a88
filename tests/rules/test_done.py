"""What was done about gas stands in the explanation of its alert, as it was when that was told."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

import pytest

from devices.instant import Instant
from devices.reading import Reading, Value
from rules.bound import Rulebook
from rules.catalogue import catalogue, sequences
from rules.effect import AlertChange
from rules.engine import Engine
from rules.library.ventilation.rule import RULE
from rules.limits import LimitBook
from rules.register import TableRegister
from rules.store import NoStore
from tests.rules.languages import assert_chinese
from tests.rules.ventilation import DEVICE, Station

START = 1_772_380_800_000
"""2026-03-02 00:00 +08:00."""
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
RULES = ("gas_level_ch4", "gas_level_h2s", "gas_level_co", "oxygen")
FRESH: Mapping[str, Value] = {
    "ch4_lel_pct": 2.0,
    "o2_vol_pct": 20.9,
    "h2s_mgm3": 1.0,
    "co_mgm3": 1.0,
}
GAS: Mapping[str, Value] = {"ch4_lel_pct": 33.0}
STUFFY: Mapping[str, Value] = {"o2_vol_pct": 19.0}
TOXIC: Mapping[str, Value] = {"co_mgm3": 25.0}
Step: TypeAlias = tuple[int, bool | None, Mapping[str, Value]] | tuple[int, str]
"""The second, the feedback of the fan or None for no such field, and what is not fresh; or the
second, and how a person takes the fan over for an hour."""


class Tank(Station):
    """A tank with its gas rules beside its ventilation, after some steps and a minute more."""

    def __init__(self, steps: Iterable[Step], *, ventilated: bool = True) -> None:
        super().__init__()
        judging = tuple(catalogue()[name] for name in RULES)
        self.rulebook = Rulebook(judging, LimitBook(), (RULE,) if ventilated else ())
        self.restart()
        for second, what, *more in steps:
            at = START + second * SECOND
            self.wait(at)
            if isinstance(what, str):
                self.override(what, at + HOUR, at)
            else:
                self._hear(at, what, *more)
        self.wait(at + MINUTE)

    def _hear(self, at: Instant, fan: bool | None, changed: Mapping[str, Value]) -> None:  # noqa: FBT001
        feedback: Mapping[str, Value] = {} if fan is None else {"fan_running": fan}
        self.hear(Reading(DEVICE, "gas_monitor", at, at, {**FRESH, **changed, **feedback}))

    @property
    def told(self) -> AlertChange:
        """The newest change of an alert of a gas."""
        return [each for each in self.changes() if each.rule in RULES][-1]

    @property
    def words(self) -> tuple[str, str]:
        """What the newest explanation says was done, in Chinese and English."""
        explanation = catalogue()[self.told.rule].explanation
        zh, en = explanation.text(self.told.evidence, self.told.start)
        assert_chinese(zh)
        return zh.partition("告知时通风：")[2], en.partition("Ventilation when this was told: ")[2]


@pytest.mark.parametrize(
    ("steps", "zh", "en"),
    [
        (
            ((0, False, FRESH), (10, False, GAS), (15, True, GAS)),
            "已下令启动风机、反馈显示风机正在运行，自 2026-03-02 00:00 起。",
            "fan ordered, run confirmed, since 2026-03-02 00:00.",
        ),
        (
            ((0, False, FRESH), (10, False, GAS), (15, False, GAS)),
            "已下令启动风机、尚无运行反馈，自 2026-03-02 00:00 起。",
            "fan ordered, no feedback yet, since 2026-03-02 00:00.",
        ),
        (
            ((0, False, FRESH), (10, False, GAS)),
            "已下令启动风机、风机启动失败，自 2026-03-02 00:00 起。",
            "fan ordered, fan failed, since 2026-03-02 00:00.",
        ),
        (
            ((0, None, FRESH), (10, None, GAS), (15, None, GAS)),
            "已下令启动风机、尚无运行反馈、从未收到风机反馈，自 2026-03-02 00:00 起。",
            "fan ordered, no feedback yet, no fan heard of, since 2026-03-02 00:00.",
        ),
        (
            ((0, None, FRESH), (10, None, GAS)),
            "已下令启动风机、风机启动失败、从未收到风机反馈，自 2026-03-02 00:00 起。",
            "fan ordered, fan failed, no fan heard of, since 2026-03-02 00:00.",
        ),
        (
            ((0, False, FRESH), (5, "off"), (10, False, GAS)),
            "本系统未下令启动风机、人工停用风机（至 2026-03-02 01:00）。",
            "fan not ordered, kept off by hand, until 2026-03-02 01:00.",
        ),
        (
            ((0, False, FRESH), (5, "run"), (10, True, GAS)),
            "已下令启动风机、反馈显示风机正在运行、人工保持风机运行（至 2026-03-02 01:00）。",
            "fan ordered, run confirmed, kept running by hand, until 2026-03-02 01:00.",
        ),
        (
            ((0, False, FRESH), (10, True, GAS)),
            "本系统未下令启动风机、反馈显示风机正在运行，自 2026-03-02 00:00 起。",
            "fan not ordered, run confirmed, since 2026-03-02 00:00.",
        ),
        (
            ((0, False, FRESH), (10, False, TOXIC)),
            "本系统未下令启动风机。",
            "fan not ordered.",
        ),
        (
            (
                (0, False, FRESH),
                (10, False, GAS),
                (15, True, GAS),
                (20, False, {}),
                (330, False, {}),
            ),
            "风机运行后已停止。",
            "fan ran and stands.",
        ),
        (
            ((0, False, FRESH), (10, False, STUFFY), (15, True, STUFFY)),
            "已下令启动风机、反馈显示风机正在运行，自 2026-03-02 00:00 起。",
            "fan ordered, run confirmed, since 2026-03-02 00:00.",
        ),
    ],
    ids=[
        "confirmed",
        "ordered",
        "failed",
        "perhaps there is no fan",
        "there is no fan",
        "kept off",
        "kept running",
        "started on the spot",
        "what starts no fan",
        "over",
        "too little oxygen",
    ],
)
def test_an_alert_of_gas_says_what_was_done(steps: tuple[Step, ...], zh: str, en: str) -> None:
    assert Tank(steps).words == (zh, en)


def test_a_tank_that_nothing_ventilates_says_nothing_of_it() -> None:
    tank = Tank(((0, None, FRESH), (10, None, GAS)), ventilated=False)

    assert tank.told.evidence["value"] == 33.0
    assert tank.words == ("", "")


def test_an_alert_is_told_though_what_was_done_cannot_be_said() -> None:
    def fails(state: object, now: int) -> dict[str, Value]:
        raise ValueError(state, now)

    judging = (catalogue()["gas_level_ch4"],)
    rulebook = Rulebook(judging, LimitBook(), (replace(RULE, done=fails),))
    engine = Engine(rulebook, TableRegister(), NoStore())
    engine.observe(Reading(DEVICE, "gas_monitor", START, START, {**FRESH, **GAS}))
    engine.tick(START + MINUTE)
    outcome = engine.take()

    assert [failure.rule for failure in outcome.failures] == ["gas_level_ch4"]
    told = [each for each in outcome.effects if isinstance(each, AlertChange)]
    assert ("gas_level_ch4", "raised") in [(each.rule, each.transition) for each in told]


def test_a_remedy_is_a_sequence_that_says_what_it_has_done() -> None:
    remedies = {rule.remedy for rule in catalogue().values() if rule.remedy}

    assert remedies == {RULE.name}
    assert all(sequences()[name].done for name in remedies)
