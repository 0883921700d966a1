"""Each way to falsify the audit log with every right on the database, and what `verify_audit` says to it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from fund_pipeline.ledger import Ledger, audit_check, open_ledger
from fund_pipeline.ledger.anchors import FILE, anchor_audit
from fund_pipeline.ledger.audit import list_audit
from fund_pipeline.ledger.audit_check import verify_audit
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.audit_model import AuditProblem, AuditRow
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline_tests.databases import new_database
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.ledger.attacks import another_actor, attack, restore, rewrite, set_head, write
from fund_pipeline_tests.ledger_fixtures import embedded_url
from fund_pipeline_tests.samples import NOW

OWN = AuditKeys.of([AUDIT_KEY])
STOLEN_NOTHING = AuditKeys.of(["the-key-of-an-attacker-who-has-not-ours"])


@pytest.fixture(autouse=True)
def _short_look_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """How far a misplaced row's place is looked for; here none is further away than the log is long."""
    monkeypatch.setattr(audit_check, "LOOK_AHEAD", 100)


@dataclass(frozen=True)
class Whole:
    """An audit log that nobody touched: rows 1 to 6, anchored at 6; the anchor is row 7; rows 8 to 10."""

    ledger: Ledger
    rows: tuple[AuditRow, ...]
    anchors: bytes


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """One such log for all attacks on one kind of database."""
    folder = tmp_path_factory.mktemp("whole")
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'ledger.sqlite'}"
        if request.param == "postgresql":
            plain = stack.enter_context(new_database(request.getfixturevalue("postgres_server")))
            url = plain.replace("postgresql://", "postgresql+psycopg2://", 1)
        upgrade(url)
        ledger = open_ledger(url)
        stack.callback(ledger.close)
        write(ledger, 5)
        anchor_audit(ledger, folder, NOW)
        write(ledger, 3)
        yield Whole(ledger, list_audit(ledger), (folder / FILE).read_bytes())


@pytest.fixture
def log(whole: Whole, tmp_path: Path) -> Ledger:
    """The log as it was before the last attack, its anchors in the test's folder."""
    restore(whole.ledger, whole.rows)
    (tmp_path / FILE).write_bytes(whole.anchors)
    assert verify_audit(whole.ledger, tmp_path).ok
    return whole.ledger


def _found(ledger: Ledger, folder: Path) -> tuple[AuditProblem | None, int | None]:
    verdict = verify_audit(ledger, folder)
    return verdict.problem, verdict.sequence


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'user:bob'",
        "action = 'undid'",
        "at = '2026-03-02 05:00:01.000000'",
        "entity = 'fund'",
        "entity_id = 'thing-9'",
        """detail = '{"number"\\: 3, "share"\\: 0.31}'""",
        "correlation_id = ''",
        "hash = previous_hash",
        "previous_hash = hash",
    ],
)
def test_an_altered_row_is_named(log: Ledger, tmp_path: Path, change: str) -> None:
    attack(log, f"UPDATE audit SET {change} WHERE sequence = 5")
    assert _found(log, tmp_path) == (AuditProblem.ROW_ALTERED, 5)


@pytest.mark.parametrize("change", ["detail = 'no JSON'", "at = 'some day'", "actor = x'00ff'"])
def test_a_value_that_cannot_be_read_is_an_altered_row(sqlite_template: Path, tmp_path: Path, change: str) -> None:
    """SQLite stores anything in any column."""
    ledger_url = embedded_url(sqlite_template, tmp_path / "ledger.sqlite")
    ledger = open_ledger(ledger_url)
    write(ledger, 5)
    attack(ledger, f"UPDATE audit SET {change} WHERE sequence = 5")
    verdict = verify_audit(ledger, tmp_path)
    assert (verdict.problem, verdict.sequence, verdict.rows) == (AuditProblem.ROW_ALTERED, 5, 4)
    ledger.close()


@pytest.mark.parametrize("gone", [1, 5, 7])
def test_a_removed_row_is_named(log: Ledger, tmp_path: Path, gone: int) -> None:
    attack(log, f"DELETE FROM audit WHERE sequence = {gone}")
    assert _found(log, tmp_path) == (AuditProblem.ROW_REMOVED, gone)


def test_a_removed_row_whose_gap_was_closed_is_named(log: Ledger, tmp_path: Path) -> None:
    attack(
        log,
        "DELETE FROM audit WHERE sequence = 5",
        *(f"UPDATE audit SET sequence = {n - 1} WHERE sequence = {n}" for n in range(6, 11)),
    )
    assert _found(log, tmp_path) == (AuditProblem.ROW_REORDERED, 5)


def test_rows_that_changed_places_are_named(log: Ledger, tmp_path: Path) -> None:
    attack(
        log,
        "UPDATE audit SET sequence = 99 WHERE sequence = 3",
        "UPDATE audit SET sequence = 3 WHERE sequence = 4",
        "UPDATE audit SET sequence = 4 WHERE sequence = 99",
    )
    assert _found(log, tmp_path) == (AuditProblem.ROW_REORDERED, 3)


