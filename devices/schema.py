"""JSON Schema of a kind's payload, draft 2020-12, for integrators who check before they send."""

import json

from devices.kind import DeviceKind

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_text(kind: DeviceKind) -> str:
    """Return the schema as JSON text: sorted, indented, the same for the same kind.

    It can't say what depends on two fields at once, such as increments that exceed their slots: a
    payload that fits it may still be refused as inconsistent or out of range.
    """
    schema = kind.schema.json_schema() | {
        "$schema": _DIALECT,
        "title": f"{kind.title} ({kind.title_zh}), payload version 1",
        "description": f"What a device of kind {kind.name} sends on gw/v1/{kind.name}/<device>/up",
    }
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
