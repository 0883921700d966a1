"""What a fund's accounts of one mode are worth now, against the day's start and the peak, which are recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.days import Look, seen, worth
from fund_pipeline.accounts.flows import list_flows
from fund_pipeline.accounts.snapshots import day_start, day_start_snapshot
from fund_pipeline.accounts.times import day_of
from fund_pipeline.cerebro.sizing import EquityFacts, Market, SizingRules
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Account, AccountSnapshot, Severity, Trouble
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.fund_day_model import FundDay, Opening
from fund_pipeline.ledger.fund_days import keep_day, read_days
from fund_pipeline.ledger.model import Fund, TradingMode
from fund_pipeline.ledger.places import kept

Snapshots = Mapping[str, AccountSnapshot | None]


@dataclass(frozen=True)
class Moment:
    """The newest word on each account, the rates between currencies by mode, the zone of the day, and the time."""

    snapshots: Snapshots
    markets: Mapping[TradingMode, Market]
    zone: ZoneInfo
    now: datetime


def worth_of(
    ledger: Ledger,
    fund: Fund,
    mode: TradingMode,
    accounts: Sequence[Account],
    rules: SizingRules | None,
    moment: Moment,
    *,
    act: Act | None = None,
    note: str = "",
) -> tuple[EquityFacts, FundDay | None]:
    """What these open accounts of one mode are worth, and the day as it is recorded with it; a stop pages a person.

    With `act` a person says that the day began with what the accounts are worth now, where its start is not known.
    """
    day = day_of(moment.now, moment.zone)
    today, before = read_days(ledger, fund.fund_id, mode, day)
    opened = {} if today is None else today.opened
    look = Look(
        fund_id=fund.fund_id,
        mode=mode,
        day=day,
        began_at=day_start(moment.now, moment.zone),
        currency=fund.currency,
        now=moment.now,
        openings={
            one.account_id: opened.get(one.account_id) or _opening(ledger, fund, one, moment, by_hand=act is not None)
            for one in accounts
        },
        equity=_together(fund, accounts, rules, moment, moment.markets[mode]),
        rules=rules,
        flows_after=cache(lambda after: list_flows(ledger, fund_id=fund.fund_id, after=after, until=moment.now)),
        by="sizing" if act is None else act.actor,
    )
    if accounts and seen(today, before, look) != today:
        was = today
        today = keep_day(ledger, fund.fund_id, mode, day, lambda held, last: seen(held, last, look), act=act, note=note)
        _page(ledger, was, today, look)
    return worth(today, look), today


def fresh(snapshot: AccountSnapshot | None, rules: SizingRules | None, now: datetime) -> AccountSnapshot | None:
    """A broker's word that is young enough to size by; an old one is none."""
    limit = (rules or SizingRules()).state_age_seconds
    return snapshot if snapshot is not None and (now - snapshot.as_of).total_seconds() <= limit else None


def _together(
    fund: Fund, accounts: Sequence[Account], rules: SizingRules | None, moment: Moment, market: Market
) -> Decimal | None:
    """Their equity in the fund's currency; None where one's, or one rate, is not known, or there is none."""
    total = Decimal(0)
    for account in accounts:
        said = fresh(moment.snapshots[account.account_id], rules, moment.now)
        rate = None if said is None else market.rate(said.currency, fund.currency)
        if said is None or rate is None:
            return None
        total += said.equity * rate
    return total if accounts else None


def _opening(ledger: Ledger, fund: Fund, account: Account, moment: Moment, *, by_hand: bool) -> Opening | None:
    said = day_start_snapshot(ledger, account.account_id, moment.now, moment.zone)
    if said is None and by_hand:
        said = fresh(moment.snapshots[account.account_id], None, moment.now)
    rate = None if said is None else moment.markets[account.mode].rate(said.currency, fund.currency)
    if said is None or rate is None:
        return None
    return Opening(said.equity, said.currency, kept(rate), said.as_of)


def _page(ledger: Ledger, was: FundDay | None, now: FundDay | None, look: Look) -> None:
    if now is None:
        return
    facts = worth(now, look)
    if now.day_stopped_at is not None and (was is None or was.day_stopped_at is None):
        lost = f"it has lost {_percent(facts.day_change)} of the day's start"
        raise_alert(
            ledger,
            _stop(look, "DAILY_LOSS", f"{lost}: no entries till the next day", "look at its positions"),
            look.now,
        )
    if now.drawdown_stopped_at is not None and (was is None or was.drawdown_stopped_at is None):
        lost = f"it is {_percent(facts.drawdown)} from its peak"
        remedy = f"review, then `fund resume --drawdown --fund {look.fund_id} --note WHY`"
        raise_alert(ledger, _stop(look, "DRAWDOWN_STOP", f"{lost}: no entries till a person resumes", remedy), look.now)


def _stop(look: Look, kind: str, why: str, remedy: str) -> Trouble:
    return Trouble(
        severity=Severity.CRITICAL,
        kind=kind,
        entity="fund",
        entity_id=f"{look.fund_id}/{look.mode.value}",
        message=f"fund {look.fund_id}, {look.mode.value}: {why}; exits go on",
        remedy=remedy,
        fund_id=look.fund_id,
    )


def _percent(change: Decimal | None) -> str:
    return "an unknown part" if change is None else f"{change * 100:.2f} %"
