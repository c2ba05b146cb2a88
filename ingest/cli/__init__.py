"""The command `gridwatch`."""

import typer

from ingest.cli import dead_letters, demo, query, registry, service, simulate

app = typer.Typer(
    help="Readings of water meters, door controllers and gas monitors: off MQTT, durable.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("run")(service.run)
app.command("check")(service.check)
app.command("settings")(service.settings)
app.add_typer(query.app, name="query")
app.add_typer(dead_letters.app, name="deadletter")
app.add_typer(registry.app, name="registry")
app.add_typer(simulate.app, name="simulate")
app.command("demo")(demo.demo)


def main() -> None:
    """Run the command line."""
    app()
