"""The fast path and the careful path give the same verdict, whatever was done to a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fund_pipeline.backtests import Backtest, BatchResult, SourceFile, Unit, UnitSource, scan_files, scan_folder
from fund_pipeline.backtests.careful import read_one
from fund_pipeline.backtests.fast import DateMemory, cut_plain, judge_plain, parse_plain
from fund_pipeline.backtests.judging import Terms
from fund_pipeline.backtests.model import Refusal

DATA = Path(__file__).parents[2] / "data" / "backtests"
TERMS = Terms(None, "XNYS", date(2025, 6, 30))
HEADER = ("Date", "Daily_Return_Pct", "Account_Equity", "Daily_PnL", "Max_Margin_Used", "Max_Notional_Value")
ARRAYS = ("dates", "returns", "equity", "pnl", "margin", "notional")
Rows = list[list[str]]


def test_the_nine_samples_are_admitted_in_percent_by_evidence(ingest: Callable[..., BatchResult]) -> None:
    result = ingest(DATA)
    assert not result.quarantined
    assert len(result.admitted) == 9
    assert {(b.unit.unit, b.unit.source) for b in result.admitted} == {(Unit.PERCENT, UnitSource.PNL_OVER_EQUITY)}
    assert not any(finding.is_error for b in result.admitted for finding in b.findings)


def test_the_nine_samples_take_the_fast_path_and_read_the_same_on_both() -> None:
    files = scan_folder(DATA)
    quick = _quickly(files)
    assert len(quick) == len(files) == 9
    for file in files:
        assert _plain(quick[file.path]) == _plain(read_one(file, TERMS))


CORRUPTIONS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "nothing": lambda lines: lines,
    "windows line ends": lambda lines: [line + b"\r" for line in lines],
    "a blank line": lambda lines: [*lines[:5], b"", *lines[5:]],
    "no last line end": lambda lines: [*lines[:-1], lines[-1]],
    "a missing cell": lambda lines: [*lines[:5], b",".join(lines[5].split(b",")[:-1]), *lines[6:]],
    "an extra cell": lambda lines: [*lines[:5], lines[5] + b",7", *lines[6:]],
    "a cell moved to the next line": lambda lines: [
        *lines[:5],
        b",".join(lines[5].split(b",")[:-1]),
        lines[6] + b",7",
        *lines[7:],
    ],
    "a cell blank": lambda lines: [*lines[:5], b",".join([*lines[5].split(b",")[:-1], b""]), *lines[6:]],
    "nan": lambda lines: [*lines[:5], b",".join([*lines[5].split(b",")[:-1], b"nan"]), *lines[6:]],
    "inf": lambda lines: [*lines[:5], b",".join([*lines[5].split(b",")[:-1], b"inf"]), *lines[6:]],
    "a quoted cell": lambda lines: [*lines[:5], lines[5].replace(b",", b',"', 1).replace(b",", b'",', 2), *lines[6:]],
    "spaces": lambda lines: [lines[0], *(line.replace(b",", b", ") for line in lines[1:])],
    "newest first": lambda lines: [lines[0], *lines[:0:-1]],
    "two rows swapped": lambda lines: [*lines[:5], lines[6], lines[5], *lines[7:]],
    "a row twice": lambda lines: [*lines[:5], lines[5], *lines[5:]],
    "a row lost": lambda lines: [*lines[:5], *lines[6:]],
    "no such day": lambda lines: [*lines[:5], b"2023-02-30" + lines[5][10:], *lines[6:]],
    "letters in a date": lambda lines: [*lines[:5], b"2023-O1-1O" + lines[5][10:], *lines[6:]],
    "a slash date": lambda lines: [*lines[:5], lines[5].replace(b"-", b"/", 2), *lines[6:]],
    "a future day": lambda lines: [*lines[:-1], b"2031-01-02" + lines[-1][10:]],
    "a weekend": lambda lines: [*lines[:4], b"2023-01-07" + lines[4][10:], *lines[5:]],
    "one return in decimals": lambda lines: [*lines[:5], _scaled(lines[5], 1, 0.01), *lines[6:]],
    "one profit doubled": lambda lines: [*lines[:5], _scaled(lines[5], 3, 2.0), *lines[6:]],
    "one equity raised": lambda lines: [*lines[:5], _scaled(lines[5], 2, 1.01), *lines[6:]],
    "a header in capitals": lambda lines: [lines[0].upper(), *lines[1:]],
    "an unknown column": lambda lines: [lines[0] + b",Note", *(line + b",x" for line in lines[1:])],
    "date last": lambda lines: [b",".join([*line.split(b",")[1:], line.split(b",")[0]]) for line in lines],
}


def verdict(result: BatchResult, strategy: str) -> object:
    """What became of a strategy's file, in a form that can be compared."""
    admitted = [_plain(backtest) for backtest in result.admitted if backtest.strategy_id == strategy]
    return admitted or [one.findings for one in result.quarantined if one.file.strategy_id == strategy]


