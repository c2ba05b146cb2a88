"""`gridwatch simulate`: devices that speak to a real broker, modelled or recorded."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from devices.instant import Instant, instant_of, iso_of, milliseconds_of
from devices.models.fleet import Fleet
from devices.models.plan import FleetPlan
from devices.models.scenario import ScenarioError, parse_scenario
from ingest.cli.options import duration_of, refuse
from ingest.clock import Clock, FastClock, MachineClock
from ingest.simulate.broker import (
    Broker,
    BrokerUnreachable,
    Login,
    Logins,
    device_passwords,
    first_line,
    tls_context,
)
from ingest.simulate.layout import Layout
from ingest.simulate.local_time import RepeatedHour
from ingest.simulate.output import truth_lines, write_whole
from ingest.simulate.recording import read_recording
from ingest.simulate.refusal import InputError, unreadable
from ingest.simulate.replay import EndClock, Replay, weeks_to
from ingest.simulate.session import Course, publish, summary
from ingest.tls import Identity

FASTEST = 100_000

app = typer.Typer(
    help="Simulated or recorded devices, published to a broker over MQTT 5 at QoS 1.",
    no_args_is_help=True,
)

Host = Annotated[str, typer.Option(help="Host name or address of the broker.")]
Port = Annotated[int, typer.Option(min=1, max=65_535, help="Port of the broker.")]
Username = Annotated[str | None, typer.Option(help="User name of every client.")]
PasswordFile = Annotated[
    Path | None, typer.Option(help="File with the password of --username on its first line.")
]
DevicePasswords = Annotated[
    Path | None, typer.Option(help="File of device:password lines; a device signs in by its id.")
]
Tls = Annotated[bool, typer.Option("--tls", help="Connect by TLS.")]
CaFile = Annotated[
    Path | None, typer.Option(help="Certificates to trust instead of the system's; means --tls.")
]
CertFile = Annotated[
    Path | None, typer.Option(help="Certificate of every client, for mutual TLS; means --tls.")
]
KeyFile = Annotated[Path | None, typer.Option(help="The key of --cert-file.")]
ConnectLimit = Annotated[
    str, typer.Option(help="How long to try for the first connection, such as 15s.")
]
Gateways = Annotated[
    int,
    typer.Option(
        min=0, max=64, help="Connections that carry all devices; 0: one each up to 500 devices."
    ),
]
Name = Annotated[str, typer.Option(help="What client ids begin with; each run needs its own.")]


@app.command()
def run(  # noqa: PLR0913 each parameter is an option
    *,
    homes: Annotated[int, typer.Option(min=0, help="Homes, each with a water meter.")] = 200,
    doors: Annotated[int, typer.Option(min=0, help="Door controllers.")] = 40,
    gas: Annotated[int, typer.Option(min=0, help="Gas monitors.")] = 12,
    seed: Annotated[int, typer.Option(help="The same seed gives the same devices.")] = 1,
    speed: Annotated[
        float, typer.Option(min=1, max=FASTEST, help="How many times as fast as real time.")
    ] = 1,
    since: Annotated[
        str, typer.Option(help="How long before now simulated time begins, such as 35d.")
    ] = "0s",
    duration: Annotated[
        str | None, typer.Option(help="How much simulated time to run; without it, until stopped.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Simulated end: now, or an ISO 8601 time with offset.")
    ] = None,
    scenario: Annotated[Path | None, typer.Option(help="TOML file of what goes wrong.")] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Write what was injected there, as JSON lines.")
    ] = None,
    registry: Annotated[
        Path | None, typer.Option(help="Write the devices there, as CSV: kind,device,area.")
    ] = None,
    host: Host = "127.0.0.1",
    port: Port = 1883,
    username: Username = None,
    password_file: PasswordFile = None,
    device_password_file: DevicePasswords = None,
    tls: Tls = False,
    ca_file: CaFile = None,
    cert_file: CertFile = None,
    key_file: KeyFile = None,
    connect_limit: ConnectLimit = "15s",
    gateways: Gateways = 0,
    name: Name = "sim",
) -> None:
    """Simulate a community of water meters, doors and gas monitors.

    Simulated time runs at --speed until it has caught up with the present, then in real time.
    Ends at --duration or --until, or on SIGINT or SIGTERM; the last line is JSON.
    """
    with _refusals():
        logins = _logins(username, password_file, device_password_file)
        context = _tls(ca_file, cert_file, key_file, wanted=tls)
        broker = _broker((host, port), context, logins, connect_limit)
        plan = FleetPlan(homes=homes, doors=doors, gas_monitors=gas, seed=seed)
        if homes + doors + gas == 0:
            raise InputError("--homes, --doors, --gas: expected at least one device")
        start = MachineClock().now() - milliseconds_of(duration_of(since))
        fleet = _fleet(plan, start, scenario)
        if registry:
            write_whole(registry, "\n".join((*fleet.community.area_rows(), "")))
        course = Course(fleet, FastClock(start, speed), _end(start, duration, until))
        try:
            tally = publish(course, broker, _layout(gateways, name))
        finally:
            if truth:
                write_whole(truth, truth_lines(fleet.truth()))
        typer.echo(summary(tally))


@app.command()
def replay(  # noqa: PLR0913 each parameter is an option
    file: Annotated[
        Path, typer.Argument(help="home;local_time;reading_litres;difference_litres, .csv or .gz")
    ],
    *,
    speed: Annotated[
        str, typer.Option(help="How many times the recorded pace, 1 to 100000, or max.")
    ] = "max",
    shift_weeks: Annotated[
        int | None, typer.Option(help="Weeks to move all times by; default: as near as can be.")
    ] = None,
    no_shift: Annotated[bool, typer.Option("--no-shift", help="Keep the recorded times.")] = False,
    repeated_hour: Annotated[
        RepeatedHour, typer.Option(help="How to read the hour that comes twice in October.")
    ] = RepeatedHour.SUMMER,
    host: Host = "127.0.0.1",
    port: Port = 1883,
    username: Username = None,
    password_file: PasswordFile = None,
    device_password_file: DevicePasswords = None,
    tls: Tls = False,
    ca_file: CaFile = None,
    cert_file: CertFile = None,
    key_file: KeyFile = None,
    connect_limit: ConnectLimit = "15s",
    gateways: Gateways = 0,
    name: Name = "replay",
) -> None:
    """Replay recorded water meters with their repeats, negative steps and gaps.

    Times move by whole weeks so that the last reading lies before now. The service takes only
    times younger than its accept.age_days, which has to cover the span of the file.
    """
    with _refusals():
        logins = _logins(username, password_file, device_password_file)
        context = _tls(ca_file, cert_file, key_file, wanted=tls)
        broker = _broker((host, port), context, logins, connect_limit)
        pace = _pace(speed)
        if no_shift and shift_weeks is not None:
            raise InputError("--shift-weeks, --no-shift: expected one of them")
        recording = read_recording(file, repeated_hour)
        now = MachineClock().now()
        weeks = 0 if no_shift else weeks_to(now, recording) if shift_weeks is None else shift_weeks
        source = Replay(recording, weeks)
        if source.last_at >= now:
            raise InputError(
                f"--shift-weeks: expected at most {weeks_to(now, recording)}, or the last reading "
                f"({iso_of(source.last_at)}) lies ahead"
            )
        clock: Clock = FastClock(source.first_at, pace) if pace else EndClock(source.last_at)
        course = Course(source, clock, shown_end=source.last_at)
        tally = publish(course, broker, _layout(gateways, name))
        conflicting = tally.messages - tally.readings - tally.repeated
        typer.echo(summary(tally, conflicting=conflicting, shift_weeks=weeks))


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except InputError as error:
        refuse(str(error))
    except BrokerUnreachable as error:
        refuse(str(error), 1)


def _broker(
    address: tuple[str, int], tls: ssl.SSLContext | None, logins: Logins, connect_limit: str
) -> Broker:
    host, port = address
    return Broker(
        host=host, port=port, tls=tls, logins=logins, reach_limit=duration_of(connect_limit)
    )


def _tls(
    ca_file: Path | None, cert_file: Path | None, key_file: Path | None, *, wanted: bool
) -> ssl.SSLContext | None:
    if bool(cert_file) != bool(key_file):
        raise InputError("--cert-file, --key-file: expected both or neither")
    identity = Identity(cert_file, key_file) if cert_file and key_file else None
    return tls_context(ca_file, identity) if wanted or ca_file or identity else None


def _logins(username: str | None, password: Path | None, devices: Path | None) -> Logins:
    if password and not username:
        raise InputError("--password-file: expected --username as well")
    shared = Login(username, first_line(password) if password else None) if username else None
    return Logins(shared, device_passwords(devices) if devices else {})


def _layout(gateways: int, name: str) -> Layout:
    return Layout(own_up_to=0, gateways=gateways, name=name) if gateways else Layout(name=name)


def _end(start: Instant, duration: str | None, until: str | None) -> Instant | None:
    if duration is not None and until is not None:
        raise InputError("--duration, --until: expected one of them")
    if duration is not None:
        return start + milliseconds_of(duration_of(duration))
    return _until(start, until) if until is not None else None


def _until(start: Instant, text: str) -> Instant:
    try:
        end = MachineClock().now() if text == "now" else instant_of(datetime.fromisoformat(text))
    except (ValueError, TypeError):
        raise InputError(
            f"--until: expected now or a time such as 2026-03-01T04:00:00+08:00, not {text!r}"
        ) from None
    if end < start:
        raise InputError(f"--until: expected a time after the start, {iso_of(start)}")
    return end


def _fleet(plan: FleetPlan, start: Instant, scenario: Path | None) -> Fleet:
    if scenario is None:
        return Fleet(plan, start)
    try:
        return Fleet(plan, start, parse_scenario(scenario.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(scenario, error) from None
    except ScenarioError as error:
        raise InputError(f"{scenario}: {error}") from None


def _pace(text: str) -> float | None:
    if text == "max":
        return None
    try:
        pace = float(text)
    except ValueError:
        pace = 0.0
    if not 1 <= pace <= FASTEST:
        raise InputError(f"--speed: expected 1 to {FASTEST} or max, not {text!r}")
    return pace
