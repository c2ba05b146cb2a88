"""`gridwatch rules backtest`: what the rules would have made of readings of the past."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple, TypeAlias

import typer

from ingest.cli.options import (
    FAILED,
    SettingsFile,
    journal_refusals,
    moment_of,
    refuse,
    settings_of,
)
from ingest.cli.output import Form, Row, json_line, print_rows
from ingest.clock import MachineClock
from ingest.configuration import SettingsError
from ingest.journal.database import open_reader
from ingest.registry.cells import AREA, CellError
from ingest.registry.limits import limits_of
from ingest.registry.places import Places
from ingest.registry.snapshot import register_of
from ingest.rule_tools.backtest import RuleTrial, Trial, rate_of
from ingest.rule_tools.backtest import backtest as trial_of
from ingest.rule_tools.comparison import differences_of, fitting, limits_from
from ingest.rule_tools.episode import Episode, episode_csv
from ingest.rule_tools.feed import Feed, JournalFeed, RecordingFeed
from ingest.rule_tools.influx_feed import InfluxFeed
from ingest.rule_tools.library import Library, library_of, tried
from ingest.rule_tools.progress import bar
from ingest.rule_tools.reference import Language
from ingest.rule_tools.span import Span
from ingest.settings import Settings
from ingest.simulate.output import write_whole
from ingest.simulate.recording import read_recording
from ingest.simulate.refusal import InputError
from ingest.sinks import database_of
from ingest.sinks.influx_query import NoAnswer
from rules.limits import LimitBook
from rules.register import TableRegister
from rules.severity import Severity

LanguageOption: TypeAlias = Annotated[
    Language, typer.Option("--language", "-l", help="Language of names and explanations.")
]

_SQLITE = b"SQLite format 3"
_DIFFERENCE = ("rule", "by these", "by the others", "only by these", "only by the others")


def backtest(  # noqa: PLR0913 each parameter is an option
    file: Annotated[
        Path | None,
        typer.Argument(help="Meters: home;local_time;reading_litres;difference_litres, .csv, .gz"),
    ] = None,
    *,
    journal: Annotated[Path | None, typer.Option(help="Journal to take readings from.")] = None,
    influx: Annotated[
        bool,
        typer.Option("--influx", help="Take them from the InfluxDB 1.x of the settings."),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option("--from", help="Leave out what was measured before: an age or an instant."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Leave out what was measured from then on.")
    ] = None,
    area: Annotated[str, typer.Option(help="Area code where the homes of FILE stand.")] = "500000",
    limits: Annotated[
        Path | None,
        typer.Option(help="Limits as a file or a folder. None: the journal's, or the defaults."),
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Other limits to compare with, as a file or a folder.")
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(help="Rules of your own, over those of this release; their code is run."),
    ] = None,
    against_rules: Annotated[
        Path | None, typer.Option(help="Other rules of your own to compare with.")
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(help="Try this rule or sequence; may be given again. None: all rules."),
    ] = None,
    episodes: Annotated[
        Path | None, typer.Option("--csv", help="Write the list of episodes there.")
    ] = None,
    language: LanguageOption = Language.EN,
    settings: SettingsFile = None,
) -> None:
    """Say what the rules would have made of readings of the past.

    Alerts of one rule and subject no more than 24 h apart are one episode; a month is one of one
    device that the rule reads, and below a day of one device there is no rate. A journal is judged
    by the registry of today, and so is InfluxDB if the journal of the settings is there. Bounds are
    an age such as 30d, or an instant such as 2026-03-01T00:00:00+08:00. The last line is JSON; exit
    code 1 if a rule's condition raised.

    A folder of rules has a folder for each, as `rules/library`; such a rule takes the place of the
    one of its name, or stands beside the others. Where two sides are compared, alerts that overlap
    are of one incident, whichever tells of it earlier. What sequences would order is counted and
    given to nobody; what devices did is as recorded.
    """
    with input_refusals(), journal_refusals():
        sides = [_Side(rules, limits)]
        if against or against_rules:
            sides.append(_Side(against_rules or rules, against or limits))
        libraries = [library_of(side.rules) for side in sides]
        tried_rules = tried(libraries, rule or ())
        given = _Given(file, journal, settings if influx else None, area, _span(since, until))
        feed, book = _source(given, influx=influx)
        books = [
            replace(each, limits=_limits(side, book, library, feed))
            for each, side, library in zip(tried_rules, sides, libraries, strict=True)
        ]
        with bar("readings", feed.total * len(books)) as advance:
            trials = [trial_of(each, feed, advance) for each in books]
        if episodes:
            write_whole(episodes, episode_csv(_told(trials[0], language)))
    _print_trials(trials, feed)
    if any(trial.failures for trial in trials):
        raise typer.Exit(FAILED)


@contextmanager
def input_refusals() -> Iterator[None]:
    """End with what is wrong with a file or argument."""
    try:
        yield
    except InputError as error:
        refuse(str(error))
    except NoAnswer as error:
        refuse(str(error), FAILED)


def _span(since: str | None, until: str | None) -> Span:
    now = MachineClock().now()
    span = Span(*(None if text is None else moment_of(text, now) for text in (since, until)))
    if None not in span and not span.holds(span.since or 0):
        raise InputError("--until: expected later than --from")
    return span


class _Side(NamedTuple):
    """What one side of a comparison judges by; None for what is in force."""

    rules: Path | None
    limits: Path | None


def _limits(side: _Side, in_force: LimitBook, library: Library, feed: Feed) -> LimitBook:
    if side.limits:
        return limits_from(side.limits, feed.register, library)
    return fitting(in_force, feed.register, library, "limits in force")


class _Given(NamedTuple):
    file: Path | None
    journal: Path | None
    settings: Path | None
    area: str
    span: Span


def _source(given: _Given, *, influx: bool) -> tuple[Feed, LimitBook]:
    sources = (given.file is not None, given.journal is not None, influx)
    if sum(sources) != 1:
        raise InputError("FILE, --journal, --influx: expected one of them")
    if influx:
        return _influx(settings_of(given.settings), given.span)
    if given.file is not None:
        _refuse_journal(given.file)
        recording = read_recording(given.file)
        return RecordingFeed(recording, _chain(given.area), given.span), LimitBook()
    reader = open_reader(given.journal or Path())
    return JournalFeed(reader, register_of(reader), given.span), limits_of(reader)


def _refuse_journal(file: Path) -> None:
    """Say how a journal is given, instead of what is wrong with it as a recording."""
    with suppress(OSError), file.open("rb") as opened:  # read_recording says what is wrong
        if opened.read(len(_SQLITE)) == _SQLITE:
            raise InputError(f"{file}: this is a journal: give it as --journal {file}")


def _influx(settings: Settings, span: Span) -> tuple[Feed, LimitBook]:
    if settings.sink.influx is None or settings.sink.influx.api != "v1":
        raise InputError('--influx: expected settings with [sink.influx] and api = "v1"')
    try:
        database = database_of(settings.sink.influx)
    except SettingsError as error:
        raise InputError(str(error)) from None
    if not settings.journal.path.exists():
        return InfluxFeed(database, TableRegister(), span), LimitBook()
    reader = open_reader(settings.journal.path)
    return InfluxFeed(database, register_of(reader), span), limits_of(reader)


def _chain(area: str) -> tuple[str, ...]:
    try:
        return Places({}).chain(str(AREA.read(area)))
    except CellError as error:
        raise InputError(f"--area: {error}") from None


def _told(trial: Trial, language: Language) -> Iterator[tuple[Episode, str]]:
    for each in trial.rules:
        for episode in each.episodes:
            worst = episode.worst
            text = each.rule.explanation.text(worst.evidence, worst.start)
            yield episode, text.zh if language is Language.ZH else text.en


def _print_trials(trials: list[Trial], feed: Feed) -> None:
    trial, *others = trials
    summary = _summary(trial, feed)
    _print_rows([_trial_row(each) for each in trial.rules])
    for other in others:
        differences = differences_of(trial, other)
        typer.echo("\nalerts by these and by the others")
        _print_rows([dict(zip(_DIFFERENCE, each, strict=True)) for each in differences])
        summary["only_here"] = sum(each.only_here for each in differences)
        summary["only_there"] = sum(each.only_there for each in differences)
    for each in trials:
        if each.orders:
            typer.echo(f"\nordered, and given to nobody: {_counted(each.orders)}")
    if trial.idle:
        typer.echo(f"\nnothing to judge for {len(trial.idle)} rules: {', '.join(trial.idle)}")
    for rule, times in trial.failures.items():
        typer.echo(f"{rule}: its condition raised {times} times", err=True)
    typer.echo(json_line(summary))


def _counted(orders: Counter[str]) -> str:
    return ", ".join(f"{command} {times}" for command, times in sorted(orders.items()))


def _print_rows(rows: list[Row]) -> None:
    if rows:
        print_rows(Form.TABLE, list(rows[0]), rows)


def _trial_row(trial: RuleTrial) -> Row:
    return {
        "rule": trial.rule.name,
        "alerts": len(trial.alerts),
        "per device-month": _rate(trial.per_device_month()),
        "of these warnings": _rate(trial.per_device_month(Severity.WARNING)),
        "episodes": len(trial.episodes),
        "open": sum(alert.end is None for alert in trial.alerts),
    }


def _rate(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.3f}"


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 4)


def _summary(trial: Trial, feed: Feed) -> dict[str, object]:
    months = trial.coverage.device_months()
    alerts = sum(len(each.alerts) for each in trial.rules)
    warnings = sum(each.of(Severity.WARNING) for each in trial.rules)
    return {
        "readings": trial.readings,
        "left_out": feed.left_out,
        "late": trial.coverage.late,
        "devices": len(trial.coverage),
        "device_months": round(months, 2),
        "alerts": alerts,
        "episodes": sum(len(each.episodes) for each in trial.rules),
        "alerts_per_device_month": _rounded(rate_of(alerts, months)),
        "warnings_per_device_month": _rounded(rate_of(warnings, months)),
        "failures": trial.failures.total(),
        "orders": trial.orders.total(),
        "seconds": round(trial.seconds, 2),
        "readings_per_s": round(trial.readings / trial.seconds),
    }
