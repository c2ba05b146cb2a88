"""The account of the alerts: what was injected, what was told, and what a run without faults tells.

Of devices on tapes every alert must have been injected. The traffic beside them is random: its
alerts only follow the laws that hold for any.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from pydantic_core import from_json
from typer.testing import CliRunner

from devices.instant import instant_of
from ingest.cli import app
from ingest.journal.database import open_reader
from ingest.registry.content import Content
from ingest.registry.tables import DEVICES
from rules.lifecycle import Life, Phase, life_of
from rules.severity import Severity
from tests.proof.differences import lines
from tests.proof.oracle import told_without_faults
from tests.proof.tape import Told
from tests.proof.transitions import Step, wrong_with

_ALL = "1000000"
_CHANGES = """
SELECT rule || '/' || scope || '/' || subject, alert, transition, c.severity, c.at
FROM alert_change AS c JOIN alert ON id = c.alert ORDER BY seq
"""
_NEWEST = """
SELECT kind || '/' || name, max(measured_at) FROM reading JOIN device ON device.id = reading.device
GROUP BY device.id
"""
_PATIENT, _PATIENT_RULE = "patient", "gas_flooded"
_INACTIVE = "care_inactive"
_DAY_MS = 86_400_000
_FIRING = "SELECT id FROM alert WHERE state = 'firing'"

_History: TypeAlias = Mapping[str, Sequence[Step]]
"""What happened to each alert, by its identity."""


@dataclass
class AlertAccount:
    """Looks into the journal beside the service; `told` are the alerts that must come."""

    journal: Path
    told: Sequence[Told]
    registry: Content = field(default_factory=Content)
    """What the registry holds. Of its devices nothing is to be told, unless `told` has it."""
    firing: set[str] = field(default_factory=set)
    """Alerts that had been raised, and not resolved, when the service was killed."""
    pending: set[tuple[str, str]] = field(default_factory=set)
    """Rule and device of what was in the middle of a hold when the service was killed."""

    @property
    def subjects(self) -> set[str]:
        """The devices on tapes, and the dwellings that some of them stand in."""
        devices = {f"{each.kind}/{each.device}" for each in self.registry.rows(DEVICES).values()}
        return devices | {each.subject for each in self.told}

    def look(self) -> None:
        """See what the kill has caught in the middle."""
        with closing(open_reader(self.journal)) as reader:
            self.firing |= {id_ for (id_,) in reader.execute(_FIRING)}
        self.pending |= self.pending_now()

    def pending_now(self) -> set[tuple[str, str]]:
        """Return rule and subject of what is in the middle of a hold."""
        return {(rule, subject) for rule, subject, _ in self._pending()}

    def waits(self) -> bool:
        """Return whether a patient device has said its last, and its alert is still to come."""
        return any(
            rule == _PATIENT_RULE and _PATIENT in subject and life.known_at > life.found_at
            for rule, subject, life in self._pending()
        )

    def misses_somebody(self) -> bool:
        """Return whether the door of a dwelling was last opened a day ago, or longer."""
        with closing(open_reader(self.journal)) as reader:
            newest = dict(reader.execute(_NEWEST))
        opened_at = {each.subject: each.start_at for each in self.told if each.rule == _INACTIVE}
        return any(
            newest.get(f"door/{each.device}", 0) > opened_at[each.premises] + _DAY_MS
            for each in self.registry.rows(DEVICES).values()
            if each.premises in opened_at
        )

    def lags(self) -> bool:
        """Return whether what an incident began with is stored, and not yet judged."""
        with closing(open_reader(self.journal)) as reader:
            newest = dict(reader.execute(_NEWEST))
            states = dict(reader.execute("SELECT id, state FROM subject_state"))
        judged = {
            subject: max(measured_at for measured_at, _ in from_json(state)[1].values())
            for subject, state in states.items()
        }
        return any(
            judged.get(each.subject, 0) < each.start_at <= newest.get(each.subject, 0)
            for each in self.told
        )

    def settled(self) -> bool:
        """Return whether every alert has come to its end."""
        with closing(open_reader(self.journal)) as reader:
            states = dict(reader.execute("SELECT id, state FROM alert"))
        return all(states.get(_identity(each)) == each.state for each in self.told)

    def caught(self) -> tuple[int, int]:
        """Return how many alerts of the tapes a kill came upon before and after they were raised.

        Of the latter only those that were resolved in the end.
        """
        held = {(each.rule, each.subject) for each in self.told}
        resolved = {_identity(each) for each in self.told if each.state == "resolved"}
        return len(self.pending & held), len(self.firing & resolved)

    def wrong(self) -> list[str]:
        """Return a line for each way in which the alerts are wrong; none if they are right."""
        histories = self._histories()
        held = Counter(each for each in self.held() if each.subject in self.subjects)
        starts = Counter((each.rule, each.subject, each.start_at) for each in held.elements())
        return lines(
            {
                "alerts missing": [each for each in self.told if each not in held],
                "alerts not injected": [each for each in held if each not in set(self.told)],
                "alerts more than once": [each for each in starts if starts[each] > 1],
                "alerts out of order": [*_out_of_order(histories)],
                "alerts at the same time": [*self.overlaps()],
                "alerts other than without faults": self._unlike(histories),
            }
        )

    def held(self) -> list[Told]:
        """Return the alerts as people see them."""
        options = ("--all", "--most", _ALL, "--format", "json", "--journal", str(self.journal))
        outcome = CliRunner().invoke(app, ["alerts", "list", *options])
        assert outcome.exit_code == 0, outcome.output
        return [_told(json.loads(line)) for line in outcome.stdout.splitlines()]

    def _pending(self) -> Iterator[tuple[str, str, Life]]:
        with closing(open_reader(self.journal)) as reader:
            rows = reader.execute("SELECT id, state FROM subject_state").fetchall()
        for subject, state in rows:
            for rule, saved in from_json(state)[3].items():
                life = life_of(saved)
                if life.phase is Phase.PENDING:
                    yield rule, subject, life

    def _rows(self) -> list[tuple[str, str, str, int, int]]:
        with closing(open_reader(self.journal)) as reader:
            return reader.execute(_CHANGES).fetchall()

    def _histories(self) -> _History:
        told: dict[str, list[Step]] = {}
        for _, alert, transition, severity, at in self._rows():
            told.setdefault(alert, []).append(Step(transition, severity, at))
        return told

    def overlaps(self) -> Iterator[str]:
        """Yield alerts that were raised while another of the rule and subject lasted."""
        live: dict[str, str] = {}
        for of, alert, transition, *_ in self._rows():
            if live.setdefault(of, alert) != alert:
                yield alert
            if transition == "resolved":
                live.pop(of)

    def _unlike(self, histories: _History) -> list[str]:
        ours = {_identity(each) for each in self.told}
        expected = told_without_faults(self.journal, self.subjects)
        return [
            f"{alert}: {histories.get(alert)} instead of {expected.get(alert)}"
            for alert in sorted(ours | expected.keys())
            if histories.get(alert) != expected.get(alert)
        ]


def _out_of_order(histories: _History) -> Iterator[str]:
    for alert, steps in histories.items():
        yield from (f"{alert}: {what}" for what in wrong_with(steps))


def _identity(told: Told) -> str:
    return f"{told.rule}/{told.scope}/{told.subject}/{told.start_at}"


def _told(row: Mapping[str, str]) -> Told:
    return Told(
        row["rule"],
        row["subject"],
        instant_of(datetime.fromisoformat(row["start_at"])),
        int(Severity[row["worst"].upper()]),
        row["state"],
        row["id"].split("/")[1],
    )
