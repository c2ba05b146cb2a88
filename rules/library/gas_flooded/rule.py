"""The rule `gas_flooded`."""

from rules.explanation import Template
from rules.library.gas_status import gas_status_rule

RULE = gas_status_rule(
    name="gas_flooded",
    titles=("气体监测仪进水", "Gas monitor under water"),
    status="flooded",
    source="the monitor's own word",
    explanation=Template(
        zh="监测仪自 {start_at} 起浸水，其气体读数不可信（依据：{limit_from}）。",
        en="The monitor is under water since {start_at}; what it says of gas is worth nothing "
        "({limit_from}).",
    ),
)
