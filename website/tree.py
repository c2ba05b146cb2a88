"""Where each document of the repository stands in the site."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
FILES = "files"
"""Folder of the site for what a document links to and is no document."""

_PAGES = {
    "README.md": "overview.md",
    "README.zh-CN.md": "overview.zh-CN.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "mosquitto/README.md": "broker.md",
    "rules/README.md": "engine.md",
    "tests/samples/daiad/README.md": "recorded-meters.md",
    "docs/payloads": "payloads/index.md",
    "website/decisions.py": "decisions.md",
}
"""Documents outside docs, and the page of each. One that another links to has to be here."""

_FAMILIES = {"devices/kinds": "payloads", "rules/library": "rules"}
"""Folders whose folders have a README each, and the folder of the site that holds these."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Paths in the repository, and the paths of their pages in the site; both with slashes."""

    pages: Mapping[str, str]

    def of(self, path: str) -> str:
        """Return where the site has a file of the repository."""
        inside = PurePosixPath(path)
        if path in self.pages:
            return self.pages[path]
        if inside.is_relative_to("docs"):
            return str(inside.relative_to("docs"))
        return f"{FILES}/{path}"

    def has(self, path: str) -> bool:
        """Return whether the site has a page, or the folder docs a file, of this path."""
        return path in self.pages or PurePosixPath(path).is_relative_to("docs")


def tree_of(root: Path) -> Tree:
    """Return the tree of a repository; a page that is not there is left out."""
    found = {path: page for path, page in _PAGES.items() if (root / path).exists()}
    for folder, section in _FAMILIES.items():
        for readme in sorted((root / folder).glob("*/README.md")):
            found[readme.relative_to(root).as_posix()] = f"{section}/{readme.parent.name}.md"
    return Tree(found)
