"""Mutations that keep a payload JSON, which a fuzzer of bytes seldom does by itself."""

import json
from collections.abc import Iterator, MutableMapping, Sequence
from random import Random
from typing import TypeAlias, cast

from devices.decoding import LARGEST_PAYLOAD
from tests.devices.oddities import oddity

_WORDS = ("", "水", "\u0301\u0316", "\u202e", "name", "person", "13800138000", "a" * 300)
_SHARE_REPEATED = 0.03
"""Of what is made here: the longest cost as much as a hundred others."""

_Holder: TypeAlias = MutableMapping[object, object]
"""An object or an array: what holds values under keys."""


def mutated(sent: bytes, dice: Random, corpus: Sequence[bytes]) -> bytes | None:
    """Return the input with its JSON changed, or a piece repeated; None if it holds no JSON."""
    if dice.random() < _SHARE_REPEATED:
        return repeated(sent, dice)
    at = max(sent.find(b"{"), 0)
    tree = _tree(sent[at:])
    if tree is None:
        return None
    try:
        for _ in range(dice.randint(1, 3)):
            tree = changed(tree, dice, corpus)
        made = json.dumps(tree, ensure_ascii=dice.random() < 0.5)
    except RecursionError:
        return None
    return sent[:at] + made.encode("utf-8", "replace")


def changed(tree: object, dice: Random, corpus: Sequence[bytes]) -> object:
    """Return the tree with one value of it replaced, dropped, wrapped, repeated or added."""
    places = list(_places(tree))
    if not places:
        return oddity(dice, dice.choice(_WORDS), depth=2)
    holder, key = dice.choice(places)
    act = dice.choice(("set", "graft", "drop", "wrap", "repeat", "add"))
    if act == "set":
        holder[key] = oddity(dice, dice.choice(_WORDS), depth=3)
    elif act == "graft":
        holder[key] = _grafted(dice, corpus)
    elif act == "drop":
        del holder[key]
    elif act == "wrap":
        for _ in range(dice.choice((1, 1, 1, 3, 180))):
            holder[key] = dice.choice(([holder[key]], {"value": holder[key], "unit": "ppm"}))
    elif act == "repeat":
        times = (2, 24, 96, 97) if isinstance(holder[key], dict | list) else (2, 96, 97, 10_000)
        holder[key] = [holder[key]] * dice.choice(times)
    elif isinstance(holder, dict):
        name = dice.choice((*_WORDS, *_names(dice, corpus)))
        holder[name] = oddity(dice, dice.choice(_WORDS), depth=3)
    return tree


def repeated(sent: bytes, dice: Random) -> bytes:
    """Return the input with a piece of it many times over, up to the largest payload."""
    at = dice.randrange(len(sent) + 1)
    piece = dice.choice((sent[at : at + dice.randint(1, 8)], dice.choice(_WORDS).encode())) or b" "
    times = min(dice.choice((2, 30, 300, LARGEST_PAYLOAD)), LARGEST_PAYLOAD // len(piece))
    return (sent[:at] + piece * times + sent[at:])[:LARGEST_PAYLOAD]


def _places(tree: object) -> Iterator[tuple[_Holder, object]]:
    """Yield every value of a tree as what holds it and its key there."""
    if isinstance(tree, dict | list):
        holder = cast("_Holder", tree)
        for key in tuple(tree) if isinstance(tree, dict) else range(len(tree)):
            yield holder, key
            yield from _places(holder[key])


def _grafted(dice: Random, corpus: Sequence[bytes]) -> object:
    """Return a value from another payload of the corpus."""
    tree = _tree(dice.choice(corpus))
    places = list(_places(tree))
    if not places:
        return tree
    holder, key = dice.choice(places)
    return holder[key]


def _names(dice: Random, corpus: Sequence[bytes]) -> tuple[str, ...]:
    tree = _tree(dice.choice(corpus))
    return tuple(tree) if isinstance(tree, dict) else ()


def _tree(sent: bytes) -> object:
    """Return the JSON from the first brace on, None if it is none."""
    try:
        found: object = json.loads(sent[max(sent.find(b"{"), 0) :])
    except (ValueError, RecursionError):
        return None
    return found
