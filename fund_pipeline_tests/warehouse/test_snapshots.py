from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import ConflictError
from fund_pipeline.warehouse import Warehouse


def test_returns_come_back_exactly_with_their_gaps(tmp_path: Path) -> None:
    values = np.array([[0.1, np.nan], [-0.2, 0.3], [np.nan, 1e-17]])
    matrix = ReturnsMatrix(np.arange("2024-01-01", 3, dtype="datetime64[D]"), ("A", "B c"), values)
    warehouse = Warehouse(tmp_path / "w")
    warehouse.write_returns("returns", matrix)
    back = warehouse.read_returns("returns")
    assert back.strategies == matrix.strategies
    np.testing.assert_array_equal(back.dates, matrix.dates)
    np.testing.assert_array_equal(back.values, values)


def test_a_snapshot_is_replaced_as_a_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.write("table", pl.DataFrame({"a": [1, 2]}))
    open_before = warehouse.path("table").open("rb")
    warehouse.write("table", pl.DataFrame({"a": [3]}))
    assert pl.read_parquet(open_before)["a"].to_list() == [1, 2]
    open_before.close()
    assert warehouse.read("table")["a"].to_list() == [3]
    assert [path.name for path in tmp_path.iterdir()] == ["table.parquet"]


def test_a_failed_write_keeps_the_former_snapshot_and_leaves_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.write("table", pl.DataFrame({"a": [1]}))

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full_disk)
    with pytest.raises(OSError, match="No space left"):
        warehouse.write("table", pl.DataFrame({"a": [2]}))
    assert warehouse.read("table")["a"].to_list() == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["table.parquet"]


def test_a_snapshot_that_is_not_there_names_the_asset_to_materialise(tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match=r"no strategy_returns yet.*fund nightly"):
        Warehouse(tmp_path).read("strategy_returns")
