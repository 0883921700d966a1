"""What only Python can say for the marts is what the rooms say."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fund_pipeline.accounts.clients.holdings import held_by, returns_of_client
from fund_pipeline.accounts.consolidation import consolidate
from fund_pipeline.accounts.payouts.overview import overview_of_fund
from fund_pipeline.accounts.performance import Basis
from fund_pipeline.dashboards.facts import MEANINGS, client_figures, fund_limits, payout_figures, reasons
from fund_pipeline.dashboards.rate_facts import rates
from fund_pipeline.execution.door import DoorReason
from fund_pipeline.execution.ending import EndReason
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.clients import list_clients
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline_tests.dashboards import currencies
from fund_pipeline_tests.samples import NOW, fill_ledger


def test_a_client_is_told_what_the_books_say(ledger: Ledger) -> None:
    fill_ledger(ledger)
    (client,) = list_clients(ledger)
    (row,) = client_figures(ledger).iter_rows(named=True)
    held = held_by(ledger, client)
    assert (row["client_id"], row["nav_day"]) == (client.client_id, held.day)
    assert held.day is not None
    assert (row["units"], row["value"], row["accrued"], row["mark"]) == (
        held.units,
        held.value,
        held.accrued,
        held.mark,
    )
    for basis, twr in ((Basis.NET, row["twr"]), (Basis.GROSS, row["twr_gross"])):
        returns = returns_of_client(ledger, client, basis)
        assert returns is not None
        assert twr == round(returns.twr, 10)
    limits = {one["fund_id"]: one["margin_cap"] for one in fund_limits(ledger).iter_rows(named=True)}
    assert set(limits) == {"demo", "second"}


def test_a_sender_is_told_what_the_payouts_say(ledger: Ledger) -> None:
    fill_ledger(ledger)
    (row,) = payout_figures(ledger, NOW, "America/New_York").iter_rows(named=True)
    (told,) = overview_of_fund(ledger, row["fund_id"], NOW, ZoneInfo("America/New_York"))
    assert (row["sender_id"], row["paid"], row["outstanding"]) == (told.sender_id, told.paid, told.outstanding)
    assert (row["cumulative"], row["peak"], row["next_payment_on"]) == (
        told.cumulative,
        told.peak,
        told.next_payment_on,
    )


def test_rates_are_those_that_the_books_consolidate_by(ledger: Ledger) -> None:
    currencies.fill(ledger)
    told = rates(ledger, currencies.NOW, currencies.ZONE)
    assert set(told["currency"]) == {*currencies.OTHERS.values(), "SEK"}
    for row in told.iter_rows(named=True):
        books = consolidate(ledger, row["fund_id"], TradingMode.PAPER, row["moment"])
        used = {one.source: (one.rate, one.as_of, one.told_by) for one in books.rates}
        assert used.get(row["currency"], (None,) * 3) == (row["rate"], row["told_at"], row["told_by"])
        assert (row["problem"] is None) == (row["currency"] in used)


def test_every_reason_has_words() -> None:
    assert set(MEANINGS) == {*EndReason, *DoorReason}
    told = reasons()
    assert told["reason"].is_unique().all()
    assert told.filter(told["meaning"].str.len_chars() == 0).is_empty()
