"""Accounts of devices: a user name, which is the device's id, and a password.

The client id is bound to the device's id as well: with any other, a device could take over the
session of the service, and with it what waits there.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from ingest.accounts.control import AccountsUnavailable, Control
from ingest.accounts.roles import Json, device_role, device_role_name, role_json
from ingest.accounts.secret import new_secret

_AT_ONCE = 10
"""Devices in one request: the broker serves nobody else meanwhile."""


class Outcome(NamedTuple):
    """What came of one device: a password to hand over, or why not; neither for a revocation."""

    device: str
    secret: str | None = None
    refused: str | None = None


class Account(NamedTuple):
    """A device that may sign in, unless it is disabled."""

    device: str
    enabled: bool


async def add(control: Control, devices: Sequence[str]) -> AsyncIterator[Outcome]:
    """Make accounts, and yield the password of each; one that is there is refused."""
    for part in _parts(devices):
        secrets = {device: new_secret() for device in part}
        await control.ask([_create_role(device) for device in part])
        answers = await control.ask([_create(device, secrets[device]) for device in part])
        for device, answer in zip(part, answers, strict=True):
            yield _outcome(device, answer, secrets[device])


async def rotate(control: Control, devices: Sequence[str]) -> AsyncIterator[Outcome]:
    """Give devices new passwords, and yield each. Who signed in by the old one is disconnected."""
    for part in _parts(devices):
        secrets = {device: new_secret() for device in part}
        answers = await control.ask([_change(device, secrets[device]) for device in part])
        for device, answer in zip(part, answers, strict=True):
            yield _outcome(device, answer, secrets[device])


async def revoke(control: Control, devices: Sequence[str]) -> AsyncIterator[Outcome]:
    """Remove accounts; who is connected by one is disconnected."""
    for part in _parts(devices):
        answers = await control.ask(
            [{"command": "deleteClient", "username": device} for device in part]
        )
        await control.ask(
            [{"command": "deleteRole", "rolename": device_role_name(device)} for device in part]
        )
        for device, answer in zip(part, answers, strict=True):
            yield _outcome(device, answer)


async def accounts(control: Control, page: int = 1_000) -> AsyncIterator[Account]:
    """Yield the accounts of devices, by name; so many are asked for at once."""
    offset, total = 0, 1
    while offset < total:
        (answer,) = await control.ask(
            [{"command": "listClients", "verbose": True, "count": page, "offset": offset}]
        )
        clients, total = _page(answer)
        for each in clients:
            name = str(each["username"])
            if device_role_name(name) in _roles(each):
                yield Account(name, enabled=not each.get("disabled"))
        offset += page


def _parts(devices: Sequence[str]) -> Iterator[Sequence[str]]:
    rest = iter(dict.fromkeys(devices))
    while part := list(islice(rest, _AT_ONCE)):
        yield part


def _create_role(device: str) -> Json:
    """A role that a broken-off addition left is refused, and is the right one."""
    return {"command": "createRole", **role_json(device_role(device))}


def _create(device: str, secret: str) -> Json:
    return {
        "command": "createClient",
        "username": device,
        "clientid": device,
        "password": secret,
        "roles": [{"rolename": device_role_name(device)}],
    }


def _change(device: str, secret: str) -> Json:
    return {"command": "setClientPassword", "username": device, "password": secret}


def _outcome(device: str, answer: Json, secret: str | None = None) -> Outcome:
    if "error" in answer:
        return Outcome(device, refused=str(answer["error"]))
    return Outcome(device, secret)


def _page(answer: Json) -> tuple[list[Json], int]:
    data = answer.get("data")
    if not isinstance(data, dict):
        raise AccountsUnavailable(f"the broker does not list accounts: {answer.get('error')}")
    return data["clients"], int(data["totalCount"])


def _roles(client: Json) -> set[object]:
    roles = client.get("roles")
    return {each["rolename"] for each in roles} if isinstance(roles, list) else set()
