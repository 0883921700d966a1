"""The sample registry's units are what data/README.md says they are: one share of the dearest in the smallest place."""

import math
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from fund_pipeline.accounts.registry import read_registry

DATA = Path("data")
PAIRS = ("KO", "PEP", "XOM", "CVX", "JPM", "BAC", "PFE", "MRK", "HD", "WMT")


def last(name: str) -> dict[str, float]:
    return {k: v for k, v in pl.read_csv(DATA / "prices" / f"{name}.csv").row(-1, named=True).items() if k != "date"}


def least_exposure(strategy: str) -> float:
    book = pl.read_csv(DATA / "backtests" / f"{strategy}.csv")
    exposure = book["Max_Notional_Value"] / (book["Account_Equity"] - book["Daily_PnL"])
    return float(exposure.filter(exposure > 0.0).min())


FUND_ON_INDEX = last("sp500_index")["SP500"] / 10
STOCKS, FACTORS = last("us_stocks"), last("factor_etfs")
SMALLEST = {
    "SPX_Trend200": FUND_ON_INDEX,
    "SPX_DipBuyer": FUND_ON_INDEX,
    "SPX_VolTarget": FUND_ON_INDEX / least_exposure("SPX_VolTarget"),
    "XS_Momentum": max(STOCKS.values()) * 5,
    "XS_Reversal5": max(STOCKS.values()) * 40,
    "LowVol_Long": max(STOCKS.values()) * 6,
    "TS_Momentum": max(STOCKS.values()) * 20,
    "Pairs_MeanRev": max(STOCKS[name] for name in PAIRS) * 5,
    "Factor_Rotation": max(FACTORS.values()) * 2,
}


@pytest.mark.parametrize("strategy", read_registry(DATA / "registry.yaml").strategies, ids=lambda s: s.strategy_id)
def test_a_sample_unit_is_one_share_of_the_dearest_in_the_smallest_position(strategy) -> None:
    assert strategy.unit_notional == Decimal(math.ceil(SMALLEST[strategy.strategy_id] / 100) * 100)
    assert strategy.lot_step == 1
