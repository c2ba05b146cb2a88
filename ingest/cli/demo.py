"""`gridwatch demo`: the whole path on this machine, with simulated devices."""

from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.options import FAILED, refuse
from ingest.cli.output import json_line
from ingest.demo.plays import community, recording
from ingest.demo.programs import MissingProgram, StartError
from ingest.demo.stage import perform
from ingest.simulate.broker import BrokerUnreachable
from ingest.simulate.refusal import InputError


def demo(
    *,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="End by itself after so many seconds.")
    ] = None,
    influx: Annotated[
        bool, typer.Option("--influx", help="Write to an InfluxDB 1.x of this machine as well.")
    ] = False,
    replay: Annotated[
        Path | None, typer.Option(help="Show recorded water meters of this file instead.")
    ] = None,
) -> None:
    """Show 200 homes, 32 doors and 4 gas monitors over a private Mosquitto, on loopback.

    Three days go by in seconds, in which a pipe leaks, a person in care stays silent, a door is
    forced, a lease ends; then gas builds up in a tank, minute by minute, and a fan is started. Each
    alert is told with its explanation. At the end, what was injected is held against what was told.

    Everything it makes lies in a temporary folder and goes with it. The last line is JSON:
    readings published, stored, recognised as duplicates, refused, lost. Exit code 1 if one is lost.
    """
    try:
        plays = (lambda _: recording(replay)) if replay else community
        account = perform(plays, seconds, influx=influx)
    except InputError as error:
        refuse(str(error))
    except (MissingProgram, StartError, BrokerUnreachable) as error:
        refuse(str(error), FAILED)
    typer.echo(json_line(account))
    if account["lost"]:
        raise typer.Exit(FAILED)
