from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import delete, inspect
from sqlalchemy.exc import IntegrityError

from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger import Ledger, open_ledger, tables
from fund_pipeline.ledger.active import active_allocation
from fund_pipeline.ledger.allocations import list_allocations, withdraw_pending
from fund_pipeline.ledger.migrate import current_revision, downgrade, newest_revision, upgrade
from fund_pipeline.ledger.model import AllocationStatus
from fund_pipeline.ledger.tables import metadata
from fund_pipeline_tests.ledger_fixtures import url_of
from fund_pipeline_tests.samples import ACT


def test_migrations_end_at_exactly_the_declared_tables(empty_ledger_url: str) -> None:
    upgrade(empty_ledger_url)
    ledger = open_ledger(empty_ledger_url)
    with ledger.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
    ledger.close()
    assert differences == []


def test_an_empty_ledger_goes_up_down_and_up_again(empty_ledger_url: str) -> None:
    assert current_revision(empty_ledger_url) is None
    upgrade(empty_ledger_url)
    assert current_revision(empty_ledger_url) == newest_revision()
    downgrade(empty_ledger_url, "base")
    assert current_revision(empty_ledger_url) is None
    ledger = open_ledger(empty_ledger_url)
    assert set(inspect(ledger.engine).get_table_names()) <= {"alembic_version"}
    ledger.close()
    upgrade(empty_ledger_url)
    assert current_revision(empty_ledger_url) == newest_revision()


def test_a_filled_ledger_goes_down_and_up_again(filled_ledger: Ledger) -> None:
    ledger, ledger_url = filled_ledger, url_of(filled_ledger)
    ledger.close()
    downgrade(ledger_url, "base")
    upgrade(ledger_url)
    assert current_revision(ledger_url) == newest_revision()


def test_upgrading_twice_keeps_what_is_in_the_ledger(filled_ledger: Ledger) -> None:
    ledger, ledger_url = filled_ledger, url_of(filled_ledger)
    before = _counts(ledger)
    upgrade(ledger_url)
    assert _counts(ledger) == before
    assert all(before.values())


def test_weights_and_states_survive_the_migration_that_makes_their_table_anew(filled_ledger: Ledger) -> None:
    ledger, ledger_url = filled_ledger, url_of(filled_ledger)
    withdraw_pending(ledger, "demo", "for a test", ACT)
    before = {one.allocation_id: one for one in list_allocations(ledger)}
    assert before["demo-digest-1"].status is AllocationStatus.EXPIRED
    ledger.close()
    downgrade(ledger_url, "0003")
    upgrade(ledger_url)
    after = {one.allocation_id: one for one in list_allocations(ledger)}
    assert after["demo-digest-1"] == replace(before["demo-digest-1"], status=AllocationStatus.ARCHIVED)
    assert after["second-digest-of-second"] == before["second-digest-of-second"]
    with pytest.raises(InvariantError, match="not the one that the audit log tells of"):
        active_allocation(ledger, "second")  # its approval went with the table
    with pytest.raises(IntegrityError), ledger.writing() as connection:
        connection.execute(delete(tables.strategies))  # what refers to the table that was made anew still does
    with pytest.raises(IntegrityError), ledger.writing() as connection:
        connection.execute(delete(tables.allocations))


def _counts(ledger: Ledger) -> dict[str, int]:
    with ledger.reading() as connection:
        return {name: len(connection.execute(table.select()).all()) for name, table in metadata.tables.items()}
