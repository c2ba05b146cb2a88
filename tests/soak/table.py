"""The ledger of a soak as people read it: what, how many, and what that is."""

from collections.abc import Iterator
from typing import TypeAlias

from tests.soak.account import Account
from tests.soak.kinds import KINDS

_Row: TypeAlias = tuple[str, object, str]


def table_of(account: Account) -> str:
    """Return the ledger, a line for each figure."""
    rows = (*_faults(account), *_readings(account), *_alerts(account), *_memory(account))
    return "\n".join(f"{name:26} {figure!s:>9}  {note}".rstrip() for name, figure, note in rows)


def _faults(account: Account) -> Iterator[_Row]:
    for kind in KINDS:
        yield f"fault: {kind.name}", account.happened[kind.name], kind.meaning


def _readings(account: Account) -> Iterator[_Row]:
    readings = account.readings
    yield "messages published", account.messages, "the broker has them; with repeats and malformed"
    yield "waves", f"{account.wave_rate:.0f}/s", "messages a second, in the fastest of them"
    yield "bursts", f"{account.burst_rate:.0f}/s", "the same"
    yield "readings published", readings.published, "each once"
    yield "readings stored", readings.stored, "in the journal and in InfluxDB, as published"
    yield "readings lost", readings.lost, ""
    yield "readings held twice", readings.duplicates, ""
    share = f"{account.malformed / account.messages:.1%} of them, of each reason there is"
    yield "messages refused", account.malformed, share
    yield "dead letters expected", account.letters_expected, "what is refused again is no other"
    yield "dead letters found", account.letters_found, f"{len(account.letters_wrong)} are wrong"


def _alerts(account: Account) -> Iterator[_Row]:
    alerts = account.alerts
    yield "incidents injected", alerts.injected, "each has an instant at which it began"
    yield "incidents alerted", alerts.injected - len(alerts.missed), "with that instant"
    yield "double alerts", len(alerts.doubled), "in the journal or at the web hook"
    yield "alerts of nothing", len(alerts.unexpected), "of devices of which all is known"
    yield "notifications", alerts.notices, "by Alertmanager to the web hook"
    yield (
        "longest alert delay",
        f"{alerts.longest_delay_s:.1f} s",
        "from the sensor to the web hook",
    )
    yield "commands executed", account.commands_done, "by fans"
    yield "commands executed twice", len(account.commands_twice), ""


def _memory(account: Account) -> Iterator[_Row]:
    memory = account.memory
    lasted = f"the last process, after its warm-up; it lived for {memory.lasted_s:.0f} s"
    yield "memory at the start", f"{memory.start_mb:.1f} MB", lasted
    yield "memory at the end", f"{memory.end_mb:.1f} MB", f"{memory.percent:+.1f} %"
