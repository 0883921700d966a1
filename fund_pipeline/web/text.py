"""Text of strangers, as a page may have it: what would turn a line around or hide in it is spelt out."""

from __future__ import annotations

import unicodedata


def shown(text: str) -> str:
    """The text with every character that cannot be seen spelt out. Escaping for HTML is the templates' own."""
    return "".join(one if one.isprintable() or unicodedata.category(one) == "Zs" else _spelt(one) for one in text)


def _spelt(one: str) -> str:
    return " " if one in "\n\r\t" else one.encode("unicode_escape").decode("ascii")
