"""The rule `gas_sensor_fault`."""

from rules.explanation import Template
from rules.library.gas_status import gas_status_rule

RULE = gas_status_rule(
    name="gas_sensor_fault",
    titles=("气体传感器故障", "Gas sensor faulty"),
    status="fault",
    source="the monitor's own word, a loop current below 1 mA",
    explanation=Template(
        zh="监测仪自 {start_at} 起报告传感器故障，其读数不可信（依据：{limit_from}）。",
        en="The monitor says since {start_at} that a sensor is faulty; its readings are worth "
        "nothing ({limit_from}).",
    ),
)
