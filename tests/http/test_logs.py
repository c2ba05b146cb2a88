"""The two forms of the log: whatever a record repeats, it is one line."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr

import pytest

from ingest.logs import set_up_logs
from ingest.settings import LogSettings

HOSTILE = "the broker said \x1b[2J\r\n2026-01-01T00:00:00.000Z info    all is well\u2028"


@pytest.fixture(autouse=True)
def untouched_root() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_record_for_people_is_time_level_and_message() -> None:
    (line,) = _written(LogSettings(), lambda log: log.warning("gone since %s", "noon"))

    assert line[10] == "T"
    assert line[23:] == "Z warning gone since noon"


def test_a_record_for_machines_is_a_json_object() -> None:
    settings = LogSettings(format="json")

    (line,) = _written(settings, lambda log: log.warning("gone since %s", "noon"))

    entry = json.loads(line)
    assert entry.pop("at").endswith("Z")
    assert entry == {"level": "warning", "logger": "test", "message": "gone since noon"}


@pytest.mark.parametrize("form", ["text", "json"])
def test_words_of_others_cannot_begin_a_line(form: str) -> None:
    settings = LogSettings.model_validate({"format": form})

    (line,) = _written(settings, lambda log: log.error("%s", HOSTILE))

    assert "\x1b" not in line
    assert "all is well" in line


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exception_is_told_whole(form: str) -> None:
    def fail(log: logging.Logger) -> None:
        try:
            int("odd")
        except ValueError:
            log.exception("failed")

    text = "\n".join(_written(LogSettings.model_validate({"format": form}), fail))

    assert "Traceback" in text
    assert "ValueError: invalid literal" in text


def test_what_is_less_grave_than_the_level_is_not_written() -> None:
    assert _written(LogSettings(level="error"), lambda log: log.warning("quiet")) == []


def _written(settings: LogSettings, say: Callable[[logging.Logger], None]) -> list[str]:
    output = io.StringIO()
    with redirect_stderr(output):
        set_up_logs(settings)
        say(logging.getLogger("test"))
    return output.getvalue().split("\n")[:-1]
