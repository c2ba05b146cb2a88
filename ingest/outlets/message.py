"""The message of an alert on MQTT: a contract for whoever subscribes, with its JSON Schema."""

import json
from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from devices.instant import iso_of
from devices.topic import PREFIX
from ingest.areas import area_of, levels_of
from ingest.journal.alerts import Alert
from rules.explanation import Text
from rules.severity import Severity
from rules.subject import Scope

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_Grade = Literal["notice", "warning", "critical"]


class AlertMessage(BaseModel):
    """An alert as it is now; instants are ISO 8601 in UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    v: Literal[1] = 1
    """Version of this contract; fields are only ever added."""
    id: str
    """Identity of the alert: rule, scope, subject and start."""
    rule: str
    """Name of the rule."""
    severity: _Grade
    """How urgent it is, or was last."""
    worst: _Grade
    """How urgent it has been at its worst."""
    state: Literal["firing", "stale", "suppressed", "resolved"]
    """What people see; stale: it fired when its data was lost, and is not known since."""
    suppressed: bool
    """Whether people are not told, because of maintenance or absence."""
    scope: Scope
    """What sort of thing the subject is."""
    subject: str
    """What it is about: `<kind>/<device>`, a dwelling's pseudonym, or an area's code."""
    area: str
    """Code of the innermost area known when it was raised, `unknown` for none."""
    areas: Mapping[str, str]
    """Codes by level: city, district, street, community, grid; those that are known."""
    start_at: str
    """When it began, by the clock of the device."""
    at: str
    """When it last changed, by the clock of the device."""
    told_at: str
    """When the service came to know of that."""
    title_zh: str
    """Title of the rule in Chinese."""
    title_en: str
    """Title of the rule in English."""
    text_zh: str
    """Explanation in Chinese."""
    text_en: str
    """Explanation in English."""
    clear_at: str | None = None
    """Since when, by the clock of the device, it fires only because a person has to reset it."""


def topic_of(alert: Alert) -> str:
    """Return `gw/v1/alerts/<area>/<rule>/<subject>`.

    The `/` within a subject is written as `.`, which no kind of device has in its name, so that the
    first one parts kind and device: `water_meter.wm-1`. Whatever else a topic has a use for is
    percent-encoded.
    """
    subject = quote(alert.subject.replace("/", "."), safe="")
    return f"{PREFIX}/alerts/{area_of(alert.areas)}/{alert.rule}/{subject}"


def payload_of(alert: Alert, title: Text) -> bytes:
    """Return the message of an alert."""
    message = AlertMessage(
        id=alert.id,
        rule=alert.rule,
        severity=_grade(alert.severity),
        worst=_grade(alert.worst),
        state=alert.visible,
        suppressed=alert.suppressed,
        scope=alert.scope,
        subject=alert.subject,
        area=area_of(alert.areas),
        areas=levels_of(alert.areas),
        start_at=iso_of(alert.start_at),
        at=iso_of(alert.last_at),
        told_at=iso_of(alert.told_at),
        title_zh=title.zh,
        title_en=title.en,
        text_zh=alert.text_zh,
        text_en=alert.text_en,
        clear_at=None if alert.clear_at is None else iso_of(alert.clear_at),
    )
    return message.model_dump_json().encode()


def message_schema_text() -> str:
    """Return the JSON Schema, draft 2020-12: sorted, indented."""
    schema = AlertMessage.model_json_schema(mode="serialization") | {
        "$schema": _DIALECT,
        "title": "Alert (告警), payload version 1",
        "description": f"What is retained on {PREFIX}/alerts/<area>/<rule>/<subject>",
    }
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _grade(severity: int) -> _Grade:
    return _GRADES[Severity(severity)]


_GRADES: Mapping[Severity, _Grade] = {
    Severity.NOTICE: "notice",
    Severity.WARNING: "warning",
    Severity.CRITICAL: "critical",
}
