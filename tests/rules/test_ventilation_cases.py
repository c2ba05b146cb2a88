"""Cases of the ventilation sequence, as they lie beside it."""

import re
import tomllib
from importlib.resources import files
from typing import Any

import pytest

from rules import ventilation
from rules.case import Case, span_of
from rules.rule import AlertRule
from rules.ventilation.rule import RULE
from tests.rules.ventilation import EXPLAINED, played, shown

FOLDER = files(ventilation)
_EXTRAS = ("replies", "overrides")


def cases() -> list[tuple[Case, dict[str, Any]]]:
    rows = tomllib.loads((FOLDER / "cases.toml").read_text(encoding="utf-8"))["case"]
    return [
        (
            Case.model_validate({key: row[key] for key in row if key not in _EXTRAS}),
            {key: row[key] for key in row if key in _EXTRAS},
        )
        for row in rows
    ]


CASES = cases()
every_case = pytest.mark.parametrize(
    ("case", "extras"), CASES, ids=[case.name for case, _ in CASES]
)
every_alert = pytest.mark.parametrize("alert", RULE.alerts, ids=lambda alert: alert.name)


def expected(case: Case) -> list[tuple[float, str]]:
    split = (text.split(maxsplit=1) for text in case.expect)
    return [(span_of(at) / 1_000, words) for at, words in split]


@every_case
def test_a_case_of_ventilation_ends_as_it_expects(case: Case, extras: dict[str, Any]) -> None:
    station = played(case, extras)
    assert shown(station.effects, case.start_at) == expected(case)


@every_case
def test_an_alert_of_ventilation_is_explained_in_both_languages(
    case: Case, extras: dict[str, Any]
) -> None:
    for change in played(case, extras).changes():
        text = EXPLAINED[change.rule].explanation.text(change.evidence, change.start)
        assert str(change.evidence["limit_from"]) in text.en
        assert re.search(r"[\u4e00-\u9fff]", text.zh)


@every_alert
def test_an_alert_of_ventilation_has_a_case_and_a_line_for_the_night(alert: AlertRule) -> None:
    assert any(f"{alert.name} raised" in text for case, _ in CASES for text in case.expect)
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    night = readme.partition("## At three in the morning")[2]
    assert f"`{alert.name}`" in night
    assert alert.title_zh in readme
