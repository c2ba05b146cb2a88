"""Where people read what to do about an alert: a section of the page of its rule."""

from rules.catalogue import homes

SECTION = "At three in the morning"
_ANCHOR = SECTION.lower().replace(" ", "-")


def runbook_of(rule: str, base: str | None) -> str:
    """Return the link to the runbook of a rule, a path within the project without a base.

    Of a rule that the library has no longer, the list of rules.
    """
    folder = homes().get(rule)
    page = f"rules/library/{folder}/README.md#{_ANCHOR}" if folder else "docs/rules.md"
    return f"{base.rstrip('/')}/{page}" if base else page
