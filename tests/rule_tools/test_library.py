"""Laws of an operator's own rules: over those of the release, and only where a person says so."""

import sys
from pathlib import Path

import pytest

from ingest.rule_tools.backtest import backtest
from ingest.rule_tools.library import digest_of, library_of, refuse_if_others_write, tried
from ingest.rule_tools.suite import failures_of, suites_of
from ingest.simulate.refusal import InputError
from rules.catalogue import catalogue, sequences
from rules.rule import AlertRule
from tests.rule_tools import own
from tests.rule_tools.test_comparison import ABOVE, Levels

SILENT = "meter_silent"


def test_an_own_rule_takes_the_place_of_its_name_and_others_stand_beside(tmp_path: Path) -> None:
    own.write(tmp_path, SILENT, own.LATER.format(name=SILENT))
    own.write(tmp_path, "quiet_meter", own.BESIDE, words=own.WORDS)

    library = library_of(tmp_path)

    assert {*library.rules} == {*catalogue(), "quiet_meter"}
    assert library.rules[SILENT].hold.days == 30
    assert catalogue()[SILENT].hold.days < 30
    assert library.rules["quiet_meter"].title == "Quiet meter"
    assert library.sequences == sequences()
    assert {*library.folders} == {SILENT, "quiet_meter"}


def test_nothing_is_written_where_rules_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    own.write(tmp_path, "quiet_meter", own.BESIDE, words=own.WORDS)
    before = sorted(tmp_path.rglob("*"))

    library_of(tmp_path)

    assert sorted(tmp_path.rglob("*")) == before
    assert not sys.dont_write_bytecode


def test_what_is_changed_is_read_anew(tmp_path: Path) -> None:
    own.write(tmp_path, "quiet_meter", own.BESIDE, words=own.WORDS)
    before, digest = library_of(tmp_path), digest_of(tmp_path)
    (tmp_path / "quiet_meter/words.py").write_text('TITLE = "Other"\n', encoding="utf-8")

    after = library_of(tmp_path)

    titles = [each.rules["quiet_meter"].title for each in (before, after)]
    assert titles == ["Quiet meter", "Other"]
    assert digest_of(tmp_path) != digest


@pytest.mark.parametrize(
    ("rule", "text", "complaint"),
    [
        ("mine", "RULE = 1\n", "mine/rule.py: expected RULE, an AlertRule or a SequenceRule"),
        ("mine", "RULE = \n", "mine/rule.py: line 1: invalid syntax"),
        ("mine", "a = 1\nb = c\n", "mine/rule.py: line 2: NameError: name 'c' is not defined"),
        ("mine", own.BESIDE, "mine/rule.py: line 6: ModuleNotFoundError: No module named"),
        ("mine", own.LATER.format(name=SILENT), f"rule.py: expected the name mine, found {SILENT}"),
        (
            "fan_failed",
            own.LATER.format(name=SILENT).replace("hold=", 'name="fan_failed", hold='),
            "fan_failed: fan_failed is the name of something else already",
        ),
    ],
    ids=["no rule", "syntax", "raises", "no neighbour", "other name", "name of two"],
)
def test_what_is_no_rule_is_refused_with_its_place(
    tmp_path: Path, rule: str, text: str, complaint: str
) -> None:
    own.write(tmp_path, rule, text)

    with pytest.raises(InputError) as error:
        library_of(tmp_path)

    assert complaint in str(error.value)


def test_a_part_that_the_rule_takes_from_the_release_instead_is_refused(tmp_path: Path) -> None:
    """Whoever copies a folder and changes one file would try the released one unawares."""
    own.write(tmp_path, SILENT, own.LATER.format(name=SILENT), words=own.WORDS)

    with pytest.raises(InputError, match=r"words\.py: nothing reads it: expected `from \.words im"):
        library_of(tmp_path)


def test_an_empty_folder_is_no_folder_of_rules(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a folder with a folder for each rule"):
        library_of(tmp_path)


@pytest.mark.parametrize("name", ["", SILENT, f"{SILENT}/rule.py"])
def test_a_folder_that_others_can_change_is_refused(tmp_path: Path, name: str) -> None:
    own.write(tmp_path, SILENT, own.LATER.format(name=SILENT))
    refuse_if_others_write(tmp_path)
    path = tmp_path / name
    path.chmod(path.stat().st_mode | 0o020)

    with pytest.raises(InputError, match="others can change it"):
        refuse_if_others_write(tmp_path)


def test_the_cases_of_an_own_rule_are_run_by_it(tmp_path: Path) -> None:
    own.write(tmp_path, SILENT, own.LATER.format(name=SILENT), cases=own.CASES)

    (suite,) = suites_of((), library=library_of(tmp_path))
    (as_released,) = suites_of([str(tmp_path / SILENT / "cases.toml")])

    assert [*failures_of(suite)] == [None]
    assert [*failures_of(as_released)] != [None]


def test_each_side_tries_what_it_has_of_the_rules_named(tmp_path: Path) -> None:
    own.write(tmp_path, "quiet_meter", own.BESIDE, words=own.WORDS)
    libraries = [library_of(), library_of(tmp_path)]

    here, there = tried(libraries, ("quiet_meter", SILENT))

    assert [rule.name for rule in here.rules] == [SILENT]
    assert [rule.name for rule in there.rules] == ["quiet_meter", SILENT]
    with pytest.raises(InputError, match="no_such: expected one of"):
        tried(libraries, ("no_such",))


def test_a_sequence_is_tried_where_it_is_named_or_the_operators_own(tmp_path: Path) -> None:
    own.write(tmp_path, "ventilation", own.SEQUENCE)

    (by_alert,) = tried([library_of()], ("fan_failed",))
    here, there = tried([library_of(), library_of(tmp_path)], ())

    assert (by_alert.rules, by_alert.sequences) == ((), (sequences()["ventilation"],))
    assert [[each.name for each in book.sequences] for book in (here, there)] == [
        ["ventilation"]
    ] * 2
    assert here.sequences != there.sequences
    assert all(isinstance(rule, AlertRule) for rule in there.rules)
    assert tried([library_of()], ())[0].sequences == ()


def test_a_sequence_that_no_reading_moves_is_refused() -> None:
    with pytest.raises(InputError, match="lease: moved by the registry and by answers"):
        tried([library_of()], ("lease_ending",))


def test_what_a_sequence_would_order_is_counted() -> None:
    (rulebook,) = tried([library_of()], ("ventilation",))

    trial = backtest(rulebook, Levels(*(ABOVE,) * 6), lambda _: None)

    told = {each.rule.name: len(each.alerts) for each in trial.rules}
    assert trial.orders["fan_start"] >= 2
    assert told["fan_failed"] == 1
    assert trial.failures == {}
