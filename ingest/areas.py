"""Areas of alerts: where a subject stood when its alert was raised, from the city down."""

from collections.abc import Iterable, Mapping

from ingest.registry.cells import LEVELS, is_area, level_of

UNKNOWN = "unknown"
"""The area of what no registry places."""
OTHER = "other"
"""The area of what is above a bound."""
_BETWEEN = "/"


def path_of(places: Iterable[str]) -> str:
    """Return the codes among the places as one text: `500000/500103/500103003`."""
    return _BETWEEN.join(filter(is_area, places))


def area_of(path: str) -> str:
    """Return the innermost code of a path, `unknown` for none."""
    return path.rpartition(_BETWEEN)[2] or UNKNOWN


def levels_of(path: str) -> Mapping[str, str]:
    """Return the codes of a path by level: city, district, street, community, grid."""
    return {level_of(code): code for code in path.split(_BETWEEN) if code}


class AreaLabel:
    """The area of one level as a label of metrics: the first so many areas, then `other`.

    Where the level is not known, the nearest above it stands. Who has a label keeps it.
    """

    def __init__(self, level: str, most: int) -> None:
        self._levels = LEVELS[LEVELS.index(level) :: -1]
        self._most = most
        self._seen: set[str] = set()

    def of(self, path: str) -> str:
        """Return the label of an area."""
        known = levels_of(path)
        code = next((known[level] for level in self._levels if level in known), UNKNOWN)
        if code == UNKNOWN or code in self._seen:
            return code
        if len(self._seen) >= self._most:
            return OTHER
        self._seen.add(code)
        return code
