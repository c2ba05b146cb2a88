"""The navigation: written in mkdocs.yml, but for families of pages, which are found."""

from typing import TypeAlias

from website.contracts import rules_by_folder
from website.pages import Pages

Nav: TypeAlias = "str | list[Nav] | dict[str, Nav]"
"""As mkdocs reads it: a page, a list of entries, or an entry with its title."""

_GROUPS = {
    "water_meter": "Water meters 水表",
    "gas_monitor": "Gas and ventilation 气体与通风",
    "door": "Doors 门禁",
}
_OTHERS = "Premises and areas 住户与区域"


def expanded(nav: Nav, pages: Pages) -> Nav:
    """Return the navigation with every `folder/` replaced by the pages in it."""
    if isinstance(nav, dict):
        return {title: expanded(inside, pages) for title, inside in nav.items()}
    if isinstance(nav, str):
        return nav
    return [entry for each in nav for entry in _entries(each, pages)]


def _entries(entry: Nav, pages: Pages) -> list[Nav]:
    if not isinstance(entry, str) or not entry.endswith("/"):
        return [expanded(entry, pages)]
    if entry == "rules/":
        return _rules()
    return list(pages.of(entry))


def _rules() -> list[Nav]:
    """Return the pages of rules by what they judge; a rule of several kinds is among the others."""
    groups: dict[str, list[Nav]] = {title: [] for title in (*_GROUPS.values(), _OTHERS)}
    for folder, rules in sorted(rules_by_folder().items()):
        kinds = {kind for rule in rules for kind in rule.fields}
        alone = kinds.pop() if len(kinds) == 1 and rules[0].scope == "device" else ""
        groups[_GROUPS.get(alone, _OTHERS)].append(f"rules/{folder}.md")
    return [{title: inside} for title, inside in groups.items()]
