"""A dashboard: the published rows that one reader may see, and of when they are. Every figure comes from a mart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

Row = Mapping[str, Any]
Rows = tuple[Row, ...]
Published = Mapping[str, Rows]
"""Published rows by mart."""

SCHEMA = 2
"""Of the marts and their tables. Raise it when what a column means changes."""


class RateUse(StrEnum):
    """What a rate is for: what a fund is worth now, what it was when its day began, or at the end of a former day."""

    NOW = "NOW"
    DAY_START = "DAY_START"
    DAY_END = "DAY_END"


@dataclass(frozen=True)
class Built:
    """Of when a dashboard is: the build, the moment at which the ledger was so, and when that was published. UTC."""

    build_id: str
    as_of: datetime
    built_at: datetime


@dataclass(frozen=True)
class AdminDashboard:
    """What an admin sees of one fund."""

    fund_id: str
    overview: Row
    rates: Rows
    equity_history: Rows
    positions: Rows
    signals: Rows
    orders: Rows
    scorecard: Rows


@dataclass(frozen=True)
class ClientDashboard:
    """What a client sees of itself."""

    client_id: str
    statement: Row


@dataclass(frozen=True)
class SenderDashboard:
    """What a sender sees of itself."""

    sender_id: str
    statement: Row
    payouts: Rows
