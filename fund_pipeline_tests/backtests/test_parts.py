"""Series in part files: only the last one of a strategy is ever read, and no part is ever half there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fund_pipeline.backtests import Backtest, BacktestStore, BatchResult, parts
from fund_pipeline.errors import InvariantError, NotFoundError

Rows = list[list[str]]
Ingest = Callable[..., BatchResult]


@pytest.fixture
def series(
    tmp_path: Path, honest: Callable[..., Rows], write: Callable[..., Path], ingest: Ingest
) -> dict[str, Backtest]:
    """Admitted series A to E of different lengths."""
    folder = tmp_path / "files"
    folder.mkdir()
    for i, name in enumerate("ABCDE"):
        write(folder / f"{name}.csv", honest(260 + 10 * i, seed=i))
    return {one.strategy_id: one for one in ingest(folder).admitted}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BacktestStore:
    """An empty store whose parts are closed at 500 rows, so that two or three of the series fill one."""
    monkeypatch.setattr(parts, "ROWS", 500)
    return BacktestStore(tmp_path / "warehouse")


def files(store: BacktestStore) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir())


def other(backtest: Backtest) -> Backtest:
    return replace(backtest, returns=-backtest.returns, content_hash=backtest.content_hash[::-1])


def test_series_of_several_parts_read_back_each_as_it_was(store: BacktestStore, series: dict[str, Backtest]) -> None:
    assert store.write_all(series.values()) == 5
    assert len(files(store)) == 3
    assert store.strategies() == tuple("ABCDE")
    for name, backtest in series.items():
        frame = store.frame(name)
        assert np.array_equal(frame["date"].to_numpy(), backtest.dates)
        assert np.array_equal(frame["pnl"].to_numpy(), backtest.pnl)
        assert store.provenance(name)["content_hash"] == backtest.content_hash
    long = store.load(["D", "A"])
    assert long["strategy_id"].to_list() == ["D"] * len(series["D"]) + ["A"] * len(series["A"])
    matrix = store.returns_matrix(list("EDCBA"))
    for column, name in enumerate("EDCBA"):
        assert np.array_equal(matrix.values[: len(series[name]), column], series[name].returns)


def test_a_replaced_series_is_never_read_again_and_its_neighbours_stay(
    store: BacktestStore, series: dict[str, Backtest]
) -> None:
    store.write_all(series.values())
    newer = other(series["A"])
    store.write(newer)
    assert store.content_hashes() == {name: one.content_hash for name, one in series.items()} | {
        "A": newer.content_hash
    }
    assert np.array_equal(store.frame("A")["return"].to_numpy(), newer.returns)
    assert np.array_equal(store.frame("B")["return"].to_numpy(), series["B"].returns)


def test_the_last_of_a_strategy_counts_within_one_part_too(store: BacktestStore, series: dict[str, Backtest]) -> None:
    store.write_all([series["A"], other(series["A"])])
    assert np.array_equal(store.frame("A")["return"].to_numpy(), -series["A"].returns)


def test_a_part_with_nothing_current_is_removed(store: BacktestStore, series: dict[str, Backtest]) -> None:
    store.write_all(series.values())
    before = files(store)
    store.write(other(series["A"]))
    assert set(before) < set(files(store))
    store.write_all([other(one) for one in series.values()])
    assert len(files(store)) == 3
    assert not set(before) & set(files(store))


def test_many_rewrites_leave_no_more_parts_than_strategies(store: BacktestStore, series: dict[str, Backtest]) -> None:
    for _ in range(3):
        for one in series.values():
            store.write(one)
    assert len(files(store)) == 5


def test_a_stream_that_fails_leaves_whole_series_and_no_scraps(
    store: BacktestStore, series: dict[str, Backtest]
) -> None:
    def failing() -> Iterator[Backtest]:
        yield from series.values()
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="broke"):
        store.write_all(failing())
    assert store.strategies() == tuple("ABCD")
    assert all(name.startswith("part-") for name in files(store))


def test_a_part_that_cannot_be_written_is_an_error_and_replaces_nothing(
    store: BacktestStore, series: dict[str, Backtest], tmp_path: Path
) -> None:
    (tmp_path / "warehouse").mkdir()
    store.folder.write_text("in the way")
    with pytest.raises(OSError, match="backtests"):
        store.write(series["A"])
    assert store.folder.read_text() == "in the way"


def test_a_damaged_part_is_named(store: BacktestStore, series: dict[str, Backtest]) -> None:
    store.write(series["A"])
    part = store.folder / files(store)[0]
    part.write_bytes(part.read_bytes()[:-100])
    with pytest.raises(InvariantError, match=part.name):
        store.strategies()


def test_a_part_removed_while_others_are_read_is_looked_up_again(
    store: BacktestStore, series: dict[str, Backtest]
) -> None:
    store.write_all(series.values())
    reading = parts.read_parts(store.folder, list("ABCDE"), ["return"])
    found = set(next(reading)[1])
    store.write_all([other(one) for one in series.values()])
    for frame, rows in reading:
        for name, at in rows.items():
            assert np.array_equal(frame["return"][at].to_numpy(), -series[name].returns)
            found.add(name)
    assert found == set("ABCDE")


def test_a_store_made_anew_in_the_same_place_forgets_the_former(
    store: BacktestStore, series: dict[str, Backtest]
) -> None:
    store.write(series["A"])
    for path in store.folder.iterdir():
        path.unlink()
    assert store.strategies() == ()
    with pytest.raises(NotFoundError):
        store.frame("A")
