"""`gridwatch commands`: what devices were told and answered, and taking one over by hand."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from devices.instant import Instant, iso_of, milliseconds_of
from ingest.cli.command_rows import (
    COLUMNS,
    IN_A_TABLE,
    OVERRIDE_COLUMNS,
    override_row,
    row_of,
)
from ingest.cli.options import (
    FAILED,
    JournalFile,
    SettingsFile,
    duration_of,
    journal_of,
    journal_refusals,
    refuse,
)
from ingest.cli.output import Form, print_block, print_rows
from ingest.clock import MachineClock, block, stopwatch
from ingest.journal.commands import command_of, commands_about, newest_commands
from ingest.journal.database import open_reader, open_writer, passing_failures, transaction
from ingest.journal.overrides import (
    SUPERSEDED,
    OverrideRequest,
    ask_override,
    override_answer,
    overrides_wanted,
)
from ingest.printable import printable
from ingest.registry.cells import CONTACT, CellError
from rules.catalogue import sequences
from rules.sequence import SequenceRule

app = typer.Typer(
    help="Commands to devices, and taking a device over; the service may run meanwhile.",
    no_args_is_help=True,
)
FormOption: TypeAlias = Annotated[
    Form, typer.Option("--format", "-f", help="Form of output; json is one object a line.")
]
Device: TypeAlias = Annotated[
    str, typer.Argument(metavar="DEVICE", help="Device, such as gm-0001 or gas_monitor/gm-0001.")
]
By: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="CONTACT", help="Who wants it: a pseudonym such as c-0123456789abcdef, no name."
    ),
]
LONGEST = timedelta(hours=24)
"""Nobody remembers an override for longer; general knowledge, not from a standard."""
_ANSWERED_WITHIN_S = 4.0
_LOOK = timedelta(milliseconds=100)
_ENDED: Instant = 0


@app.command("list")
def list_(
    device: Annotated[
        str, typer.Argument(metavar="[DEVICE]", help="Only of this device.", show_default=False)
    ] = "",
    *,
    most: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many.")] = 50,
    form: FormOption = Form.TABLE,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """List commands, the latest first: what each was to do, and what became of it.

    queued, sent (the broker has it), then the device's answer: done, refused, failed, expired. Or
    superseded by a later one, withdrawn or expired before it left; without an answer in its time
    proven by its effect, or unanswered. proven_at: its effect was seen.
    """
    with journal_refusals():
        found = newest_commands(open_reader(journal_of(settings, journal)), most, device)
    if not found:
        typer.echo(f"no commands{' to ' + printable(device) if device else ''}", err=True)
    columns = IN_A_TABLE if form is Form.TABLE else COLUMNS
    rows = ({name: row_of(each)[name] for name in columns} for each in found)
    print_rows(form, columns, rows)


@app.command()
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Identity, as `list` shows it.")],
    form: FormOption = Form.TABLE,
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Show all that is known of one command."""
    with journal_refusals():
        command = command_of(open_reader(journal_of(settings, journal)), id_)
    if command is None:
        refuse(f"no command {printable(id_)}", FAILED)
    if form is Form.TABLE:
        print_block(row_of(command))
    else:
        print_rows(form, COLUMNS, [row_of(command)])


@app.command()
def override(  # noqa: PLR0913 each parameter is an option
    device: Device,
    mode: Annotated[str, typer.Argument(metavar="MODE", help="What it is to do: run, off.")],
    for_: Annotated[str, typer.Option("--for", help="For how long, such as 30m; at most 24h.")],
    *,
    by: By = "",
    settings: SettingsFile = None,
    journal: JournalFile = None,
) -> None:
    """Take a device over for a time: `run` keeps its fan running, `off` gives it no orders.

    An order that has not left is withdrawn, one that may just be leaving is told. It ends by
    itself. The service does it, within 2 s if it runs and else when it starts; exit code 1 if it
    refuses.
    """
    lasts = duration_of(for_)
    if not timedelta(0) < lasts <= LONGEST:
        raise typer.BadParameter(f"--for: expected more than 0 and at most 24h, not {for_}")
    until = MachineClock().now() + milliseconds_of(lasts)
    _ask(journal_of(settings, journal), device, lambda rule: (_mode(rule, mode), until), by)


