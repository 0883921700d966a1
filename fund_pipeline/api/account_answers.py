"""What is asked and answered of accounts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fund_pipeline.accounts.accounts import BROKER, ID, NUMBER, PAPER_BROKER, AccountEntry
from fund_pipeline.accounts.snapshots import age_of
from fund_pipeline.ledger.account_model import Account, AccountSnapshot, AccountStatus
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.terms import AssetClass


def _line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("it has characters that cannot be printed")
    return text


class ChangedAccountBody(BaseModel):
    """All of an account but its id."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    fund_id: str = Field(max_length=64, description="Whose money it is.")
    name: Annotated[str, AfterValidator(_line)] = Field("", max_length=200, description="In words.")
    broker: str = Field(pattern=BROKER, description=f"`{PAPER_BROKER}`, `ibkr`, or `ccxt:` with a venue.")
    broker_account: str = Field(pattern=NUMBER, description="The number by which the broker knows it.")
    asset_classes: list[AssetClass] = Field(min_length=1, max_length=len(AssetClass), description="What it may trade.")
    mode: TradingMode = Field(TradingMode.PAPER, description="LIVE is real money.")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="Of its equity, ISO 4217.")
    confirm_live: str = Field("", max_length=64, description="Of what becomes LIVE: its account id once more.")

    def entry(self, account_id: str) -> AccountEntry:
        """The account as it is asked for. ValidationError when its fields contradict each other."""
        fields = self.model_dump(exclude={"confirm_live", "status"})
        return AccountEntry.model_validate(fields | {"account_id": account_id})


class ReplacedAccountBody(ChangedAccountBody):
    """All of an account but its id, with its status."""

    status: AccountStatus = Field(description="CLOSED gets no entries. It can be closed only when it is flat.")


class NewAccountBody(ChangedAccountBody):
    """An account that is not there yet."""

    account_id: str = Field(pattern=ID, description="The account here: a-z, 0-9, dot, dash, underscore.")

    def entry(self, account_id: str = "") -> AccountEntry:
        """The account as it is asked for. ValidationError when its fields contradict each other."""
        return super().entry(account_id or self.account_id)


class AccountAnswer(BaseModel):
    """An account."""

    account_id: str
    fund_id: str
    name: str
    broker: str
    broker_account: str
    asset_classes: list[AssetClass]
    mode: TradingMode
    currency: str
    status: AccountStatus
    strategies: list[str] = Field(description="Strategies that may use it.")

    @classmethod
    def of(cls, account: Account, strategies: list[str]) -> AccountAnswer:
        """As the ledger has it."""
        return cls.model_validate({**account.__dict__, "strategies": strategies})


class AccountsAnswer(BaseModel):
    """Accounts, by id."""

    accounts: list[AccountAnswer]


class AccountStateAnswer(BaseModel):
    """The broker's last word on an account. Money is in `currency`."""

    account_id: str
    currency: str
    equity: Decimal
    cash: Decimal
    margin_used: Decimal
    available: Decimal = Field(description="Equity that no margin binds.")
    positions: dict[str, Decimal] = Field(description="Signed quantities by instrument; what is not there is flat.")
    as_of: datetime = Field(description="Of which moment it tells, by the broker's clock.")
    received_at: datetime
    age_seconds: float = Field(description="How old it is now; what is too old to size with is the fund's limit.")

    @classmethod
    def of(cls, snapshot: AccountSnapshot, now: datetime) -> AccountStateAnswer:
        """As the ledger has it, seen from now."""
        values: dict[str, Any] = {**snapshot.__dict__, "available": snapshot.available}
        return cls.model_validate(values | {"age_seconds": age_of(snapshot, now).total_seconds()})
