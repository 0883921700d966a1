"""Opening the funds' days by the brokers' word of this moment, before anything is sized, or by a person's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fund_pipeline.decisions.brokers import ask_accounts
from fund_pipeline.decisions.facts import Sources, pairs_of
from fund_pipeline.decisions.funds import open_by_mode, rules_of
from fund_pipeline.decisions.hearing import keep_words
from fund_pipeline.decisions.markets import rates_of_mode
from fund_pipeline.decisions.worth import Moment, worth_of
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import AccountStatus
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.fund_day_model import FundDay
from fund_pipeline.ledger.funds import list_funds


def open_days(
    ledger: Ledger,
    sources: Sources,
    clock: Callable[[], datetime],
    *,
    only: str | None = None,
    act: Act | None = None,
    note: str = "",
) -> tuple[FundDay, ...]:
    """Ask every open account's broker, and record how the day of each fund and mode began; the days that are open now.

    What is recorded already stays. With `act`, a person says that the day of a fund whose start nobody knows, or of all
    funds, is measured from now: audited. Safe to repeat. TemporaryError when the ledger is away.
    """
    funds = [one for one in list_funds(ledger) if only in (None, one.fund_id)]
    accounts = [
        one
        for one in list_accounts(ledger)
        if one.status is AccountStatus.OPEN and one.fund_id in {fund.fund_id for fund in funds}
    ]
    told = ask_accounts(sources.brokers, [one.account_id for one in accounts])
    rates = rates_of_mode(sources.brokers, accounts, pairs_of(funds, accounts, ()), clock)
    now = clock()
    moment = Moment(keep_words(ledger, accounts, told, sources.zone, now), rates, sources.zone, now)
    found: list[FundDay] = []
    for fund in funds:
        rules = rules_of(ledger, fund, now)
        for mode, mine in open_by_mode(fund, accounts).items():
            _, day = worth_of(ledger, fund, mode, mine, rules, moment, act=act, note=note)
            found += [] if day is None else [day]
    return tuple(found)
