"""The demo keeps to itself: it never writes into a ledger that someone uses."""

from __future__ import annotations

from fund_pipeline.accounts.registry import RegistryFile
from fund_pipeline.errors import ConfigurationError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.strategies import list_strategies
from fund_pipeline.ledger.users import list_users


def refuse_unless_demo(ledger: Ledger, registry: RegistryFile) -> None:
    """Raise ConfigurationError when the ledger holds a fund or a user that is not the demo's, or what trades LIVE."""
    ours = {fund.fund_id for fund in registry.funds}
    foreign = [fund.fund_id for fund in list_funds(ledger) if fund.fund_id not in ours]
    live = [s.strategy_id for s in list_strategies(ledger) if s.trading_mode is TradingMode.LIVE]
    people = [user.user_id for user in list_users(ledger) if not user.is_demo]
    if foreign or live or people:
        found = ", ".join(
            [
                *(f"fund {name}" for name in foreign),
                *(f"LIVE strategy {name}" for name in live),
                *(f"user {name}" for name in people),
            ]
        )
        raise ConfigurationError(
            f"this ledger is in use, and the demo does not touch it: it holds {found}",
            remedy="set FUND_HOME to an empty folder for the demo, or run `fund nightly` on this one",
        )
