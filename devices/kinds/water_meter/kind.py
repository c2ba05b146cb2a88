"""The kind `water_meter`."""

from devices.kind import DeviceKind
from devices.kinds.water_meter.fields import FIELDS
from devices.kinds.water_meter.payload import ADAPTER, Telemetry, measured, plain_values
from devices.payload import json_decoder
from devices.plain import plain_first

KIND = DeviceKind(
    name="water_meter",
    title="Water meter",
    title_zh="水表",
    fields=FIELDS,
    decode=plain_first(Telemetry, plain_values, json_decoder(ADAPTER, measured)),
    schema=ADAPTER,
    commands={
        "valve_open": "Open the valve",
        "valve_shut": "Shut the valve",
    },
)
