"""Places: the chain of areas, from the city down, in which a code lies."""

from collections.abc import Iterator, Mapping

_WITHIN = (12, 9, 6)
"""Digits of community, street and district."""
_DEEPEST = 8
"""Parents followed; the areas of a registry have five levels, each above the next."""

_NONE: Mapping[str, str] = {}


class Places:
    """Chains of areas. A parent is named, or follows from the digits: 500103003, 500103, 500000.

    While no areas are registered, every code is taken for one. `heirs` are the areas
    that stand for those that are over.
    """

    def __init__(self, parents: Mapping[str, str | None], heirs: Mapping[str, str] = _NONE) -> None:
        self._parents = parents
        self._heirs = heirs
        self._chains: dict[str, tuple[str, ...]] = {}

    def with_heirs(self, heirs: Mapping[str, str]) -> "Places":
        """Return the same places with others that stand for those that are over."""
        return Places(self._parents, heirs)

    def heir(self, code: str) -> str:
        """Return the area that now stands for this one; a valid one stands for itself."""
        return self._heirs.get(code, code)

    def chain(self, code: str) -> tuple[str, ...]:
        """Return the codes from the city down, the given one or its heir last."""
        if code not in self._chains:
            up = list(self._upwards(code))
            self._chains[code] = tuple(reversed(up))
        return self._chains[code]

    def parent(self, code: str) -> str | None:
        """Return the area that holds this one, None for none."""
        return self._parents.get(code) or next(self._prefixes(code), None)

    def is_known(self, code: str) -> bool:
        """Return whether the code is registered, or none is."""
        return not self._parents or code in self._parents

    def _prefixes(self, code: str) -> Iterator[str]:
        """Yield the codes that this one lies in by its digits, the nearest first."""
        near = [code[:digits] for digits in _WITHIN if digits < len(code)]
        city, municipality = f"{code[:4]}00", f"{code[:2]}0000"
        if not self._parents:
            yield from (above for above in (*near, municipality) if above != code)
        else:
            above = (*near, city, municipality)
            yield from (each for each in above if each != code and each in self._parents)

    def _upwards(self, code: str) -> Iterator[str]:
        above: str | None = code
        for _ in range(_DEEPEST):
            if above is None:
                return
            above = self.heir(above)
            yield above
            above = self.parent(above)
