"""Doors that open to a person for several dwellings: until when, and whose lease ends last.

Context: a door knows persons, not dwellings. Told to refuse somebody who has moved from one flat to
another behind the same entrance, it would lock out the tenant of the second.
Decision: a door opens as long as any lease of the person, or an authorisation without one, says so;
then the dwelling whose lease ends last tells it to refuse, so that it is told once.
Given up: what a door was told for a dwelling whose lease is struck out; nobody takes it back then.
"""

from collections import defaultdict
from collections.abc import Mapping

from devices.instant import Instant
from rules.register import Lease, Opening

Leases = Mapping[str, tuple[Lease, ...]]
Ends = Mapping[tuple[str, str], list[tuple[Instant, str]]]
_NEVER: Instant = 0


def with_shared_doors(leases: Leases, unleased: Mapping[tuple[str, str], Instant]) -> Leases:
    """Return the leases, by dwelling, with their shared doors.

    `unleased` says until when doors open to persons for dwellings that they have no lease of, by
    person and door.
    """
    ends: defaultdict[tuple[str, str], list[tuple[Instant, str]]] = defaultdict(list)
    for home, of_home in leases.items():
        for lease in of_home:
            for door in lease.doors:
                ends[lease.person, door].append((lease.ends_at, home))
    return {
        home: tuple(_shared(home, lease, ends, unleased) for lease in of_home)
        for home, of_home in leases.items()
    }


def _shared(
    home: str, lease: Lease, ends: Ends, unleased: Mapping[tuple[str, str], Instant]
) -> Lease:
    shared = []
    for door in lease.doors:
        key = lease.person, door
        if len(ends[key]) > 1 or key in unleased:
            last_at, last = max(ends[key])
            until = max(last_at, unleased.get(key, _NEVER))
            shared.append(Opening(door, until, ends_last=last == home))
    return lease._replace(shared=tuple(shared)) if shared else lease
