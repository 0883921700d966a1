"""A replay file becomes payloads, row by row."""

from __future__ import annotations

import pytest

from fund_pipeline.errors import InputError
from fund_pipeline.signals.formats.csv_row import COLUMNS, rows_of
from fund_pipeline_tests.signals.payloads import SENT, read


def test_each_row_is_a_payload_that_is_read() -> None:
    text = (
        "\ufeffstrategy_name,signalID,signal_sent_EPOCH,environment,signal_type,instrument,action,quantity,comment\n"
        f'S1,a,{SENT},staging,ENTRY,AAPL,BUY,10,"first, with a comma"\n'
        "\n"
        f"S1,b,{SENT},staging,EXIT,AAPL,SELL,,\n"
    )
    rows = rows_of(text)
    found = [read(row) for row in rows]
    assert [(one.format, str(one.type), one.legs[0].quantity) for one in found] == [
        ("csv_row", "ENTRY", 10),
        ("csv_row", "EXIT", None),
    ]
    assert rows[0]["comment"] == "first, with a comma"


def test_the_documented_columns_are_all_different() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1"),
        ("instrument,instrument\nA,B\n", "line 1"),
        ("strategy_name\nS1\n", "line 1"),
        ("instrument,action\nAAPL\n", "line 2"),
        ('instrument,action\nAAPL,"BUY\n', "line"),
    ],
)
def test_a_broken_file_names_the_line(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        rows_of(text)
