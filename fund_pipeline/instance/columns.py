"""Which columns Dagster's tables have, found out once: by itself, its storage asks at every event and every run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from dagster._core.storage.base_storage import DagsterStorage

_OF_EVENTS = ("has_asset_key_col", "_has_asset_key_col_on_connection")
_OF_RUNS = ("has_run_stats_index_cols", "has_backfill_id_column")

_found: set[tuple[str, ...]] = set()
"""What was found to be there, by place and question. It does not go away; what is missing a migration may add."""


def remember_columns(storage: DagsterStorage[Any], place: str) -> None:
    """Have a storage at a place, a URL or a folder, ask for no column again that was there."""
    for part, names in ((storage.event_log_storage, _OF_EVENTS), (storage.run_storage, _OF_RUNS)):
        for name in names:
            setattr(part, name, partial(_once, (place, name), getattr(part, name)))


def _once(question: tuple[str, ...], ask: Callable[..., bool], *asked: Any) -> bool:
    whole = (*question, *(one for one in asked if isinstance(one, str)))  # not the connection
    if whole not in _found and ask(*asked):
        _found.add(whole)
    return whole in _found
