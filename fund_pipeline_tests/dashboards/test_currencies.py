"""A fund with accounts in several currencies: one real build, and every figure as the books consolidate it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fund_pipeline.accounts.consolidation import Consolidated, consolidate
from fund_pipeline.accounts.findings import FindingKind
from fund_pipeline.accounts.payouts.rates import end_of_day
from fund_pipeline.accounts.snapshots import day_start
from fund_pipeline.api.dashboards import FundDashboardAnswer
from fund_pipeline.dashboards import AdminDashboard, Built, all_funds
from fund_pipeline.dashboards.building import begin_build
from fund_pipeline.dashboards.publishing import publish_build
from fund_pipeline.dashboards.words import admin_report, amount
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.warehouse.marts import Site, prepared_manifest, run_dbt
from fund_pipeline.web import admin_page
from fund_pipeline_tests.dashboards.currencies import (
    BOTH,
    DEPOSIT,
    DEPOSIT_RATE,
    LATE_RATE,
    NEW_TODAY,
    NO_START,
    NONE,
    NOW,
    ONE_OLD,
    OTHERS,
    PLAIN,
    WIRED,
    ZONE,
    at,
    fill,
)

MONEY = ("equity", "cash", "margin_used", "unrealised_pnl")
PLACES = Decimal(1).scaleb(-12)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Ledger]:
    """A ledger of its own for this module, with those funds."""
    path = tmp_path_factory.mktemp("currencies") / "ledger.sqlite"
    shutil.copy(sqlite_template, path)
    opened = open_ledger(f"sqlite:///{path}")
    fill(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def published(ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> tuple[Built, dict[str, AdminDashboard]]:
    """What is published of each fund."""
    site = Site(tmp_path_factory.mktemp("marts") / "marts")
    prepared_manifest()
    begin_build(ledger, site, NOW, ZONE)
    run_dbt(site.begun(), "build")
    publish_build(ledger, site, NOW)
    built, found = all_funds(ledger)
    return built, {one.fund_id: one for one in found}


@pytest.fixture(scope="module")
def funds(published: tuple[Built, dict[str, AdminDashboard]]) -> dict[str, AdminDashboard]:
    return published[1]


def _books(ledger: Ledger, fund: str, moment=NOW) -> Consolidated:
    return consolidate(ledger, fund, TradingMode.PAPER, moment)


def _same(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(PLACES)


def test_every_figure_is_what_the_books_consolidate(ledger: Ledger, funds: dict[str, AdminDashboard]) -> None:
    for name, fund in funds.items():
        books = _books(ledger, name)
        for figure in MONEY:
            assert fund.overview[figure] == _same(getattr(books, figure)), (name, figure)
        assert fund.overview["accounts_in_other_currency"] == (name in OTHERS or name == LATE_RATE)
        used = [row for row in fund.rates if row["used_for"] == "NOW" and row["rate"] is not None]
        assert [(row["currency"], row["rate"], row["told_at"], row["told_by"]) for row in used] == [
            (one.source, one.rate, one.as_of, one.told_by) for one in books.rates
        ]
    assert funds[BOTH].overview["equity"] == Decimal("100700.12") + Decimal("60250.5") * Decimal("1.125")
    assert funds[BOTH].overview["margin_share"] == Decimal("0.1")


def test_profit_of_the_day_has_the_move_of_the_rate_in_it_and_no_deposit(
    ledger: Ledger, funds: dict[str, AdminDashboard]
) -> None:
    it, began = funds[BOTH].overview, day_start(NOW, ZoneInfo(ZONE))
    assert it["equity_day_start"] == _same(_books(ledger, BOTH, began).equity)
    assert it["flows_today"] == DEPOSIT * DEPOSIT_RATE
    start = Decimal(100_500) + 50_000 * (1 / Decimal("0.9")).quantize(PLACES)
    assert it["pnl_today"] == it["equity"] - start - 11_150
    assert "NO_RATE" not in it["health_reasons"]
    new = funds[NEW_TODAY].overview  # from the first word on, at the rate of then
    assert new["equity_day_start"] == Decimal(100_500) + 50_000 * Decimal("0.66")
    assert new["pnl_today"] == Decimal("200.12") + Decimal("50250.5") * Decimal("0.67") - 33_000


def test_each_day_of_the_history_is_what_the_books_say_of_its_end(
    ledger: Ledger, funds: dict[str, AdminDashboard]
) -> None:
    history = funds[BOTH].equity_history
    assert [row["day"].day for row in history] == [2, 3, 4]
    for row in history:
        assert row["equity"] == _same(_books(ledger, BOTH, min(NOW, end_of_day(row["day"], ZoneInfo(ZONE)))).equity)
    first, second, third = history
    assert first["pnl"] is None
    assert second["pnl"] == second["equity"] - first["equity"]
    assert third["pnl"] == third["equity"] - second["equity"] - 11_150 == funds[BOTH].overview["pnl_today"]
    plain = funds[PLAIN]
    assert [(row["equity"], row["pnl"]) for row in plain.equity_history] == [
        (100_000, None),
        (107_500, 500),
        (Decimal("107710.12"), Decimal("210.12")),
    ], "what an account had when it was first heard of is no profit"
    assert (plain.rates, plain.overview["pnl_today"]) == ((), Decimal("210.12"))


def test_what_an_account_brought_with_it_is_no_profit_and_what_it_makes_is_though_its_first_day_has_no_rate(
    funds: dict[str, AdminDashboard],
) -> None:
    late, wired = funds[LATE_RATE], funds[WIRED]
    assert [(row["equity"], row["pnl"]) for row in late.equity_history] == [(105_100, None), (105_200, 100)]
    assert [(row["equity"], row["pnl"]) for row in wired.equity_history] == [
        (100_000, None),
        (100_000, 0),
        (108_000, 0),
    ]
    assert (late.overview["pnl_today"], wired.overview["pnl_today"]) == (100, 0)


def test_without_a_rate_or_with_one_that_is_too_old_nothing_is_summed_and_it_is_said(
    ledger: Ledger, funds: dict[str, AdminDashboard]
) -> None:
    for name, days in ((ONE_OLD, [2]), (NONE, [])):
        (why,) = _books(ledger, name).findings
        assert why.kind is FindingKind.NO_RATE
        fund = funds[name]
        assert {fund.overview[one] for one in (*MONEY, "equity_day_start", "pnl_today", "margin_share")} == {None}
        assert (fund.overview["health"], fund.overview["health_reasons"].split()[0]) == ("ATTENTION", "NO_RATE")
        assert [row["day"].day for row in fund.equity_history] == days
        assert {row["problem"] for row in fund.rates if row["rate"] is None} == {why.message}
        left_out = [row["day"].day for row in fund.rates if row["used_for"] == "DAY_END" and row["rate"] is None]
        assert left_out == [day for day in (2, 3) if day not in days]
    half = funds[NO_START]
    assert half.overview["equity"] == _books(ledger, NO_START).equity
    assert (half.overview["equity_day_start"], half.overview["pnl_today"]) == (None, None)
    assert [row["day"].day for row in half.equity_history] == [4]


def test_what_a_strategy_realised_is_in_the_funds_currency_or_not_told(funds: dict[str, AdminDashboard]) -> None:
    (row,) = funds[BOTH].scorecard
    assert (row["realised_pnl"], row["commission"]) == (100 + 200 * Decimal("1.125"), 10 + 10 * Decimal("1.125"))
    (row,) = funds[NONE].scorecard
    assert (row["realised_pnl"], row["commission"]) == (None, None)


def test_page_report_and_api_say_which_rates_of_when_were_used_and_which_lack(
    published: tuple[Built, dict[str, AdminDashboard]],
) -> None:
    built, funds = published
    pages = {name: admin_page(built, fund, NOW, funds=(), user=None) for name, fund in funds.items()}
    reports = {name: "\n".join(admin_report(fund)) for name, fund in funds.items()}
    for said in (pages[BOTH], reports[BOTH]):
        assert "1 EUR = 1.125 USD now, as euro-other told it at 2026-03-04 13:00:00 EST." in said
        assert "1 EUR = 1.111111111111 USD at 2026-03-04 00:00:00 EST, for the day's start" in said.replace(
            "&#39;", "'"
        )
        assert amount(funds[BOTH].overview["equity"]) in said
    for said in (pages[ONE_OLD], reports[ONE_OLD]):
        assert "Not known now: no rate of CHF in USD is younger than 4 days." in said
        assert "Not in the history: 1 day, the last 2026-03-03: no rate of CHF" in said
        assert "A rate to the fund" in said
    assert "Not known at 2026-03-04 00:00:00 EST" in reports[NO_START]
    assert 'id="rates"' not in pages[PLAIN]
    told = FundDashboardAnswer.of(funds[BOTH]).rates[-1]
    assert (told["currency"], told["rate"], told["told_at"]) == ("EUR", "1.125", at(4, 18))
