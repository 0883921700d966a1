"""Tables and figures as people read them in a terminal."""

from __future__ import annotations

import unicodedata
from typing import TextIO

from rich.console import Console, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 140
"""Characters a line has where there is no terminal."""


def console(file: TextIO | None = None) -> Console:
    """Standard output, or `file`; a pipe gets plain text of a fixed width. Text is shown as it is: no [tags], no
    :emoji:."""
    found = Console(file=file, highlight=False, soft_wrap=False, markup=False, emoji=False)
    if found.is_terminal:
        return found
    return Console(file=file, highlight=False, width=PIPE_WIDTH, markup=False, emoji=False)


class PlainTable(Table):
    """A table whose cells are data: whatever they hold is shown, and none of it is obeyed."""

    def add_row(
        self, *renderables: RenderableType | None, style: str | Style | None = None, end_section: bool = False
    ) -> None:
        """Add a row; a string is shown as it is."""
        cells = (shown(cell) if isinstance(cell, str) else cell for cell in renderables)
        super().add_row(*cells, style=style, end_section=end_section)


def table(title: str, *columns: str) -> PlainTable:
    """A table whose first column is text and whose other columns are aligned right, unless they end with `<`."""
    made = PlainTable(title=shown(title, "bold"), title_justify="left", header_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        left = index == 0 or column.endswith("<")
        name = column.removesuffix("<")
        made.add_column(shown(name), justify="left" if left else "right", overflow="fold")
    return made


def headed(head: str, rest: str = "") -> Text:
    """A line that begins in bold."""
    return Text.assemble(shown(head, "bold"), shown(rest))


def shown(text: str, style: str = "") -> Text:
    """Text as a terminal may have it: not markup, and what would steer the terminal or turn it around is spelt out."""
    return Text("".join(_spelt(one) if not one.isprintable() else one for one in text), style=style)


def _spelt(one: str) -> str:
    harmless = one == "\n" or unicodedata.category(one) == "Zs"
    return one if harmless else one.encode("unicode_escape").decode("ascii")


def percent(value: float | None, places: int = 2) -> str:
    """A fraction as percent; a dash where it is undefined."""
    return "–" if value is None else f"{round(100 * value, places) + 0.0:.{places}f} %"


def number(value: float | None, places: int = 2) -> str:
    """A figure; a dash where it is undefined."""
    return "–" if value is None else f"{value:.{places}f}"