@app.command()
def release(
    device: Device, by: By = "", settings: SettingsFile = None, journal: JournalFile = None
) -> None:
    """End an override at once: its sequence decides again; exit code 1 if there is none."""
    path = journal_of(settings, journal)
    with journal_refusals():
        reader = open_reader(path)
        subject, _ = _taken_over(reader, device)
        wanted = overrides_wanted(reader, MachineClock().now())
    if subject not in {each.request.subject for each in wanted}:
        refuse(f"{subject}: nobody has taken it over", FAILED)
    _ask(path, device, lambda rule: (min(rule.modes), _ENDED), by)


@app.command()
def overrides(
    form: FormOption = Form.TABLE, settings: SettingsFile = None, journal: JournalFile = None
) -> None:
    """List the devices that are taken over, the first to end first: by whom, and until when.

    One that is asked for is done when a service runs.
    """
    with journal_refusals():
        reader = open_reader(journal_of(settings, journal))
        wanted = overrides_wanted(reader, MachineClock().now())
    if not wanted:
        typer.echo("no device is taken over", err=True)
    print_rows(form, OVERRIDE_COLUMNS, map(override_row, wanted))


def _ask(
    path: Path, device: str, wish: Callable[[SequenceRule], tuple[str, Instant]], by: str
) -> None:
    try:
        by and CONTACT.read(by)
    except CellError as error:
        raise typer.BadParameter(f"--by: {error}") from None
    with journal_refusals():
        subject, rule = _taken_over(open_reader(path), device)
        request = OverrideRequest(subject, rule.name, *wish(rule), by)
        answer = _answer(path, request)
    if answer == "refused":
        refuse("refused: see the log of the service", FAILED)
    if answer == SUPERSEDED:
        refuse("somebody else has asked for something else meanwhile, which counts", FAILED)
    until = "" if request.until == _ENDED else f" {request.mode} until {iso_of(request.until)}"
    words = {"taken_over": f"{subject}: {'taken over,' if until else 'released'}{until}"}
    typer.echo(words.get(answer or "", "asked for: no service answers, it is done when one runs"))
    if until and request.mode == "off":
        _warn(path, subject)


def _warn(path: Path, subject: str) -> None:
    """Say which orders may be on their way, for a person who is at the fan."""
    for each in commands_about(open_reader(path), subject, MachineClock().now()):
        ends = iso_of(each.expires_at)
        typer.echo(f"{each.command} may be on its way: the device obeys it until {ends}", err=True)


def _taken_over(reader: sqlite3.Connection, device: str) -> tuple[str, SequenceRule]:
    """Return the subject that a device is, and its sequence, or end with what is wrong."""
    kind, _, name = device.rpartition("/")
    query = "SELECT kind FROM device WHERE name = ? AND (kind = ? OR ? = '')"
    kinds = [row[0] for row in reader.execute(query, (name, kind, kind))]
    if not kinds:
        refuse(f"no device {printable(device)}", FAILED)
    able = {rule.kind: rule for rule in sequences().values() if rule.modes}
    found = [each for each in kinds if each in able]
    if not found:
        refuse(f"{printable(device)}: a {kinds[0]}; only a {', '.join(able)} can be taken over")
    if len(found) > 1:
        refuse(f"{printable(name)}: expected KIND/DEVICE: it is a {' and a '.join(found)}")
    return f"{found[0]}/{name}", able[found[0]]


def _mode(rule: SequenceRule, mode: str) -> str:
    if mode not in rule.modes:
        expected = ", ".join(sorted(rule.modes))
        refuse(f"MODE: expected one of {expected}, not {printable(mode)}")
    return mode


def _answer(path: Path, request: OverrideRequest) -> str | None:
    """Ask the service, and return its answer, None if none came in time."""
    database = open_writer(path)
    with passing_failures(), transaction(database):
        ask_override(database, request, MachineClock().now())
    started = stopwatch()
    while stopwatch() - started < _ANSWERED_WITHIN_S:
        answer = override_answer(database, request)
        if answer:
            return answer
        block(_LOOK)
    return None
