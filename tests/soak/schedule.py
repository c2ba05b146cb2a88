"""The schedule: which fault begins when. The same seed and length give the same."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random
from typing import NamedTuple

from tests.soak.kinds import KINDS, LANES, Kind

_GAP_S = (0.1, 1.0)
_LAST_START = 0.45
"""After this share of the time nothing ends the service's process: its memory is looked at."""


class Planned(NamedTuple):
    """A fault that begins at this time after the start, unless the one before still lasts."""

    kind: Kind
    at: timedelta
    lasts: timedelta
    seed: int


def schedule(length: timedelta, seed: str, kinds: Sequence[Kind] = KINDS) -> list[Planned]:
    """Return the faults by time; each kind is among them, however short the time."""
    planned: list[Planned] = []
    for lane in LANES:
        of_lane = [each for each in kinds if each.lane == lane]
        planned += _lane(of_lane, length.total_seconds(), Random(f"{seed} {lane}"))
    return sorted(planned, key=lambda each: each.at)


def _lane(kinds: Sequence[Kind], length_s: float, random: Random) -> Iterator[Planned]:
    at_s = 0.0
    for part, least, until_s in _parts(kinds, length_s):
        for number, kind in enumerate(_rounds(part, random)):
            if number >= least and at_s >= until_s:
                break
            at_s += random.uniform(*_GAP_S)
            at, lasts = timedelta(seconds=at_s), timedelta(seconds=random.uniform(*kind.lasts_s))
            yield Planned(kind, at, lasts, random.getrandbits(32))
            at_s += kind.takes_s + lasts.total_seconds()


def _parts(kinds: Sequence[Kind], length_s: float) -> Sequence[tuple[Sequence[Kind], int, float]]:
    """Return what may befall, how many at least, and up to when.

    What ends the process, each once; then all; then each of the rest, and those again.
    """
    ends = [each for each in kinds if each.ends_process]
    rest = [each for each in kinds if not each.ends_process]
    return (
        (ends, len(ends), 0.0),
        (kinds, 0, length_s * _LAST_START),
        (rest, len(rest), length_s),
    )


def _rounds(kinds: Sequence[Kind], random: Random) -> Iterator[Kind]:
    """Yield all kinds in any order, and again; nothing if there are none."""
    while kinds:
        yield from random.sample(kinds, len(kinds))
