"""What the command line says of itself."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
import typer

from ingest.cli import app
from tests.cli.conftest import Command


def _commands(
    command: Any,  # noqa: ANN401 the type is private to the library
    path: tuple[str, ...] = (),
) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, each in getattr(command, "commands", {}).items():
        yield from _commands(each, (*path, name))


COMMANDS = dict(_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(gridwatch: Command, path: tuple[str, ...]) -> None:
    outcome = gridwatch(*path, "--help")

    assert outcome.exit_code == 0
    assert "Usage: " in outcome.output
    assert COMMANDS[path].help


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_and_argument_is_explained(path: tuple[str, ...]) -> None:
    for parameter in COMMANDS[path].params:
        assert getattr(parameter, "help", None), parameter.name


@pytest.mark.parametrize(
    "group",
    [
        (),
        ("query",),
        ("deadletter",),
        ("alerts",),
        ("registry",),
        ("rules",),
        ("simulate",),
        ("broker",),
        ("device",),
    ],
    ids=" ".join,
)
def test_a_group_alone_prints_its_help(gridwatch: Command, group: tuple[str, ...]) -> None:
    outcome = gridwatch(*group)

    assert outcome.exit_code == 2
    assert "Usage: " in outcome.output


def test_the_version_is_that_of_the_package(gridwatch: Command) -> None:
    assert gridwatch("--version").output == f"gridwatch {version('gridwatch')}\n"


@pytest.mark.parametrize("arguments", [("no-such-command",), ("run", "--no-such-option")])
def test_wrong_words_are_exit_code_2(gridwatch: Command, arguments: tuple[str, ...]) -> None:
    assert gridwatch(*arguments).exit_code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_can_complete_commands(
    gridwatch: Command, shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    script = gridwatch("--show-completion", shell, prog_name="gridwatch")
    offered = gridwatch(
        prog_name="gridwatch",
        env={
            "_GRIDWATCH_COMPLETE": "complete_bash",
            "COMP_WORDS": "gridwatch dead",
            "COMP_CWORD": "1",
            "_TYPER_COMPLETE_ARGS": "gridwatch dead",
        },
    )

    assert "gridwatch" in script.output
    assert "deadletter" in offered.output
