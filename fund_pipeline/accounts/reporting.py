"""How a fund, or a client's holding in it, did: what `fund performance` and the dashboards show, from NAVs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from fund_pipeline.accounts.clients.holdings import series_of_client, series_of_fund
from fund_pipeline.accounts.performance import (
    Basis,
    PeriodTable,
    RiskFigures,
    ValueSeries,
    daily_returns,
    period_table,
    risk_of,
)
from fund_pipeline.errors import InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.client_model import Client
from fund_pipeline.ledger.funds import get_fund
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.navs import list_client_days, list_navs


@dataclass(frozen=True)
class Report:
    """Returns and risk, gross and net of fees. `client_id` is None for all clients of the fund together.

    `series` holds the days, net. Risk is of the days with a return, net.
    """

    fund_id: str
    mode: TradingMode
    client_id: str | None
    currency: str
    series: ValueSeries
    gross: PeriodTable
    net: PeriodTable
    risk: RiskFigures


def report_of_client(ledger: Ledger, client: Client, first: date | None = None, last: date | None = None) -> Report:
    """One client's holding, from a day to another. InputError when no NAV is struck in that time."""
    days = list_client_days(ledger, client.fund_id, client.mode, client_id=client.client_id)
    return _report(
        ledger, client.fund_id, client.mode, client.client_id, lambda basis: series_of_client(days, basis), first, last
    )


def report_of_fund(
    ledger: Ledger, fund_id: str, mode: TradingMode, first: date | None = None, last: date | None = None
) -> Report:
    """All clients of a fund together. NotFoundError; InputError when no NAV is struck in that time."""
    get_fund(ledger, fund_id)
    navs = list_navs(ledger, fund_id, mode)
    return _report(ledger, fund_id, mode, None, lambda basis: series_of_fund(navs, basis), first, last)


def _report(
    ledger: Ledger,
    fund_id: str,
    mode: TradingMode,
    client_id: str | None,
    series_on: Callable[[Basis], ValueSeries],
    first: date | None,
    last: date | None,
) -> Report:
    gross, net = (series_on(basis).between(first or date.min, last or date.max) for basis in (Basis.GROSS, Basis.NET))
    if not net.days:
        whose = f"fund {fund_id}, {mode.value}" if client_id is None else f"client {client_id}"
        raise InputError(
            f"there is no NAV of {whose} from {first or 'its inception'} to {last or 'now'}",
            remedy=f"strike one: `fund nav strike --fund {fund_id}`",
        )
    return Report(
        fund_id=fund_id,
        mode=mode,
        client_id=client_id,
        currency=get_fund(ledger, fund_id).currency,
        series=net,
        gross=period_table(gross, Basis.GROSS),
        net=period_table(net, Basis.NET),
        risk=risk_of(daily_returns(net, Basis.NET)),
    )
