"""Rules of an operator's own, as files."""

from pathlib import Path

LATER = """
from dataclasses import replace
from datetime import timedelta

from rules.library.{name}.rule import RULE as RELEASED

RULE = replace(RELEASED, hold=timedelta(days=30))
"""
"""The released rule, told a month later."""
BESIDE = """
from dataclasses import replace

from rules.library.meter_silent.rule import RULE as RELEASED

from .words import TITLE

RULE = replace(RELEASED, name="quiet_meter", title=TITLE)
"""
"""Another rule, that judges as a released one."""
STRICTER = """
from dataclasses import replace
from datetime import timedelta

from rules.library.gas_level_ch4.rule import RULE as RELEASED
from rules.conditions.threshold import Level, Threshold
from rules.severity import Severity

RULE = replace(
    RELEASED,
    name="{name}",
    hold=timedelta(),
    condition=lambda _: Threshold("ch4_lel_pct", (Level(Severity.NOTICE, 12.0, 8.0, "mine"),)),
)
"""
"""Of gas from 12 %LEL on, by another condition than that of the released rule."""
WORDS = 'TITLE = "Quiet meter"\n'
SEQUENCE = """
from dataclasses import replace

from rules.library.ventilation.rule import RULE as RELEASED

RULE = replace(RELEASED, sequence=lambda limits: RELEASED.sequence(limits))
"""
CASES = """
[[case]]
name = "three days of silence are not told yet"
every = "1d"
cumulative_m3 = "1 _x3 2"
expect = ["2d5h pending notice", "4d inactive"]
"""


def write(folder: Path, rule: str, text: str, **others: str) -> Path:
    """Write a rule and what is beside it into a folder of rules, and return that."""
    home = folder / rule
    home.mkdir(parents=True)
    (home / "rule.py").write_text(text, encoding="utf-8")
    for name, content in others.items():
        suffix = "toml" if name == "cases" else "py"
        (home / f"{name}.{suffix}").write_text(content, encoding="utf-8")
    return folder
