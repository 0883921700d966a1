"""Which registers of units a NAV is struck for."""

from __future__ import annotations

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.ledger.clients import list_clients
from fund_pipeline.ledger.model import TradingMode


def mode_of(ledger: Ledger, fund_id: str) -> TradingMode:
    """LIVE where a fund has a LIVE account, else PAPER, as the demo fund: of it nobody owns real money."""
    is_live = any(one.mode is TradingMode.LIVE for one in list_accounts(ledger, fund_id))
    return TradingMode.LIVE if is_live else TradingMode.PAPER


def registers(ledger: Ledger) -> tuple[tuple[str, TradingMode], ...]:
    """Fund and mode of every register that has a client, by name."""
    return tuple(sorted({(one.fund_id, one.mode) for one in list_clients(ledger)}))
