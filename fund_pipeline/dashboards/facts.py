"""What the marts need that only Python can say: limits with their defaults, the fund's day, reasons in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

import polars as pl

from fund_pipeline.accounts.clients.holdings import held_by, returns_of_client
from fund_pipeline.accounts.limits import limits_of
from fund_pipeline.accounts.payouts.overview import overview_of_fund
from fund_pipeline.accounts.performance import Basis
from fund_pipeline.accounts.snapshots import day_start, latest
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.dashboards.rate_facts import rates
from fund_pipeline.execution.door import DoorReason
from fund_pipeline.execution.ending import EndReason
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.ledger.client_model import Client
from fund_pipeline.ledger.clients import list_clients
from fund_pipeline.ledger.flow_model import FlowKind
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.strategies import list_strategies
from fund_pipeline.signals.reasons import QuarantineReason, RejectionReason
from fund_pipeline.warehouse.export.columns import MONEY

MOMENT = pl.Datetime("us", "UTC")

Schema = dict[str, pl.DataType]

MEANINGS: dict[StrEnum, tuple[str, str]] = {
    EndReason.NEVER_ARRIVED: ("the broker does not know the order", "-"),
    EndReason.NOT_SENT: ("the order was not sent", "-"),
    EndReason.NOTHING_TO_CLOSE: ("there was nothing left to close", "-"),
    EndReason.ENTRY_NOT_FILLED: ("the entry that it was to close was not filled", "-"),
    EndReason.NO_SHARE_LEFT: ("what it was to close was closed by others", "-"),
    EndReason.EXPIRED: ("its time was over", "-"),
    EndReason.EXIT_FIRST: ("an exit went before it", "-"),
    EndReason.CANCEL_SIGNAL: ("its sender cancelled it", "-"),
    EndReason.CANCELLED_AT_BROKER: ("it was cancelled at the broker, not by us", "ask who cancelled it"),
    EndReason.REPLACE_REFUSED: ("the broker refused to change it", "look at the order at the broker"),
    DoorReason.NOT_LIVE_TWICE: (
        "LIVE was not said twice, by strategy and account",
        "set both to LIVE, if real money is meant",
    ),
    DoorReason.BROKER_IS_LIVE: ("the broker's account is one of real money, ours is PAPER", "correct the account"),
    DoorReason.BROKER_IS_PAPER: ("the broker's account is a paper one, ours is LIVE", "correct the account"),
    DoorReason.MODE_MISMATCH: ("strategy and account differ in PAPER and LIVE", "set both to the same"),
    DoorReason.ACCOUNT_CLOSED: ("the account is closed", "open it, or take it from the strategy"),
    DoorReason.REDUCING: ("only exits may be sent", "`fund resume`, once that is right"),
    DoorReason.HALTED: ("nothing but cancels may be sent", "`fund resume`, once that is right"),
}
"""Of the codes that say nothing themselves: what happened, and what a person should do."""


def worked_out(ledger: Ledger, now: datetime, time_zone: str) -> dict[str, pl.DataFrame]:
    """Tables by name, as the dbt project's sources `worked_out` have them.

    To be read before the ledger is exported: what is here is then there too. InputError for a fund's bad limits.
    """
    return {
        "build": build_table(now, time_zone),
        "fund_limits": fund_limits(ledger),
        "strategy_funds": strategy_funds(ledger),
        "flow_kinds": flow_kinds(),
        "marks": marks(ledger),
        "rates": rates(ledger, now, time_zone),
        "client_figures": client_figures(ledger),
        "payout_figures": payout_figures(ledger, now, time_zone),
        "reasons": reasons(),
    }


def build_table(now: datetime, time_zone: str) -> pl.DataFrame:
    """One row: the moment, the time zone of the fund's day, that day, and when it began."""
    zone = ZoneInfo(time_zone)
    row = (now, time_zone, now.astimezone(zone).date(), day_start(now, zone))
    schema: Schema = {"as_of": MOMENT, "time_zone": pl.String(), "day": pl.Date(), "day_start": MOMENT}
    return pl.DataFrame([row], schema=schema, orient="row")


def fund_limits(ledger: Ledger) -> pl.DataFrame:
    """Of each fund the limits that its overview shows, its own or the defaults."""
    schema: Schema = {
        "fund_id": pl.String(),
        "margin_cap": MONEY,
        "daily_loss": MONEY,
        "state_age_seconds": pl.Float64(),
    }
    rows = []
    for fund in list_funds(ledger):
        rules = limits_of(fund.fund_id, fund.risk_limits).sizing
        rows.append((fund.fund_id, rules.margin_cap, rules.daily_loss, rules.state_age_seconds))
    return pl.DataFrame(rows, schema=schema, orient="row")


