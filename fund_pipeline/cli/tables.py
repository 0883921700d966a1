"""Tables and figures as people read them in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table


def console() -> Console:
    """Standard output; a pipe gets plain text of a fixed width."""
    found = Console(highlight=False, soft_wrap=False)
    return found if found.is_terminal else Console(highlight=False, width=140)


def table(title: str, *columns: str) -> Table:
    """A table whose first column is text and whose other columns are aligned right, unless they end with `<`."""
    made = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        left = index == 0 or column.endswith("<")
        made.add_column(column.rstrip("<"), justify="left" if left else "right", overflow="fold")
    return made


def percent(value: float | None, places: int = 2) -> str:
    """A fraction as percent; a dash where it is undefined."""
    return "–" if value is None else f"{round(100 * value, places) + 0.0:.{places}f} %"


def number(value: float | None, places: int = 2) -> str:
    """A figure; a dash where it is undefined."""
    return "–" if value is None else f"{value:.{places}f}"
