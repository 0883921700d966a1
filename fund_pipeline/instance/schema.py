"""Which tables, columns and indexes Dagster's database has, found out once: its storage asks at every step it takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from dagster._core.storage.base_storage import DagsterStorage

_OF_EVENTS = ("has_asset_key_col", "_has_asset_key_col_on_connection", "has_secondary_index")
_OF_RUNS = ("has_run_stats_index_cols", "has_backfill_id_column", "has_built_index")
_OF_TICKS = (
    "has_instigators_table",
    "_has_instigators_table",
    "_has_asset_daemon_asset_evaluations_table",
    "has_secondary_index_table",
    "has_built_index",
)

_found: set[tuple[str, ...]] = set()
"""What was found to be there, by place and question. It does not go away; what is missing a migration may add."""


def remember_schema(storage: DagsterStorage[Any], place: str) -> None:
    """Have a storage at a place, a URL or a folder, ask for nothing again that was there."""
    parts: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (storage.event_log_storage, _OF_EVENTS),
        (storage.run_storage, _OF_RUNS),
        (storage.schedule_storage, _OF_TICKS),
    )
    for part, names in parts:
        for name in names:
            setattr(part, name, partial(once, place, type(part).__name__, name, ask=getattr(part, name)))


def once(place: str, part: str, name: str, *asked: Any, ask: Callable[..., bool]) -> bool:
    """The answer to a question about a place, which is not asked again once it was yes."""
    question = (place, part, name, *(one for one in asked if isinstance(one, str)))  # not the connection
    if question not in _found and ask(*asked):
        _found.add(question)
    return question in _found
