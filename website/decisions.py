"""The decision notes: they stand beside the code, in docstrings, and are gathered from there."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("ingest", "rules", "devices", "website")
_HEAD = """# Decisions

What was decided where another way was open: in which situation, what was decided, and what was
given up for it. The notes stand beside the code that they are about, in the docstring of the module
or class, and this page is gathered from there when the site is built. How the parts fit together:
[architecture](architecture.md).
"""
_ABOUT = {
    "ingest": "What reaches out: sockets, files, the clock",
    "rules": "What is judged",
    "devices": "What devices say, and what simulated ones do",
    "website": "These documents",
}
_MARK = re.compile(r"(?:^|(?<=\. ))(Context|Decision|Given up):\s", re.MULTILINE)
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Decision:
    """A note: what it is about, the module it stands in, and its parts by their marks."""

    about: str
    module: str
    parts: tuple[tuple[str, str], ...]


def decisions(root: Path) -> Iterator[Decision]:
    """Yield the notes of all packages, module by module."""
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                text = ast.get_docstring(node) if isinstance(node, _DOCUMENTED) else None
                if text and _MARK.search(text):
                    yield noted(text, file.relative_to(root).as_posix())


def noted(docstring: str, module: str) -> Decision:
    """Return the note of a docstring; a part reaches to the next mark or the end of paragraph."""
    about = docstring.partition("\n\n")[0]
    _, *rest = _MARK.split(docstring)
    texts = (text.partition("\n\n")[0] for text in rest[1::2])
    parts = tuple((mark, _one_line(text)) for mark, text in zip(rest[::2], texts, strict=True))
    return Decision(_one_line(about).removesuffix("."), module, parts)


def decisions_page(root: Path) -> str:
    """Return the page of all notes."""
    lines = [_HEAD]
    package = ""
    for note in decisions(root):
        own, _, _ = note.module.partition("/")
        if own != package:
            package = own
            lines += [f"\n## {_ABOUT[own]}\n"]
        lines += [f"\n### {note.about}\n", f"`{note.module}`\n"]
        lines += [f"**{mark}.** {text[0].upper()}{text[1:]}\n" for mark, text in note.parts]
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())
