"""Laws of limits: a lower level tightens within the bounds its upper level sets, never loosens."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.bound import Rulebook
from rules.care import CLASSES, of_class
from rules.limits import InForce, Limit, LimitBook, LimitError, Setting, Tighter
from rules.register import Traits
from rules.rule import Numbers
from tests.rules.made_up import RULE

PLACES = ("500000", "500103", "500103003", "home")
LOWER = Limit(
    name="l", default=20.0, unit="m", low=5.0, high=30.0, tighter=Tighter.LOWER, source="a standard"
)
HIGHER = Limit(
    name="l", default=20.0, unit="m", low=5.0, high=30.0, tighter=Tighter.HIGHER, source="one"
)


NEITHER = replace(LOWER, tighter=Tighter.NEITHER)


def book(settings: Mapping[str, Setting]) -> LimitBook:
    return LimitBook({place: {"r.l": setting} for place, setting in settings.items()})


@pytest.mark.parametrize(
    ("limit", "settings", "value", "source"),
    [
        (LOWER, {}, 20.0, "a standard"),
        (LOWER, {"500000": Setting(25)}, 25.0, "set by 500000"),
        (LOWER, {"500000": Setting(25), "500103": Setting(15)}, 15.0, "set by 500103"),
        (LOWER, {"500103": Setting(15), "home": Setting(10)}, 10.0, "set by home"),
        (HIGHER, {"500000": Setting(10), "500103003": Setting(30)}, 30.0, "set by 500103003"),
        (NEITHER, {"500103": Setting(10), "home": Setting(30)}, 30.0, "set by home"),
        (NEITHER, {"500103": Setting(30), "home": Setting(10)}, 10.0, "set by home"),
    ],
)
def test_the_lowest_level_that_sets_a_limit_is_in_force(
    limit: Limit, settings: Mapping[str, Setting], value: float, source: str
) -> None:
    limits = book(settings)
    assert limits.in_force("r", limit, PLACES) == InForce(value, source)
    assert limits.in_force("r", limit, limits.sets(PLACES)) == InForce(value, source)


@pytest.mark.parametrize(
    ("limit", "settings", "complaint"),
    [
        (LOWER, {"500000": Setting(31)}, "500000: r.l: expected 5 to 30 m, found 31"),
        (LOWER, {"500000": Setting(15), "500103": Setting(16)}, "500103: r.l: expected 5 to 15 m"),
        (
            HIGHER,
            {"500000": Setting(15), "500103": Setting(14)},
            "500103: r.l: expected 15 to 30 m",
        ),
        (LOWER, {"500000": Setting(15, 10), "home": Setting(9)}, "home: r.l: expected 10 to 15 m"),
        (LOWER, {"500000": Setting(15, 4)}, "500000: r.l: expected 5 to 15 m, found 4"),
        (LOWER, {"500103": Setting(25)}, "500103: r.l: expected 5 to 20 m, found 25"),
        (HIGHER, {"home": Setting(19)}, "home: r.l: expected 20 to 30 m, found 19"),
        (NEITHER, {"home": Setting(31)}, "home: r.l: expected 5 to 30 m, found 31"),
    ],
)
def test_a_level_that_loosens_or_leaves_the_bounds_is_refused(
    limit: Limit, settings: Mapping[str, Setting], complaint: str
) -> None:
    limits = book(settings)
    for places in (PLACES, limits.sets(PLACES)):
        with pytest.raises(LimitError) as error:
            limits.in_force("r", limit, places)
        assert complaint in str(error.value)


@given(st.lists(st.none() | st.floats(0, 40), max_size=4))
def test_what_is_in_force_is_never_looser_than_what_any_level_above_has(
    values: list[float | None],
) -> None:
    said = {place: each for place, each in zip(PLACES, values, strict=False) if each is not None}
    limits = book({place: Setting(each) for place, each in said.items()})
    try:
        value = limits.in_force("r", LOWER, limits.sets(PLACES)).value
    except LimitError:
        return
    assert all(value <= above for above in {PLACES[0]: LOWER.default, **said}.values())


@pytest.mark.parametrize("care", ["other", "hermit", None])
def test_a_class_of_care_that_is_not_known_has_the_limit_of_all_others(care: str | None) -> None:
    limits = {f"{each}_h": InForce(float(number), "") for number, each in enumerate(CLASSES)}

    assert of_class(Numbers(limits, Traits(care=care)), "h") == limits["other_h"]


def test_a_rulebook_complains_of_unknown_names_and_of_every_chain_that_contradicts_itself() -> None:
    settings = {
        "500000": {"made_up.limit": Setting(20.0), "made_up.other": Setting(1.0)},
        "500103": {"made_up.limit": Setting(30.0)},
    }
    rulebook = Rulebook((RULE,), LimitBook(settings))
    assert rulebook.complaints([("500000",), ("500000", "500103")]) == [
        "500000: made_up.other: expected one of made_up.limit",
        "500103: made_up.limit: expected 10 to 20 %LEL, found 30",
    ]
    assert Rulebook((RULE,)).complaints([("500000",)]) == []
