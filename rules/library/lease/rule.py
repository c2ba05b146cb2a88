"""The rule `lease`: the sequence, for every dwelling that has a lease in the registry."""

from collections.abc import Mapping

from rules.library.lease.alerts import ALERTS, LEASE_ENDING, NOTICE
from rules.library.lease.sequence import Leases, heeds
from rules.limits import InForce
from rules.sequence import SequenceRule


def _leases(limits: Mapping[str, InForce]) -> Leases:
    return Leases(limits[f"{LEASE_ENDING.name}.{NOTICE.name}"])


RULE = SequenceRule(
    name="lease",
    kind="door",
    scope="premises",
    limits=((LEASE_ENDING.name, NOTICE),),
    sequence=_leases,
    alerts=ALERTS,
    heeds=heeds,
)
