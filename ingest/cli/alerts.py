"""`gridwatch alerts`: what is wrong now, why, what may be next, and resetting what waits."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from pydantic_core import from_json

from devices.instant import Instant, iso_of
from ingest.areas import area_of
from ingest.cli.command_rows import IN_A_TABLE, row_of
from ingest.cli.options import (
    FAILED,
    JournalFile,
    SettingsFile,
    journal_of,
    journal_refusals,
    refuse,
)
from ingest.cli.output import Form, local_time, print_block, print_rows
from ingest.clock import MachineClock, block, stopwatch
from ingest.journal.alert_table import ask_reset
from ingest.journal.alerts import (
    Alert,
    AlertTransition,
    Wanted,
    alert_of,
    alerts,
    reset_answer,
    transitions_of,
)
from ingest.journal.commands import StoredCommand, commands_ordered
from ingest.journal.database import open_reader, open_writer, passing_failures, transaction
from ingest.journal.state_table import states_that_say
from ingest.printable import printable
from rules.catalogue import alert_rules
from rules.explanation import Text
from rules.lifecycle import Phase
from rules.pending import Pending, pending_in
from rules.severity import Severity
from rules.subject import Subject

app = typer.Typer(
    help="Alerts, and how they came about; the service may run meanwhile.", no_args_is_help=True
)
FormOption: TypeAlias = Annotated[
    Form, typer.Option("--format", "-f", help="Form of output; json is one object a line.")
]
Id: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="Identity, as `list` shows it.")]
_COLUMNS = (
    "severity", "state", "rule", "subject", "area", "start_at", "clear_at", "id",
    "worst", "last_at", "told_at", "text_zh", "text_en",
)  # fmt: skip
_IN_A_TABLE = _COLUMNS[:8]
_PENDING = ("severity", "rule", "subject", "start_at", "fires_at", "text_zh", "text_en")
_TRANSITIONS = ("seq", "transition", "severity", "at", "told_at", "suppressed")
_ANSWERED_WITHIN_S = 4.0
_REFUSALS = {
    "refused": "there is no such alert any more",
    "no latch": "it does not wait to be reset; it ends by itself",
    "danger": "the danger lasts, or nobody knows that it is over",
}
_BEFORE_MS = 60_000
"""A fan has failed 20 s after it was first ordered."""
_MOST_COMMANDS = 50
_LOOK = timedelta(milliseconds=100)


class Grade(StrEnum):
    """Severities as people write them."""

    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


@app.command("list")
def list_(  # noqa: PLR0913 each parameter is an option
    *,
    every: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    area: Annotated[
        str, typer.Option(help="Only in areas, of any level, whose code begins so: 500103.")
    ] = "",
    rule: Annotated[str, typer.Option(help="Only of this rule, such as gas_level_ch4.")] = "",
    subject: Annotated[
        str, typer.Option(help="Only of this device, dwelling or area, such as gm-0001.")
    ] = "",
    severity: Annotated[
        Grade, typer.Option(help="Only so grave or graver; a resolved one as it was at its worst.")
    ] = Grade.NOTICE,
    most: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many.")] = 50,
    form: FormOption = Form.TABLE,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """List alerts, the gravest first and of these the newest; resolved ones come last.

    One with `clear_at` is over since then, and fires on because a person has to reset it.
    """
    wanted = Wanted(area, rule, subject, Severity[severity.name], every)
    with journal_refusals():
        found = alerts(open_reader(journal_of(settings, journal)), most, wanted)
    if not found:
        typer.echo(f"no alerts{_which(wanted)}", err=True)
    columns = _IN_A_TABLE if form is Form.TABLE else _COLUMNS
    time_of = _time_in(form)
    rows = (
        {name: value for name, value in _row(each, time_of).items() if name in columns}
        for each in found
    )
    print_rows(form, columns, rows)


@app.command("pending")
def pending_(
    most: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many.")] = 50,
    form: FormOption = Form.TABLE,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """List what was found and has yet to last, what is told next first.

    `fires_at` is when it is told if it lasts. Looks through the states of all subjects.
    """
    rules = alert_rules()
    with journal_refusals():
        states = states_that_say(open_reader(journal_of(settings, journal)), Phase.PENDING)
        found = [each for state in states for each in pending_in(*state, rules)]
    if not found:
        typer.echo("nothing is pending", err=True)
    found.sort(key=lambda each: (each.fires_at, -each.severity, each.subject))
    columns = _PENDING[:5] if form is Form.TABLE else _PENDING
    rows = (
        {name: _pending_row(each, _time_in(form))[name] for name in columns}
        for each in found[:most]
    )
    print_rows(form, columns, rows)


@app.command()
def show(
    id_: Id,
    form: FormOption = Form.TABLE,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Show one alert with its explanation, all that happened to it, and what was ordered meanwhile.

    Of the orders to devices the last 50 by the same subject, as `commands list` shows them. As a
    table for people, times of the alert are those of China, as in the explanation; else UTC.
    """
    time_of = _time_in(form)
    with journal_refusals():
        reader = open_reader(journal_of(settings, journal))
        alert = alert_of(reader, id_)
        if alert is None:
            refuse(f"no alert {printable(id_)}", FAILED)
        happened = transitions_of(reader, id_)
        commands = [row_of(each) for each in _commands(reader, alert, happened)]
    transitions = [_transition_row(each, time_of) for each in happened]
    evidence = from_json(alert.evidence)
    if form is Form.JSON:
        more = {"evidence": evidence, "transitions": transitions, "commands": commands}
        print_rows(form, (), [_row(alert, time_of) | more])
    elif form is Form.CSV:
        print_rows(form, _TRANSITIONS, transitions)
    else:
        print_block(_row(alert, time_of))
        typer.echo()
        if evidence:
            print_block({name: _evidence(name, value) for name, value in evidence.items()})
            typer.echo()
        print_rows(form, _TRANSITIONS, transitions)
        if commands:
            typer.echo()
        print_rows(
            form, IN_A_TABLE, [{name: each[name] for name in IN_A_TABLE} for each in commands]
        )


