"""A batch end to end: what is read again and what is not, what is stored, what is kept, what is released."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from fund_pipeline.backtests import (
    BacktestStore,
    BatchResult,
    FindingCode,
    Quarantine,
    Unchanged,
    read_batch,
    scan_files,
    scan_folder,
    stream_batch,
)
from fund_pipeline.errors import InputError, NotFoundError

Rows = list[list[str]]
Ingest = Callable[..., BatchResult]
Write = Callable[..., Path]
Honest = Callable[..., Rows]


def test_a_file_with_the_known_hash_is_unchanged(tmp_path: Path, honest: Honest, write: Write) -> None:
    write(tmp_path / "S.csv", honest())
    files = scan_folder(tmp_path)
    outcomes = stream_batch(
        files,
        registered=frozenset({"S"}),
        known_hashes={"S": scan_folder(tmp_path)[0].content_hash},
        default_calendar="XNYS",
        today=date(2025, 6, 30),
    )
    assert list(outcomes) == [Unchanged(files[0])]


def test_a_changed_manifest_is_a_changed_file(tmp_path: Path, honest: Honest, write: Write) -> None:
    write(tmp_path / "S.csv", honest(), manifest="unit: percent\n")
    before = scan_folder(tmp_path)[0].content_hash
    (tmp_path / "S.yaml").write_text("unit: percent\ncalendar: XLON\n")
    assert scan_folder(tmp_path)[0].content_hash != before


def test_a_file_that_changes_after_the_scan_is_refused_not_misfiled(
    tmp_path: Path, honest: Honest, write: Write
) -> None:
    path = write(tmp_path / "S.csv", honest())
    files = scan_folder(tmp_path)
    path.write_text("Date,Return\n")
    result = read_batch(
        files, registered=frozenset({"S"}), known_hashes={}, default_calendar="XNYS", today=date(2025, 6, 30)
    )
    assert result.quarantined[0].findings[0].code is FindingCode.CHANGED_WHILE_READ


def test_outcomes_come_in_the_order_of_the_files_and_progress_counts_them(
    tmp_path: Path, honest: Honest, write: Write
) -> None:
    for i in range(7):
        rows = honest(20, seed=i)
        if i % 3 == 1:
            rows[4][1] = "what"
        write(tmp_path / f"S{i}.csv", rows)
    files = scan_folder(tmp_path)
    seen: list[tuple[int, int]] = []
    result = read_batch(
        files,
        registered=frozenset(file.strategy_id for file in files),
        known_hashes={},
        default_calendar="XNYS",
        today=date(2025, 6, 30),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert [backtest.strategy_id for backtest in result.admitted] == ["S0", "S2", "S3", "S5", "S6"]
    assert [refused.file.strategy_id for refused in result.quarantined] == ["S1", "S4"]
    assert seen == [(i, 7) for i in range(1, 8)]


def test_an_unknown_default_calendar_is_the_operators_error(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    write(tmp_path / "S.csv", honest())
    with pytest.raises(InputError, match="MARS"):
        ingest(tmp_path, calendar="MARS")


def test_a_stored_series_reads_back_as_it_was(tmp_path: Path, honest: Honest, write: Write, ingest: Ingest) -> None:
    write(tmp_path / "S.csv", honest())
    backtest = ingest(tmp_path).admitted[0]
    store = BacktestStore(tmp_path / "warehouse")
    store.write(backtest)
    frame = store.frame("S")
    assert frame.columns == ["date", "return", "equity", "pnl", "margin", "notional"]
    assert np.array_equal(frame["date"].to_numpy(), backtest.dates)
    assert np.array_equal(frame["return"].to_numpy(), backtest.returns)
    assert store.provenance("S")["content_hash"] == backtest.content_hash
    assert store.content_hashes() == {"S": backtest.content_hash}


def test_columns_a_file_lacks_are_null_not_zero(tmp_path: Path, honest: Honest, write: Write, ingest: Ingest) -> None:
    rows = [row[:2] for row in honest()]
    write(tmp_path / "S.csv", rows, header=["Date", "Return"], manifest="unit: percent\n")
    store = BacktestStore(tmp_path)
    store.write_all(ingest(tmp_path).admitted)
    assert store.load(["S"])["equity"].null_count() == len(rows)
    assert np.isnan(store.margin_use("S")).all()


def test_the_matrix_has_every_day_of_any_strategy_and_nan_where_one_has_none(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    early, late = honest(30)[:20], honest(30)[10:]
    write(tmp_path / "early.csv", early)
    write(tmp_path / "late.csv", late)
    store = BacktestStore(tmp_path)
    assert store.write_all(ingest(tmp_path).admitted) == 2
    matrix = store.returns_matrix(["late", "early"])
    assert matrix.strategies == ("late", "early")
    assert matrix.values.shape == (30, 2)
    assert np.array_equal(np.isnan(matrix.values), np.column_stack([np.arange(30) < 10, np.arange(30) >= 20]))
    assert matrix.values[12, 0] == pytest.approx(float(late[2][1]) / 100.0, rel=1e-12)


def test_margin_use_is_margin_over_start_of_day_equity(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    write(tmp_path / "S.csv", honest())
    store = BacktestStore(tmp_path)
    store.write_all(ingest(tmp_path).admitted)
    assert store.margin_use("S") == pytest.approx(np.full(300, 0.3), abs=1e-7)


def test_a_strategy_without_a_series_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        BacktestStore(tmp_path).returns_matrix(["nobody"])


def test_keeping_a_refused_file_twice_keeps_one_entry(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    write(tmp_path / "S.csv", honest()[:1])
    refused = ingest(tmp_path).quarantined[0]
    quarantine = Quarantine(tmp_path / "q")
    assert quarantine.keep(refused) == quarantine.keep(refused)
    assert len(quarantine.list()) == 1


def test_a_kept_copy_can_be_read_again_after_the_original_is_gone(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows = [row[:2] for row in honest()]
    path = write(tmp_path / "in.csv", rows, header=["Date", "Return"], manifest="unit: percent\nstrategy: S\n")
    quarantine = Quarantine(tmp_path / "q")
    entry = quarantine.keep(ingest(tmp_path, unregistered=frozenset({"S"})).quarantined[0])
    path.unlink()
    result = read_batch(
        scan_files([entry.path]),
        registered=frozenset({"S"}),
        known_hashes={},
        default_calendar="XNYS",
        today=date(2025, 6, 30),
    )
    assert result.admitted[0].strategy_id == "S"
    assert result.admitted[0].content_hash == entry.content_hash


def test_two_quarantined_files_for_one_strategy_still_contest_it(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    write(tmp_path / "S.csv", honest())
    write(tmp_path / "again.csv", honest(seed=2), manifest="strategy: S\n")
    quarantine = Quarantine(tmp_path / "q")
    entries = [quarantine.keep(refused) for refused in ingest(tmp_path).quarantined]
    result = read_batch(
        scan_files(entry.path for entry in entries),
        registered=frozenset({"S"}),
        known_hashes={},
        default_calendar="XNYS",
        today=date(2025, 6, 30),
    )
    assert [refused.findings[0].code for refused in result.quarantined] == [FindingCode.TWO_FILES] * 2


def test_released_entries_leave_the_list_but_not_the_disk(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    path = write(tmp_path / "S.csv", honest()[:1])
    quarantine = Quarantine(tmp_path / "q")
    refused = ingest(tmp_path).quarantined[0]
    entry = quarantine.keep(refused)
    assert quarantine.release(entry.content_hash)
    assert not quarantine.release(entry.content_hash)
    assert quarantine.list() == ()
    assert (tmp_path / "q" / "released" / entry.content_hash / "S.csv").read_bytes() == path.read_bytes()
    quarantine.keep(refused)
    assert quarantine.release(entry.content_hash)
    assert len(list((tmp_path / "q" / "released").iterdir())) == 2


def test_an_unknown_hash_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        Quarantine(tmp_path).get("abc")


def test_a_dangling_link_is_refused_and_the_rest_goes_on(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    write(tmp_path / "S.csv", honest())
    os.symlink(tmp_path / "gone.csv", tmp_path / "link.csv")
    result = ingest(tmp_path)
    assert [backtest.strategy_id for backtest in result.admitted] == ["S"]
    assert result.quarantined[0].findings[0].code is FindingCode.UNREADABLE
    kept = Quarantine(tmp_path / "q").keep(result.quarantined[0])
    assert kept.origin == str(tmp_path / "link.csv")


def test_scanning_a_file_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        scan_files([tmp_path / "none.csv"])
