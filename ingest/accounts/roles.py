"""Roles: what each account may do at the broker. What no rule allows is refused.

Mosquitto's dynamic-security plugin 2.0 knows no place holder for a user name, so each device has a
role of its own, called after it.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from devices.topic import PREFIX, Channel

Json: TypeAlias = dict[str, object]

ADMIN = "admin"
"""Manages accounts and reads `$SYS`; hears and says nothing else."""
SERVICE = "gridwatch"
"""The service. Its client id is bound to the same word, the default of `mqtt.client_id`."""
SIMULATOR = "simulator"
"""Speaks for all devices at once: for trials, to be removed before real devices come."""

ALERTS = f"{PREFIX}/alerts/#"
"""Where the service tells of alerts. It looks like a kind: who may name any is kept out of it."""
_CONTROL = "$CONTROL/dynamic-security/#"
_SAID = (Channel.UP, Channel.REPLY, Channel.STATUS)
_EVERYONE = "+"


class Role(NamedTuple):
    """Topic filters that may be written, and those that may be subscribed to and received.

    What lies in `closed` may be neither written nor received, whatever the others say.
    """

    name: str
    writes: Sequence[str]
    reads: Sequence[str]
    closed: Sequence[str] = ()


def device_role(device: str) -> Role:
    """Return what a device may do: speak for itself, and hear its own commands."""
    said = [_topics(device, channel) for channel in _SAID]
    return Role(device_role_name(device), said, [_topics(device, Channel.DOWN)], [ALERTS])


def device_role_name(device: str) -> str:
    """Return the name of a device's role; no other account has one that begins so."""
    return f"device/{device}"


ROLES: dict[str, Role] = {
    ADMIN: Role(ADMIN, [_CONTROL], [_CONTROL, "$SYS/#"]),
    SERVICE: Role(
        SERVICE,
        [f"{PREFIX}/{_EVERYONE}/{_EVERYONE}/{Channel.DOWN}", ALERTS],
        [f"{PREFIX}/{_EVERYONE}/{_EVERYONE}/{channel}" for channel in _SAID],
    ),
    SIMULATOR: Role(
        SIMULATOR,
        [f"{PREFIX}/{_EVERYONE}/{_EVERYONE}/{channel}" for channel in _SAID],
        [f"{PREFIX}/{_EVERYONE}/{_EVERYONE}/{Channel.DOWN}"],
        [ALERTS],
    ),
}
"""The accounts that are no devices, by user name, with the role of each."""

DEFAULT_ACCESS: Json = {
    "publishClientSend": False,
    "publishClientReceive": False,
    "subscribe": False,
    "unsubscribe": True,
}


def role_json(role: Role) -> Json:
    """Return the role as the plugin reads it."""
    rules = [
        *_rules("publishClientSend", role.writes),
        *_rules("subscribePattern", role.reads),
        *_rules("publishClientReceive", role.reads),
        *_refusals("publishClientSend", role.closed),
        *_refusals("publishClientReceive", role.closed),
    ]
    return {"rolename": role.name, "acls": rules}


def _topics(device: str, channel: Channel) -> str:
    return f"{PREFIX}/{_EVERYONE}/{device}/{channel}"


def _rules(kind: str, topics: Iterable[str]) -> list[Json]:
    return [{"acltype": kind, "topic": topic, "allow": True} for topic in topics]


def _refusals(kind: str, topics: Iterable[str]) -> list[Json]:
    """What is allowed has the priority 0, and what is asked first decides."""
    return [{"acltype": kind, "topic": topic, "priority": 1, "allow": False} for topic in topics]
