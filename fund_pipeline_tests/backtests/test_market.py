from pathlib import Path

import numpy as np
import pytest

from fund_pipeline.backtests.market import align_to, read_market_returns
from fund_pipeline.errors import InputError


def test_the_sample_index_gives_its_close_to_close_returns() -> None:
    market = read_market_returns(Path("data/prices/sp500_index.csv"))
    assert market.strategies == ("SP500",)
    assert str(market.dates[0]) == "2005-01-04"
    np.testing.assert_allclose(market.values[0, 0], 1188.05 / 1202.08 - 1)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("date,X\n2024-01-02,1\n2024-01-03,zero\n", "row 3, column X: 'zero' is not a close above 0"),
        ("date,X\n2024-01-02,1\n2024-01-03,-4\n", "row 3, column X: '-4'"),
        ("date,X\n2024-01-02,1\n2024-01-03,\n", "row 3, column X: None"),
        ("date,X\n2024-01-02,1\n2024-01-03,nan\n", "row 3, column X: 'nan'"),
        ("date,X\n2024-01-02,1\n02.01.2024,2\n", "row 3, column date: '02.01.2024' is not an ISO date"),
        ("date,X\n2024-01-03,1\n2024-01-02,2\n", "row 3, column date: '2024-01-02' does not come after"),
        ("date,X\n2024-01-03,1\n2024-01-03,2\n", "row 3, column date: '2024-01-03' does not come after"),
        ("date,X,Y\n2024-01-03,1,1\n2024-01-04,2,2\n", "3 columns"),
        ("date,X\n2024-01-03,1\n", "1 rows"),
        ("", "cannot be read"),
    ],
)
def test_a_wrong_file_of_closes_names_the_place(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "market.csv"
    file.write_text(content)
    with pytest.raises(InputError) as wrong:
        read_market_returns(file)
    assert told in str(wrong.value)
    assert "FUND_MARKET_PRICES" in str(wrong.value)


def test_a_missing_file_of_closes_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv does not exist"):
        read_market_returns(tmp_path / "none.csv")


def test_days_without_a_market_return_have_none() -> None:
    market = read_market_returns(Path("data/prices/sp500_index.csv"))
    days = np.array(["2004-01-01", "2005-01-04", "2005-01-08", "2005-01-10", "2030-01-01"], dtype="datetime64[D]")
    aligned = align_to(market, days)
    np.testing.assert_array_equal(np.isnan(aligned), [True, False, True, False, True])
    assert aligned[1] == market.values[0, 0]
