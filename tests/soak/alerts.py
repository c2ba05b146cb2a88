"""What became of the incidents: told in the journal, told to the web hook, once each."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.outlets.hook import Hook, Notice
from tests.proof.alerts import AlertAccount
from tests.proof.tanks import KIND, Monitor
from tests.proof.tape import Told
from tests.soak.load import Load

_LEVEL = "gas_level_ch4"
_SILENCES = frozenset({"gas_silent", "door_offline", "meter_silent", "blind_area"})
"""A tape ends in silence; whether that is told depends on how long the soak goes on after it."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """The incidents and what became of them; each of the lists has a line for each."""

    injected: int
    missed: Sequence[str]
    doubled: Sequence[str]
    unexpected: Sequence[str]
    notices: int
    longest_delay_s: float


def alerts_of(journal: Path, load: Load, hook: Hook) -> Alerts:
    """Compare what was injected with what the journal holds and the web hook has heard.

    Of tanks, which live in real time, each must have been heard of at the web hook as well.
    """
    account = AlertAccount(journal, load.told)
    held = account.held()
    starts = Counter((each.rule, each.subject, each.start_at) for each in held)
    tanks = [each for each in load.monitors if each.high_at]
    expected = [(each.rule, each.subject, each.start_at) for each in load.told]
    expected += [(_LEVEL, f"{KIND}/{each.device}", each.high_at or 0) for each in tanks]
    heard = _first_heard(hook.notices)
    ours = {f"{rule}/device/{subject}/{start_at}" for rule, subject, start_at in expected}
    return Alerts(
        injected=len(expected),
        missed=[
            *(f"not told: {each}" for each in expected if not starts[each]),
            *(f"not heard of: {each.device}" for each in tanks if _identity(each) not in heard),
        ],
        doubled=[
            *(f"told twice: {each}" for each, number in starts.items() if number > 1),
            *(f"told at the same time: {each}" for each in account.overlaps()),
            *(f"notified twice: {each}" for each in notified_twice(hook, ours)),
        ],
        unexpected=[*_unexpected(held, load)],
        notices=len(hook.notices),
        longest_delay_s=max(
            (
                (heard[_identity(each)] - (each.high_at or 0)) / 1000
                for each in tanks
                if _identity(each) in heard
            ),
            default=0.0,
        ),
    )


def _unexpected(held: Iterable[Told], load: Load) -> Iterator[str]:
    """Yield what was told of tapes, or of silent tanks, and never was."""
    expected = {(each.rule, each.subject, each.start_at) for each in load.told}
    tapes = {each.subject for each in load.told}
    tanks = {f"{KIND}/{each.device}" for each in load.monitors}
    for each in held:
        is_silence = each.rule in _SILENCES
        of_tape = each.subject in tapes and not is_silence
        of_tank = each.subject in tanks and is_silence
        if of_tank or (of_tape and (each.rule, each.subject, each.start_at) not in expected):
            yield f"told of nothing: {each}"


def _identity(tank: Monitor) -> str:
    return f"{_LEVEL}/device/{KIND}/{tank.device}/{tank.high_at}"


def _first_heard(notices: Sequence[Notice]) -> dict[str, int]:
    heard: dict[str, int] = {}
    for each in notices:
        if each.status == "firing":
            heard.setdefault(each.alert, each.at)
    return heard


def notified_twice(hook: Hook, ours: Container[str]) -> Iterator[str]:
    """Yield what people were told of again, be it after an end that was none.

    A severity that comes again after another one is news, and so is what Alertmanager does not know
    that it told. Of the random traffic beside, nobody knows what is news.
    """
    newest: dict[str, str] = {}
    for each in hook.notices:
        if any(start <= each.at <= end for start, end in hook.forgotten):
            continue
        if each.status == "firing" and each.alert in ours:
            if newest.get(each.alert) == each.severity:
                yield f"{each.alert} {each.severity}"
            newest[each.alert] = each.severity
