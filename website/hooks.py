"""What mkdocs calls while it builds the site."""

import json
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from website.han import separated
from website.navigation import expanded
from website.pages import Pages, pages
from website.tree import ROOT

_built: list[Pages] = []


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Gather the pages, and put them into the navigation."""
    _built[:] = [pages(ROOT)]
    config.nav = expanded(config.nav or [], _built[0])
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put the pages in the place of what is found in docs; other files stay."""
    (found,) = _built
    for page, text in found.texts.items():
        before = files.get_file_from_path(page)
        if before is not None:
            files.remove(before)
        files.append(File.generated(config, page, content=text))
    for page, path in found.files.items():
        files.append(File.generated(config, page, content=path.read_bytes()))
    return files


def on_post_build(config: MkDocsConfig) -> None:
    """Make the index of the search fit for Chinese, before it is made a script."""
    index = Path(config.site_dir) / "search/search_index.json"
    held = json.loads(index.read_text(encoding="utf-8"))
    for part in held["docs"]:
        part.update({name: separated(part[name]) for name in ("title", "text")})
    index.write_text(json.dumps(held, ensure_ascii=False), encoding="utf-8")
