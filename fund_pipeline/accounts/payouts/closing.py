"""Closing months: each fund, mode and sender once, in their order, from what is in the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.payouts.matching import Realised, match
from fund_pipeline.accounts.payouts.months import following, month_of, months_between, preceding
from fund_pipeline.accounts.payouts.reckoning import RateOfDay, Reckoned, item_of, reckon, terms_in
from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.payout_model import Payout
from fund_pipeline.ledger.payouts import Closing, PayoutFacts, close_payouts


@dataclass(frozen=True)
class ClosedMonths:
    """What a run did.

    Attributes
    ----------
    closed : by this run, oldest first.
    without_terms : senders whose signals traded, and with whom nothing is agreed for the month asked for.
    """

    closed: tuple[Payout, ...]
    without_terms: tuple[str, ...]


def close_months(
    ledger: Ledger,
    fund_id: str,
    until: date | None,
    zone: ZoneInfo,
    rate_of_day: RateOfDay,
    act: Act,
    *,
    dry_run: bool = False,
) -> ClosedMonths:
    """Close every month that is over and not closed yet, up to `until` (its first day) or to the last one.

    A month that is closed stays as it is: run again, nothing changes. A fill of a closed month, told late, is settled
    in the first that is open, and counted in its `late`. All of it is written, or nothing.

    Raises
    ------
    ConflictError : the month is not over in the fund's time zone; or somebody closed months at the same time.
    InputError : a rate of the day of some fill is not known.
    """
    last_over = preceding(month_of(act.at, zone))
    if until is not None and until > last_over:
        raise ConflictError(
            f"month is {until:%Y-%m}: it is not over in {zone.key}", remedy=f"wait until {following(until)}"
        )
    wanted = until or last_over
    without: set[str] = set()

    def decide(facts: PayoutFacts) -> list[Closing]:
        found = _due_closings(fund_id, facts, wanted, zone, rate_of_day, act, without)
        return [(one.payout, one.items) for one in found]

    closed = close_payouts(ledger, fund_id, decide, act, dry_run=dry_run)
    return ClosedMonths(closed, tuple(sorted(without)))


def running_month(ledger: Ledger, fund_id: str, zone: ZoneInfo, rate_of_day: RateOfDay, act: Act) -> tuple[Payout, ...]:
    """What each sender would be due if the month that runs ended as it stands; nothing is written. InputError as
    `close_months`."""
    month = month_of(act.at, zone)
    over = datetime.combine(following(month), time(), zone).astimezone(UTC)
    found = close_months(ledger, fund_id, month, zone, rate_of_day, replace(act, at=over), dry_run=True)
    return tuple(one for one in found.closed if one.month == month)


def _due_closings(
    fund_id: str,
    facts: PayoutFacts,
    wanted: date,
    zone: ZoneInfo,
    rate_of_day: RateOfDay,
    act: Act,
    without: set[str],
) -> list[Reckoned]:
    found = []
    for (mode, sender_id), realised in sorted(_by_sender(facts).items(), key=lambda item: item[0]):
        terms = facts.terms.get(sender_id, ())
        if terms_in(terms, wanted) is None:
            without.add(sender_id)
            continue
        held = [one for one in facts.payouts if (one.mode, one.sender_id) == (mode, sender_id)]
        before = held[-1] if held else None
        begin = min(one.valid_from for one in terms)
        open_fills = [one for one in realised if month_of(one.execution.executed_at, zone) >= begin]
        open_fills = [one for one in open_fills if _key(one) not in facts.settled]
        months = [month_of(one.execution.executed_at, zone) for one in realised]
        first = following(before.month) if before is not None else max(begin, min(months))
        for month in months_between(first, wanted):
            ripe = [one for one in open_fills if month_of(one.execution.executed_at, zone) <= month]
            open_fills = [one for one in open_fills if one not in ripe]
            agreed = terms_in(terms, month) or terms[0]
            items = tuple(item_of(one, str(one.entry_signal_id), agreed.currency, rate_of_day, zone) for one in ripe)
            before = reckon((fund_id, mode, sender_id), month, agreed, before, items, rate_of_day, act)
            found.append(Reckoned(before, items))
    return sorted(found, key=lambda one: (one.payout.month, one.payout.mode, one.payout.sender_id))


def _by_sender(facts: PayoutFacts) -> dict[tuple[TradingMode, str], list[Realised]]:
    """What was realised, by mode and the sender of the entry's signal; what is nobody's is left out."""
    found: dict[tuple[TradingMode, str], list[Realised]] = {}
    for mode in TradingMode:
        for one in match(fill for fill in facts.fills if fill.mode is mode).realised:
            sender_id = facts.senders.get(one.entry_signal_id or "")
            if sender_id is not None:
                found.setdefault((mode, sender_id), []).append(one)
    for payout in facts.payouts:
        found.setdefault((payout.mode, payout.sender_id), [])
    return found


def _key(one: Realised) -> tuple[str, str, str, str]:
    fill = one.execution
    return (fill.broker, fill.broker_account, fill.broker_execution_id, str(one.entry_signal_id))