def test_a_row_before_the_first_is_named(log: Ledger, tmp_path: Path) -> None:
    attack(
        log,
        "INSERT INTO audit SELECT 0, at, actor, action, entity, entity_id, detail, correlation_id, key_id, "
        "previous_hash, hash FROM audit WHERE sequence = 1",
    )
    assert _found(log, tmp_path) == (AuditProblem.ROW_ALTERED, 0)


def test_a_tail_that_was_cut_off_is_found_by_the_head(log: Ledger, tmp_path: Path) -> None:
    attack(log, "DELETE FROM audit WHERE sequence > 8")
    assert _found(log, tmp_path) == (AuditProblem.TAIL_TRUNCATED, 9)


def test_a_tail_that_was_cut_off_with_the_head_set_back_is_found_by_the_anchors(log: Ledger, tmp_path: Path) -> None:
    attack(log, "DELETE FROM audit WHERE sequence > 4")
    set_head(log, list_audit(log))
    assert _found(log, tmp_path) == (AuditProblem.TAIL_TRUNCATED, 5)


def test_an_emptied_log_is_found(log: Ledger, tmp_path: Path) -> None:
    attack(log, "DELETE FROM audit", "DELETE FROM audit_head")
    assert _found(log, tmp_path) == (AuditProblem.TAIL_TRUNCATED, 1)


def test_only_what_came_after_the_newest_anchor_can_be_cut_off_unseen_and_the_verdict_says_so(
    log: Ledger, tmp_path: Path
) -> None:
    attack(log, "DELETE FROM audit WHERE sequence > 8")
    set_head(log, list_audit(log))
    verdict = verify_audit(log, tmp_path)
    assert (verdict.ok, verdict.rows, verdict.anchored) == (True, 8, 6)


def test_a_head_that_tells_of_another_row_is_found(log: Ledger, tmp_path: Path) -> None:
    attack(log, "UPDATE audit_head SET sequence = 9")
    assert _found(log, tmp_path) == (AuditProblem.HEAD_ALTERED, 10)


def test_a_chain_rewritten_with_another_key_is_found(log: Ledger, tmp_path: Path) -> None:
    rewrite(log, STOLEN_NOTHING, another_actor(5))
    assert _found(log, tmp_path) == (AuditProblem.KEY_UNKNOWN, 1)


def test_a_chain_rewritten_with_another_key_under_our_keys_name_is_found(log: Ledger, tmp_path: Path) -> None:
    rewrite(log, STOLEN_NOTHING, another_actor(5))
    attack(log, f"UPDATE audit SET key_id = '{OWN.newest}'")
    assert _found(log, tmp_path) == (AuditProblem.ROW_ALTERED, 1)


def test_a_chain_rewritten_with_our_key_is_found_by_the_anchors(log: Ledger, tmp_path: Path) -> None:
    rewrite(log, OWN, another_actor(5))
    assert _found(log, tmp_path) == (AuditProblem.CHAIN_REWRITTEN, 6)


def test_a_row_of_another_chain_with_our_key_does_not_fit(log: Ledger, tmp_path: Path) -> None:
    before = list_audit(log)
    rewrite(log, OWN, another_actor(2))
    forged = list_audit(log)[7]
    rewrite(log, OWN, lambda row: before[row.sequence - 1])
    values = f"previous_hash = '{forged.previous_hash}', hash = '{forged.hash}'"
    attack(log, f"UPDATE audit SET {values} WHERE sequence = 8")
    assert _found(log, tmp_path) == (AuditProblem.CHAIN_REWRITTEN, 8)


@pytest.mark.parametrize(("old", "new"), [('"sequence": 6', '"sequence": 5'), ("+00:00", "-00:00"), ('"', "'")])
def test_an_altered_anchor_is_found(log: Ledger, tmp_path: Path, old: str, new: str) -> None:
    file = tmp_path / FILE
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    assert verify_audit(log, tmp_path).problem is AuditProblem.ANCHOR_ALTERED


def test_a_removed_anchor_is_found_by_the_next_one(log: Ledger, tmp_path: Path) -> None:
    anchor_audit(log, tmp_path, NOW)
    file = tmp_path / FILE
    file.write_text("".join(file.read_text().splitlines(keepends=True)[1:]))
    assert _found(log, tmp_path) == (AuditProblem.ANCHOR_ALTERED, 10)


def test_a_newest_anchor_that_was_removed_is_found_by_the_log(log: Ledger, tmp_path: Path) -> None:
    anchor_audit(log, tmp_path, NOW)
    file = tmp_path / FILE
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:1]))
    assert _found(log, tmp_path) == (AuditProblem.ANCHOR_MISSING, 10)


def test_a_removed_file_of_anchors_is_found_by_the_log(log: Ledger, tmp_path: Path) -> None:
    (tmp_path / FILE).unlink()
    assert _found(log, tmp_path) == (AuditProblem.ANCHOR_MISSING, 6)


def test_an_unaltered_log_read_by_raw_sql_is_what_was_audited(log: Ledger) -> None:
    with log.reading() as connection:
        actors = connection.execute(text("SELECT actor FROM audit ORDER BY sequence")).scalars().all()
    assert actors == [row.entry.actor for row in list_audit(log)]
