from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fund_pipeline.backtests.wide import read_figures, read_wide_returns
from fund_pipeline.errors import InputError

DAYS = "2024-01-02,0.01,0.02\n2024-01-03,0.03,\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "wide.csv"


def refusal(file: Path, content: bytes) -> str:
    file.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_wide_returns(file)
    assert refused.value.remedy
    return refused.value.message.removeprefix(str(file))


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("date,a,a", ": the header names a twice"),
        ("date,a, a ", ": the header names a twice"),
        ("date,date,a", ": the header names date twice"),
        ("date,,a", ": column 2 of the header is '', which is no name"),
        ("date,a, ", ": column 3 of the header is '', which is no name"),
        ("date,a,b\0", ": column 3 of the header is 'b\\x00', which is no name"),
        ("date,a,b\x1b[31m", ": column 3 of the header is 'b\\x1b[31m', which is no name"),
        ("date,a,b\u202e", ": column 3 of the header is 'b\\u202e', which is no name"),
    ],
)
def test_a_strategy_needs_a_name_of_its_own_that_can_be_read(file: Path, header: str, told: str) -> None:
    assert refusal(file, f"{header}\n{DAYS}".encode()) == told


@pytest.mark.parametrize("first", ["2024-01-01", "01/02/2024", "20240101", "2024-01-01T00:00"])
def test_a_file_without_a_header_does_not_lose_its_first_day(file: Path, first: str) -> None:
    assert refusal(file, f"{first},0.01,0.02\n{DAYS}".encode()) == f" has no header: it begins with '{first}'"


def test_a_file_in_another_encoding_is_refused_with_its_row(file: Path) -> None:
    assert refusal(file, f"date,a,Müller\n{DAYS}".encode("latin-1")) == ", row 1: not all of it is UTF-8"
    assert refusal(file, f"date,a,b\n{DAYS}2024-01-04,é,\n".encode("latin-1")) == ", row 4: not all of it is UTF-8"
    assert refusal(file, f"date,a,b\n{DAYS}".encode("utf-16")) == ", row 1: not all of it is UTF-8"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", " cannot be read: it is empty"),
        (f"date,a,b\n{DAYS}2024-01-04,1,2,3\n", " cannot be read: row 4 has 4 cells, the header 3"),
        ('date,"a\n2024-01-02,1\n', " cannot be read: it is no table"),
        ("date,a,b\n", " has 3 columns and 0 rows"),
    ],
)
def test_what_is_no_table_is_told_in_words_of_ours(file: Path, content: str, told: str) -> None:
    assert refusal(file, content.encode()) == told


def test_a_path_is_one_file_and_no_pattern(file: Path) -> None:
    file.write_text(f"date,a,b\n{DAYS}")
    with pytest.raises(InputError, match=r"wide\.cs\* does not exist"):
        read_wide_returns(file.with_name("wide.cs*"))
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_wide_returns(file.parent)


@pytest.mark.parametrize("header", ["date,a,b", "\ufeffdate,a,b", ",a,b", "date , a, b"])
def test_marks_of_other_programs_in_the_header_are_no_part_of_names(file: Path, header: str) -> None:
    file.write_bytes(f"{header}\n{DAYS}".replace("\n", "\r\n").encode())
    found = read_wide_returns(file)
    assert found.strategies == ("a", "b")
    np.testing.assert_array_equal(found.values, [[0.01, 0.02], [0.03, np.nan]])


@given(
    st.lists(st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters='",'), min_size=1), unique=True)
)
@settings(max_examples=50)
def test_every_name_that_can_be_read_is_kept(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    kept = [name for name in names if name != "date"] or ["a"]
    file = tmp_path_factory.mktemp("names") / "wide.csv"
    file.write_text(",".join(["date", *kept]) + "\n2024-01-02" + ",0.01" * len(kept) + "\n", encoding="utf-8")
    assert read_wide_returns(file).strategies == tuple(kept)


@pytest.mark.parametrize(
    ("content", "default", "told"),
    [
        ("strategy,weight\na,0.1\nc,0.2\n", 0.0, "names c, not among the strategies with returns"),
        ("strategy,weight\na,0.1\na ,0.2\n", 0.0, "names a strategy twice"),
        ("a,0.1\nb,0.2\n", 0.0, "has no header: it begins with a,0.1"),
        ("strategy,weight\na,-1000001\n", 0.0, "row 2, column weight: '-1000001' is beyond 1,000,000"),
        ("strategy,weight\n,0.1\n", 0.0, "row 2, column strategy: None names no strategy"),
        ("strategy,weight\na,0.1\nc,0.2\n", None, "no weight for b"),
    ],
)
def test_a_figure_that_could_be_lost_or_is_none_is_refused(
    file: Path, content: str, default: float | None, told: str
) -> None:
    file.write_text(content)
    with pytest.raises(InputError) as refused:
        read_figures(file, ("a", "b"), "weight", default)
    assert told in refused.value.message
    assert refused.value.remedy


def test_figures_of_others_are_left_aside_where_each_must_have_one(file: Path) -> None:
    file.write_text("strategy,margin\nother,0.9\nb,1e6\n a,0.1\n")
    assert read_figures(file, ("a", "b"), "margin").tolist() == [0.1, 1e6]
