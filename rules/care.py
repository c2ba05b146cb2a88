"""Care: the classes of persons in care, and the limits that differ by them."""

from collections.abc import Mapping

from rules.limits import InForce, Limit, Tighter
from rules.rule import Numbers

OTHER = "other"
"""A class that this code does not know is still one of somebody in care."""
CLASSES = ("elderly_alone", "child_in_difficulty", "seriously_ill", "disabled", OTHER)
"""Those of Chongqing Yubei. Where a dwelling has several, the first counts; the order is general
knowledge."""

FLAT_DOOR = Limit(
    name="flat_door",
    default=1.0,
    unit="1",
    low=0.0,
    high=1.0,
    tighter=Tighter.NEITHER,
    source="practice: a building entrance is weak evidence",
)
"""1 where the doors are those of flats; 0 where they are entrances of buildings."""


def limits_by_class(
    unit: str, defaults: Mapping[str, float], low: float, high: float, source: str
) -> tuple[Limit, ...]:
    """Return one limit a class, named `<class>_<unit>`; the shorter, the stricter."""
    return tuple(
        Limit(
            name=f"{care}_{unit}",
            default=defaults[care],
            unit=unit,
            low=low,
            high=high,
            tighter=Tighter.LOWER,
            source=source,
        )
        for care in CLASSES
    )


def of_class(numbers: Numbers, unit: str) -> InForce:
    """Return the limit of the subject's class, which must have one."""
    care = numbers.traits.care
    return numbers[f"{care if care in CLASSES else OTHER}_{unit}"]
