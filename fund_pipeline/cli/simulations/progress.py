"""A bar for whoever waits at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from fund_pipeline.cli.tables import console

Tell = Callable[[int, int], None]
"""Told how many steps are done, and of how many."""


@contextmanager
def waiting(what: str, *, quiet: bool) -> Iterator[Tell]:
    """Show a bar while the block runs, full as far as it is told; only in a terminal, and never when quiet."""
    terminal = console()
    if quiet or not terminal.is_terminal:
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=terminal, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def tell(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield tell
