from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.migrate import current_revision, downgrade, newest_revision, upgrade
from fund_pipeline.ledger.tables import metadata
from fund_pipeline_tests.samples import fill_ledger


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


def test_a_filled_ledger_goes_down_and_up_again(ledger: Ledger, ledger_url: str) -> None:
    fill_ledger(ledger)
    ledger.close()
    downgrade(ledger_url, "base")
    upgrade(ledger_url)
    assert current_revision(ledger_url) == newest_revision()


def test_upgrading_twice_keeps_what_is_in_the_ledger(ledger: Ledger, ledger_url: str) -> None:
    fill_ledger(ledger)
    before = _counts(ledger)
    upgrade(ledger_url)
    assert _counts(ledger) == before
    assert all(before.values())


def _counts(ledger: Ledger) -> dict[str, int]:
    with ledger.reading() as connection:
        return {name: len(connection.execute(table.select()).all()) for name, table in metadata.tables.items()}
