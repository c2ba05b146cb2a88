"""`gridwatch device`: accounts of devices at a running broker."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from devices.refusal import DecodeError
from devices.topic import check_device
from ingest.accounts.control import AccountsUnavailable, Administrator, Control, controlling
from ingest.accounts.devices import Account, Outcome, accounts, add, revoke, rotate
from ingest.accounts.files import password_lines
from ingest.accounts.roles import ADMIN, ROLES, SERVICE
from ingest.cli.options import FAILED, SettingsFile, refuse, settings_of
from ingest.cli.output import Form, print_rows
from ingest.configuration import ADMIN_PASSWORD_VARIABLE, SettingsError
from ingest.mqtt.greeting import broker_trust
from ingest.printable import printable
from ingest.private_file import write_private
from ingest.simulate.broker import first_line
from ingest.simulate.refusal import InputError

app = typer.Typer(
    help="Accounts of devices at the running broker of `[mqtt]`; changes hold at once.",
    no_args_is_help=True,
)
Ids: TypeAlias = Annotated[list[str] | None, typer.Argument(help="Ids of devices.")]
Devices: TypeAlias = Annotated[
    Path | None, typer.Option("--from", help="File with the id of a device on each line.")
]
Target: TypeAlias = Annotated[
    Path | None,
    typer.Option("--to", help="New file for device:password lines, instead of printing them."),
]
AdminName: TypeAlias = Annotated[
    str, typer.Option("--admin", help="Account that manages the others.")
]
AdminPassword: TypeAlias = Annotated[
    Path,
    typer.Option(
        "--admin-password-file",
        "-p",
        envvar=ADMIN_PASSWORD_VARIABLE,
        help="File whose first line is the password of --admin.",
    ),
]
FormOption: TypeAlias = Annotated[
    Form, typer.Option("--format", "-f", help="Form of output; json is one object a line.")
]
_Change: TypeAlias = Callable[[Control, Sequence[str]], AsyncIterator[Outcome]]


@app.command("add")
def add_(  # noqa: PLR0913 each parameter is an option
    *,
    admin_password: AdminPassword,
    ids: Ids = None,
    source: Devices = None,
    target: Target = None,
    admin: AdminName = ADMIN,
    form: FormOption = Form.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Make accounts, and print each password: once, it is kept nowhere.

    Exit code 1 if one is refused; the others are made.
    """
    chosen = _devices(ids, source, but=ROLES)
    if target and target.exists():
        refuse(f"{target}: expected a new file")
    who = _administrator(settings, admin, admin_password)
    _hand_over(_changed(who, add, chosen), target, form)


@app.command("rotate")
def rotate_(  # noqa: PLR0913 each parameter is an option
    *,
    admin_password: AdminPassword,
    ids: Ids = None,
    source: Devices = None,
    target: Target = None,
    admin: AdminName = ADMIN,
    form: FormOption = Form.TABLE,
    settings: SettingsFile = None,
) -> None:
    """Make new passwords and print them; who is connected by the old one is disconnected.

    `gridwatch` and `simulator` can be named as well. Exit code 1 if one is refused.
    """
    chosen = _devices(ids, source, but=(ADMIN,))
    if target and target.exists():
        refuse(f"{target}: expected a new file")
    who = _administrator(settings, admin, admin_password)
    _hand_over(_changed(who, rotate, chosen), target, form)


@app.command("revoke")
def revoke_(
    admin_password: AdminPassword,
    ids: Ids = None,
    source: Devices = None,
    admin: AdminName = ADMIN,
    settings: SettingsFile = None,
) -> None:
    """Remove accounts; a device that is connected is disconnected. `simulator` is one of them.

    Exit code 1 if one is refused, as when there is no such account.
    """
    chosen = _devices(ids, source, but=(ADMIN, SERVICE))
    outcomes = _changed(_administrator(settings, admin, admin_password), revoke, chosen)
    for outcome in outcomes:
        if not outcome.refused:
            typer.echo(f"{outcome.device}: revoked")
    _tell_refused(outcomes)


