"""A fund of eleven days against a benchmark: every figure is that reckoned by hand, from the ledger to the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from math import log
from pathlib import Path

import pytest

from fund_pipeline.accounts.benchmark_attribution import BenchmarkAttribution, attribution_against
from fund_pipeline.accounts.benchmark_files import BenchmarkPeriod, read_benchmark
from fund_pipeline.accounts.earnings import FundBooks
from fund_pipeline.accounts.flow_entry import AskedKind
from fund_pipeline.accounts.payouts import rates_of_days
from fund_pipeline.accounts.performance import CASH, Brinson, Dimension, Stake
from fund_pipeline.errors import InputError, NotFoundError
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline_tests.accounts.core_fund import BTC, KO, LAST, SPY, START, TRADES, tell_core_fund
from fund_pipeline_tests.accounts.golden.told import PAPER, ZONE
from fund_pipeline_tests.cli.pngs import is_png
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.ledger_fixtures import embedded_url

BENCHMARK = """from,to,segment,weight,return
2025-01-06,2025-01-10,STOCK,0.6,0.08
2025-01-06,2025-01-10,ETF,0.3,-0.02
2025-01-06,2025-01-10,CASH,0.1,0
2025-01-11,2025-01-15,STOCK,0.5,0.06
2025-01-11,2025-01-15,ETF,0.3,0.02
2025-01-11,2025-01-15,CASH,0.2,0.005
"""
SIDES = {
    "2025-01-06": {"ETF": (".3", "-.04"), "STOCK": (".5", ".1"), CASH: (".2", ".01")},
    "2025-01-11": {"CRYPTO": (".1", ".05"), "ETF": (".24", ".025"), "STOCK": (".275", ".1"), CASH: (".385", "-.01")},
}
"""The fund's weights and returns by period: of 1000, and of 1040 + 4/5 of 200."""

EFFECTS = {
    "2025-01-06": {
        "ETF": ("0", "-.006", "0"),
        "STOCK": ("-.0038", ".012", "-.002"),
        CASH: ("-.0042", ".001", ".001"),
    },
    "2025-01-11": {
        "CRYPTO": (".0013", "0", "0"),
        "ETF": (".00102", ".0015", "-.0003"),
        "STOCK": ("-.005175", ".02", "-.009"),
        CASH: ("-.00592", "-.003", "-.002775"),
    },
}
"""Allocation, selection, interaction; the benchmark's whole returns are 4.2 % and 3.7 %."""


