"""Images for the tests; a file of `deploy/container/stand-ins` may name what stands in."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.containers.docker import DEPLOY, ROOT, UID, docker

_IMAGE = "gridwatch-check:service"
_LINE = re.compile(r"^(\w+)=(.*)$", re.MULTILINE)


@pytest.fixture(scope="session")
def stand_ins() -> Mapping[str, str]:
    """Return the images of the file that STAND_INS names, none without."""
    file = os.environ.get("STAND_INS")
    return dict(_LINE.findall(Path(file).read_text(encoding="utf-8"))) if file else {}


@pytest.fixture(scope="session")
def variables(stand_ins: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables of the stack, all but whose it is."""
    example = (DEPLOY / ".env.example").read_text(encoding="utf-8")
    return {**dict(_LINE.findall(example)), **stand_ins, "SERVICE_IMAGE": _IMAGE}


@pytest.fixture(scope="session")
def image(variables: Mapping[str, str]) -> Iterator[str]:
    """Build the image of the service."""
    file = DEPLOY / "container" / "Containerfile"
    given = (f"BASE={variables['PYTHON_IMAGE']}", f"UID={UID}")
    arguments = [word for each in given for word in ("--build-arg", each)]
    docker("build", "-f", file, *arguments, "-t", _IMAGE, ROOT, within_s=600)
    built = identity()
    yield _IMAGE
    docker("image", "rm", "--force", "--no-prune", *dict.fromkeys((identity(), built)))


def identity() -> str:
    """Return which image has the name now."""
    return docker("image", "inspect", "--format", "{{.Id}}", _IMAGE)
