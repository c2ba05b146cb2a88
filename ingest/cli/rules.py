"""`gridwatch rules`: what is judged, whether it is judged right, and what it would have said."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.backtest import LanguageOption, backtest, input_refusals
from ingest.cli.options import FAILED
from ingest.cli.output import Form, json_line, print_block, print_rows
from ingest.cli.shadow import app as shadow_app
from ingest.printable import printable
from ingest.rule_tools.library import library_of
from ingest.rule_tools.progress import Advance, bar
from ingest.rule_tools.reference import (
    Language,
    columns,
    details,
    limit_rows,
    list_row,
    page_of,
    rules_markdown,
    sequence_details,
)
from ingest.rule_tools.suite import Failed, Suite, failures_of, suites_of, told_rule_of
from rules.catalogue import alert_rules, sequences

app = typer.Typer(help="Rules: list, explain, test, try on the past.", no_args_is_help=True)


@app.command("list")
def list_(
    *,
    language: LanguageOption = Language.EN,
    form: Annotated[
        Form, typer.Option("--format", "-f", help="Form of output; json is one object a line.")
    ] = Form.TABLE,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the page of all rules and limits instead.")
    ] = False,
) -> None:
    """Print every rule: what it judges, of which subject, in which severities."""
    with input_refusals():
        if markdown:
            typer.echo(rules_markdown(), nl=False)
            return
        rows = [list_row(rule, language) for rule in alert_rules().values()]
    print_rows(form, columns(language), rows)


@app.command()
def show(
    rule: Annotated[
        str, typer.Argument(help="Rule, such as gas_level_ch4, or sequence, such as ventilation.")
    ],
    language: LanguageOption = Language.EN,
) -> None:
    """Print what a rule reads and says, its limits with their sources, and its page.

    Of a sequence: what it orders, and the alerts that it tells of.
    """
    if rule in sequences():
        print_block(sequence_details(sequences()[rule], language))
        typer.echo(f"\n{page_of(sequences()[rule])}", nl=False)
        return
    with input_refusals():
        found = told_rule_of(rule)
        print_block(details(found, language))
    for row in limit_rows(found, language):
        typer.echo()
        print_block(row)
    typer.echo(f"\n{page_of(found)}", nl=False)


@app.command("test")
def run_cases(
    what: Annotated[
        list[str] | None,
        typer.Argument(help="Rules, or case files of your own; all rules if none is named."),
    ] = None,
    *,
    rule: Annotated[
        str | None,
        typer.Option(help="Rule of the case files, if they are not called after one."),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(help="Rules of your own, over those of this release; their code is run."),
    ] = None,
) -> None:
    """Run rule cases with the engine of the service; exit code 1 if any case fails.

    The last line is JSON.
    """
    with input_refusals():
        suites = suites_of(what or (), rule, library_of(rules))
    cases = sum(len(suite.cases) for suite in suites)
    with bar("cases", cases) as advance:
        failures = [_failed(suite, advance) for suite in suites]
    for suite, found in zip(suites, failures, strict=True):
        _print_suite(suite, found)
    failed = sum(map(len, failures))
    tested = len({suite.rule.name for suite in suites})
    typer.echo(json_line({"rules": tested, "cases": cases, "failed": failed}))
    if failed:
        raise typer.Exit(FAILED)


app.command("backtest")(backtest)
app.add_typer(shadow_app, name="shadow")


def _failed(suite: Suite, advance: Advance) -> list[Failed]:
    found = []
    for outcome in failures_of(suite):
        advance(1)
        if outcome is not None:
            found.append(outcome)
    return found


def _print_suite(suite: Suite, found: list[Failed]) -> None:
    passed = len(suite.cases) - len(found)
    typer.echo(f"{printable(suite.title)}: {passed} passed, {len(found)} failed")
    for failed in found:
        typer.echo(f"  {printable(failed.case.name)}")
        typer.echo(f"    expected  {_listed(failed.case.expect)}")
        typer.echo(f"    seen      {_listed(failed.seen)}")
        for problem in failed.problems:
            typer.echo(f"    {printable(problem)}")


def _listed(phases: Iterable[str]) -> str:
    return printable(", ".join(phases)) or "nothing"
