"""The kind `water_meter`."""

from devices.kind import DeviceKind
from devices.kinds.water_meter.fields import FIELDS
from devices.kinds.water_meter.payload import ADAPTER, measured
from devices.payload import json_decoder

KIND = DeviceKind(
    name="water_meter",
    title="Water meter",
    title_zh="水表",
    fields=FIELDS,
    decode=json_decoder(ADAPTER, measured),
    schema=ADAPTER,
    commands={
        "valve_open": "Open the valve",
        "valve_shut": "Shut the valve",
    },
)
