"""A benchmark's file is read as it is meant, or refused with the line, the field, the value and the fix."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from fund_pipeline.accounts.benchmark_files import BenchmarkPeriod, periods_between, read_benchmark
from fund_pipeline.accounts.performance import CASH, Stake
from fund_pipeline.errors import InputError

HEAD = "from,to,segment,weight,return\n"
JANUARY = "2025-01-01,2025-01-31,STOCK,0.6,0.02\n2025-01-01,2025-01-31,CASH,0.4,0.003\n"
FEBRUARY = "2025-02-01,2025-02-28,STOCK,1,-0.01\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "benchmark.csv"
    file.write_text(text)
    return file


def test_periods_are_read_in_their_order(tmp_path: Path) -> None:
    assert read_benchmark(written(tmp_path, HEAD + FEBRUARY + JANUARY)) == (
        BenchmarkPeriod(
            date(2025, 1, 1),
            date(2025, 1, 31),
            {"STOCK": Stake(Decimal("0.6"), Decimal("0.02")), CASH: Stake(Decimal("0.4"), Decimal("0.003"))},
        ),
        BenchmarkPeriod(date(2025, 2, 1), date(2025, 2, 28), {"STOCK": Stake(Decimal(1), Decimal("-0.01"))}),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("from,to,segment,weight\n", "missing return, unknown none"),
        (HEAD.strip() + ",note\n", "missing none, unknown note"),
        (HEAD, "has no row"),
        (HEAD + "2025-01-01,2025-01-31,STOCK,1,0.02,x\n", "line 2: more is 'x'"),
        (HEAD + "2025-01-01,2025-01-31,STOCK,1\n", "line 2: return is ''"),
        (HEAD + "01/01/2025,2025-01-31,STOCK,1,0.02\n", "line 2: from is '01/01/2025': .*write a day as"),
        (HEAD + "2025-01-01,2025-01-32,STOCK,1,0.02\n", "line 2: to is '2025-01-32'"),
        (HEAD + "0001-01-01,2025-01-31,STOCK,1,0.02\n", "line 2: from is '0001-01-01'"),
        (HEAD + "2025-01-01,9999-12-31,STOCK,1,0.02\n", "line 2: to is '9999-12-31'"),
        (HEAD + "2025-02-01,2025-01-31,STOCK,1,0.02\n", "line 2: to is 2025-01-31, before from, 2025-02-01"),
        (HEAD + "2025-01-01,2025-01-31,,1,0.02\n", "line 2: segment is ''"),
        (HEAD + "2025-01-01,2025-01-31,STOCK,NaN,0.02\n", "line 2: weight is 'NaN'"),
        (HEAD + "2025-01-01,2025-01-31,STOCK,1,inf\n", "line 2: return is 'inf'"),
        (HEAD + "2025-01-01,2025-01-31,STOCK,1,2%\n", "line 2: return is '2%'"),
        (HEAD + "2025-01-01,2025-01-31,STOCK,1,-1.5\n", "line 2: return is '-1.5'"),
        (HEAD + JANUARY + "2025-01-01,2025-01-31,STOCK,0,0\n", "line 4: segment is 'STOCK', a second time"),
        (HEAD + "2025-01-01,2025-01-31,STOCK,0.99,0.02\n", "weight of all .* 2025-01-01 to 2025-01-31 is 0.99, not 1"),
        (HEAD + JANUARY + "2025-01-31,2025-02-28,STOCK,1,0\n", "from is 2025-01-31: the period overlaps the one from"),
        (HEAD + JANUARY + "2025-01-01,2025-02-28,STOCK,1,0\n", "from is 2025-01-01: the period overlaps the one from"),
        (
            HEAD + JANUARY + "2025-02-03,2025-02-28,STOCK,1,0\n",
            "from is 2025-02-03: the period does not follow the one",
        ),
    ],
)
def test_a_file_that_says_nothing_certain_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        read_benchmark(written(tmp_path, text))
    assert refused.value.remedy
    with pytest.raises(InputError, match="does not exist"):
        read_benchmark(tmp_path / "none.csv")


def test_periods_are_chosen_by_their_days_and_never_cut(tmp_path: Path) -> None:
    both = read_benchmark(written(tmp_path, HEAD + JANUARY + FEBRUARY))
    assert periods_between(both, None, None) == both
    assert periods_between(both, date(2025, 2, 1), None) == both[1:]
    assert periods_between(both, date(2024, 12, 1), date(2025, 2, 28)) == both
    with pytest.raises(InputError, match="--from is 2025-01-15: within the benchmark's period from 2025-01-01"):
        periods_between(both, date(2025, 1, 15), None)
    with pytest.raises(InputError, match="--to is 2025-02-15: within the benchmark's period from 2025-02-01"):
        periods_between(both, None, date(2025, 2, 15))
    with pytest.raises(InputError, match="no period from 2025-03-01 to its last"):
        periods_between(both, date(2025, 3, 1), None)
