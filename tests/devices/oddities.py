"""Odd JSON values: what a broken or hostile device might put into a field."""

import random

from devices.catalogue import catalogue

TEXTS = sorted(
    {text for kind in catalogue().values() for field in kind.fields for text in field.choices}
    | {"telemetry", "daily", "event", "heartbeat", "leak", "", "x", "p-0123456789abcdef", "ppm"}
    | {"2026-03-01T04:00:00+08:00", "2026-03-01", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00Z"}
    | {"1772308800", "face", "name", "\ud800", "\x00", "\u202e", "水", "😀", "a" * 600}
)
NUMBERS = (
    0, -0.0, 1, -1, 15, 30, 60, 1000, 0.1, 5e-324, 1e308, -1e308, 2**31, 2**53 + 1, 2**63, -(2**64),
    10**30, 10**400, float("nan"), float("inf"), float("-inf"), 1772308800, 99_999_999.0, 25.0001,
)  # fmt: skip


def oddity(dice: random.Random, odd: str, depth: int) -> object:
    """A JSON value of any type, the nested ones up to this depth."""
    roll = dice.random()
    if roll < 0.35:
        return dice.choice(NUMBERS)
    if roll < 0.6:
        return dice.choice((*TEXTS, odd))
    if roll < 0.7 or depth == 0:
        return dice.choice((None, True, False, dice.uniform(-1e3, 1e3), dice.randint(-200, 200)))
    if roll < 0.85:
        return [oddity(dice, odd, depth - 1) for _ in range(dice.randint(0, 4))]
    names = ("value", "unit", "running", "current_a", odd)
    return {dice.choice(names): oddity(dice, odd, depth - 1) for _ in range(dice.randint(0, 3))}
