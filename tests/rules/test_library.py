"""Laws that hold for every rule the catalogue finds."""

import re
from importlib.resources import files

import pytest

from devices.catalogue import catalogue as kinds
from rules import library
from rules.case import Case
from rules.casefile import CaseResult, cases_of_rule, run_case
from rules.catalogue import alert_rules, catalogue
from rules.chinese import CHINESE
from rules.derived import derived_fields
from rules.rule import AlertRule
from tests.rules.languages import assert_chinese

RULES = tuple(catalogue().values())
CASES = tuple((rule, case) for rule in RULES for case in cases_of_rule(rule))

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
every_case = pytest.mark.parametrize(
    ("rule", "case"), CASES, ids=[f"{rule.name}: {case.name}" for rule, case in CASES]
)


def results(rule: AlertRule) -> list[CaseResult]:
    return [run_case(rule, case) for case in cases_of_rule(rule)]


@every_case
def test_a_case_ends_as_it_expects(rule: AlertRule, case: Case) -> None:
    assert run_case(rule, case).problems == ()


@every_rule
def test_a_rule_has_a_case_that_fires_and_one_that_must_not(rule: AlertRule) -> None:
    fires = [any(" firing" in seen for seen in result.seen) for result in results(rule)]
    assert any(fires)
    assert not all(fires)


@every_rule
def test_a_rule_has_a_firing_case_over_a_restart_and_one_with_repeats_and_late_data(
    rule: AlertRule,
) -> None:
    firing = [result.case for result in results(rule) if result.changes]
    assert any(case.restart_at for case in firing)
    assert any(case.duplicate and case.late for case in firing)


@every_rule
def test_no_alert_is_raised_twice_and_no_change_told_twice(rule: AlertRule) -> None:
    for result in results(rule):
        told = [change.identity for change in result.changes]
        assert len(set(told)) == len(told), result.case.name


@every_rule
def test_an_alert_is_explained_in_both_languages_with_the_source_of_its_limit(
    rule: AlertRule,
) -> None:
    for result in results(rule):
        for change in result.changes:
            text = rule.explanation.text(change.evidence, change.start)
            assert str(change.evidence["limit_from"]) in text.en
            assert_chinese(text.zh)


@pytest.mark.parametrize(
    "name", ["gas_frozen_sensor", "gas_jump", "gas_level_ch4", "gas_rate_of_rise", "gas_stuck"]
)
def test_a_gas_is_told_with_its_unit(name: str) -> None:
    rule = catalogue()[name]
    changes = [change for result in results(rule) for change in result.changes]
    texts = [rule.explanation.text(change.evidence, change.start) for change in changes]

    assert texts
    assert all(re.search("%LEL|mg/m3|%vol", text) for both in texts for text in both)


@every_rule
def test_a_rule_reads_fields_of_its_kinds_or_derived_of_them(rule: AlertRule) -> None:
    for kind, names in rule.fields.items():
        assert names <= {field.name for field in kinds()[kind].fields} | derived_fields(kind)


@every_rule
def test_a_limit_has_a_source_and_its_default_lies_within_its_bounds(rule: AlertRule) -> None:
    for limit in rule.limits:
        assert limit.low <= limit.default <= limit.high
        assert limit.source in CHINESE
        assert limit.unit


@every_rule
def test_a_rule_has_a_folder_of_its_own_name_and_says_what_to_do_at_night(rule: AlertRule) -> None:
    folder = files(library) / rule.name
    assert {"rule.py", "cases.toml", "README.md"} <= {file.name for file in folder.iterdir()}
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "## At three in the morning" in text
    assert rule.title_zh in text
    for limit in rule.limits:
        unit = "" if limit.unit == "1" else f" {limit.unit}"
        bounds = f"`{limit.name}` {limit.low:g} to {limit.high:g}{unit}"
        assert re.search(rf"{re.escape(bounds)}[,;:.]", text), bounds


def test_of_all_alerts_only_those_of_leases_name_a_person() -> None:
    """Alerts leave the journal for people's screens; docs/security.md says the same."""
    naming = {name for name, rule in alert_rules().items() if "{person}" in rule.explanation.zh}

    assert naming == {"lease_ending", "lease_ended", "authorisation_failed"}


@every_rule
def test_no_evidence_of_a_rule_names_a_person(rule: AlertRule) -> None:
    evidence = [change.evidence for result in results(rule) for change in result.changes]

    assert evidence
    assert [each for each in evidence if "person" in each] == []


@every_rule
def test_no_page_gives_a_standard_as_the_source_of_a_band(rule: AlertRule) -> None:
    """No standard that is cited here gives one."""
    page = (files(library) / rule.name / "README.md").read_text(encoding="utf-8")
    bands = [row for row in page.splitlines() if row.startswith("| band")]

    assert [row for row in bands if "GB" in row] == []
