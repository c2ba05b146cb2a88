"""The kind `gas_monitor`."""

from devices.kind import DeviceKind
from devices.kinds.gas_monitor.fields import FIELDS
from devices.kinds.gas_monitor.payload import ADAPTER, measured
from devices.payload import json_decoder

KIND = DeviceKind(
    name="gas_monitor",
    title="Gas monitor",
    title_zh="气体监测仪",
    fields=FIELDS,
    decode=json_decoder(ADAPTER, measured),
    schema=ADAPTER,
    commands={
        "fan_start": "Start the fan",
        "fan_stop": "Stop the fan",
    },
)
