"""One guarded broker for all tests that change no account."""

from collections.abc import Iterator

import pytest

from tests.accounts.secured import SecuredMosquitto, papers


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredMosquitto]:
    """The shipped configuration with accounts of the devices wm-1 and wm-2."""
    folder = tmp_path_factory.mktemp("secured")
    with SecuredMosquitto(folder / "mosquitto", papers(folder / "papers")) as broker:
        yield broker