@app.command()
def reset(
    id_: Id,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Reset the latch of an alert: someone has been there and seen that it is over.

    The service does it, within 2 s if it runs and else when it starts. Exit code 1 if there is no
    latch, or the danger lasts, and which of them.
    """
    path = journal_of(settings, journal)
    with journal_refusals():
        alert = alert_of(open_reader(path), id_)
        if alert is None:
            refuse(f"no alert {printable(id_)}", FAILED)
        if alert.state == "resolved":
            refuse("resolved already", FAILED)
        answer = _answer(path, id_)
    if answer in _REFUSALS:
        refuse(f"refused: {_REFUSALS[answer]}", FAILED)
    typer.echo(answer or "asked for: no service answers, it is done when one runs")
    after = alert_of(open_reader(path), id_)
    if answer == "reset" and after and after.state != "resolved":
        typer.echo("it is clear, and ends once it has stayed so for a while", err=True)


def _commands(
    reader: sqlite3.Connection, alert: Alert, happened: Sequence[AlertTransition]
) -> list[StoredCommand]:
    """Return what its subject ordered from a little before it began until it was over."""
    if not happened:
        return []
    first, last = happened[0], happened[-1]
    since = first.told_at - (first.at - alert.start_at) - _BEFORE_MS
    until = last.told_at if alert.state == "resolved" else MachineClock().now()
    orderer = Subject(alert.scope, alert.subject)
    return commands_ordered(reader, orderer, (since, until), _MOST_COMMANDS)


def _which(wanted: Wanted) -> str:
    words = (
        (" of ", wanted.rule),
        (" about ", wanted.subject),
        (" in areas whose code begins with ", wanted.area),
    )
    return "".join(f"{word}{printable(value)}" for word, value in words if value)


def _answer(path: Path, alert: str) -> str | None:
    """Ask the service, and return its answer, None if none came in time."""
    database = open_writer(path)
    with passing_failures(), transaction(database):
        ask_reset(database, alert, MachineClock().now())
    started = stopwatch()
    while stopwatch() - started < _ANSWERED_WITHIN_S:
        answer = reset_answer(database, alert)
        if answer:
            return answer
        block(_LOOK)
    return None


def _time_in(form: Form) -> Callable[[Instant], str]:
    """Return how times are written: for people as in the explanations, for programs in UTC."""
    return local_time if form is Form.TABLE else iso_of


def _evidence(name: str, value: object) -> object:
    return local_time(value) if name.endswith("_at") and isinstance(value, int) else value


def _row(alert: Alert, time_of: Callable[[Instant], str]) -> dict[str, object]:
    return {
        "severity": Severity(alert.severity).name.lower(),
        "state": alert.visible,
        "rule": alert.rule,
        "subject": alert.subject,
        "area": area_of(alert.areas),
        "start_at": time_of(alert.start_at),
        "clear_at": None if alert.clear_at is None else time_of(alert.clear_at),
        "id": alert.id,
        "worst": Severity(alert.worst).name.lower(),
        "last_at": time_of(alert.last_at),
        "told_at": time_of(alert.told_at),
        "text_zh": alert.text_zh,
        "text_en": alert.text_en,
    }


def _pending_row(pending: Pending, time_of: Callable[[Instant], str]) -> dict[str, object]:
    text = _words(pending)
    return {
        "severity": Severity(pending.severity).name.lower(),
        "rule": pending.rule.name,
        "subject": pending.subject.id,
        "start_at": time_of(pending.start_at),
        "fires_at": time_of(pending.fires_at),
        "text_zh": text.zh,
        "text_en": text.en,
    }


def _words(pending: Pending) -> Text:
    """Return the explanation, or the title where the evidence does not suffice yet."""
    rule = pending.rule
    try:
        return rule.explanation.text(pending.evidence, pending.start_at)
    except KeyError:
        return Text(rule.title_zh, rule.title)


def _transition_row(
    transition: AlertTransition, time_of: Callable[[Instant], str]
) -> dict[str, object]:
    return {
        **transition._asdict(),
        "severity": Severity(transition.severity).name.lower(),
        "at": time_of(transition.at),
        "told_at": time_of(transition.told_at),
    }
