from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import StatementError

from fund_pipeline.ledger import Ledger, tables
from fund_pipeline.ledger.funds import get_fund, put_fund
from fund_pipeline.ledger.model import Fund
from fund_pipeline_tests.samples import ACT, FUND

money = st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**20), max_value=10**20)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(capital=money)
def test_money_comes_back_exactly(ledger: Ledger, capital: Decimal) -> None:
    put_fund(ledger, Fund("exact", "Exact", "USD", capital), ACT)
    assert get_fund(ledger, "exact").capital == capital


@pytest.mark.parametrize("wrong", [1.5, Decimal("NaN"), Decimal("Infinity"), Decimal("0.0000000000001")])
def test_money_that_is_not_exact_is_refused(ledger: Ledger, wrong: object) -> None:
    with pytest.raises(StatementError, match=r"finite Decimals|decimal places"):
        put_fund(ledger, Fund("bad", "Bad", "USD", wrong), ACT)  # type: ignore[arg-type]


def test_what_a_database_reckons_is_exact_or_refused_where_it_has_floats_only(ledger: Ledger) -> None:
    least = Decimal("0.000000000001")
    put_fund(ledger, Fund("exact", "Exact", "USD", least), ACT)
    query = select(func.sum(tables.funds.c.capital)).where(tables.funds.c.fund_id == "exact")
    with ledger.reading() as connection:
        if not ledger.is_sqlite:
            assert connection.execute(query).scalar() == least
            return
        with pytest.raises(TypeError, match="reckon with Decimals"):
            connection.execute(query).scalar()


def test_a_time_comes_back_in_utc_whatever_zone_it_was_given_in(ledger: Ledger) -> None:
    tokyo = datetime(2026, 3, 2, 14, 0, tzinfo=timezone(timedelta(hours=9)))
    put_fund(ledger, FUND, ACT.__class__("test", tokyo))
    with ledger.reading() as connection:
        stored = connection.execute(select(tables.funds.c.created_at)).scalar_one()
    assert stored == datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
    assert stored.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(ledger: Ledger) -> None:
    naive = datetime(2026, 3, 2, 14, 0)  # noqa: DTZ001
    with pytest.raises(StatementError, match="carry a zone"):
        put_fund(ledger, FUND, ACT.__class__("test", naive))
