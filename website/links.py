"""Links: written for the repository, and made to lead to the same things in the site."""

import posixpath
import re
from collections.abc import Callable
from pathlib import Path

from website.tree import Tree

_LINK = re.compile(r"(?P<open>\]\()(?P<path>[^)\s#:]+)(?P<rest>#[^)\s]*)?\)")
_CODE = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.MULTILINE | re.DOTALL)


class Links:
    """Rewrites the links of documents, and remembers which other files they lead to."""

    def __init__(self, root: Path, tree: Tree) -> None:
        self._root = root
        self._tree = tree
        self.files: set[str] = set()

    def rewritten(self, markdown: str, source: str, page: str) -> str:
        """Return the text of a document of the repository as a page of the site.

        A link to nothing stays as it is: the strict build refuses it.
        """
        return outside_code(markdown, lambda text: _LINK.sub(self._link(source, page), text))

    def _link(self, source: str, page: str) -> Callable[[re.Match[str]], str]:
        def link(match: re.Match[str]) -> str:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(source), match["path"]))
            if not (self._root / path).exists() and not self._tree.has(path):
                return match[0]
            if not self._tree.has(path):
                self.files.add(path)
            target = posixpath.relpath(self._tree.of(path), posixpath.dirname(page) or ".")
            return f"{match['open']}{target}{match['rest'] or ''})"

        return link


def outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """Return the text, changed everywhere but in fences and spans of code."""
    parts = _CODE.split(markdown)
    return "".join(part if at % 2 else change(part) for at, part in enumerate(parts))
