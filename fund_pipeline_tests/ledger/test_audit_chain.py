import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from fund_pipeline.errors import ConfigurationError, ConflictError, InputError, InvariantError
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.audit import Act, audit_head, history, list_audit, record
from fund_pipeline.ledger.audit_check import verify_audit
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.audit_model import AuditProblem
from fund_pipeline.ledger.funds import list_funds, put_fund
from fund_pipeline.ledger.migrate import downgrade, upgrade
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.ledger.attacks import ACT, attack, write
from fund_pipeline_tests.samples import FUND, NOW

NEW_KEY = "another-key-that-only-the-tests-know"

WRITER = """
import sys
from fund_pipeline.ledger import open_ledger
from fund_pipeline_tests.ledger.attacks import write
ledger = open_ledger(sys.argv[1])
while True:
    write(ledger, 1)
    print("written", flush=True)
"""


def test_every_audited_change_is_a_link_and_the_head_tells_of_the_newest(filled_ledger: Ledger, tmp_path: Path) -> None:
    ledger = filled_ledger
    rows = list_audit(ledger)
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    assert [row.previous_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
    head = audit_head(ledger)
    assert (head.sequence, head.hash) == (rows[-1].sequence, rows[-1].hash)
    verdict = verify_audit(ledger, tmp_path)
    assert (verdict.ok, verdict.rows) == (True, len(rows))


def test_what_both_databases_store_differently_is_hashed_the_same(ledger: Ledger, tmp_path: Path) -> None:
    awkward = [1e22, 1e-7, -0.0, 1.0, 0.1, 2**70, 1.7976931348623157e308, 5e-324, True, None, "é\u2028\U0001f600", ""]
    with ledger.writing() as connection:
        record(connection, ACT, "did", "thing", "x", {"z": awkward, "a": {"é": [], "Z": {}}})
    assert verify_audit(ledger, tmp_path).ok


def test_the_time_is_hashed_as_the_moment_it_is_in_any_zone(ledger: Ledger, tmp_path: Path) -> None:
    tokyo = NOW.astimezone(ZoneInfo("Asia/Tokyo"))
    put_fund(ledger, FUND, Act("x", tokyo + timedelta(microseconds=1)))
    assert verify_audit(ledger, tmp_path).ok


@pytest.mark.parametrize("detail", [{"x": float("nan")}, {"x": "\0"}, {"x": "\ud800"}])
def test_what_postgresql_cannot_hold_is_refused_on_both_with_the_whole_change(ledger: Ledger, detail: dict) -> None:
    with pytest.raises(InputError), ledger.writing() as connection:
        record(connection, ACT, "did", "thing", "x", detail)
    assert audit_head(ledger).sequence == 1


def test_a_change_that_fails_leaves_no_entry_and_no_gap(ledger: Ledger, tmp_path: Path) -> None:
    put_fund(ledger, FUND, ACT)
    with pytest.raises(ConflictError, match="is named"):
        put_fund(ledger, replace(FUND, fund_id="other"), ACT)
    with pytest.raises(DBAPIError), ledger.writing() as connection:
        _record_and_fail(connection)
    write(ledger, 2)
    assert history(ledger, "thing", "never") == ()
    assert verify_audit(ledger, tmp_path).rows == 4


def test_a_savepoint_that_is_rolled_back_takes_its_entries_with_it(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        record(connection, ACT, "did", "thing", "before")
        inner = connection.begin_nested()
        record(connection, ACT, "did", "thing", "inside")
        inner.rollback()
        with connection.begin_nested():
            record(connection, ACT, "did", "thing", "kept")
    assert [row.entry.entity_id for row in list_audit(ledger, entity="thing")] == ["before", "kept"]


def _record_and_fail(connection: Connection) -> None:
    record(connection, ACT, "did", "thing", "never")
    connection.execute(text("INSERT INTO funds (fund_id) VALUES (NULL)"))


def test_an_entry_outside_a_write_transaction_is_refused_rather_than_lost(ledger: Ledger) -> None:
    with ledger.reading() as connection, pytest.raises(InvariantError, match="outside a write transaction"):
        record(connection, ACT, "did", "thing", "x")


def test_writers_at_once_make_one_unbroken_chain(ledger: Ledger, ledger_url: str, tmp_path: Path) -> None:
    def writer(_: int) -> None:
        own = open_ledger(ledger_url)
        write(own, 50)
        own.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(writer, range(4)))
    verdict = verify_audit(ledger, tmp_path)
    assert (verdict.ok, verdict.rows) == (True, 201)


def test_writers_of_opposite_order_do_not_wait_for_each_other_for_ever(ledger: Ledger, tmp_path: Path) -> None:
    """One audits and then changes what the other changed before auditing: the chain is locked last by both."""
    put_fund(ledger, FUND, ACT)
    touch = text("UPDATE funds SET name = name")

    def first_audit(_: int) -> None:
        with ledger.writing() as connection:
            record(connection, ACT, "did", "thing", "a")
            connection.execute(touch)

    def first_change(_: int) -> None:
        with ledger.writing() as connection:
            connection.execute(touch)
            record(connection, ACT, "did", "thing", "b")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: (first_audit, first_change)[number % 2](number), range(40)))
    assert verify_audit(ledger, tmp_path).rows == 42


