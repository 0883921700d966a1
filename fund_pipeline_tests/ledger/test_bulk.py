"""Many rows at once are what one at a time would be, and refused where one would be."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, StatementError

from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.bulk import insert_rows, update_rows
from fund_pipeline.ledger.tables import NullableJson
from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime

SCRATCH = Table(
    "scratch",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("amount", ExactDecimal()),
    Column("at", UtcDateTime()),
    Column("day", Date),
    Column("words", String(40)),
    Column("is_so", Boolean),
    Column("much", BigInteger),
    Column("figures", Json, nullable=False),
    Column("problem", NullableJson),
)

words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
plain = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | words
figures = st.dictionaries(words, plain | st.lists(plain, max_size=3), max_size=3)
row = st.fixed_dictionaries(
    {
        "amount": st.none() | st.decimals(-(10**20), 10**20, allow_nan=False, places=12),
        "at": st.none() | st.datetimes(timezones=st.just(UTC)),
        "day": st.none() | st.dates(),
        "words": st.none() | words,
        "is_so": st.none() | st.booleans(),
        "much": st.none() | st.integers(-(2**63), 2**63 - 1),
        "figures": figures,
        "problem": st.none() | figures,
    }
)


@pytest.fixture
def scratch(ledger: Ledger) -> Iterator[Ledger]:
    """A ledger that has a table of every kind of column."""
    with ledger.writing() as connection:
        SCRATCH.create(connection)
    yield ledger
    with ledger.writing() as connection:
        SCRATCH.drop(connection)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=st.lists(row, max_size=4))
def test_rows_are_as_if_inserted_one_by_one(scratch: Ledger, rows: list[dict[str, Any]]) -> None:
    rows = [one | {"number": number} for number, one in enumerate(rows)]

    def all_rows() -> list[tuple[Any, ...]]:
        found = connection.execute(select(SCRATCH).order_by(SCRATCH.c.number)).all()
        connection.execute(delete(SCRATCH))
        return [tuple(one) for one in found]

    with scratch.writing() as connection:
        insert_rows(connection, SCRATCH, rows)
        at_once = all_rows()
        for one in rows:
            connection.execute(insert(SCRATCH), one)
        assert at_once == all_rows()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(before=st.lists(row, min_size=3, max_size=3), after=st.lists(row, min_size=2, max_size=2), names=st.data())
def test_changes_are_as_if_made_one_by_one(
    scratch: Ledger, before: list[dict[str, Any]], after: list[dict[str, Any]], names: st.DataObject
) -> None:
    """Each row has columns of its own that change, and the last row is left alone."""
    some = st.lists(st.sampled_from(list(after[0])), min_size=1, unique=True)
    changes = [{"number": number} | {name: one[name] for name in names.draw(some)} for number, one in enumerate(after)]
    ways = [
        lambda: update_rows(connection, SCRATCH, ["number"], changes),
        lambda: [connection.execute(update(SCRATCH).where(SCRATCH.c.number == one["number"]), one) for one in changes],
    ]
    found = []
    with scratch.writing() as connection:
        for make in ways:
            insert_rows(connection, SCRATCH, [one | {"number": number} for number, one in enumerate(before)])
            make()
            found.append([tuple(one) for one in connection.execute(select(SCRATCH).order_by(SCRATCH.c.number))])
            connection.execute(delete(SCRATCH))
    assert found[0] == found[1]


def test_a_row_is_found_by_all_of_its_keys(scratch: Ledger) -> None:
    rows = [wrong(number=number, words=words, much=0) for number, words in enumerate("ab")]
    with scratch.writing() as connection:
        insert_rows(connection, SCRATCH, rows)
        wanted = [{"number": 0, "words": "a", "much": 7}, {"number": 1, "words": "other", "much": 8}]
        update_rows(connection, SCRATCH, ["number", "words"], wanted)
        assert connection.execute(select(SCRATCH.c.much).order_by(SCRATCH.c.number)).scalars().all() == [7, 0]


def wrong(**values: object) -> dict[str, Any]:
    return {"number": 1, "figures": {}, **values}


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("amount", 1.5, "finite Decimals"),
        ("amount", Decimal("NaN"), "finite Decimals"),
        ("amount", Decimal("0.0000000000001"), "decimal places"),
        ("at", datetime.fromisoformat("2026-01-05"), "carry a zone"),
        ("figures", {"price": Decimal(1)}, "Decimal is not JSON serializable"),
        ("figures", {"at": datetime(2026, 1, 5, tzinfo=UTC)}, "datetime is not JSON serializable"),
    ],
)
def test_a_value_that_its_column_does_not_take_is_refused(scratch: Ledger, name: str, value: object, why: str) -> None:
    rows = [wrong(number=0) | {name: {} if name == "figures" else None}, wrong(**{name: value})]
    with pytest.raises(StatementError, match=why), scratch.writing() as connection:
        insert_rows(connection, SCRATCH, rows)
    with scratch.writing() as connection:
        insert_rows(connection, SCRATCH, [wrong(), wrong(number=2)])
    with pytest.raises(StatementError, match=why), scratch.writing() as connection:
        update_rows(connection, SCRATCH, ["number"], [{"number": 2, name: value}, {"number": 1, name: value}])


def test_what_the_database_itself_refuses_is_told_as_its_error(scratch: Ledger) -> None:
    rows = [wrong(day=date(2026, 1, 5)), wrong(day=date(2026, 1, 6))]
    with pytest.raises(DBAPIError, match=r"(?i)unique"), scratch.writing() as connection:
        insert_rows(connection, SCRATCH, rows)


def test_rows_of_different_columns_are_refused(scratch: Ledger) -> None:
    rows = [wrong(), wrong(number=2, much=3)]
    with pytest.raises(InvariantError, match="do not all have the same columns"), scratch.writing() as connection:
        insert_rows(connection, SCRATCH, rows)


def test_none_is_nothing(scratch: Ledger) -> None:
    with scratch.writing() as connection:
        insert_rows(connection, SCRATCH, [])
        update_rows(connection, SCRATCH, ["number"], [])
        assert connection.execute(select(SCRATCH)).all() == []
