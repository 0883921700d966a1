"""Tables in asset metadata."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; text in a cell cannot break it. Without rows it says so."""
    body = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    if not body:
        return "none"
    return "\n".join(["| " + " | ".join(header) + " |", "|" + " --- |" * len(header), *body])


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def percent(value: float | None, places: int = 2) -> str:
    """A fraction as percent; a dash where it is undefined."""
    return "–" if value is None else f"{round(100 * value, places) + 0.0:.{places}f} %"
