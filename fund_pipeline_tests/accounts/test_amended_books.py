"""What is amended in the books is no trade: what a position had at work stays what it was."""

from __future__ import annotations

from decimal import Decimal

from fund_pipeline.accounts.earnings import FundBooks, earnings_of
from fund_pipeline.accounts.payouts import rates_of_days
from fund_pipeline.accounts.reconciliation.entries import commission_entry, split_entries, transfer
from fund_pipeline.accounts.reconciliation.folding import fold
from fund_pipeline.execution.positions import apply
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.accounts import get_account
from fund_pipeline.ledger.executions import book_entries, list_executions
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.ledger.positions import list_positions
from fund_pipeline_tests.accounts.core_fund import KO, LAST, SPY, START, tell_core_fund
from fund_pipeline_tests.accounts.golden.told import PAPER, ZONE, at

WHEN = at("2025-01-07T11:00")


def at_work(ledger: Ledger) -> dict[tuple[str, str], Decimal]:
    """By strategy and instrument."""
    found = earnings_of(FundBooks(ledger, "demo", PAPER, ZONE, rates_of_days(ledger, ZONE)), START, LAST)
    return {(one.strategy, one.instrument_key): one.at_work for one in found.lines}


def put(ledger: Ledger, *entries: Execution) -> None:
    assert len(book_entries(ledger, "main", entries, apply)) == len(entries)


def test_a_commission_that_comes_late_changes_no_capital(embedded: Ledger) -> None:
    tell_core_fund(embedded)
    before = at_work(embedded)
    first = next(iter(fold(list_executions(embedded, account_id="main")).values()))
    put(embedded, commission_entry(first, Decimal("1.5"), WHEN))
    assert at_work(embedded) == before


def test_a_split_changes_no_capital(embedded: Ledger) -> None:
    tell_core_fund(embedded)
    before = at_work(embedded)
    held = [one for one in list_positions(embedded) if one.instrument_key == SPY]
    put(embedded, *split_entries(get_account(embedded, "main"), held, Decimal(8), "four for one", WHEN))
    after = at_work(embedded)
    assert after["core", SPY] == before["core", SPY]


def test_what_is_moved_to_another_strategy_is_at_work_once(embedded: Ledger) -> None:
    tell_core_fund(embedded)
    before = at_work(embedded)
    fills = fold(list_executions(embedded, account_id="main")).values()
    bought = next(one for one in fills if one.first.instrument_key == SPY)
    put(embedded, *transfer(bought, "coin", WHEN))
    after = at_work(embedded)
    assert after["core", SPY] + after["coin", SPY] == before["core", SPY]
    assert 0 < after["core", SPY] < after["coin", SPY]
    assert after["core", KO] == before["core", KO]
