"""The kind `door`."""

from devices.kind import DeviceKind
from devices.kinds.door.fields import FIELDS
from devices.kinds.door.payload import ADAPTER, measured
from devices.payload import json_decoder

KIND = DeviceKind(
    name="door",
    title="Door controller",
    title_zh="门禁控制器",
    fields=FIELDS,
    decode=json_decoder(ADAPTER, measured),
    schema=ADAPTER,
    commands={
        "authorisation_revoke": "Stop opening for the pseudonym in argument `person`",
        "authorisation_restore": "Open again for the pseudonym in argument `person`",
    },
)
