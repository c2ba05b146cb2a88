"""How what is held differs from the ledger, in lines that name the first ten of each sort."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from devices.reading import Value, Values
from tests.proof.message import Identity, Letter
from tests.proof.stores import Held

_NAMED = 10


def differences(expected: Mapping[Identity, Values], held: Sequence[Held]) -> list[str]:
    """Return a line for each way in which a store is wrong; none if it is right."""
    values_of = dict(held)
    times = Counter(each.identity for each in held)
    return lines(
        {
            "missing": [each for each in expected if each not in values_of],
            "not expected": [each for each in values_of if each not in expected],
            "held more than once": [each for each, number in times.items() if number > 1],
            "of other values": [
                f"{identity} {dict(values_of[identity])} instead of {dict(values)}"
                for identity, values in expected.items()
                if identity in values_of and _typed(values_of[identity]) != _typed(values)
            ],
        }
    )


def differences_of_letters(expected: Iterable[Letter], held: Iterable[Letter]) -> list[str]:
    """Return a line for each way in which the dead letters are wrong; none if they are right."""
    planted, kept = Counter(expected), Counter(held)
    return lines(
        {
            "dead letters missing": [*(planted - kept).elements()],
            "dead letters not expected": [each for each in kept if each not in planted],
            "dead letters more than once": [each for each in planted if kept[each] > 1],
        }
    )


def lines(wrong: Mapping[str, Sequence[object]]) -> list[str]:
    """Return a line for each sort of what is wrong that there is any of."""
    return [
        f"{len(each)} {what}: {'; '.join(str(one)[:300] for one in each[:_NAMED])}"
        for what, each in wrong.items()
        if each
    ]


def _typed(values: Values) -> dict[str, tuple[type, Value]]:
    """A boolean equals 1 and 3 equals 3.0, unless their types are looked at."""
    return {name: (type(value), value) for name, value in values.items()}
