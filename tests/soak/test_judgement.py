"""What a soak makes of what it sees: each way to fail is seen."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from ingest.demo.gridwatch import Gridwatch
from tests.outlets.hook import Hook, Notice
from tests.proof.message import Identity
from tests.proof.stores import Held
from tests.soak.alerts import notified_twice
from tests.soak.memory import Memory, Seen
from tests.soak.readings import readings_of

ONE, OTHER = Identity("door", "door-1", 1), Identity("door", "door-1", 2)
EXPECTED = {ONE: {"open": True}, OTHER: {"open": False}}
RIGHT = [Held(ONE, {"open": True}), Held(OTHER, {"open": False})]


@dataclass
class Fixed:
    """A store that holds what it is told to."""

    readings: list[Held]
    name: ClassVar[str] = "store"

    def knows(self, device: str) -> bool:
        return any(each.identity.device == device for each in self.readings)

    def held(self) -> list[Held]:
        return self.readings


class Second(Fixed):
    """Another one."""

    name = "second store"


@pytest.mark.parametrize(
    ("held", "counts"),
    [
        (RIGHT, (0, 0, 0, 0)),
        (RIGHT[:1], (1, 0, 0, 0)),
        ([*RIGHT, RIGHT[0]], (0, 1, 0, 0)),
        ([*RIGHT, Held(ONE._replace(device="other"), {})], (0, 0, 1, 0)),
        ([RIGHT[0], Held(OTHER, {"open": True})], (0, 0, 0, 1)),
    ],
    ids=["right", "lost", "held twice", "foreign", "altered"],
)
def test_what_a_store_holds_is_held_against_what_was_published(
    held: list[Held], counts: tuple[int, int, int, int]
) -> None:
    found = readings_of(EXPECTED, [Fixed(held)])

    assert (found.lost, found.duplicates, found.foreign, found.altered) == counts
    assert bool(found.wrong) == any(counts)


def test_what_only_one_of_two_stores_has_is_lost() -> None:
    assert readings_of(EXPECTED, [Fixed(RIGHT), Second(RIGHT[:1])]).lost == 1


@pytest.mark.parametrize(
    ("told", "doubled"),
    [
        ("firing warning, firing critical, firing warning", 0),
        ("firing warning, resolved warning", 0),
        ("firing warning, firing warning", 1),
        ("firing warning, resolved warning, firing warning", 1),
    ],
)
def test_an_incident_told_again_is_double_unless_its_severity_changed(
    told: str, doubled: int
) -> None:
    hook = Hook()
    for at, words in enumerate(told.split(", ")):
        status, severity = words.split()
        hook.notices += [Notice(status, severity, name, at) for name in ("ours", "random")]

    assert len([*notified_twice(hook, {"ours"})]) == doubled
    hook.forgotten.append((0, len(told)))
    assert [*notified_twice(hook, {"ours"})] == []


def test_the_last_process_is_compared_with_itself_after_half_of_its_life(
    service: Gridwatch,
) -> None:
    memory = Memory(service)
    memory.seen = [Seen(1, second, 500.0) for second in range(60)]
    memory.seen += [Seen(2, 60 + second, 50.0 + second) for second in range(61)]

    growth = memory.growth()

    assert (growth.start_mb, growth.end_mb, growth.lasted_s) == (81.5, 108.5, 60)
    assert growth.percent == 33.1


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> Gridwatch:
    """One that does not run."""
    return Gridwatch(tmp_path_factory.mktemp("service"), {})
