"""Moments are read back as they were stored, wherever the database believes to be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.patience import Patience
from fund_pipeline_tests.ledger_fixtures import with_driver


@pytest.mark.parametrize("patience", [None, Patience(10.0, 2)])
def test_a_session_is_in_utc_whatever_the_databases_time_zone_is(postgres_url: str, patience: Patience | None) -> None:
    url = with_driver(postgres_url)
    east = open_ledger(url)
    with east.writing() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f"ALTER DATABASE {name} SET timezone TO 'Europe/Berlin'"))
    east.close()
    ledger = open_ledger(url, patience=patience)
    with ledger.reading() as connection:
        last = connection.execute(text("SELECT timestamptz '9999-12-31 23:30:00+00'")).scalar_one()
        assert (last, connection.execute(text("SHOW timezone")).scalar_one()) == (
            datetime(9999, 12, 31, 23, 30, tzinfo=UTC),
            "UTC",
        )
    ledger.close()