def strategy_funds(ledger: Ledger) -> pl.DataFrame:
    """Which strategy may trade for which fund, by the accounts it may use."""
    fund_of = {account.account_id: account.fund_id for account in list_accounts(ledger)}
    pairs = {
        (strategy.strategy_id, fund_of[account])
        for strategy in list_strategies(ledger)
        for account in strategy.accounts
        if account in fund_of
    }
    return pl.DataFrame(sorted(pairs), schema=dict.fromkeys(("strategy_id", "fund_id"), pl.String()), orient="row")


def marks(ledger: Ledger) -> pl.DataFrame:
    """What each account's broker last valued each position at, per unit; nothing where it did not say."""
    schema: Schema = {
        "account_id": pl.String(),
        "instrument_key": pl.String(),
        "price": MONEY,
        "currency": pl.String(),
        "as_of": MOMENT,
    }
    rows = []
    for account in list_accounts(ledger):
        heard = latest(ledger, account.account_id)
        for key, mark in sorted((heard.marks or {}).items()) if heard is not None else ():
            if heard is not None and mark.price is not None and mark.currency is not None:
                rows.append((account.account_id, key, mark.price, mark.currency, heard.as_of))
    return pl.DataFrame(rows, schema=schema, orient="row")


def client_figures(ledger: Ledger) -> pl.DataFrame:
    """What each client holds at the newest NAV, and both returns since its first day, net and gross of fees.

    A return that is not defined is null. Amounts are in the fund's currency.
    """
    schema: Schema = {
        "client_id": pl.String(),
        "fund_id": pl.String(),
        "mode": pl.String(),
        "client_name": pl.String(),
        "currency": pl.String(),
        "nav_day": pl.Date(),
        "first_day": pl.Date(),
        **dict.fromkeys(("units", "value", "accrued", "mark", "profit"), MONEY),
        **dict.fromkeys(("twr", "mwr", "twr_gross", "mwr_gross"), MONEY),
    }
    currencies = {fund.fund_id: fund.currency for fund in list_funds(ledger)}
    rows = [_client(ledger, client, currencies[client.fund_id]) for client in list_clients(ledger)]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _client(ledger: Ledger, client: Client, currency: str) -> tuple[object, ...]:
    held = held_by(ledger, client)
    net, gross = (returns_of_client(ledger, client, basis) for basis in (Basis.NET, Basis.GROSS))
    figures = [figure for one in (net, gross) for figure in ((None, None) if one is None else (one.twr, one.mwr))]
    return (
        client.client_id,
        client.fund_id,
        client.mode.value,
        client.name,
        currency,
        held.day,
        None if net is None else net.first,
        held.units,
        held.value,
        held.accrued,
        held.mark,
        None if net is None else net.profit,
        *(round(figure, 10) if isinstance(figure, Decimal) else None for figure in figures),
    )


def payout_figures(ledger: Ledger, now: datetime, time_zone: str) -> pl.DataFrame:
    """What each sender was and is owed in each fund and mode, in the currency of its last payout."""
    schema: Schema = {
        **dict.fromkeys(("sender_id", "fund_id", "mode", "currency"), pl.String()),
        "last_month": pl.Date(),
        **dict.fromkeys(("paid", "outstanding", "cumulative", "peak"), MONEY),
        "next_payment_on": pl.Date(),
    }
    zone = ZoneInfo(time_zone)
    rows = [
        (
            one.sender_id,
            one.fund_id,
            one.mode.value,
            one.currency,
            one.lines[-1].payout.month,
            one.paid,
            one.outstanding,
            one.cumulative,
            one.peak,
            one.next_payment_on,
        )
        for fund in list_funds(ledger)
        for one in overview_of_fund(ledger, fund.fund_id, now, zone)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def flow_kinds() -> pl.DataFrame:
    """Which kinds of cash flow change what an account was given, so that they are none of its results."""
    rows = [(kind.value, kind.is_external or kind.is_transfer) for kind in FlowKind]
    schema: Schema = {"kind": pl.String(), "is_capital": pl.Boolean()}
    return pl.DataFrame(rows, schema=schema, orient="row")


def reasons() -> pl.DataFrame:
    """Every reason code of a signal, a decision or an order, with its meaning and its remedy."""
    rows = [(code, *words) for code, words in sorted(dict(_told()).items())]
    return pl.DataFrame(rows, schema=dict.fromkeys(("reason", "meaning", "remedy"), pl.String()), orient="row")


def _told() -> Iterator[tuple[str, tuple[str, str]]]:
    for code, words in MEANINGS.items():
        yield code.value, words
    for one in (*RejectionReason, *QuarantineReason, *DecisionReason):
        yield one.value, (one.meaning, one.remedy)
