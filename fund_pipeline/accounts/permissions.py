"""Which strategy may use which accounts. LIVE is said by both, or it is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Account, AccountStatus
from fund_pipeline.ledger.accounts import get_account, list_accounts
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.model import Strategy, TradingMode
from fund_pipeline.ledger.strategies import change_strategy, list_strategies, put_strategy


def usable(strategy: Strategy, accounts: Iterable[Account], fund_id: str) -> tuple[Account, ...]:
    """The accounts of a fund that a strategy's entries may go to now, by id.

    OPEN, permitted, and of the strategy's own mode: a PAPER strategy reaches no LIVE account whatever is permitted, and
    a LIVE strategy's money is not sized onto paper.
    """
    return tuple(
        account
        for account in sorted(accounts, key=lambda one: one.account_id)
        if account.fund_id == fund_id
        and account.account_id in strategy.accounts
        and account.status is AccountStatus.OPEN
        and account.mode is strategy.trading_mode
    )


def check_permission(strategy: Strategy, accounts: Mapping[str, Account]) -> None:
    """Raise ConflictError when a strategy's mode, or what it already may use, forbids one of its accounts.

    Accounts that are not among these are passed over. A PAPER strategy has PAPER accounts only. Within one fund the
    accounts of a strategy are all PAPER or all LIVE: entries are spread over them, and a part on paper is a part lost.
    """
    permitted = [accounts[account_id] for account_id in strategy.accounts if account_id in accounts]
    live = [one for one in permitted if one.mode is TradingMode.LIVE]
    if strategy.trading_mode is TradingMode.PAPER and live:
        raise ConflictError(
            f"strategy {strategy.strategy_id} is PAPER, and account {live[0].account_id} is LIVE",
            remedy=f"`fund accounts forbid {strategy.strategy_id} {live[0].account_id}`, or make the strategy LIVE",
        )
    for paper in permitted:
        mixed = [one for one in live if one.fund_id == paper.fund_id]
        if paper.mode is TradingMode.PAPER and mixed:
            raise ConflictError(
                f"strategy {strategy.strategy_id} would spread its entries in fund {paper.fund_id} over the LIVE "
                f"account {mixed[0].account_id} and the PAPER account {paper.account_id}",
                remedy="allow it accounts of one mode in each fund",
            )


def check_change(ledger: Ledger, held: Strategy | None, after: Strategy) -> None:
    """Check what a strategy may use after a change; `held` is what it was, None of a new one.

    What it may use since before is not asked for again, so that nothing keeps a strategy from being made INACTIVE.
    NotFoundError for a new account that is not there; ConflictError for one that is closed or that its mode forbids.
    """
    if held is not None and (held.accounts, held.trading_mode) == (after.accounts, after.trading_mode):
        return
    accounts = {one.account_id: one for one in list_accounts(ledger)}
    former = () if held is None else held.accounts
    for account_id in after.accounts:
        if account_id in former:
            continue
        if account_id not in accounts:
            raise NotFoundError(
                f"strategy {after.strategy_id}: there is no account {account_id!r}",
                remedy="add it with `fund accounts add`, or under `accounts` of the registry file",
            )
        if accounts[account_id].status is AccountStatus.CLOSED:
            raise ConflictError(
                f"strategy {after.strategy_id}: account {account_id} is CLOSED",
                remedy=f"name another, or `fund accounts reopen {account_id}`",
            )
    check_permission(after, accounts)


def put_permitted(ledger: Ledger, strategy: Strategy, act: Act) -> bool:
    """Add or change a strategy that may have the accounts it names. False when it was so; errors of `check_change`."""
    held = next((one for one in list_strategies(ledger) if one.strategy_id == strategy.strategy_id), None)
    check_change(ledger, held, strategy)
    return put_strategy(ledger, strategy, act)


def allow(ledger: Ledger, strategy_id: str, account_ids: Iterable[str], act: Act) -> Strategy:
    """Let a strategy use these accounts too, audited; the strategy as it is then. What it may use already stays.

    NotFoundError; ConflictError as of `check_change`.
    """

    def with_them(held: Strategy) -> Strategy:
        after = replace(held, accounts=tuple(dict.fromkeys((*held.accounts, *account_ids))))
        check_change(ledger, held, after)
        return after

    return change_strategy(ledger, strategy_id, with_them, act)


def forbid(ledger: Ledger, strategy_id: str, account_ids: Iterable[str], act: Act) -> Strategy:
    """Let a strategy open nothing more in these accounts, audited; the strategy as it is then.

    Exits of what it holds there are not touched by it. NotFoundError for an account that neither exists nor is named.
    """
    away = set(account_ids)

    def without_them(held: Strategy) -> Strategy:
        for account_id in sorted(away - set(held.accounts)):
            get_account(ledger, account_id)
        return replace(held, accounts=tuple(one for one in held.accounts if one not in away))

    return change_strategy(ledger, strategy_id, without_them, act)
