"""Search in Chinese: the index holds every character as a word of its own.

Context: Chinese has no blanks between words, and the search of the site knows words alone. A
dictionary finds most of them, but none of a trade that it was not made for.
Decision: a separator that is not seen stands between all Han characters of the index, and the
browser asks for all characters of what was typed and keeps what has them side by side
(`theme/assets/javascripts/iframe-worker.js`). Given up: results in the order of relevance of words.
"""

import re

BETWEEN = "\u200b"
"""Zero width space: not seen, and a separator of words to the search."""

_INSIDE = re.compile(r"(?<=[\u3400-\u9fff])(?=[\u3400-\u9fff])")


def separated(text: str) -> str:
    """Return the text with `BETWEEN` between any two Han characters side by side."""
    return _INSIDE.sub(BETWEEN, text)
