"""What became of the readings: stored in both stores, once each, as they were published."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devices.reading import Values
from tests.proof.differences import differences
from tests.proof.message import Identity
from tests.proof.stores import Store


@dataclass(frozen=True, slots=True)
class Readings:
    """Distinct readings that the broker acknowledged, those that every store has, and the rest.

    `duplicates` are held more than once, `foreign` were never published, `altered` have other
    values. `wrong` says so in lines.
    """

    published: int
    stored: int
    duplicates: int
    foreign: int
    altered: int
    wrong: Sequence[str]

    @property
    def lost(self) -> int:
        """How many were acknowledged and are not in every store."""
        return self.published - self.stored


def readings_of(expected: Mapping[Identity, Values], stores: Sequence[Store]) -> Readings:
    """Compare the truth with what each of the stores holds."""
    held = {store.name: store.held() for store in stores}
    values = {name: dict(each) for name, each in held.items()}
    counts = {name: Counter(one.identity for one in each) for name, each in held.items()}
    return Readings(
        published=len(expected),
        stored=sum(all(one in each for each in values.values()) for one in expected),
        duplicates=sum(number - 1 for each in counts.values() for number in each.values()),
        foreign=len({one for each in values.values() for one in each} - expected.keys()),
        altered=sum(
            dict(each[one]) != dict(told)
            for each in values.values()
            for one, told in expected.items()
            if one in each
        ),
        wrong=[
            f"{name}: {line}" for name, each in held.items() for line in differences(expected, each)
        ],
    )