def test_a_writer_killed_in_the_middle_leaves_a_chain_that_verifies(
    ledger: Ledger, ledger_url: str, tmp_path: Path
) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, ledger_url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = sum(process.stdout.readline() == "written\n" for _ in range(20))
    process.kill()
    told += process.communicate()[0].count("written\n")
    verdict = verify_audit(ledger, tmp_path)
    assert verdict.ok, verdict
    assert verdict.rows >= 1 + told >= 21
    write(ledger, 1)
    assert verify_audit(ledger, tmp_path).rows == verdict.rows + 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'user:bob' WHERE sequence = 2",
        "DELETE FROM audit WHERE sequence = 3",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET sequence = 1",
        "INSERT INTO audit SELECT 9, at, actor, action, entity, entity_id, detail, correlation_id, key_id, "
        "previous_hash, hash FROM audit WHERE sequence = 3",
    ],
)
def test_the_database_itself_refuses_to_change_what_was_audited(ledger: Ledger, statement: str, tmp_path: Path) -> None:
    write(ledger, 2)
    with pytest.raises(DBAPIError), ledger.engine.connect() as connection, connection.begin():
        connection.execute(text(statement))
    assert verify_audit(ledger, tmp_path).rows == 3


def test_sqlite_refuses_to_replace_a_row(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    upgrade(url)
    ledger = open_ledger(url)
    columns = "action, entity, entity_id, detail, correlation_id, key_id, previous_hash, hash"
    with pytest.raises(DBAPIError), ledger.engine.connect() as connection, connection.begin():
        connection.execute(text(f"REPLACE INTO audit SELECT sequence, at, 'user:bob', {columns} FROM audit"))
    ledger.close()


def test_postgresql_refuses_to_empty_the_table(postgres_url: str) -> None:
    url = postgres_url.replace("postgresql://", "postgresql+psycopg2://", 1)
    upgrade(url)
    ledger = open_ledger(url)
    with pytest.raises(DBAPIError, match="append-only"), ledger.engine.connect() as connection, connection.begin():
        connection.execute(text("TRUNCATE audit"))
    ledger.close()


def test_a_process_with_another_key_writes_nothing_and_says_which_setting(ledger: Ledger, ledger_url: str) -> None:
    stranger = open_ledger(ledger_url, lambda: AuditKeys.of([NEW_KEY]))
    with pytest.raises(ConfigurationError, match="FUND_AUDIT_KEY"):
        put_fund(stranger, FUND, ACT)
    assert list_funds(stranger) == ()
    stranger.close()
    assert audit_head(ledger).sequence == 1


def test_a_newer_key_continues_the_chain_and_the_older_rows_still_verify(
    ledger: Ledger, ledger_url: str, tmp_path: Path
) -> None:
    write(ledger, 2)
    both = open_ledger(ledger_url, lambda: AuditKeys.of([NEW_KEY, AUDIT_KEY]))
    write(both, 2)
    assert verify_audit(both, tmp_path).rows == 5
    forgotten = verify_audit(ledger, tmp_path)
    assert (forgotten.problem, forgotten.sequence) == (AuditProblem.KEY_UNKNOWN, 4)
    back = open_ledger(ledger_url, lambda: AuditKeys.of([AUDIT_KEY, NEW_KEY]))
    write(back, 1)
    older = verify_audit(both, tmp_path)
    assert (older.problem, older.sequence) == (AuditProblem.CHAIN_REWRITTEN, 6)
    both.close()
    back.close()


def test_rows_from_before_the_chain_are_chained_by_the_migration_which_says_so(
    empty_ledger_url: str, tmp_path: Path
) -> None:
    upgrade(empty_ledger_url, "0001")
    ledger = open_ledger(empty_ledger_url)
    insert = (
        "INSERT INTO audit (audit_id, at, actor, action, entity, entity_id, detail, correlation_id) VALUES "
        "({0}, '2026-03-02 05:00:00.000000', 'user:ada', 'did', 'thing', 'x', '{{\"share\": 1e-7}}', '')"
    )
    with ledger.engine.connect() as connection, connection.begin():
        for number in (1, 2, 7):
            connection.execute(text(insert.format(number).replace(":ada", r"\:ada").replace(": 1e", r"\: 1e")))
    upgrade(empty_ledger_url)
    rows = list_audit(ledger)
    assert [row.entry.action for row in rows] == ["did", "did", "did", "audit_chain_begun"]
    assert rows[-1].entry.detail["rows_before"] == 3
    assert verify_audit(ledger, tmp_path).rows == 4
    ledger.close()
    downgrade(empty_ledger_url, "0001")
    upgrade(empty_ledger_url)
    assert [row.entry.action for row in list_audit(ledger)][-2:] == ["audit_chain_begun"] * 2
    ledger.close()


def test_a_chain_without_its_head_is_not_continued(ledger: Ledger) -> None:
    attack(ledger, "DELETE FROM audit_head")
    with pytest.raises(InvariantError, match="head of the audit log is gone"):
        put_fund(ledger, FUND, ACT)
    assert list_funds(ledger) == ()


def test_a_long_log_is_read_in_batches_without_a_seam(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fund_pipeline.ledger.audit.BATCH", 4)
    write(ledger, 11)
    assert verify_audit(ledger, tmp_path).rows == 12
