"""`gridwatch rules shadow`: other limits or rules beside those in force; they are only counted."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Annotated

import typer

from devices.instant import iso_of
from ingest.cli.backtest import input_refusals
from ingest.cli.options import (
    FAILED,
    JournalFile,
    SettingsFile,
    duration_of,
    journal_of,
    journal_refusals,
    refuse,
)
from ingest.cli.output import Form, Row, json_line, print_block, print_rows
from ingest.clock import MachineClock, block, stopwatch
from ingest.journal.database import open_reader, open_writer, passing_failures, transaction
from ingest.registry.content import Rows
from ingest.registry.overlay import limits_over, read_limits
from ingest.registry.refusal import RegistryError
from ingest.rule_tools.library import digest_of, library_of, refuse_if_others_write
from ingest.shadow.trial import (
    LONGEST,
    Asked,
    OneSided,
    OwnRules,
    Trial,
    TrialRefused,
    ask_start,
    ask_stop,
    comparisons,
    one_sided,
    trial_of,
)
from ingest.simulate.refusal import InputError
from rules.catalogue import catalogue
from rules.sequence import SequenceRule
from rules.severity import Severity

app = typer.Typer(
    help="Try other limits or rules beside those in force; what they raise is told to nobody.",
    no_args_is_help=True,
)
_ANSWERED_WITHIN_S = 4.0
_LOOK = timedelta(milliseconds=100)
_ORDERS = "what sequences order would have to happen: a trial has none"
_ONE_SIDED = (
    "side", "rule", "scope", "subject", "start_at", "end_at", "severity", "text_zh", "text_en",
)  # fmt: skip


@app.command()
def start(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Limits in the form of the registry's limits.csv; over those in force."
        ),
    ] = None,
    *,
    rules: Annotated[
        Path | None,
        typer.Option(help="Rules of your own, which the service runs with its own rights."),
    ] = None,
    lasts: Annotated[str, typer.Option("--for", help="How long, such as 12h or 7d.")] = "7d",
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Let the service judge by other limits or rules as well, from now on, and count what they say.

    Only the rules that the file names and those of the folder are tried. No command is sent, no
    alert goes anywhere. Refused while another trial runs. The service has to be able to read the
    folder, and nobody but it and root may change it. It goes on with what it has read; a restart of
    the service that finds another content ends the trial.
    """
    duration = duration_of(lasts)
    if not timedelta() < duration <= LONGEST:
        raise typer.BadParameter(f"--for: expected at most {LONGEST.days}d")
    if file is None and rules is None:
        raise typer.BadParameter("FILE, --rules: expected at least one of them")
    path = journal_of(settings, journal)
    with journal_refusals(), input_refusals(), closing(open_writer(path)) as database:
        own = _own_rules(rules) if rules else None
        rows = tuple(_fitting(database, file).by_key.values()) if file else ()
        asked = Asked(str(file.absolute()) if file else "", rows, duration, own)
        _ask_start(database, asked)
        trial = _answered(database, lambda trial: trial.state != "asked for")
    _tell_start(trial)


@app.command()
def stop(settings: SettingsFile = None, journal: JournalFile = None) -> None:
    """End the trial; what it found stays until the next one."""
    path = journal_of(settings, journal)
    with journal_refusals(), closing(open_writer(path)) as database:
        try:
            with passing_failures(), transaction(database):
                ask_stop(database, MachineClock().now())
        except TrialRefused as error:
            refuse(str(error), FAILED)
        trial = _answered(database, lambda trial: trial.ended_at is not None)
    ended = trial is not None and trial.ended_at is not None
    typer.echo("ended" if ended else "asked for: no service answers, it ends when one runs")


@app.command()
def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    differences: Annotated[
        bool, typer.Option("--list", help="Print the alerts of only one side instead, as CSV.")
    ] = False,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Show for each rule how many alerts it raised by the limits in force and by those tried.

    `both` counts those in force that overlap one by the tried limits about the same subject.
    """
    with journal_refusals(), closing(open_reader(journal_of(settings, journal))) as reader:
        trial = trial_of(reader)
        if trial is None:
            refuse("no trial was ever started: `gridwatch rules shadow start FILE`", FAILED)
        rows = [each._asdict() for each in comparisons(reader, trial)]
        found = [_one_sided_row(each) for each in one_sided(reader, trial)] if differences else []
    if differences:
        print_rows(Form.CSV, _ONE_SIDED, found)
    elif as_json:
        typer.echo(json_line({**_trial_row(trial), "rules": rows}))
    else:
        print_block(_trial_row(trial))
        typer.echo()
        words = [{name.replace("_", " "): row[name] for name in row} for row in rows]
        print_rows(Form.TABLE, list(words[0]), words)


def _own_rules(folder: Path) -> OwnRules:
    """Return what is to be tried of a folder; InputError. Its code is run, to see that it loads."""
    refuse_if_others_write(folder)
    digest, library = digest_of(folder), library_of(folder)
    for name, judge in library.own.items():
        if isinstance(judge, SequenceRule):
            raise InputError(f"{folder / name}: a sequence, and {_ORDERS}")
    return OwnRules(str(folder.absolute()), digest, tuple(library.own))


def _fitting(database: Connection, file: Path) -> Rows:
    try:
        rows = read_limits(file)
        limits_over(database, rows, MachineClock().now())
    except RegistryError as error:
        refuse(str(error))
    if not rows.by_key:
        refuse(f"{file}: expected at least one limit")
    for key, row in rows.by_key.items():
        if row.rule not in catalogue():
            refuse(f"{rows.where(key)}: rule: {row.rule} is told by a sequence, and {_ORDERS}")
    return rows


def _ask_start(database: Connection, asked: Asked) -> None:
    try:
        with passing_failures(), transaction(database):
            ask_start(database, asked, MachineClock().now())
    except TrialRefused as error:
        refuse(str(error), FAILED)


def _answered(database: Connection, done: Callable[[Trial], bool]) -> Trial | None:
    """Return the trial once the service has done what it was asked, or when that took too long."""
    started = stopwatch()
    trial = trial_of(database)
    while trial and not done(trial) and stopwatch() - started < _ANSWERED_WITHIN_S:
        block(_LOOK)
        trial = trial_of(database)
    return trial


def _tell_start(trial: Trial | None) -> None:
    if trial is None or trial.state == "asked for":
        typer.echo("asked for: no service answers, it starts when one judges readings")
    elif trial.until is None or trial.ended_at is not None:
        refuse(f"ended: {trial.why}", FAILED)
    else:
        typer.echo(f"running until {iso_of(trial.until)}; `gridwatch rules shadow status` counts")


def _trial_row(trial: Trial) -> Row:
    return {
        "limits": trial.file or None,
        "rules tried": trial.own.folder if trial.own else None,
        "state": trial.state if trial.why is None else f"{trial.state}: {trial.why}",
        "started_at": _iso(trial.started_at),
        "until": _iso(trial.until if trial.ended_at is None else trial.ended_at),
        "readings": trial.readings,
        "failures": trial.failures,
    }


def _one_sided_row(found: OneSided) -> Row:
    alert = found.alert
    return {
        "side": found.side,
        **{name: getattr(alert, name) for name in ("rule", "scope", "subject")},
        "start_at": iso_of(alert.start_at),
        "end_at": _iso(alert.end_at),
        "severity": Severity(alert.severity).name.lower(),
        "text_zh": alert.text_zh,
        "text_en": alert.text_en,
    }


def _iso(instant: int | None) -> str | None:
    return None if instant is None else iso_of(instant)
