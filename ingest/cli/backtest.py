"""`gridwatch rules backtest`: what the rules would have made of readings of the past."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from ingest.cli.options import FAILED, journal_refusals, refuse
from ingest.cli.output import Form, Row, print_rows
from ingest.journal.database import open_reader
from ingest.registry.cells import AREA, CellError
from ingest.registry.limits import limits_of
from ingest.registry.places import Places
from ingest.registry.snapshot import register_of
from ingest.rule_tools.backtest import RuleTrial, Trial
from ingest.rule_tools.backtest import backtest as trial_of
from ingest.rule_tools.comparison import differences_of, limits_from
from ingest.rule_tools.episode import Episode, episode_csv
from ingest.rule_tools.feed import Feed, JournalFeed, RecordingFeed
from ingest.rule_tools.progress import bar
from ingest.rule_tools.reference import Language
from ingest.rule_tools.suite import rule_of
from ingest.simulate.output import write_whole
from ingest.simulate.recording import read_recording
from ingest.simulate.refusal import InputError
from rules.bound import Rulebook
from rules.catalogue import catalogue
from rules.limits import LimitBook
from rules.severity import Severity

LanguageOption: TypeAlias = Annotated[
    Language, typer.Option("--language", "-l", help="Language of names and explanations.")
]


def backtest(  # noqa: PLR0913 each parameter is an option
    file: Annotated[
        Path | None,
        typer.Argument(help="Meters: home;local_time;reading_litres;difference_litres, .csv, .gz"),
    ] = None,
    *,
    journal: Annotated[Path | None, typer.Option(help="Journal to take readings from.")] = None,
    area: Annotated[str, typer.Option(help="Area code where the homes of FILE stand.")] = "500000",
    limits: Annotated[
        Path | None,
        typer.Option(help="Folder with limits.csv. None: those of the journal, or the defaults."),
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Folder with another limits.csv to compare with.")
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option(help="Try this rule; may be given again. None: all.")
    ] = None,
    episodes: Annotated[
        Path | None, typer.Option("--csv", help="Write the list of episodes there.")
    ] = None,
    language: LanguageOption = Language.EN,
) -> None:
    """Say what the rules would have made of readings of the past.

    Alerts of one rule and subject no more than 24 h apart are one episode; a month is one of one
    device that the rule reads. A journal is judged by the registry of today. The last line is JSON;
    exit code 1 if a rule's condition raised.
    """
    with input_refusals(), journal_refusals():
        rules = tuple(map(rule_of, dict.fromkeys(rule))) if rule else tuple(catalogue().values())
        feed, book = _source(file, journal, area)
        books = [limits_from(limits, feed.register) if limits else book]
        books += [limits_from(against, feed.register)] if against else []
        with bar("readings", feed.total * len(books)) as advance:
            trials = [trial_of(Rulebook(rules, each), feed, advance) for each in books]
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


def _source(file: Path | None, journal: Path | None, area: str) -> tuple[Feed, LimitBook]:
    if file is not None and journal is None:
        return RecordingFeed(read_recording(file), _chain(area)), LimitBook()
    if journal is not None and file is None:
        reader = open_reader(journal)
        return JournalFeed(reader, register_of(reader)), limits_of(reader)
    raise InputError("FILE, --journal: expected one of them")


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
        typer.echo("\nagainst the other limits")
        _print_rows([each._asdict() for each in differences])
        summary["only_here"] = sum(each.only_here for each in differences)
        summary["only_there"] = sum(each.only_there for each in differences)
    if trial.idle:
        typer.echo(f"nothing to judge: {', '.join(trial.idle)}")
    for rule, times in trial.failures.items():
        typer.echo(f"{rule}: its condition raised {times} times", err=True)
    typer.echo(json.dumps(summary))


def _print_rows(rows: list[Row]) -> None:
    if rows:
        print_rows(Form.TABLE, list(rows[0]), rows)


def _trial_row(trial: RuleTrial) -> Row:
    return {
        "rule": trial.rule.name,
        "alerts": len(trial.alerts),
        "a month": f"{trial.per_device_month():.3f}",
        "warnings a month": f"{trial.per_device_month(Severity.WARNING):.3f}",
        "episodes": len(trial.episodes),
        "open": sum(alert.end is None for alert in trial.alerts),
    }


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
        "alerts_per_device_month": round(alerts / months, 4) if months else 0.0,
        "warnings_per_device_month": round(warnings / months, 4) if months else 0.0,
        "failures": trial.failures.total(),
        "seconds": round(trial.seconds, 2),
        "readings_per_s": round(trial.readings / trial.seconds),
    }
