"""Chance: what looks random and is a pure function of the seed and of names.

Context: a fleet of 100,000 devices can't afford a generator each (2.5 KiB), and a day of one device
must not depend on which others were simulated before it.
Decision: every draw is the hash of its key, for bulk as octets that index tables of 256 quantiles.
Given up: resolution finer than 1/256 in those tables.
"""

from hashlib import blake2b, shake_128
from random import Random
from typing import TypeAlias

Key: TypeAlias = tuple[int | str, ...]


def octets(count: int, key: Key) -> bytes:
    """Return that many uniform octets."""
    return shake_128(repr(key).encode()).digest(count)


def share(key: Key) -> float:
    """Return a number uniform from 0 up to 1."""
    return whole(key) / 2**64


def whole(key: Key) -> int:
    """Return a whole number uniform below 2**64."""
    return int.from_bytes(blake2b(repr(key).encode(), digest_size=8).digest())


def generator(key: Key) -> Random:
    """Return a generator for draws that are too many or too varied for the functions above."""
    return Random(whole(key))  # noqa: S311 a simulation keeps no secret


def quantiles(weights: tuple[float, ...]) -> bytes:
    """Return a table that maps a uniform octet to an index of `weights`, in proportion to them.

    At most 256 weights; one below 1/256 of their sum may get no entry.
    """
    total, reached, table = sum(weights), 0.0, bytearray()
    for index, weight in enumerate(weights):
        reached += weight
        table.extend([index] * (round(256 * reached / total) - len(table)))
    return bytes(table)
