"""The ledger in Parquet: exact, complete after every change, and whole whatever dies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import AccountSnapshot
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline.warehouse.export import SOURCES, Export, export_ledger
from fund_pipeline.warehouse.export.columns import MONEY, schema_of
from fund_pipeline_tests.samples import ACT, FUND, NOW, account, fill_ledger

BY_NAME = {source.table: source for source in SOURCES}
LEAST = Decimal("0.000000000001")


def snapshot(minutes: int, equity: Decimal = Decimal(1000), received: timedelta = timedelta(0)) -> AccountSnapshot:
    as_of = NOW + timedelta(minutes=minutes)
    return AccountSnapshot("demo-paper", as_of, as_of + received, equity, equity, Decimal(0), "USD")


def read(export: Export, table: str) -> pl.DataFrame:
    return pl.read_parquet(export.path(table))


def test_every_row_of_a_filled_ledger_is_there_and_nothing_is_read_twice(ledger: Ledger, tmp_path: Path) -> None:
    fill_ledger(ledger)
    first = export_ledger(ledger, tmp_path, NOW)
    assert {name for name, part in first.manifest.parts.items() if part.rows} >= set(BY_NAME) - {"positions"}
    for source in SOURCES:
        frame = read(first, source.table)
        assert dict(frame.schema) == schema_of(source)
        assert frame.height == frame.unique(source.key).height == first.manifest.parts[source.table].rows
    again = export_ledger(ledger, tmp_path, NOW + timedelta(minutes=5))
    assert again.manifest.parts == first.manifest.parts
    assert again.as_of == NOW + timedelta(minutes=5)
    assert not again.rows_read.keys() & {name for name, source in BY_NAME.items() if source.changed_at}
    assert read(first, "accounts")["created_at"].dtype == pl.Datetime("us", "UTC")
    assert "hmac_secret" not in read(first, "senders").columns


def test_only_what_is_new_is_read_and_what_came_late_is_not_missed(ledger: Ledger, tmp_path: Path) -> None:
    put_fund(ledger, FUND, ACT)
    insert_account(ledger, account(), ACT)
    for minutes in range(0, 600, 60):
        record_snapshot(ledger, snapshot(minutes))
    export_ledger(ledger, tmp_path, NOW)
    record_snapshot(ledger, snapshot(601))
    assert export_ledger(ledger, tmp_path, NOW).rows_read["account_snapshots"] == 3  # an hour is read again
    record_snapshot(ledger, snapshot(5))  # it was received nine hours before, and its transaction ended only now
    late = export_ledger(ledger, tmp_path, NOW)
    assert late.rows_read["account_snapshots"] == 12
    assert read(late, "account_snapshots").height == 12


@given(
    amounts=st.lists(st.decimals(min_value=-(10**25), max_value=10**25, places=12), min_size=1, max_size=5, unique=True)
)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_money_survives_to_the_last_of_its_places(ledger: Ledger, tmp_path: Path, amounts: list[Decimal]) -> None:
    put_fund(ledger, FUND, ACT)
    if not read_accounts(ledger):
        insert_account(ledger, account(), ACT)
    for number, amount in enumerate([*amounts, LEAST]):
        record_snapshot(ledger, snapshot(number, amount))
    stored = read(export_ledger(ledger, tmp_path, NOW), "account_snapshots")
    assert stored["equity"].dtype == MONEY
    assert {*amounts, LEAST} <= set(stored["equity"].to_list())


def read_accounts(ledger: Ledger) -> object:
    from fund_pipeline.ledger.accounts import list_accounts

    return list_accounts(ledger)


def test_a_column_that_nobody_has_placed_stops_the_export_before_anything_is_read() -> None:
    for column in ("currency", "risk_limits"):
        source = BY_NAME["funds"]
        without = replace(
            source,
            columns=tuple(name for name in source.columns if name != column),
            left_out=source.left_out - {column},
        )
        with pytest.raises(InvariantError, match=rf"funds.{column}: a column that the ledger has"):
            schema_of(without)
    with pytest.raises(InvariantError, match=r"funds\.colour: a column that the ledger does not have"):
        schema_of(replace(BY_NAME["funds"], columns=(*BY_NAME["funds"].columns, "colour")))


def test_another_schema_is_exported_as_a_whole(ledger: Ledger, tmp_path: Path) -> None:
    fill_ledger(ledger)
    source = BY_NAME["account_snapshots"]
    narrow = replace(
        source,
        columns=tuple(name for name in source.columns if name != "cash"),
        left_out=source.left_out | {"cash"},
    )
    export_ledger(ledger, tmp_path, NOW, sources=[narrow])
    whole = export_ledger(ledger, tmp_path, NOW, sources=[source])
    assert "cash" in read(whole, "account_snapshots").columns
    assert whole.rows_read["account_snapshots"] == read(whole, "account_snapshots").height > 0


def test_an_export_that_dies_leaves_the_former_one_whole(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_ledger(ledger)
    good = export_ledger(ledger, tmp_path / "export", NOW)
    before = {table: read(good, table) for table in BY_NAME}
    put_fund(ledger, replace(FUND, name="Another name"), ACT)
    record_snapshot(ledger, snapshot(1))

    class Died(Exception):
        pass

    def dies(*_: object) -> None:
        raise Died

    monkeypatch.setattr("fund_pipeline.warehouse.export.exporting.write_manifest", dies)
    with pytest.raises(Died):
        export_ledger(ledger, tmp_path / "export", NOW)
    monkeypatch.undo()
    assert all(read(good, table).equals(frame) for table, frame in before.items())
    after = export_ledger(ledger, good.folder, datetime.now(UTC))
    assert read(after, "funds").filter(fund_id="demo")["name"].item() == "Another name"
    assert {path.name for path in good.folder.iterdir()} == {"export.json"} | {
        part.file for part in after.manifest.parts.values()
    }


def test_a_damaged_file_is_named_with_what_to_do(ledger: Ledger, tmp_path: Path) -> None:
    fill_ledger(ledger)
    good = export_ledger(ledger, tmp_path, NOW)
    good.path("signals").write_bytes(b"PAR1 not any more")
    with pytest.raises(InvariantError, match=r"signals-.*\.parquet is damaged.*remove the folder"):
        export_ledger(ledger, tmp_path, NOW)
    (tmp_path / "export.json").write_text("{")
    with pytest.raises(InvariantError, match=r"export\.json is damaged"):
        export_ledger(ledger, tmp_path, NOW)
