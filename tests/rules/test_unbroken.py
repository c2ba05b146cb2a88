"""What is told of water that never stops: no more than was seen."""

import pytest

from rules.case import cases_of
from rules.casefile import run_case
from rules.catalogue import catalogue


@pytest.mark.parametrize(
    ("rule", "every", "cumulative_m3", "of", "known"),
    [
        ("continuous_leak", "1h", "10+0.01x26", 24, 24),
        ("continuous_leak", "30m", "10+0.0025x49 _x47 10.24+0.0025x2", 48, 24),
        ("continuous_leak", "2h", "10x60 10.02+0.02x30", 24, 12),
        ("intermittent_leak", "30m", "10+0.0025x50 _x46 10.24+0.0025x3", 49, 25),
    ],
    ids=["heard", "a gap", "slots that may hide a pause", "hours, and a gap"],
)
def test_a_run_says_of_how_many_of_its_hours_it_is_known(
    rule: str, every: str, cumulative_m3: str, of: int, known: int
) -> None:
    text = f'name = "x"\nevery = "{every}"\nexpect = []\ncumulative_m3 = "{cumulative_m3}"'
    (case,) = cases_of(f"[[case]]\n{text}", rule)

    told = run_case(catalogue()[rule], case).changes[-1]

    assert (told.evidence["hours"], told.evidence["known_h"]) == (of, known)
    assert (
        f" of {of} h, of which {known} h are known"
        in catalogue()[rule].explanation.text(told.evidence, told.start).en
    )
