"""Printable text: what came from outside, made safe to show in a terminal or a line of a log."""


def printable(text: str, kept: str = "") -> str:
    """Return the text with every character that does not show written as its escape.

    That covers the escape sequences that move a terminal's cursor or colour it, line breaks, and
    marks that turn the direction of writing. Characters in `kept` stay.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in kept else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
