"""The limits that the levels set: a lower level tightens within the bounds of those above."""

import sqlite3
from collections.abc import Mapping

from devices.instant import Instant
from ingest.registry.content import Content
from ingest.registry.places import Places
from ingest.registry.refusal import Complaints
from ingest.registry.store import read_content
from ingest.registry.tables import LIMITS, PREMISES, LimitRow
from ingest.registry.validity import places_at
from rules.catalogue import alert_rules
from rules.limits import Limit, LimitBook, LimitError, Setting
from rules.register import FOR_GOOD

_ANYWHERE = Places({})


def limits_of(database: sqlite3.Connection, now: Instant | None = None) -> LimitBook:
    """Return the limits set in the registry, those of areas that are over where their heirs are.

    With `now` None no area is over.
    """
    places = places_at(database, now or -FOR_GOOD)
    return limits_in(read_content(database, (LIMITS,)), places)


def limits_in(content: Content, places: Places = _ANYWHERE) -> LimitBook:
    """Return the limits set in tables that were read."""
    rows = content.rows(LIMITS).values()
    inherited = [row for row in rows if places.heir(row.place) != row.place]
    own = [row for row in rows if places.heir(row.place) == row.place]
    settings: dict[str, dict[str, Setting]] = {}
    for row in (*inherited, *own):
        of_place = settings.setdefault(places.heir(row.place), {})
        of_place[_name(row)] = _setting(row)
    return LimitBook(settings)


def limit_complaints(
    content: Content, places: Places, complaints: Complaints, since: str = ""
) -> None:
    """Complain of what is no limit, and of what contradicts the levels above it.

    `since` ends what is told of places that are yet to come.
    """
    limits = {
        (rule.name, limit.name): limit for rule in alert_rules().values() for limit in rule.limits
    }
    book = limits_in(content, places)
    premises = content.rows(PREMISES)
    for rows, key, row in content.located(LIMITS):
        home = premises.get((row.place,))
        chain = (*places.chain(home.area), row.place) if home else places.chain(row.place)
        heir = places.heir(row.place)
        if heir != row.place and (heir, *key[1:]) in rows.by_key:
            continue  # not in force: the heir has its own
        faults = _faults(row, limits, book, chain)
        if not faults and _setting(row) != book.settings[heir][_name(row)]:
            faults = [f"place: expected a row for {heir}, whose predecessors differ"]
        for fault in faults:
            complaints.add(rows.where(key), f"{fault}{since}")


def _faults(
    row: LimitRow,
    limits: Mapping[tuple[str, str], Limit],
    book: LimitBook,
    chain: tuple[str, ...],
) -> list[str]:
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


def _name(row: LimitRow) -> str:
    return f"{row.rule}.{row.parameter}"


def _setting(row: LimitRow) -> Setting:
    return Setting(row.value, row.strictest)
