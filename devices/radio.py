"""What devices of every kind say of their radio link."""

from devices.field import Field

RSRP = Field(
    name="rsrp_dbm",
    type="integer",
    unit="dBm",
    low=-156,
    high=0,
    meaning="Received power of the cell's reference signal",
    source="3GPP TS 36.133: NRSRP is reported from -156 dBm; 0 is above any (general knowledge)",
    transmission=True,
)
