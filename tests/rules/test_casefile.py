"""Laws of case files: what can be written, and what is said of what is wrong."""

from dataclasses import replace
from pathlib import Path

import pytest

import rules
from devices.field import Field
from rules.case import Case, CaseError, Premises, cases_of, span_of
from rules.casefile import run_case
from rules.explanation import Template
from rules.series import SeriesError, series_of
from tests.rules.made_up import RULE

NUMBER = Field(name="n", type="float", meaning="", source="", low=-10, high=100)
WORD = Field(name="w", type="text", meaning="", source="", choices=("", "a", "fix"))
SWITCH = Field(name="b", type="boolean", meaning="", source="")
WHOLE = Field(name="i", type="integer", meaning="", source="")


@pytest.mark.parametrize(
    ("field", "text", "values"),
    [
        (NUMBER, "5 9x3 _x2 1", [5.0, 9.0, 9.0, 9.0, None, None, 1.0]),
        (NUMBER, "1+0.5x3 2-1x4", [1.0, 1.5, 2.0, 2.0, 1.0, 0.0, -1.0]),
        (NUMBER, "-5x2", [-5.0, -5.0]),
        (WORD, 'ax2 fix "" _', ["a", "a", "fix", "", None]),
        (SWITCH, "true false", [True, False]),
        (WHOLE, "1+1x3", [1, 2, 3]),
    ],
)
def test_a_series_is_what_its_short_form_says(
    field: Field, text: str, values: list[object]
) -> None:
    assert series_of(field, text) == values


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        (NUMBER, "five", "n: expected float, found 'five'"),
        (NUMBER, "500", "n: '500' is no value of this field"),
        (WORD, "b", "w: 'b' is no value of this field"),
        (SWITCH, "yes", "b: expected boolean, found 'yes'"),
        (NUMBER, "1x9999999999", "n: expected at most 1,000,000 values"),
        (WORD, f"_x1{'0' * 5_000}", "w: expected at most 1,000,000 values"),
        (NUMBER, "1x600000 2x600000", "n: expected at most 1,000,000 values"),
    ],
)
def test_a_series_that_cannot_be_read_says_what_was_expected(
    field: Field, text: str, expected: str
) -> None:
    with pytest.raises(SeriesError) as error:
        series_of(field, text)
    assert str(error.value) == expected


def test_a_time_is_a_sum_of_parts() -> None:
    assert [span_of(text) for text in ("90s", "1m30s", "-1h", "0s", "2d")] == [
        90_000,
        90_000,
        -3_600_000,
        0,
        172_800_000,
    ]


GOOD = """
[[case]]
name = "warm for ten minutes"
every = "1m"
ch4_lel_pct = "1 60x12 1x6"
expect = ["1m pending", "11m firing", "18m inactive"]
"""


def result_of(text: str) -> tuple[str, ...]:
    (case,) = cases_of(text, "made_up/cases.toml")
    return run_case(RULE, case).problems


def test_a_case_that_comes_out_as_expected_has_no_problems() -> None:
    assert result_of(GOOD) == ()


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ('"1m pending", "12m firing"', "expected '12m firing', found '11m firing warning'"),
        ('"1m pending critical"', "expected '1m pending critical', found '1m pending warning'"),
        ('"1m pending", "11m firing"', "expected nothing more, found ['18m inactive']"),
        (
            '"1m pending", "11m firing", "18m inactive", "20m firing"',
            "expected '20m firing', found 'nothing more'",
        ),
    ],
)
def test_a_case_that_comes_out_otherwise_says_what_was_expected(expect: str, problem: str) -> None:
    (found,) = result_of(GOOD.replace('"1m pending", "11m firing", "18m inactive"', expect))
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[case]", "made_up/cases.toml: Expected ']]'"),
        ('[[case]]\nname = "x"\nexpect = []', "made_up/cases.toml: x: every: Field required"),
        (GOOD.replace('"1m"', '"1 minute"'), "warm for ten minutes: every: Value error, expected"),
        (GOOD.replace("ch4_lel_pct", "ch5"), "warm for ten minutes: ch5: expected a field of"),
        (GOOD.replace("60x12", "lots"), "warm for ten minutes: ch4_lel_pct: expected float"),
        (GOOD.replace('"1m pending"', '"soon pending"'), "expect: 'soon pending': expected a time"),
        (GOOD + "count = 999\nh2s_mgm3 = '0x9999'", "for ten minutes: expected at most 1,000,000"),
        (GOOD + "premises.care = 'eldery'", "premises: care: Value error, expected one of elderly"),
        (
            GOOD + "limits.500103.'made_up.limti' = [20.0]",
            "warm for ten minutes: limits: 500103: made_up.limti: expected one of made_up.limit",
        ),
        (
            GOOD + "limits.50010.'made_up.limit' = [20.0]",
            "warm for ten minutes: limits: 50010: expected one of 500000, 500103, 500103003, home",
        ),
        (
            GOOD + "limits.500103.'made_up.limit' = [20.0]\nlimits.home.'made_up.limit' = [30.0]",
            "warm for ten minutes: limits: home: made_up.limit: expected 10 to 20 %LEL, found 30",
        ),
    ],
)
def test_a_case_that_cannot_be_run_is_named_with_what_was_expected(
    text: str, complaint: str
) -> None:
    with pytest.raises(CaseError) as error:
        result_of(text)
    assert complaint in str(error.value)


def test_several_devices_may_take_part() -> None:
    text = GOOD.replace("expect", 'until = "20m"\nexpect') + (
        '[case.devices.other]\ndevice = "g-2"\nch4_lel_pct = "1x19"\n'
    )
    assert result_of(text) == ()


def test_every_key_of_a_case_is_documented() -> None:
    text = (Path(rules.__path__[0]) / "README.md").read_text(encoding="utf-8")
    keys = {*Case.model_fields, *Premises.model_fields}
    assert [key for key in keys if f"`{key}`" not in text] == []


def test_an_explanation_that_lacks_evidence_is_a_problem_of_the_case() -> None:
    rule = replace(RULE, explanation=Template(zh="{nothing}", en="{nothing}"))
    (case,) = cases_of(GOOD, "made_up/cases.toml")
    assert run_case(rule, case).problems[0] == "explanation: expected evidence 'nothing'"