@pytest.fixture(scope="module")
def home(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("core")
    ledger = open_ledger(embedded_url(sqlite_template, folder / "ledger.sqlite"))
    tell_core_fund(ledger)
    ledger.close()
    return Home(folder, {"FUND_AUDIT_KEY": AUDIT_KEY})


@pytest.fixture(scope="module")
def ledger(home: Home) -> Iterator[Ledger]:
    opened = open_ledger(f"sqlite:///{home.path / 'ledger.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "benchmark.csv"
    written.write_text(BENCHMARK)
    return written


def against(ledger: Ledger, *periods: BenchmarkPeriod, by: Dimension = Dimension.ASSET_CLASS) -> BenchmarkAttribution:
    books = FundBooks(ledger, "demo", PAPER, ZONE, rates_of_days(ledger, ZONE))
    return attribution_against(books, periods, by)


def all_cash(first: date, last: date) -> BenchmarkPeriod:
    return BenchmarkPeriod(first, last, {CASH: Stake(Decimal(1), Decimal(0))})


def effects_of(found: Brinson) -> dict[str, tuple[Decimal, ...]]:
    return {one.name: (one.allocation, one.selection, one.interaction) for one in found.segments}


def rounded(figures: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    return tuple(round(one, 20) for one in figures)


def test_both_sides_and_all_effects_are_those_reckoned_by_hand(ledger: Ledger, file: Path) -> None:
    found = against(ledger, *read_benchmark(file))
    assert [str(one.first) for one in found.periods] == list(SIDES)
    for period in found.periods:
        hand = {name: tuple(map(Decimal, both)) for name, both in SIDES[str(period.first)].items()}
        shown = {one.name: rounded((one.portfolio_weight, one.portfolio_return)) for one in period.segments}
        assert shown == hand
        hand = {name: tuple(map(Decimal, three)) for name, three in EFFECTS[str(period.first)].items()}
        assert {name: rounded(three) for name, three in effects_of(period.effects).items()} == hand
    returns = [rounded((one.effects.portfolio_return, one.effects.benchmark_return)) for one in found.periods]
    assert returns == [(Decimal(".04"), Decimal(".042")), (Decimal(".03465"), Decimal(".037"))]


def test_two_periods_are_linked_by_carinos_factors(ledger: Ledger, file: Path) -> None:
    found = against(ledger, *read_benchmark(file)).linked
    own, other = 1.04 * 1.03465 - 1, 1.042 * 1.037 - 1

    def factor(portfolio: float, benchmark: float) -> float:
        return (log(1 + portfolio) - log(1 + benchmark)) / (portfolio - benchmark)

    overall = factor(own, other)
    shares = {"2025-01-06": factor(0.04, 0.042) / overall, "2025-01-11": factor(0.03465, 0.037) / overall}
    assert list(effects_of(found)) == ["CRYPTO", "ETF", "STOCK", CASH]
    for name, three in effects_of(found).items():
        for place, effect in enumerate(three):
            hand = sum(float(EFFECTS[day].get(name, "000")[place]) * share for day, share in shares.items())
            assert float(effect) == pytest.approx(hand, abs=1e-14)
    assert abs(sum(one.total for one in found.segments) - Decimal("-0.004518")) < Decimal("1e-25")
    assert round(found.difference, 20) == Decimal("-0.004518")


@pytest.mark.parametrize(
    ("by", "names"), [(Dimension.INSTRUMENT, [BTC, SPY, KO, CASH]), (Dimension.STRATEGY, ["coin", "core", CASH])]
)
def test_the_fund_is_told_apart_by_what_is_asked(ledger: Ledger, by: Dimension, names: list[str]) -> None:
    found = against(ledger, all_cash(date(2025, 1, 11), LAST), by=by)
    assert [one.name for one in found.periods[0].segments] == names
    assert round(found.linked.difference, 20) == Decimal(".03465")


def test_a_period_may_begin_with_the_fund(ledger: Ledger) -> None:
    """All that was bought on the first day was at work in all of it; 1000 came in, and 40 were made of it."""
    [period] = against(ledger, all_cash(START, date(2025, 1, 10))).periods
    shown = {one.name: (one.portfolio_weight, one.portfolio_return) for one in period.segments}
    assert {name: rounded(both) for name, both in shown.items()} == {
        name: tuple(map(Decimal, both)) for name, both in SIDES["2025-01-06"].items()
    }


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2025, 1, 4), LAST, "from is 2025-01-04: there is no NAV of fund demo, PAPER, .* the end of 2025-01-03"),
        (date(2025, 1, 11), date(2025, 1, 16), "to is 2025-01-16: there is no NAV of fund demo, PAPER, at its end"),
        (date(2025, 1, 15), LAST, "the price of CRYPTO:BTC in main at the end of 2025-01-14 is not known"),
    ],
)
def test_a_period_whose_ends_are_not_known_is_refused(ledger: Ledger, first: date, last: date, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        against(ledger, all_cash(first, last))
    assert refused.value.remedy


def test_a_return_on_nothing_is_refused_with_its_period(embedded: Ledger) -> None:
    """A fund with all its money in KO had no cash that its interest could be a return on."""
    flows = (("2025-01-05T08:00", AskedKind.DEPOSIT, "500"), ("2025-01-08T10:00", AskedKind.INTEREST, "2"))
    held = {KO: (5, "100")}
    tell_core_fund(embedded, flows, TRADES[:1], {START: ("500", held), date(2025, 1, 8): ("502", held)})
    words = "from 2025-01-06 to 2025-01-08: weight of CASH is 0, but it made 2: a return on nothing is not defined"
    with pytest.raises(InputError, match=words):
        against(embedded, all_cash(date(2025, 1, 6), date(2025, 1, 8)))


def test_a_fund_that_is_not_there_is_not_found(ledger: Ledger) -> None:
    gone = FundBooks(ledger, "gone", PAPER, ZONE, rates_of_days(ledger, ZONE))
    with pytest.raises(NotFoundError, match="there is no fund 'gone'"):
        attribution_against(gone, [all_cash(START, LAST)], Dimension.STRATEGY)


def test_the_command_prints_both_tables_and_what_they_assume(home: Home, file: Path) -> None:
    done = home.fund("performance", "--fund", "demo", "--benchmark", str(file))
    assert done.returncode == 0, done.stderr
    lines = [" ".join(one.split()) for one in done.stdout.splitlines()]
    assert "2025-01-11 to 2025-01-15 CRYPTO 10.00 % 0.00 % +5.00 % +5.00 % +0.13 % +0.00 % +0.00 %" in lines
    assert "STOCK 27.50 % 50.00 % +10.00 % +6.00 % -0.52 % +2.00 % -0.90 %" in lines
    assert "Difference, 2025-01-06 to 2025-01-15: -0.45 %; fund +7.60 %, benchmark +8.06 %" in lines
    assert any(one.startswith("Weight: the fund's: average capital") for one in lines)
    assert any(one.startswith("CASH: the rest") for one in lines)


def test_the_command_tells_programs_the_same_and_draws_it(home: Home, file: Path, tmp_path: Path) -> None:
    picture = tmp_path / "effects.png"
    options = ("--benchmark", str(file), "--picture", str(picture), "--json")
    done = home.fund("performance", "--fund", "demo", *options)
    assert done.returncode == 0, done.stderr
    assert is_png(picture)
    told = json.loads(done.stdout)["benchmark"]
    assert told["by"] == "ASSET_CLASS"
    for period in told["periods"]:
        for one in period["segments"]:
            shown = tuple(Decimal(one[name]) for name in ("allocation", "selection", "interaction"))
            assert shown == tuple(map(Decimal, EFFECTS[period["from"]][one["segment"]]))
    assert Decimal(told["linked"]["difference"]) == Decimal("-0.004518")
    later = home.fund("performance", "--fund", "demo", *options, "--from", "2025-01-11", "--by", "strategy")
    [period] = json.loads(later.stdout)["benchmark"]["periods"]
    assert (period["from"], [one["segment"] for one in period["segments"]][-3:]) == (
        "2025-01-11",
        ["coin", "core", CASH],
    )
    without = home.fund("performance", "--fund", "demo", "--json")
    assert json.loads(without.stdout)["benchmark"] is None


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("--by is strategy, without a benchmark", ("--fund", "demo", "--by", "strategy")),
        ("--client is ada: a benchmark is held against a fund", ("--client", "ada", "--benchmark", "x.csv")),
        ("x.csv does not exist", ("--fund", "demo", "--benchmark", "x.csv")),
        ("there is no fund 'gone'", ("--fund", "gone", "--benchmark", "x.csv")),
    ],
)
def test_what_the_command_cannot_hold_against_it_is_refused(home: Home, words: str, arguments: tuple[str, ...]) -> None:
    done = home.fund("performance", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "To fix: " in done.stderr
