"""A fund of two clients, two senders, three strategies and fourteen months: every published figure, to the cent.

`by_hand` works it out apart from the product; `told` tells the product's ledger the same inputs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from fund_pipeline.accounts.attribution import attribution_of_fund
from fund_pipeline.accounts.benchmark_attribution import attribution_against
from fund_pipeline.accounts.benchmark_files import BenchmarkPeriod
from fund_pipeline.accounts.clients.holdings import series_of_client, series_of_fund
from fund_pipeline.accounts.earnings import FundBooks
from fund_pipeline.accounts.nav.proving import prove
from fund_pipeline.accounts.payouts import overview_of_sender
from fund_pipeline.accounts.performance import CASH, Dimension, Stake, ValueSeries, period_table
from fund_pipeline.accounts.performance.attribution import NOT_TRADED, UNEXPLAINED
from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.nav_model import DealingKind
from fund_pipeline.ledger.navs import list_client_days, list_dealings, list_navs
from fund_pipeline.ledger.payouts import payouts_of_sender
from fund_pipeline_tests.accounts.golden import by_hand
from fund_pipeline_tests.accounts.golden.told import KEYS, PAPER, ZONE, Told, at
from fund_pipeline_tests.cli.pngs import is_png
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.ledger_fixtures import embedded_url

DUE_TO_ANN = "0.00 873.45 4998.45 0.00 0.00 0.00 622.95 0.00 0.00 0.00 623.45 0.00 1999.75 0.00"
"""As a person reads it off the script, so that both are not wrong together."""

DIMENSIONS = {"strategy": Dimension.STRATEGY, "instrument": Dimension.INSTRUMENT, "class": Dimension.ASSET_CLASS}


@pytest.fixture(scope="module")
def told(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("golden")
    ledger = open_ledger(embedded_url(sqlite_template, folder / "ledger.sqlite"))
    yield Told(ledger, folder)
    ledger.close()


@pytest.fixture(scope="module")
def worked() -> dict[date, by_hand.Day]:
    return by_hand.days()


def exact(value: Fraction) -> Decimal:
    """A fraction that is a decimal."""
    return by_hand.decimal(value).normalize()


def test_every_days_nav_and_units_are_those_worked_by_hand(told: Told, worked: dict[date, by_hand.Day]) -> None:
    navs = {one.day: one for one in list_navs(told.ledger, "demo", PAPER)}
    assert list(navs) == list(worked)
    for day, one in worked.items():
        found = navs[day]
        assert (day, found.nav, found.gross, found.units) == (day, exact(one.nav), exact(one.gross), exact(one.units))


def test_every_clients_value_units_fee_and_mark_are_those_worked_by_hand(
    told: Told, worked: dict[date, by_hand.Day]
) -> None:
    for client in ("ada", "bo"):
        for found in list_client_days(told.ledger, "demo", PAPER, client_id=client):
            one = worked[found.day].clients[client]
            shown = (found.value, found.units, found.fee, found.accrued, found.mark, found.inflow, found.outflow)
            by_name = (one.value, one.units, one.fee, one.accrued, one.mark, one.inflow, one.outflow)
            assert (client, found.day, shown) == (client, found.day, tuple(exact(each) for each in by_name))


def test_fees_were_charged_on_their_dates_alone_and_the_books_prove_themselves(
    told: Told, worked: dict[date, by_hand.Day]
) -> None:
    charged = [
        (one.client_id, one.day)
        for one in list_dealings(told.ledger, "demo", PAPER)
        if one.kind is DealingKind.PERFORMANCE_FEE
    ]
    expected = [(name, day) for day, one in worked.items() for name, figures in one.clients.items() if figures.fee]
    assert charged == expected
    assert {name for name, _ in charged} == {"ada", "bo"}
    proof = prove(told.ledger, "demo", PAPER)
    assert (proof.values, proof.units, proof.moves) == ((), (), ())


@pytest.mark.parametrize("whose", ["ada", "bo", None])
def test_returns_by_month_year_and_since_inception_are_those_worked_by_hand(
    told: Told, worked: dict[date, by_hand.Day], whose: str | None
) -> None:
    table = period_table(_series(told, whose))
    whole = by_hand.series(worked, whose)
    assert [one.last for one in table.month_on_month] == [by_hand.month_end(one) for one in by_hand.months()]
    assert [one.last for one in table.year_on_year] == [date(2026, 1, 31), date(2026, 2, 28)]
    for one in (*table.month_on_month, *table.year_on_year, table.since_inception):
        twr, mwr = by_hand.returns(whole, one.first, one.last)
        assert (one.first, round(one.twr, 12)) == (one.first, round(twr, 12))
        assert float(one.mwr) == pytest.approx(mwr, abs=1e-9), one.first
    assert (table.since_inception.first, table.since_inception.days) == (by_hand.FIRST, 423)


def test_senders_are_due_what_was_worked_by_hand_and_it_was_paid(told: Told) -> None:
    owed = by_hand.payouts()
    for sender in ("ann", "bob"):
        found, payments = payouts_of_sender(told.ledger, sender)
        assert [one.month for one in found] == by_hand.months()
        for one in found:
            hand = owed[sender, one.month]
            names = ("realised", "late", "cumulative", "peak_before", "due")
            shown = tuple(getattr(one, name) for name in names)
            assert (sender, one.month, shown) == (
                sender,
                one.month,
                tuple(exact(getattr(hand, name)) for name in names),
            )
        assert [one.amount for one in payments] == [one.due for one in found if one.due]
        (overview,) = overview_of_sender(told.ledger, sender, at("2026-03-02T12:00"), ZONE)
        assert (overview.outstanding, overview.next_payment_on) == (0, date(2026, 4, 1))
    assert " ".join(f"{float(owed['ann', month].due):.2f}" for month in by_hand.months()) == DUE_TO_ANN
    assert owed["ann", date(2025, 6, 1)].late == -102  # the trade of May that was told in June


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (by_hand.FIRST, date(2025, 3, 31)),
        (date(2025, 4, 1), date(2025, 6, 30)),
        (date(2025, 7, 1), date(2025, 9, 30)),
        (by_hand.FIRST, by_hand.LAST),
    ],
)
def test_profit_by_strategy_instrument_and_class_is_that_worked_by_hand(told: Told, first: date, last: date) -> None:
    named = {"not traded": NOT_TRADED, "left": UNEXPLAINED} | KEYS
    for by, dimension in DIMENSIONS.items():
        found = attribution_of_fund(told.ledger, "demo", PAPER, first, last, dimension, ZONE, told.rates)
        hand = {named.get(name, name): exact(one) for name, one in by_hand.attribution(first, last, by).items() if one}
        assert {one.name: one.profit for one in found.parts if one.profit} == hand
        assert sum(one.profit for one in found.parts) == found.total


@pytest.mark.parametrize("by", ["strategy", "instrument", "class"])
def test_against_a_benchmark_every_month_is_made_of_the_profits_worked_by_hand(told: Told, by: str) -> None:
    named = {"not traded": CASH, "left": CASH} | KEYS
    spans = [(max(month, by_hand.FIRST), by_hand.month_end(month)) for month in by_hand.months()]
    benchmark = [BenchmarkPeriod(*span, {CASH: Stake(Decimal(1), Decimal(0))}) for span in spans]
    found = attribution_against(FundBooks(told.ledger, "demo", PAPER, ZONE, told.rates), benchmark, DIMENSIONS[by])
    for period in found.periods:
        hand: dict[str, Fraction] = {}
        for name, profit in by_hand.attribution(period.first, period.last, by).items():
            hand[named.get(name, name)] = hand.get(named.get(name, name), Fraction(0)) + profit
        capital = by_hand.capital(period.first, period.last)
        earned = {one.name: one.portfolio_weight * one.portfolio_return for one in period.segments}
        assert {name: round(one, 20) for name, one in earned.items() if one} == {
            name: round(by_hand.decimal(one / capital), 20) for name, one in hand.items() if one
        }
    assert abs(sum(one.total for one in found.linked.segments) - found.linked.difference) < Decimal("1e-25")


def _series(told: Told, whose: str | None) -> ValueSeries:
    if whose is None:
        return series_of_fund(list_navs(told.ledger, "demo", PAPER))
    return series_of_client(list_client_days(told.ledger, "demo", PAPER, client_id=whose))


def test_the_command_shows_both_returns_of_the_fund_and_of_a_client_with_a_picture(
    told: Told, worked: dict[date, by_hand.Day], tmp_path: Path
) -> None:
    home = Home(told.folder, {"FUND_AUDIT_KEY": AUDIT_KEY})
    file = tmp_path / "golden.png"
    of_fund = home.fund("performance", "--fund", "demo", "--attribution", "--picture", str(file), "--json")
    assert of_fund.returncode == 0, of_fund.stdout
    assert is_png(file)
    shown = json.loads(of_fund.stdout)
    twr, _ = by_hand.returns(by_hand.series(worked, None), by_hand.FIRST, by_hand.LAST)
    assert shown["net"]["since_inception"]["twr"] == f"{round(twr, 12):f}"
    assert len(shown["gross"]["month_on_month"]) == 14
    assert shown["value"] == f"{exact(worked[by_hand.LAST].nav):f}"
    for rows in shown["attribution"]:
        assert sum(Decimal(one["profit"]) for one in rows["parts"]) == Decimal(rows["total"])
    words = home.fund("performance", "--client", "ada").stdout
    assert "time-weighted (TWR)" in words
    assert "money-weighted (MWR)" in words
    spring = ("--from", "2025-04-01", "--to", "2025-06-30")
    quarter = json.loads(home.fund("performance", "--client", "bo", *spring, "--json").stdout)
    assert [one["last"] for one in quarter["net"]["month_on_month"]] == ["2025-04-30", "2025-05-31", "2025-06-30"]
    assert quarter["net"]["year_on_year"] == []


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("give either --fund F or --client C", ()),
        ("there is no NAV of fund demo", ("--fund", "demo", "--to", "2024-12-31")),
        ("there is no fund 'gone'", ("--fund", "gone")),
        ("which is no PNG", ("--fund", "demo", "--picture", "x.jpg")),
    ],
)
def test_what_the_command_cannot_show_is_refused(told: Told, words: str, arguments: tuple[str, ...]) -> None:
    done = Home(told.folder, {"FUND_AUDIT_KEY": AUDIT_KEY}).fund("performance", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
