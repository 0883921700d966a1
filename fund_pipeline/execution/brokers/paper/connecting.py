"""How an account of the broker `paper` is connected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from fund_pipeline.execution.brokers.paper.broker import PaperBroker
from fund_pipeline.execution.brokers.paper.terms import PaperTerms
from fund_pipeline.ledger.account_model import Account

FOLDER = "paper"


def connect(account: Account, home: Path, clock: Callable[[], datetime]) -> PaperBroker:
    """The paper account in the home, made with standard terms in the account's currency if it is not there."""
    return PaperBroker(file_of(account, home), clock, PaperTerms(currency=account.currency))


def file_of(account: Account, home: Path) -> Path:
    """Where its books are. The broker's number, which is one account's only, names them."""
    safe = "".join(one if one.isalnum() or one in "-_" else f"%{ord(one):x}" for one in account.broker_account)
    return home / FOLDER / f"{safe}.sqlite"
