"""A fund's equity at a close, as the NAV takes it: the consolidated snapshots, none of them older than four days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from fund_pipeline.accounts.consolidation import consolidate
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.model import TradingMode

OLDEST = timedelta(days=4)
"""Over a long weekend the last word is the last word; after this there is no equity, and no NAV."""


@dataclass(frozen=True)
class Equity:
    """Consolidated equity in the fund's currency, and of which moment (UTC) each account's part of it tells."""

    amount: Decimal
    seen: Mapping[str, datetime]


EquityAt = Callable[[datetime], Equity | str]
"""The equity at or before a moment, or in words why there is none."""


def consolidated(ledger: Ledger, fund_id: str, mode: TradingMode) -> EquityAt:
    """Equity by the snapshots in the ledger."""

    def equity_at(moment: datetime) -> Equity | str:
        found = consolidate(ledger, fund_id, mode, moment, oldest=OLDEST)
        if found.equity is None:
            return "; ".join(f"{one.account_id} {one.message}".strip() for one in found.findings)
        return Equity(found.equity, {one.snapshot.account_id: one.snapshot.as_of for one in found.parts})

    return equity_at