@app.command("list")
def list_(
    admin_password: AdminPassword,
    admin: AdminName = ADMIN,
    form: FormOption = Form.TABLE,
    settings: SettingsFile = None,
) -> None:
    """List the accounts of devices, by name; `enabled` is false where another tool disabled one."""
    who = _administrator(settings, admin, admin_password)
    try:
        found = asyncio.run(_accounts(who))
    except AccountsUnavailable as error:
        refuse(printable(str(error)), FAILED)
    if not found:
        typer.echo("no accounts of devices", err=True)
    print_rows(form, Account._fields, (account._asdict() for account in found))


def named_devices(ids: Sequence[str], source: Path | None) -> list[str]:
    """Return the ids and those of the file, once each; ends where one can't be a device's."""
    found = [*ids, *(_lines(source) if source else ())]
    for device in found:
        try:
            check_device(device)
        except DecodeError as error:
            refuse(f"{printable(device)}: {error.detail}")
    return list(dict.fromkeys(found))


def _devices(ids: Sequence[str] | None, source: Path | None, but: Collection[str]) -> list[str]:
    chosen = named_devices(ids or (), source)
    if not chosen:
        refuse("expected ids of devices, or --from with some")
    for device in chosen:
        if device in but:
            refuse(f"{device}: the name of an account that is no device")
    return chosen


def _lines(source: Path) -> list[str]:
    try:
        return source.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{source}: can't read: {type(error).__name__}")


def _administrator(settings: Path | None, admin: str, password: Path) -> Administrator:
    mqtt = settings_of(settings).mqtt
    try:
        secret = first_line(password)
        tls = broker_trust(mqtt) if mqtt.tls else None
    except (SettingsError, InputError) as error:
        refuse(str(error))
    return Administrator(host=mqtt.host, port=mqtt.port, tls=tls, username=admin, password=secret)


def _changed(who: Administrator, change: _Change, devices: Sequence[str]) -> list[Outcome]:
    """Return what came of each device; a broken connection leaves those behind it refused."""
    outcomes: list[Outcome] = []
    try:
        asyncio.run(_collect(who, change, devices, outcomes))
    except AccountsUnavailable as error:
        if not outcomes:
            refuse(printable(str(error)), FAILED)
        dealt_with = {outcome.device for outcome in outcomes}
        left = [device for device in devices if device not in dealt_with]
        outcomes += [Outcome(device, refused=str(error)) for device in left]
    return outcomes


async def _collect(
    who: Administrator, change: _Change, devices: Sequence[str], outcomes: list[Outcome]
) -> None:
    async with controlling(who) as control:
        async for outcome in change(control, devices):
            outcomes.append(outcome)  # noqa: PERF401 what was done counts even if the rest fails


async def _accounts(who: Administrator) -> list[Account]:
    async with controlling(who) as control:
        return [account async for account in accounts(control)]


def _hand_over(outcomes: Sequence[Outcome], target: Path | None, form: Form) -> None:
    """Print the passwords, or write them to the new file."""
    issued = {each.device: each.secret for each in outcomes if each.secret}
    if target and issued:
        try:
            write_private(target, password_lines(issued))
        except OSError as error:
            typer.echo(f"{target}: can't write: {error.strerror}: printed instead", err=True)
            target = None
    if target:
        typer.echo(f"{len(issued)} passwords", err=True)
    else:
        rows = ({"device": device, "password": secret} for device, secret in issued.items())
        print_rows(form, ("device", "password"), rows)
        sys.stdout.flush()
    _tell_refused(outcomes)


def _tell_refused(outcomes: Sequence[Outcome]) -> None:
    refused = [outcome for outcome in outcomes if outcome.refused]
    for outcome in refused:
        typer.echo(f"{outcome.device}: {printable(outcome.refused or '')}", err=True)
    if refused:
        raise typer.Exit(FAILED)
