"""The first accounts of a broker, as files: what the plugin reads, and the passwords."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from ingest.accounts.roles import (
    DEFAULT_ACCESS,
    ROLES,
    SERVICE,
    Json,
    device_role,
    device_role_name,
    role_json,
)
from ingest.accounts.secret import hashed, new_secret
from ingest.private_file import write_private

PLUGIN_FILE = "dynamic-security.json"
DEVICE_PASSWORDS = "devices.passwords"


def write_accounts(folder: Path, devices: Iterable[str] = ()) -> list[Path]:
    """Write the accounts of the service, the simulator, the administrator and the devices.

    `folder` gets 0700 and each file 0600: one with the password of each account that is no device,
    one with all `device:password` lines, one for the plugin, which holds hashes. OSError if the
    folder can't be made or one of the files is there already.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    secrets = {name: new_secret() for name in ROLES}
    of_devices = {device: new_secret() for device in devices}
    texts = {f"{name}.password": f"{secret}\n" for name, secret in secrets.items()}
    if of_devices:
        texts[DEVICE_PASSWORDS] = password_lines(of_devices)
    texts[PLUGIN_FILE] = json.dumps(_plugin_file(secrets, of_devices), indent=1)
    for name in texts:
        if (folder / name).exists():
            raise FileExistsError(None, "is there already", str(folder / name))
    return [write_private(folder / name, text) for name, text in texts.items()]


def password_lines(passwords: Mapping[str, str]) -> str:
    """Return `device:password` lines, the form that `gridwatch simulate` reads."""
    return "".join(f"{device}:{password}\n" for device, password in passwords.items())


def _plugin_file(secrets: Mapping[str, str], devices: Mapping[str, str]) -> Json:
    roles = [*ROLES.values(), *map(device_role, devices)]
    others = [_account(name, secret, name) for name, secret in secrets.items()]
    of_devices = [
        _account(device, secret, device_role_name(device)) | {"clientid": device}
        for device, secret in devices.items()
    ]
    return {
        "defaultACLAccess": DEFAULT_ACCESS,
        "roles": [role_json(role) for role in roles],
        "groups": [],
        "clients": [*others, *of_devices],
    }


def _account(username: str, secret: str, role: str) -> Json:
    account = {"username": username, **hashed(secret), "roles": [{"rolename": role}]}
    return account | {"clientid": SERVICE} if username == SERVICE else account
