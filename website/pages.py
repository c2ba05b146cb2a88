"""The pages of the site: the documents of the repository, and what is made from the code."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from website.contracts import payloads_page, rules_by_folder, with_facts
from website.decisions import decisions_page
from website.links import Links
from website.tree import tree_of


@dataclass(frozen=True, slots=True)
class Pages:
    """The text of each page by its path in the site, and files of the repository beside them."""

    texts: dict[str, str]
    files: dict[str, Path]

    def of(self, section: str) -> list[str]:
        """Return the pages of a section but its first, in the order of their names."""
        inside = (page for page in self.texts if page.startswith(section))
        return sorted(page for page in inside if page.rpartition("/")[2] not in _FIRST)


_FIRST = ("README.md", "index.md")


def pages(root: Path) -> Pages:
    """Return what the site of this repository is made of."""
    tree = tree_of(root)
    links = Links(root, tree)
    texts = dict(_made(root))
    rules = rules_by_folder()
    for source, page in _documents(root, tree.pages):
        text = (root / source).read_text(encoding="utf-8")
        if source.startswith("rules/library/"):
            text = with_facts(text, rules[Path(source).parent.name])
        texts[page] = links.rewritten(text, source, page)
    return Pages(texts, {tree.of(path): root / path for path in sorted(links.files)})


def _made(root: Path) -> Iterator[tuple[str, str]]:
    yield "payloads/index.md", payloads_page(root)
    yield "decisions.md", decisions_page(root)


def _documents(root: Path, placed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    docs = root / "docs"
    for file in sorted(docs.rglob("*.md")):
        yield file.relative_to(root).as_posix(), file.relative_to(docs).as_posix()
    for source, page in placed.items():
        if source.endswith(".md"):
            yield source, page
