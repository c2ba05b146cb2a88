"""Laws of suites: which cases are meant, and what is said of one that fails."""

from pathlib import Path

import pytest

from ingest.rule_tools.suite import failures_of, suites_of
from ingest.simulate.refusal import InputError

COLD = """
[[case]]
name = "an hour of cold"
every = "1h"
water_temperature_c = "8 2 2"
expect = ["1h firing warning"]
"""
WARM = COLD.replace('"1h firing warning"', "").replace("an hour", "no hour")
NO_FIELD = COLD.replace("water_temperature_c", "temperature")


@pytest.mark.parametrize("name", ["water_frost.toml", "water_frost/mine.toml"])
def test_a_file_belongs_to_the_rule_that_it_or_its_folder_is_called_after(
    tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(COLD, encoding="utf-8")

    (suite,) = suites_of([str(file)])

    assert (suite.title, suite.rule.name, len(suite.cases)) == (str(file), "water_frost", 1)


def test_a_file_of_another_name_belongs_to_the_rule_given(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(COLD, encoding="utf-8")

    (suite,) = suites_of([str(file)], "water_frost")

    assert list(failures_of(suite)) == [None]


def test_a_case_that_fails_says_what_was_seen(tmp_path: Path) -> None:
    file = tmp_path / "water_frost.toml"
    file.write_text(COLD + WARM + NO_FIELD, encoding="utf-8")

    (suite,) = suites_of([str(file)])
    good, unexpected, unknown = failures_of(suite)

    assert good is None
    assert unexpected is not None
    assert unexpected.seen == ("1h firing warning",)
    assert unexpected.problems == ("expected nothing more, found ['1h firing warning']",)
    assert unknown is not None
    assert "temperature: expected a field of water_meter" in unknown.problems[0]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("no_such_rule", None, "no_such_rule: expected one of "),
        ("folder/missing.toml", None, "missing.toml: can't read: No such file or directory"),
        ("folder/mine.toml", b"", "expected --rule, or a file or folder called after a rule"),
        ("folder/water_frost.toml", b"[[case]", "water_frost.toml: Expected ']]'"),
        ("folder/water_frost.toml", b"\xff", "water_frost.toml: can't read: expected text in UTF"),
    ],
)
def test_what_cannot_be_tested_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: bytes | None,
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    if content is not None:
        Path(name).write_bytes(content)

    with pytest.raises(InputError) as error:
        suites_of([name])

    assert complaint in str(error.value)
