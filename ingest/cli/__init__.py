"""The command `gridwatch`."""

from importlib.metadata import version
from typing import Annotated

import typer

from ingest.cli import (
    alerts,
    broker,
    commands,
    dead_letters,
    demo,
    devices,
    journal,
    query,
    registry,
    rules,
    service,
    simulate,
)

app = typer.Typer(
    help="Readings of water meters, door controllers and gas monitors: off MQTT, durable.",
    epilog="Exit codes: 0 done, 1 could not be done, 2 wrong arguments or settings.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("run")(service.run)
app.command("check")(service.check)
app.command("settings")(service.settings)
app.command("metrics")(service.metrics)
app.add_typer(query.app, name="query")
app.add_typer(alerts.app, name="alerts")
app.add_typer(commands.app, name="commands")
app.add_typer(dead_letters.app, name="deadletter")
app.add_typer(journal.app, name="journal")
app.add_typer(registry.app, name="registry")
app.add_typer(rules.app, name="rules")
app.add_typer(simulate.app, name="simulate")
app.add_typer(broker.app, name="broker")
app.add_typer(devices.app, name="device")
app.command("demo")(demo.demo)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 the library calls it so
    if wanted:
        typer.echo(f"gridwatch {version('gridwatch')}")
        raise typer.Exit


@app.callback()
def _global(
    *,
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line."""
    app()
