"""The limits that the levels set: a lower level tightens within the bounds of those above."""

import sqlite3
from collections.abc import Iterable, Mapping

from ingest.registry.content import Content
from ingest.registry.places import Places
from ingest.registry.refusal import Complaints
from ingest.registry.store import read_content
from ingest.registry.tables import LIMITS, PREMISES, LimitRow
from rules.catalogue import alert_rules
from rules.limits import Limit, LimitBook, LimitError, Setting


def limits_of(database: sqlite3.Connection) -> LimitBook:
    """Return the limits set in the registry."""
    return limits_in(read_content(database, (LIMITS,)))


def limits_in(content: Content) -> LimitBook:
    """Return the limits set in tables that were read."""
    return _book(content.rows(LIMITS).values())


def limit_complaints(content: Content, places: Places, complaints: Complaints) -> None:
    """Complain of what is no limit, and of what contradicts the levels above it."""
    limits = {
        (rule.name, limit.name): limit for rule in alert_rules().values() for limit in rule.limits
    }
    book = limits_in(content)
    premises = content.rows(PREMISES)
    for rows, key, row in content.located(LIMITS):
        home = premises.get((row.place,))
        chain = (*places.chain(home.area), row.place) if home else places.chain(row.place)
        for fault in _faults(row, limits, book, chain):
            complaints.add(rows.where(key), fault)


def _faults(
    row: LimitRow,
    limits: Mapping[tuple[str, str], Limit],
    book: LimitBook,
    chain: tuple[str, ...],
) -> Iterable[str]:
    limit = limits.get((row.rule, row.parameter))
    if limit is None:
        own = sorted(parameter for rule, parameter in limits if rule == row.rule)
        if own:
            return [f"parameter: expected one of {', '.join(own)}"]
        return [f"rule: expected one of {', '.join(sorted({rule for rule, _ in limits}))}"]
    if _contradiction(row.rule, limit, book, chain[:-1]):
        return []  # told where it stands
    fault = _contradiction(row.rule, limit, book, chain)
    return [f"value: {fault}"] if fault else []


def _contradiction(
    rule: str, limit: Limit, book: LimitBook, chain: tuple[str, ...]
) -> LimitError | None:
    try:
        book.in_force(rule, limit, chain)
    except LimitError as error:
        return error
    return None


def _book(rows: Iterable[LimitRow]) -> LimitBook:
    settings: dict[str, dict[str, Setting]] = {}
    for row in rows:
        of_place = settings.setdefault(row.place, {})
        of_place[f"{row.rule}.{row.parameter}"] = Setting(row.value, row.strictest)
    return LimitBook(settings)
