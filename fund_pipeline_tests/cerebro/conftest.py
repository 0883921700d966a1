"""The sample backtests and prices of the repository, read once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fund_pipeline.cerebro.model import ReturnsMatrix

DATA = Path(__file__).parents[2] / "data"


@dataclass(frozen=True)
class Sample:
    """The nine backtests on the market's trading days, with the market and margin as a share of start-of-day equity."""

    matrix: ReturnsMatrix
    market: np.ndarray
    margin_use: dict[str, np.ndarray]
    margin_dollars: dict[str, np.ndarray]


def read_sample() -> Sample:
    prices = pl.read_csv(DATA / "prices" / "sp500_index.csv", try_parse_dates=True)
    closes = prices["SP500"].to_numpy()
    market = np.concatenate(([np.nan], closes[1:] / closes[:-1] - 1.0))
    all_dates = prices["date"].to_numpy().astype("datetime64[D]")
    traded = all_dates >= np.datetime64("2008-01-02")
    dates, market = all_dates[traded], market[traded]
    files = sorted((DATA / "backtests").glob("*.csv"))
    returns, use, dollars = np.full((len(dates), len(files)), np.nan), {}, {}
    for column, file in enumerate(files):
        frame = pl.read_csv(file, try_parse_dates=True)
        rows = np.searchsorted(dates, frame["Date"].to_numpy().astype("datetime64[D]"))
        returns[rows, column] = frame["Daily_Return_Pct"].to_numpy() / 100.0
        money = np.full(len(dates), np.nan)
        money[rows] = frame["Max_Margin_Used"].to_numpy()
        equity = np.full(len(dates), np.nan)
        equity[rows] = frame["Account_Equity"].to_numpy() - frame["Daily_PnL"].to_numpy()
        dollars[file.stem] = money
        use[file.stem] = money / equity
    return Sample(ReturnsMatrix(dates, tuple(file.stem for file in files), returns), market, use, dollars)


@pytest.fixture(scope="session")
def sample() -> Sample:
    return read_sample()
