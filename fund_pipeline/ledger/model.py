"""What the ledger holds, as values: states, and one frozen dataclass per noun."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fund_pipeline.terms import SizingMode


class StrategyStatus(StrEnum):
    """Whether a strategy may open positions."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    TESTING = "TESTING"


class TradingMode(StrEnum):
    """Which brokers a strategy may reach. PAPER can never reach a live one."""

    PAPER = "PAPER"
    LIVE = "LIVE"


class AllocationStatus(StrEnum):
    """The life of an allocation. At most one per fund is ACTIVE.

    A pending one is REJECTED by a person, SUPERSEDED by a newer one, or EXPIRED when it no longer answers to anything;
    an ACTIVE one is ARCHIVED by its successor.
    """

    PENDING_APPROVAL = "PENDING_APPROVAL"
    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"
    REJECTED = "REJECTED"
    SUPERSEDED = "SUPERSEDED"
    EXPIRED = "EXPIRED"


class AllocationOrigin(StrEnum):
    """Where an allocation's weights come from."""

    OPTIMISED = "OPTIMISED"
    EDITED = "EDITED"
    ROLLED_BACK = "ROLLED_BACK"


@dataclass(frozen=True)
class Fund:
    """A fund: its currency (ISO 4217), capital in that currency and risk limits (see accounts/limits.py)."""

    fund_id: str
    name: str
    currency: str
    capital: Decimal
    risk_limits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Strategy:
    """A strategy in the registry.

    One unit is the smallest size at which it can run: `unit_notional` is the capital it is allocated then and
    `margin_per_unit` its margin, both in the fund's currency; units come in multiples of `lot_step`. `max_gross` is
    notional ÷ equity; `expected_alpha_per_trade` is a fraction of the entry price.
    """

    strategy_id: str
    name: str
    status: StrategyStatus = StrategyStatus.TESTING
    trading_mode: TradingMode = TradingMode.PAPER
    sizing: SizingMode = SizingMode.SCALE
    include_in_optimization: bool = True
    accounts: tuple[str, ...] = ()
    risk_limits: Mapping[str, Any] = field(default_factory=dict)
    developer_contact: str = ""
    notes: str = ""
    unit_notional: Decimal | None = None
    margin_per_unit: Decimal | None = None
    lot_step: Decimal = Decimal(1)
    max_gross: Decimal | None = None
    expected_alpha_per_trade: Decimal | None = None


@dataclass(frozen=True)
class BacktestSummary:
    """What was admitted for a strategy.

    Attributes
    ----------
    content_hash : identifies file, manifest and strategy.
    unit, unit_evidence : the decided unit of the returns, and why.
    first_date, last_date, days : the history, and its number of rows.
    missing_sessions : sessions of `calendar` within the history that have no row.
    stated : what the manifest said of the account: start_capital, margin_per_unit.
    warnings : findings that did not refuse the file.
    statistics : the strategy's figures, once they were computed.
    """

    strategy_id: str
    content_hash: str
    source_file: str
    unit: str
    unit_evidence: str
    calendar: str
    first_date: date
    last_date: date
    days: int
    missing_sessions: int
    stated: Mapping[str, Any]
    warnings: tuple[Mapping[str, Any], ...]
    ingested_at: datetime
    statistics: Mapping[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """What the stored series is: its content, as read in its unit."""
        return f"{self.content_hash}-{self.unit}"


@dataclass(frozen=True)
class DatesAcceptance:
    """A person's word that a backtest flagged as misdated is right. It holds for that content only."""

    strategy_id: str
    content_hash: str
    accepted_by: str
    note: str
    accepted_at: datetime


@dataclass(frozen=True)
class OptimisationRun:
    """The full record of one optimisation: what went in, what came out, and the digest that identifies the inputs."""

    run_id: str
    fund_id: str
    inputs_digest: str
    allocator: str
    status: str
    inputs: Mapping[str, Any]
    result: Mapping[str, Any]
    correlation_id: str
    created_at: datetime


@dataclass(frozen=True)
class Allocation:
    """Weights over strategies (fractions of fund equity) with the figures that were shown for them.

    `based_on` is the allocation whose weights were edited or brought back; `run_id` the optimisation behind it.
    """

    allocation_id: str
    fund_id: str
    run_id: str
    status: AllocationStatus
    weights: Mapping[str, Decimal]
    metrics: Mapping[str, float | None]
    digest: str
    created_at: datetime
    origin: AllocationOrigin = AllocationOrigin.OPTIMISED
    based_on: str | None = None


@dataclass(frozen=True)
class AuditEntry:
    """Who did what to which thing, and when (UTC)."""

    at: datetime
    actor: str
    action: str
    entity: str
    entity_id: str
    detail: Mapping[str, Any]
    correlation_id: str
