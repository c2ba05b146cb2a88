"""A broker in memory that retains, as a session shows it."""

import json
from typing import Any

from ingest.mqtt.publications import NotPublished


class Broker:
    """Retains what is published; `lose` makes it forget, as one without persistence does."""

    def __init__(self) -> None:
        self.connected = True
        self.connects = 1
        self.retained: dict[str, bytes] = {}
        self.published: list[str] = []
        self.refuses = ""

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        if self.refuses and self.refuses in topic:
            raise NotPublished("the broker refused it: NOT_AUTHORIZED")
        self.published.append(topic)
        if retain:
            self.retained[topic] = payload
        if not payload:
            self.retained.pop(topic, None)

    def lose(self) -> None:
        self.retained.clear()
        self.connects += 1

    def states(self) -> dict[str, str]:
        """Return the state on each topic, by its last level."""
        return {topic.rpartition("/")[2]: self.at(topic)["state"] for topic in self.retained}

    def at(self, topic: str) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.retained[topic])
        return message
