"""Health: what is wrong with the service now, said once when it begins and once when it ends."""

import logging

_LOG = logging.getLogger(__name__)


class Health:
    """What troubles each part of the service.

    Trouble with the journal means that nothing is acknowledged: the service is unhealthy. A sink
    that is away loses nothing, and a broker that is away is not ours to heal.
    """

    def __init__(self) -> None:
        self._troubles: dict[str, str] = {}

    @property
    def troubles(self) -> dict[str, str]:
        """What is wrong, by part."""
        return dict(self._troubles)

    @property
    def healthy(self) -> bool:
        """Whether the journal takes what comes."""
        return "journal" not in self._troubles

    def trouble(self, part: str, why: str) -> None:
        """Note that the part does not work; only the first time is logged."""
        if part not in self._troubles:
            _LOG.error("%s: %s", part, why)
        self._troubles[part] = why

    def recovered(self, part: str) -> None:
        """Note that the part works."""
        if self._troubles.pop(part, None) is not None:
            _LOG.info("%s: works again", part)
