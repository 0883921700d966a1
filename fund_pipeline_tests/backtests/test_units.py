"""The unit of returns is decided by evidence, and only by evidence or a person."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fund_pipeline.backtests import Backtest, BatchResult, FindingCode, Unit, UnitSource

HEADER = ["Date", "Daily_Return_Pct", "Account_Equity", "Daily_PnL", "Max_Margin_Used", "Max_Notional_Value"]
ARRAYS = ("dates", "returns", "equity", "pnl", "margin", "notional")
Rows = list[list[str]]
Ingest = Callable[..., BatchResult]
Write = Callable[..., Path]
Honest = Callable[..., Rows]
slow_files = settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def only(result: BatchResult) -> Backtest:
    assert [refused.findings for refused in result.quarantined] == []
    return result.admitted[0]


def code(result: BatchResult) -> FindingCode:
    assert not result.admitted
    return result.quarantined[0].findings[0].code


def equal(one: Backtest, other: Backtest) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ARRAYS)


def decimal(percent: str) -> str:
    """A percent text with its point moved two places to the left, as text, without arithmetic."""
    sign, digits = ("-", percent[1:]) if percent.startswith("-") else ("", percent)
    whole, _, part = f"{float(digits):.6f}".partition(".")
    return f"{sign}0.{whole.zfill(2)}{part}" if len(whole) <= 2 else f"{sign}{whole[:-2]}.{whole[-2:]}{part}"


@given(seed=st.integers(0, 10_000), shuffled=st.permutations(range(6)), backwards=st.booleans())
@slow_files
def test_row_order_and_column_order_change_nothing(
    seed: int, shuffled: list[int], backwards: bool, tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows = honest(40, seed)
    plain = only(ingest(write(tmp_path / "S.csv", rows).parent))
    moved = [[row[i] for i in shuffled] for row in (rows[::-1] if backwards else rows)]
    other = only(ingest(write(tmp_path / "S.csv", moved, header=[HEADER[i] for i in shuffled]).parent))
    assert equal(plain, other)
    assert plain.unit == other.unit


@given(seed=st.integers(0, 10_000))
@slow_files
def test_percent_and_decimal_renderings_are_one_backtest(
    seed: int, tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows = honest(60, seed)
    percent = only(ingest(write(tmp_path / "S.csv", rows).parent))
    decimals = only(ingest(write(tmp_path / "S.csv", [[r[0], decimal(r[1]), *r[2:]] for r in rows]).parent))
    assert (percent.unit.unit, decimals.unit.unit) == (Unit.PERCENT, Unit.DECIMAL)
    assert equal(percent, decimals)


@given(seed=st.integers(0, 10_000))
@slow_files
def test_currency_percent_and_thousands_signs_change_nothing(
    seed: int, tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows, pick = honest(40, seed), random.Random(seed)

    def money(text: str) -> str:
        value = float(text)
        grouped = f"{abs(value):,.2f}"
        forms = (f"(${grouped})", f"-${grouped}", f"$-{grouped}", f"-{grouped}") if value < 0 else (f"${grouped}",)
        return f'"{pick.choice(forms)}"'

    plain = only(ingest(write(tmp_path / "S.csv", rows).parent))
    decorated = [[row[0], f"{row[1]}%", *map(money, row[2:])] for row in rows]
    assert equal(plain, only(ingest(write(tmp_path / "S.csv", decorated).parent)))


@pytest.mark.parametrize(
    ("columns", "manifest", "source"),
    [
        ([0, 1, 2, 3], None, UnitSource.PNL_OVER_EQUITY),
        ([0, 1, 2], None, UnitSource.EQUITY_RATIO),
        ([0, 1, 3], "start_capital: 1000000\n", UnitSource.PNL_OVER_START_CAPITAL),
        ([0, 1], "unit: percent\n", UnitSource.MANIFEST),
    ],
)
def test_the_strongest_evidence_present_decides(
    columns: list[int],
    manifest: str | None,
    source: UnitSource,
    tmp_path: Path,
    honest: Honest,
    write: Write,
    ingest: Ingest,
) -> None:
    rows = [[row[i] for i in columns] for row in honest()]
    path = write(tmp_path / "S.csv", rows, header=[HEADER[i] for i in columns], manifest=manifest)
    unit = only(ingest(path.parent)).unit
    assert (unit.unit, unit.source) == (Unit.PERCENT, source)


def test_a_percent_sign_on_every_value_is_evidence(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows = [[row[0], f"{row[1]}%"] for row in honest()]
    unit = only(ingest(write(tmp_path / "S.csv", rows, header=HEADER[:2]).parent)).unit
    assert (unit.unit, unit.source) == (Unit.PERCENT, UnitSource.PERCENT_SIGN)


def test_large_numbers_alone_never_decide(tmp_path: Path, honest: Honest, write: Write, ingest: Ingest) -> None:
    rows = [[row[0], repr(40.0 + i % 7)] for i, row in enumerate(honest())]
    result = ingest(write(tmp_path / "S.csv", rows, header=HEADER[:2]).parent)
    assert code(result) is FindingCode.UNIT_UNKNOWN
    assert "--unit" in result.quarantined[0].findings[0].remedy


def test_decimals_under_a_header_that_says_pct_are_decimals(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows = [[row[0], decimal(row[1]), *row[2:]] for row in honest()]
    assert only(ingest(write(tmp_path / "S.csv", rows).parent)).unit.unit is Unit.DECIMAL


def test_the_operators_unit_decides_where_nothing_else_can(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    path = write(tmp_path / "S.csv", [[row[0], decimal(row[1])] for row in honest()], header=HEADER[:2])
    unit = only(ingest(path.parent, unit=Unit.DECIMAL)).unit
    assert (unit.unit, unit.source) == (Unit.DECIMAL, UnitSource.OVERRIDE)


def test_the_operators_unit_never_overrules_evidence(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    result = ingest(write(tmp_path / "S.csv", honest()).parent, unit=Unit.DECIMAL)
    assert code(result) is FindingCode.UNIT_CONTRADICTED


def test_operator_and_manifest_that_differ_are_refused(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows = [row[:2] for row in honest()]
    path = write(tmp_path / "S.csv", rows, header=HEADER[:2], manifest="unit: percent\n")
    assert code(ingest(path.parent, unit=Unit.DECIMAL)) is FindingCode.UNIT_CONTRADICTED


def test_returns_in_basis_points_fit_no_unit(tmp_path: Path, honest: Honest, write: Write, ingest: Ingest) -> None:
    rows = [[row[0], repr(round(100.0 * float(row[1]), 4)), *row[2:]] for row in honest()]
    assert code(ingest(write(tmp_path / "S.csv", rows).parent)) is FindingCode.PNL_CONTRADICTS_RETURN
