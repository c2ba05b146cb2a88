"""Laws that hold for every sequence the catalogue finds."""

from importlib.resources import files

import pytest

from rules import library
from rules.case import Case, CaseError, cases_of
from rules.casefile import CaseResult, cases_of_rule
from rules.catalogue import homes, sequences
from rules.rule import AlertRule
from rules.sequence import SequenceRule
from rules.sequence_case import run_sequence_case
from tests.rules.languages import assert_chinese

SEQUENCES = tuple(sequences().values())
CASES = tuple((rule, case) for rule in SEQUENCES for case in cases_of_rule(rule))
ALERTS = tuple((rule, alert) for rule in SEQUENCES for alert in rule.alerts)

every_sequence = pytest.mark.parametrize("rule", SEQUENCES, ids=lambda rule: rule.name)
every_case = pytest.mark.parametrize(
    ("rule", "case"), CASES, ids=[f"{rule.name}: {case.name}" for rule, case in CASES]
)
every_alert = pytest.mark.parametrize(
    ("rule", "alert"), ALERTS, ids=[alert.name for _, alert in ALERTS]
)


def results(rule: SequenceRule) -> list[CaseResult]:
    return [run_sequence_case(rule, case) for case in cases_of_rule(rule)]


@every_case
def test_a_case_ends_as_it_expects(rule: SequenceRule, case: Case) -> None:
    assert run_sequence_case(rule, case).problems == ()


@every_case
def test_an_alert_is_explained_in_both_languages_with_the_source_of_its_limit(
    rule: SequenceRule, case: Case
) -> None:
    told = {alert.name: alert for alert in rule.alerts}
    for change in run_sequence_case(rule, case).changes:
        text = told[change.rule].explanation.text(change.evidence, change.start)
        assert str(change.evidence["limit_from"]) in text.en
        names = (str(change.evidence.get(name)) for name in ("person", "door"))
        assert_chinese(text.zh, *names)


@every_sequence
def test_a_sequence_has_cases_that_tell_and_ones_that_do_not(rule: SequenceRule) -> None:
    told = [bool(result.changes) for result in results(rule)]
    assert any(told)
    assert not all(told)


@every_sequence
def test_a_sequence_has_a_telling_case_over_a_restart_and_one_with_repeats_and_late_data(
    rule: SequenceRule,
) -> None:
    telling = [result.case for result in results(rule) if result.changes]
    assert any(case.restart_at for case in telling)
    assert any(case.duplicate for case in telling)


@every_alert
def test_an_alert_has_a_case_and_a_line_for_the_night(rule: SequenceRule, alert: AlertRule) -> None:
    assert any(
        f"{alert.name} raised" in text for case in cases_of_rule(rule) for text in case.expect
    )
    readme = (files(library) / homes()[alert.name] / "README.md").read_text(encoding="utf-8")
    night = readme.partition("## At three in the morning")[2]
    assert f"`{alert.name}`" in night
    assert alert.title_zh in readme
    for limit in alert.limits:
        assert limit.low <= limit.default <= limit.high
        assert f"`{limit.name}` {limit.low:g} to {limit.high:g} {limit.unit}" in readme


def test_a_mode_that_a_sequence_does_not_have_is_an_error_of_the_case() -> None:
    text = 'name = "x"\nevery = "1m"\nexpect = []\noverrides.5s = ["rnu", "2m"]'
    (case,) = cases_of(f"[[case]]\n{text}", "x")

    with pytest.raises(CaseError, match="x: overrides: expected one of off, run"):
        run_sequence_case(sequences()["ventilation"], case)
