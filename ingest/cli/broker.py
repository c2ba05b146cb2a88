"""`gridwatch broker`: what a guarded broker needs before it starts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ingest.accounts.files import write_accounts
from ingest.accounts.papers import PapersError, authority, client_certificate, server_certificate
from ingest.cli.devices import named_devices
from ingest.cli.options import FAILED, refuse
from ingest.demo.programs import LOOPBACK, MissingProgram
from ingest.tls import Identity

app = typer.Typer(
    help="Certificates for a trial, and the first accounts, of a guarded broker.",
    no_args_is_help=True,
)
_LONGEST_DAYS = 3_660


@app.command()
def ca(
    folder: Annotated[Path, typer.Argument(help="Where to write; made with mode 0700.")],
    host: Annotated[
        list[str] | None, typer.Option(help="Name or address of the broker; may come again.")
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=_LONGEST_DAYS, help="How long they are valid.")
    ] = 90,
) -> None:
    """Make an authority for a trial (ca.crt, ca.key) and the broker's certificate (server.*)."""
    with _refusals():
        ours = authority(folder, days=days)
        server = server_certificate(ours, "server", host or ["localhost", LOOPBACK], days=days)
    _print_files([*ours, *server])


@app.command()
def certificate(
    folder: Annotated[Path, typer.Argument(help="The folder that `ca` has written.")],
    name: Annotated[str, typer.Argument(help="Name of the client, such as a device's id.")],
    days: Annotated[int, typer.Option(min=1, max=_LONGEST_DAYS, help="How long it is valid.")] = 90,
) -> None:
    """Make a certificate for a client of a broker that asks for one (NAME.crt, NAME.key)."""
    (name,) = named_devices([name], None)
    with _refusals():
        _print_files(
            client_certificate(Identity(folder / "ca.crt", folder / "ca.key"), name, days=days)
        )


@app.command()
def accounts(
    folder: Annotated[Path, typer.Argument(help="Where to write; made with mode 0700.")],
    devices: Annotated[
        Path | None, typer.Option(help="File with the id of a device on each line.")
    ] = None,
) -> None:
    """Write the first accounts: the plugin's file, and a file with the password of each.

    For a broker that does not run yet. Thousands of devices are made quickest so.
    """
    ids = named_devices([], devices) if devices else []
    try:
        _print_files(write_accounts(folder, ids))
    except OSError as error:
        refuse(f"{error.filename or folder}: {error.strerror}")


def _print_files(files: Iterator[Path] | list[Path] | Identity) -> None:
    for file in files:
        typer.echo(file)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except PapersError as error:
        refuse(str(error), FAILED)
    except MissingProgram as error:
        refuse(str(error), FAILED)
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}", FAILED)