def _carefully(path: Path) -> object:
    try:
        return [_plain(read_one(scan_files([path])[0], TERMS))]
    except Refusal as refusal:
        return [refusal.findings]


def _quickly(files: Sequence[SourceFile]) -> dict[Path, Backtest]:
    """What the fast path admits of files read together."""
    memory = DateMemory()
    cut = [cut_plain(file, file.path.read_bytes(), memory) for file in files]
    return judge_plain(parse_plain([one for one in cut if one is not None]), TERMS)


def _plain(backtest: Backtest) -> object:
    arrays = [getattr(backtest, name) for name in ARRAYS]
    return [None if array is None else array.tobytes() for array in arrays], backtest.unit, backtest.findings


def _scaled(line: bytes, at: int, factor: float) -> bytes:
    cells = line.split(b",")
    cells[at] = repr(round(float(cells[at]) * factor, 6)).encode()
    return b",".join(cells)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corrupted_file_gets_the_verdict_of_the_careful_path(
    name: str,
    tmp_path: Path,
    honest: Callable[..., Rows],
    write: Callable[..., Path],
    ingest: Callable[..., BatchResult],
) -> None:
    path = write(tmp_path / "S.csv", honest())
    write(tmp_path / "neighbour.csv", honest(seed=2))
    lines = CORRUPTIONS[name](path.read_bytes().splitlines())
    path.write_bytes(b"\n".join(lines))
    result = ingest(tmp_path)
    assert "neighbour" in {backtest.strategy_id for backtest in result.admitted}
    assert verdict(result, "S") == _carefully(path)


def test_corrupted_files_read_in_one_batch_do_not_change_each_others_verdicts(
    tmp_path: Path,
    honest: Callable[..., Rows],
    write: Callable[..., Path],
    ingest: Callable[..., BatchResult],
) -> None:
    for i, corrupt in enumerate(CORRUPTIONS.values()):
        path = write(tmp_path / f"S{i:02d}.csv", honest(seed=i % 3))
        path.write_bytes(b"\n".join(corrupt(path.read_bytes().splitlines())))
        write(tmp_path / f"S{i:02d}-good.csv", honest(seed=i))
    result = ingest(tmp_path)
    good = {backtest.strategy_id for backtest in result.admitted if backtest.strategy_id.endswith("-good")}
    assert len(good) == len(CORRUPTIONS)
    for path in tmp_path.iterdir():
        assert verdict(result, path.stem) == _carefully(path), path.name


@pytest.mark.parametrize(
    ("columns", "manifest"),
    [
        ([0, 1, 2, 3, 4, 5], None),
        ([0, 1, 2, 3], "start_capital: 1000000\n"),
        ([0, 1, 2, 3], "start_capital: 1000005\n"),
        ([0, 1, 2], None),
        ([0, 1, 2], "start_capital: 1000000\n"),
        ([0, 1, 3], "start_capital: 1000000\n"),
        ([0, 1, 3], "start_capital: 900000\n"),
        ([0, 1, 2, 3], "unit: decimal\n"),
        ([0, 1], "unit: percent\n"),
    ],
)
def test_files_judged_together_are_judged_as_they_are_alone(
    columns: list[int],
    manifest: str | None,
    tmp_path: Path,
    honest: Callable[..., Rows],
    write: Callable[..., Path],
    ingest: Callable[..., BatchResult],
) -> None:
    for i in range(8):
        rows = [[row[at] for at in columns] for row in honest(200 + 100 * (i % 2), seed=i)]
        rows = [[row[0], _places(row[1], i % 4 // 3), *row[2:]] for row in rows]
        if i % 5 == 4:
            del rows[50]
        header = [HEADER[at] for at in columns]
        write(tmp_path / f"S{i}.csv", rows[:: -1 if i == 3 else 1], header=header, manifest=manifest)
    result = ingest(tmp_path)
    for i in range(8):
        assert verdict(result, f"S{i}") == _carefully(tmp_path / f"S{i}.csv")


def _places(percent: str, decimal: int) -> str:
    """The return as printed, or as a decimal of eight places."""
    return f"{float(percent) / 100:.8f}" if decimal else percent


@example(line=1, column=4, text="0\r")
@given(
    line=st.integers(1, 300),
    column=st.integers(0, 5),
    text=st.one_of(
        st.text(st.sampled_from("0123456789.-+eE,;%$ ()\"'\r\t"), max_size=12),
        st.floats(allow_nan=True, allow_infinity=True).map(repr),
        st.dates().map(str),
    ),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_text_in_any_cell_gets_the_same_verdict_on_both_paths(
    line: int, column: int, text: str, tmp_path: Path, honest: Callable[..., Rows], write: Callable[..., Path]
) -> None:
    rows = honest()
    rows[line - 1][column] = text
    file = scan_files([write(tmp_path / "S.csv", rows)])[0]
    quick = _quickly([file]).get(file.path)
    if quick is not None:
        assert _plain(quick) == _plain(read_one(file, TERMS))
