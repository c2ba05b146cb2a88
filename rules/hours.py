"""Hours: what ran in each of many hours on end, as a short text.

Context: five weeks are 840 hours, and a whole subject has 1,500 bytes.
Decision: an hour with much water is a sign on a scale of 44 steps, and up to a day of hours with
little is one sign, as is up to a day of which nothing is known. A home takes 100 to 360 signs.
Given up: what little is, and amounts nearer than 6.4 %.
"""

import re
from math import exp, log

from rules.meter_size import LARGEST_FLOW_LH

LITTLE_L = 25.0
"""Below this an hour counts as one without water: five such amounts, whatever they are, have no
median and deviation that make a band of 100 L."""
_LENGTHS = range(1, 25)
_LITTLE = "ABCDEFGHIJKLMNOPQRSTUVWX"
_UNKNOWN = _LITTLE.lower()
LITTLE, UNKNOWN = _LITTLE[0], _UNKNOWN[0]
"""The signs of one such hour."""
SIGNS = "0123456789YZyz!#$%&'()*+,-./:;<=>?@[]^_`{|}~"
"""The signs of more, in rising order, from 25 to 5,000 L. None of all is escaped in JSON."""
_TOP = len(SIGNS) - 1
_STEPS_PER_LOG = _TOP / log(LARGEST_FLOW_LH / LITTLE_L)
_ZERO = 0.5 - log(LITTLE_L) * _STEPS_PER_LOG
ERROR = exp(0.5 / _STEPS_PER_LOG) - 1
"""The largest error of an amount of 25 to 5,000 L, as a share of it: 0.064."""
LITRES = {LITTLE: 0.0} | {
    sign: LITTLE_L * exp(step / _STEPS_PER_LOG) for step, sign in enumerate(SIGNS)
}
"""What the sign of a known hour stands for."""
_RUNS = re.compile(f"{LITTLE}{{1,24}}|{UNKNOWN}{{1,24}}")
_LONGER = {
    f"{run[length - 1]}{run[0]}": run[length]
    for run in (_LITTLE, _UNKNOWN)
    for length in _LENGTHS[:-1]
}
_SHORTER = {run[length]: run[length - 1] for run in (_LITTLE, _UNKNOWN) for length in _LENGTHS[:-1]}
_SPREAD = str.maketrans(
    {run[length - 1]: run[0] * length for run in (_LITTLE, _UNKNOWN) for length in _LENGTHS}
)


def sign_of(litres: float) -> str:
    """Return the sign of an hour's litres: of the nearest step, 5,000 L at most."""
    if litres < LITTLE_L:
        return LITTLE
    step = int(log(litres) * _STEPS_PER_LOG + _ZERO)
    return SIGNS[step] if step < _TOP else SIGNS[_TOP]


def added(text: str, sign: str) -> str:
    """Return a text with one hour more at its end."""
    longer = _LONGER.get(text[-1:] + sign)
    return text[:-1] + longer if longer else text + sign


def shortened(text: str) -> str:
    """Return a text, not empty, without its first hour."""
    return _SHORTER.get(text[0], "") + text[1:]


def spread(text: str) -> str:
    """Return a text with one sign for each hour."""
    return text.translate(_SPREAD)


def packed(signs: str) -> str:
    """Return the text of hours with one sign each."""
    return _RUNS.sub(_run, signs)


def _run(match: re.Match[str]) -> str:
    run = _LITTLE if match[0][0] == LITTLE else _UNKNOWN
    return run[len(match[0]) - 1]
