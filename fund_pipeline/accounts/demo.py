"""The demo keeps to itself: it never writes into a ledger that someone uses."""

from __future__ import annotations

from collections.abc import Collection

from fund_pipeline.accounts.demo_books import DEMO_CLIENTS
from fund_pipeline.accounts.registry import RegistryFile
from fund_pipeline.errors import ConfigurationError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.ledger.clients import list_clients
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.senders import list_senders
from fund_pipeline.ledger.signal_model import SenderRow
from fund_pipeline.ledger.strategies import list_strategies
from fund_pipeline.ledger.users import list_users


def refuse_unless_demo(ledger: Ledger, registry: RegistryFile, senders: Collection[tuple[str, str]] = ()) -> None:
    """Raise ConfigurationError when the ledger holds what is not the demo's, or what trades LIVE.

    Parameters
    ----------
    registry : the demo's own funds.
    senders : id and name of each sender of the demo's own; one that shares its id only is somebody's.
    """
    ours = {fund.fund_id for fund in registry.funds}
    foreign = [fund.fund_id for fund in list_funds(ledger) if fund.fund_id not in ours]
    live = [s.strategy_id for s in list_strategies(ledger) if s.trading_mode is TradingMode.LIVE]
    money = [account.account_id for account in list_accounts(ledger) if account.mode is TradingMode.LIVE]
    clients = [client.client_id for client in list_clients(ledger) if client.client_id not in DEMO_CLIENTS]
    people = [user.user_id for user in list_users(ledger) if not user.is_demo]
    others = [sender.sender_id for sender in list_senders(ledger) if _named(sender) not in senders]
    if foreign or live or money or people or others or clients:
        found = ", ".join(
            [
                *(f"fund {name}" for name in foreign),
                *(f"LIVE strategy {name}" for name in live),
                *(f"LIVE account {name}" for name in money),
                *(f"user {name}" for name in people),
                *(f"sender {name}" for name in others),
                *(f"client {name}" for name in clients),
            ]
        )
        raise ConfigurationError(
            f"this ledger is in use, and the demo does not touch it: it holds {found}",
            remedy="set FUND_HOME to an empty folder for the demo, or run `fund nightly` on this one",
        )


def _named(sender: SenderRow) -> tuple[str, str]:
    return sender.sender_id, sender.name
