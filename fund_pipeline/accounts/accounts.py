"""Accounts as people describe them, and what may be changed about them. Real money is said twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from fund_pipeline.accounts.limits import first_problem
from fund_pipeline.accounts.permissions import check_permission
from fund_pipeline.errors import ConflictError, InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger import accounts as rows
from fund_pipeline.ledger.account_model import Account, AccountStatus
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.strategies import list_strategies
from fund_pipeline.terms import AssetClass

PAPER_BROKER = "paper"
ID = r"^[a-z0-9][a-z0-9._-]{0,63}$"
BROKER = r"^(paper|ibkr|ccxt:[a-z0-9_]{1,27})$"
NUMBER = r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$"


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has characters that cannot be printed")
    return text


class AccountEntry(BaseModel):
    """One account. See docs/limits.md for every field's meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account_id: str = Field(pattern=ID)
    fund_id: str
    name: Annotated[str, AfterValidator(_printable)] = Field("", max_length=200)
    broker: str = Field(pattern=BROKER)
    broker_account: str = Field(pattern=NUMBER)
    asset_classes: tuple[AssetClass, ...] = Field(min_length=1)
    mode: TradingMode = TradingMode.PAPER
    currency: str = Field(pattern=r"^[A-Z]{3}$")

    @model_validator(mode="after")
    def _paper_is_not_live(self) -> AccountEntry:
        if self.broker == PAPER_BROKER and self.mode is TradingMode.LIVE:
            raise ValueError("the paper broker has no LIVE accounts")
        return self

    def to_account(self) -> Account:
        """The value the ledger keeps: OPEN, its asset classes once each and in order."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return Account(
            **fields | {"name": self.name or self.account_id, "asset_classes": tuple(sorted(set(self.asset_classes)))}
        )


def parse_account(fields: Mapping[str, object]) -> Account:
    """Check one account's fields as a person gave them. InputError names the field, its value and the fix."""
    try:
        return AccountEntry.model_validate(dict(fields)).to_account()
    except ValidationError as invalid:
        raise InputError(
            f"account {fields.get('account_id')}: {first_problem(invalid)}",
            remedy="see `fund accounts add --help` for the fields and their values",
        ) from None


def add_account(ledger: Ledger, account: Account, act: Act, *, said_live: str = "", dry_run: bool = False) -> None:
    """Add an account, audited. Of a LIVE one, `said_live` is its id once more.

    InputError when LIVE was not said twice; NotFoundError without the fund; ConflictError when id or number is taken.
    """
    refuse_live_unless_said(None, account, said_live)
    rows.insert_account(ledger, account, act, dry_run=dry_run)


def change_account(ledger: Ledger, account: Account, act: Act, *, said_live: str = "", dry_run: bool = False) -> bool:
    """Make an account what is given, all or nothing, audited. Returns False when it already was so.

    Raises
    ------
    InputError : it becomes LIVE, or LIVE and open again, and `said_live` is not its id.
    NotFoundError : there is no such account or fund.
    ConflictError : its history forbids it, it is in use and would be closed, its number is another's, or a strategy
        that may use it may not any more.
    """
    held = rows.get_account(ledger, account.account_id)
    refuse_live_unless_said(held, account, said_live)
    others = {one.account_id: one for one in rows.list_accounts(ledger)}
    for strategy in list_strategies(ledger):
        if account.account_id in strategy.accounts:
            check_permission(strategy, others | {account.account_id: account})
    return rows.change_account(ledger, account, act, dry_run=dry_run)


def close_account(ledger: Ledger, account_id: str, act: Act, *, dry_run: bool = False) -> Account:
    """No more entries for an account, audited; the account as it is then.

    NotFoundError; ConflictError with open positions or working orders, or when it is closed already.
    """
    return _set_status(ledger, account_id, AccountStatus.CLOSED, act, dry_run=dry_run)


def reopen_account(ledger: Ledger, account_id: str, act: Act, *, said_live: str = "", dry_run: bool = False) -> Account:
    """Entries again, audited; the account as it is then.

    InputError when a LIVE one was not said twice; NotFoundError; ConflictError when it is open already.
    """
    return _set_status(ledger, account_id, AccountStatus.OPEN, act, said_live=said_live, dry_run=dry_run)


def _set_status(
    ledger: Ledger, account_id: str, status: AccountStatus, act: Act, *, said_live: str = "", dry_run: bool = False
) -> Account:
    wanted = replace(rows.get_account(ledger, account_id), status=status)
    if not change_account(ledger, wanted, act, said_live=said_live, dry_run=dry_run):
        raise ConflictError(f"account {account_id} is {status.value} already")
    return wanted


def delete_account(ledger: Ledger, account_id: str, act: Act, *, dry_run: bool = False) -> Account:
    """Remove an account that was never used. ConflictError says what it is used for."""
    return rows.delete_account(ledger, account_id, act, dry_run=dry_run)


def put_account(ledger: Ledger, account: Account, act: Act) -> bool:
    """Add or change an account as a registry file has it. Returns False when it already was so.

    A file makes no account LIVE, for nobody says it twice there: ConflictError. Its status stays.
    """
    held = {one.account_id: one for one in rows.list_accounts(ledger)}.get(account.account_id)
    if account.mode is TradingMode.LIVE and (held is None or held.mode is not TradingMode.LIVE):
        raise ConflictError(
            f"account {account.account_id} is LIVE in the file, and not in the ledger: a file cannot make it so",
            remedy=f"run `fund accounts {'set' if held else 'add'} {account.account_id} --live ...`, then import again",
        )
    if held is None:
        add_account(ledger, account, act)
        return True
    return change_account(ledger, replace(account, status=held.status), act)


def needs_saying(held: Account | None, wanted: Account) -> bool:
    """Whether an account comes to trade real money by this, so that it must be said twice."""
    return _is_open_to_money(wanted) and not (held is not None and _is_open_to_money(held))


def _is_open_to_money(account: Account) -> bool:
    return account.mode is TradingMode.LIVE and account.status is AccountStatus.OPEN


def refuse_live_unless_said(held: Account | None, wanted: Account, said_live: str) -> None:
    """Raise InputError when an account becomes LIVE and its id was not said once more."""
    if needs_saying(held, wanted) and said_live != wanted.account_id:
        raise InputError(
            f"account {wanted.account_id} would trade real money (LIVE), and that is to be said twice",
            remedy=f"confirm it with its id, {wanted.account_id}",
        )
