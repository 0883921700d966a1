"""Typing errors that every single number survives: a sign where none can be, a year of another millennium."""

from datetime import date
from pathlib import Path

import pytest

from fund_pipeline.backtests import FindingCode, read_batch, scan_folder

HEADER = "Date,Daily_Return_Pct,Account_Equity,Daily_PnL,Max_Margin_Used,Max_Notional_Value\n"
ROWS = (
    "2024-01-02,1.25,1012500.0,12500.0,500000.0,1000000.0\n",
    "2024-01-03,-0.48,1007640.0,-4860.0,505000.0,1010000.0\n",
    "2024-01-04,0.0,1007640.0,0.0,0.0,0.0\n",
)


@pytest.mark.parametrize(
    ("old", "new", "code", "row", "column"),
    [
        ("505000.0", "-505000.0", FindingCode.NEGATIVE_VALUE, 3, "Max_Margin_Used"),
        (",1010000.0\n", ",-1010000.0\n", FindingCode.NEGATIVE_VALUE, 3, "Max_Notional_Value"),
        ("2024-01-02", "1024-01-02", FindingCode.BAD_DATE, 2, "Date"),
    ],
)
def test_it_refuses_the_file_and_names_the_cell(
    tmp_path: Path, old: str, new: str, code: FindingCode, row: int, column: str
) -> None:
    (tmp_path / "S.csv").write_text(HEADER + "".join(ROWS).replace(old, new))
    (tmp_path / "T.csv").write_text(HEADER + "".join(ROWS))
    result = read_batch(
        scan_folder(tmp_path),
        registered=frozenset({"S", "T"}),
        known_hashes={},
        default_calendar="XNYS",
        today=date(2026, 1, 1),
    )
    assert [backtest.strategy_id for backtest in result.admitted] == ["T"]
    finding = result.quarantined[0].findings[0]
    assert (finding.code, finding.row, finding.column) == (code, row, column)
