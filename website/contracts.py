"""What the site adds to the READMEs of kinds and rules: it is made from the code they stand by."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from devices.catalogue import catalogue
from ingest.rule_tools.reference import Language, details, limit_rows
from rules.catalogue import alert_rules, homes
from rules.rule import AlertRule

_PAYLOADS = """# Payload contracts

What a device sends, field by field: units, ranges and the source of each. A payload is taken whole
or refused with a reason, never repaired. Released names and types never change.

| kind | contract | for programs | fields | commands |
|---|---|---|---|---|
"""
_ALERTS = """
Alerts on MQTT have a contract of their own: [where alerts go](../alerts.md#mqtt),
[`alert.schema.json`](alert.schema.json). The names that releases have fixed, which a test keeps:
[`released-fields.txt`](released-fields.txt). What of it stands in a database:
[InfluxDB](../influxdb.md).
"""
_LIMITS = ("limit", "default", "from", "to", "unit", "stricter", "source")


def payloads_page(root: Path) -> str:
    """Return the page that leads to the contract of every kind."""
    rows = []
    for name, kind in catalogue().items():
        readme = (root / "devices/kinds" / name / "README.md").read_text(encoding="utf-8")
        title = readme.partition("\n")[0].removeprefix("# ")
        schema = f"[`{name}.schema.json`]({name}.schema.json)"
        commands = ", ".join(f"`{command}`" for command in kind.commands) or "none"
        fields = len(kind.fields)
        rows.append(f"| `{name}` | [{title}]({name}.md) | {schema} | {fields} | {commands} |")
    return _PAYLOADS + "\n".join(rows) + "\n" + _ALERTS


def rules_by_folder() -> dict[str, list[AlertRule]]:
    """Return what is told, by the folder of the library whose README is its page."""
    found = defaultdict(list)
    for name, rule in alert_rules().items():
        found[homes()[name]].append(rule)
    return dict(found)


def with_facts(readme: str, rules: list[AlertRule]) -> str:
    """Return the README of a rule with what the code says of it at its end."""
    return f"{readme.rstrip()}\n\n## As the engine has it\n\n{_facts(rules)}"


def _facts(rules: list[AlertRule]) -> str:
    return "\n".join(line for rule in rules for line in _rule(rule))


def _rule(rule: AlertRule) -> Iterator[str]:
    english, chinese = details(rule, Language.EN), details(rule, Language.ZH)
    yield f"### `{rule.name}`\n"
    yield f"{rule.title} · {rule.title_zh}\n"
    yield "| | |\n|---|---|"
    for heading, value in list(english.items())[2:-1]:
        if value:
            yield f"| {heading} | {_cell(value)} |"
    yield f"| says | {_cell(english['says'])} |"
    yield f"| 说明 | {_cell(chinese['说明'])} |"
    yield ""
    rows = limit_rows(rule, Language.EN)
    if rows:
        yield f"| {' | '.join(_LIMITS)} |\n|{'---|' * len(_LIMITS)}"
        for row in rows:
            yield f"| {' | '.join(_cell(row[name]) for name in _LIMITS)} |"
        yield ""


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
