"""A finding: an input that breaks the law, made short, and written as a sample to be."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from tests.fuzz.law import processor_s
from tests.fuzz.targets import Target

_MOST_TRIES = 1_000
_LONGEST_S = 20.0
"""Inputs tried in order to shorten one, and processor time for them."""


def shortened(sent: bytes, breaks: Callable[[bytes], bool]) -> bytes:
    """Return a shorter input that still breaks: pieces are left out, ever smaller ones."""
    tries, begun = 0, processor_s()
    size = len(sent) // 2
    while size:
        at = 0
        while at < len(sent):
            tries += 1
            if tries > _MOST_TRIES or processor_s() - begun > _LONGEST_S:
                return sent
            shorter = sent[:at] + sent[at + size :]
            if breaks(shorter):
                sent = shorter
            else:
                at += size
        size //= 2
    return sent


def block(target: Target, sent: bytes, broken: str) -> str:
    """Return the input as a sample to be, with what is left to be said of it."""
    name = sha256(sent).hexdigest()[:12]
    return (
        f"# {broken}\n# Once mended, for {target.file}: give it a name, and say what it becomes.\n"
        f'[[{target.table}]]\nname = "found by fuzzing {name}"\n{target.sample(sent)}'
    )


def keep(folder: Path, target: Target, sent: bytes, broken: str) -> Path:
    """Write an input, made short, as a sample to be; return the path of its file."""
    short = shortened(sent, lambda less: target.breaks(less) == broken)
    text = block(target, short, broken)
    path = folder / f"{target.name}-{sha256(text.encode()).hexdigest()[:12]}.toml"
    path.write_text(text, encoding="utf-8")
    return path
