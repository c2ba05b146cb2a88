"""The life of an account: made, changed, revoked, while the broker runs."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiomqtt
import pytest
from typer.testing import CliRunner, Result

from ingest.accounts.control import AccountsUnavailable, Administrator, controlling
from ingest.accounts.devices import Account, accounts, add, revoke, rotate
from ingest.accounts.roles import ADMIN, SERVICE, SIMULATOR, device_role, role_json
from ingest.cli import app
from ingest.demo.programs import LOOPBACK, Mosquitto, free_port
from ingest.simulate.broker import device_passwords
from tests.accounts.secured import DEVICES, SecuredMosquitto, papers

pytestmark = pytest.mark.servers
Command = Callable[..., Result]
UP = "gw/v1/door/new/up"


@pytest.fixture
def gridwatch(broker: SecuredMosquitto, tmp_path: Path) -> Command:
    """`gridwatch device` with what it needs to reach the broker."""
    settings = tmp_path / "gridwatch.toml"
    settings.write_text(
        f"[mqtt]\nhost = '{LOOPBACK}'\nport = {broker.port}\ntls = true\n"
        f"ca_file = '{broker.papers.authority.certificate}'\n"
    )
    password = broker.accounts / "admin.password"
    runner = CliRunner(env={"GRIDWATCH_ADMIN_PASSWORD_FILE": str(password)})
    return lambda *words: runner.invoke(
        app, ["device", *map(str, words), "--settings", str(settings)]
    )


@pytest.fixture
def own(tmp_path: Path) -> Iterator[SecuredMosquitto]:
    """A broker for one test alone."""
    with SecuredMosquitto(tmp_path / "mosquitto", papers(tmp_path / "papers")) as broker:
        yield broker


async def test_an_account_holds_from_its_addition_to_its_revocation(own: SecuredMosquitto) -> None:
    async with controlling(own.administrator()) as control:
        (made,) = [each async for each in add(control, ["new"])]
        async with own.client("new", password=made.secret) as device:
            await device.publish(UP, b"{}", qos=1)
            (changed,) = [each async for each in rotate(control, ["new"])]
            await _is_cut_off(device)
        async with own.client("new", password=changed.secret) as device:
            assert [each async for each in revoke(control, ["new"])] == [("new", None, None)]
            await _is_cut_off(device)
        names = [account.device async for account in accounts(control)]

    assert names == list(DEVICES)
    for secret in (made.secret, changed.secret):
        with pytest.raises(aiomqtt.MqttError, match="Not authorized"):
            async with own.client("new", password=secret):
                pass


async def test_accounts_survive_the_broker(own: SecuredMosquitto) -> None:
    async with controlling(own.administrator()) as control:
        (made,) = [each async for each in add(control, ["new"])]
        _ = [each async for each in revoke(control, ["wm-2"])]
    own.stop()
    own.start()

    async with own.client("new", password=made.secret):
        pass
    with pytest.raises(aiomqtt.MqttError, match="Not authorized"):
        async with own.client("wm-2"):
            pass


async def test_an_addition_that_broke_off_can_be_made_again(own: SecuredMosquitto) -> None:
    """Its role was made and its account was not."""
    async with controlling(own.administrator()) as control:
        await control.ask([{"command": "createRole", **role_json(device_role("new"))}])
        (made,) = [each async for each in add(control, ["new"])]

        async with own.client("new", password=made.secret) as device:
            code = (await device.subscribe("gw/v1/door/new/down", qos=1))[0]

    assert getattr(code, "value", code) == 1


async def test_more_accounts_than_a_page_are_listed(own: SecuredMosquitto) -> None:
    many = [f"d-{number:03d}" for number in range(120)]
    async with controlling(own.administrator()) as control:
        made = [each async for each in add(control, many)]
        found = [each async for each in accounts(control, page=50)]

    assert [each.device for each in made] == many
    assert found == [Account(name, enabled=True) for name in [*many, *DEVICES]]


async def test_a_broker_without_the_plugin_is_named(mosquitto: Mosquitto) -> None:
    who = Administrator(
        host=LOOPBACK,
        port=mosquitto.port,
        tls=None,
        username=ADMIN,
        password="any",
        limit=timedelta(seconds=1),
    )

    async with controlling(who) as control:
        with pytest.raises(AccountsUnavailable, match="has the broker the dynamic-security plugin"):
            await control.ask([{"command": "listClients"}])


async def test_a_broker_that_is_away_is_named() -> None:
    port = free_port()
    who = Administrator(host=LOOPBACK, port=port, tls=None, username=ADMIN, password="any")

    with pytest.raises(AccountsUnavailable, match=f"{LOOPBACK}:{port}: .*refused"):
        async with controlling(who):
            pass


async def test_who_is_not_the_administrator_is_told_so(broker: SecuredMosquitto) -> None:
    who = replace(broker.administrator(), username=SIMULATOR, password=broker.password(SIMULATOR))

    with pytest.raises(AccountsUnavailable, match="simulator may not manage accounts"):
        async with controlling(who):
            pass


def test_what_add_prints_lets_the_device_in(gridwatch: Command, broker: SecuredMosquitto) -> None:
    outcome = gridwatch("add", "door-1", "-f", "json")

    assert (outcome.exit_code, outcome.stderr) == (0, "")
    made = json.loads(outcome.stdout)
    assert made["device"] == "door-1"
    assert len(made["password"]) == 32
    assert made["password"] not in broker.log.read_text()
    assert made["password"] not in (broker.accounts / "dynamic-security.json").read_text()


def test_passwords_go_to_a_private_file_where_one_is_named(
    gridwatch: Command, tmp_path: Path
) -> None:
    source, target = tmp_path / "ids", tmp_path / "passwords"
    source.write_text("gas-1\ngas-2\n")

    outcome = gridwatch("add", "--from", source, "--to", target)
    again = gridwatch("rotate", "gas-1", "--to", target)

    assert (outcome.exit_code, outcome.stdout) == (0, "")
    assert list(device_passwords(target)) == ["gas-1", "gas-2"]
    assert oct(target.stat().st_mode)[-3:] == "600"
    assert (again.exit_code, again.stderr) == (2, f"{target}: expected a new file\n")


def test_one_that_is_refused_does_not_hold_up_the_others(gridwatch: Command) -> None:
    outcome = gridwatch("add", "wm-1", "wm-7", "-f", "csv")

    assert outcome.exit_code == 1
    assert outcome.stdout.splitlines()[1].startswith("wm-7,")
    assert outcome.stderr == "wm-1: Client already exists\n"


def test_list_and_revoke_name_devices_alone(gridwatch: Command) -> None:
    gridwatch("add", "wm-8")
    revoked = gridwatch("revoke", "wm-8", "wm-8")
    again = gridwatch("revoke", "wm-8")
    listed = gridwatch("list", "-f", "csv")

    assert (revoked.exit_code, revoked.output) == (0, "wm-8: revoked\n")
    assert (again.exit_code, again.output) == (1, "wm-8: Client not found\n")
    assert listed.stdout.startswith("device,enabled\n")
    assert "wm-1,true\n" in listed.stdout
    assert not any(word in listed.stdout for word in ("wm-8", ADMIN, SERVICE))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("add",), "expected ids of devices, or --from with some"),
        (("add", "a/b"), "a/b: device: expected"),
        (("add", "+"), "+: device: expected"),
        (("add", "gridwatch"), "gridwatch: the name of an account that is no device"),
        (("revoke", "gridwatch"), "gridwatch: the name of an account that is no device"),
        (("rotate", "admin"), "admin: the name of an account that is no device"),
        (("add", "--from", "missing"), "missing: can't read: FileNotFoundError"),
        (("list", "--admin-password-file", "missing"), "missing: can't read: No such file"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    gridwatch: Command, words: tuple[str, ...], complaint: str
) -> None:
    outcome = gridwatch(*words)

    assert outcome.exit_code == 2
    assert outcome.stderr.startswith(complaint)


def test_a_wrong_password_of_the_administrator_is_said(gridwatch: Command, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("guessed\n")

    outcome = gridwatch("list", "-p", wrong)

    assert outcome.exit_code == 1
    assert "Not authorized" in outcome.stderr
    assert "guessed" not in outcome.output


async def _is_cut_off(device: aiomqtt.Client) -> None:
    with pytest.raises(aiomqtt.MqttError):
        await anext(aiter(device.messages))
