"""Days of funds: how one began, what it has lost or gained since, and what stops entries. See decision 0017.

What is recorded of a day's start is a fact from then on: other rates, a newer word on an account, or a second process
change nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from fund_pipeline.cerebro.sizing import EquityFacts, SizingRules
from fund_pipeline.ledger.flow_model import CashFlow, FlowKind
from fund_pipeline.ledger.fund_day_model import EXACT, PLACES, FundDay, Opening
from fund_pipeline.ledger.model import TradingMode

_ZERO, _ONE = Decimal(0), Decimal(1)

FlowsAfter = Callable[[datetime], Iterable[CashFlow]]


@dataclass(frozen=True)
class Look:
    """What is known at one moment of a fund's open accounts of one mode.

    Attributes
    ----------
    openings : account id -> how its day began; None where nobody knows.
    equity : of these accounts together, now, in the fund's `currency`; None where it is not known.
    rules : of the fund; None where they are wrong: then nothing is judged by them.
    flows_after : all flows of these accounts after a moment, up to now.
    """

    fund_id: str
    mode: TradingMode
    day: date
    began_at: datetime
    currency: str
    now: datetime
    openings: Mapping[str, Opening | None]
    equity: Decimal | None
    rules: SizingRules | None
    flows_after: FlowsAfter
    by: str = "sizing"


def seen(today: FundDay | None, before: FundDay | None, look: Look) -> FundDay | None:
    """The day as it is to be recorded after a look at it; as it is, where the look tells nothing new.

    It is opened when the start of every account is known. `before` is the last day that was recorded before it.
    """
    known = {name: one for name, one in look.openings.items() if one is not None}
    if not known or len(known) < len(look.openings):
        return today
    if today is None:
        today = _opened(before, known, look)
    elif known.keys() - today.opened.keys():
        today = replace(today, opened={**known, **today.opened})
    return _watched(today, look)


def worth(today: FundDay | None, look: Look) -> EquityFacts:
    """What sizing reads of it."""
    if today is None or today.currency != look.currency or not look.openings.keys() <= today.opened.keys():
        return EquityFacts(
            equity=look.equity,
            day_stopped=today is not None and today.day_stopped_at is not None,
            drawdown_stopped=today is not None and today.drawdown_stopped_at is not None,
        )
    start = today.opening_equity(look.openings)
    return EquityFacts(
        equity=look.equity,
        day_start_equity=start,
        day_flows=_flows(today.opened, look.openings, look),
        peak_equity=None if today.peak is None else EXACT.multiply(start, today.peak).quantize(PLACES, context=EXACT),
        day_stopped=today.day_stopped_at is not None,
        drawdown_stopped=today.drawdown_stopped_at is not None,
    )


def _opened(before: FundDay | None, openings: Mapping[str, Opening], look: Look) -> FundDay:
    return FundDay(
        fund_id=look.fund_id,
        mode=look.mode,
        day=look.day,
        currency=look.currency,
        began_at=look.began_at,
        opened=dict(openings),
        peak=_ONE if before is None else _handed_on(before, openings, look),
        day_stopped_at=None,
        drawdown_stopped_at=None if before is None else before.drawdown_stopped_at,
        recorded_at=look.now,
        recorded_by=look.by,
    )


def _handed_on(before: FundDay, openings: Mapping[str, Opening], look: Look) -> Decimal:
    """The peak as a multiple of the new opening: the old one ÷ what the accounts of both days grew by, net of flows."""
    if before.peak is None:
        return _ONE
    both = before.opened.keys() & openings.keys()
    started = before.opening_equity(both)
    flows = _flows(before.opened, both, look, until=openings)
    ended = sum((openings[one].value for one in both), _ZERO) - flows
    if before.currency != look.currency or started <= 0 or ended <= 0:
        return max(before.peak, _ONE)
    return max(EXACT.divide(EXACT.multiply(before.peak, started), ended).quantize(PLACES, context=EXACT), _ONE)


def _watched(today: FundDay, look: Look) -> FundDay:
    start = today.opening_equity(look.openings)
    if look.equity is None or start <= 0 or today.currency != look.currency:
        return today
    share = EXACT.divide(look.equity - _flows(today.opened, look.openings, look), start)
    share = share.quantize(PLACES, context=EXACT)
    if share > 0 and (today.peak is None or share > today.peak):
        today = replace(today, peak=share)
    if look.rules is None:
        return today
    facts = worth(today, look)
    change, drawdown, most = facts.day_change, facts.drawdown, look.rules.drawdown_stop
    if today.day_stopped_at is None and change is not None and change <= -look.rules.daily_loss:
        today = replace(today, day_stopped_at=look.now)
    if today.drawdown_stopped_at is None and most is not None and drawdown is not None and drawdown <= -most:
        today = replace(today, drawdown_stopped_at=look.now)
    return today


def _flows(
    since: Mapping[str, Opening],
    account_ids: Iterable[str],
    look: Look,
    until: Mapping[str, Opening] | None = None,
) -> Decimal:
    """Money that came into these accounts after their openings, or between two, in the fund's currency.

    An OPENING is no money that moves: it says what was there when the account's books began.
    """
    wanted = {one for one in account_ids if one in since}
    if not wanted:
        return _ZERO
    found = _ZERO
    for flow in look.flows_after(min(since[one].as_of for one in wanted)):
        if flow.account_id not in wanted or not flow.is_capital_of_account or flow.kind is FlowKind.OPENING:
            continue
        ended = None if until is None else until[flow.account_id].as_of
        if flow.effective_at > since[flow.account_id].as_of and (ended is None or flow.effective_at <= ended):
            found += flow.fund_amount
    return found
