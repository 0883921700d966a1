"""From a folder to ledger, store and quarantine: what is known, what is read again, and what a newer file releases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fund_pipeline.backtests import BacktestStore, Quarantine, Unit
from fund_pipeline.backtests.admission import Admission, Desk, Rules, admit_folder, retry_quarantined
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act, history
from fund_pipeline.ledger.backtests import list_summaries
from fund_pipeline.ledger.model import Strategy
from fund_pipeline.ledger.strategies import put_strategy

RULES = Rules(None, "XNYS", date(2025, 6, 30))
ACT = Act("test", datetime(2025, 6, 30, tzinfo=UTC), "run-1")
Rows = list[list[str]]
Write = Callable[..., Path]
Honest = Callable[..., Rows]


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> Desk:
    """A desk with strategies S and T in the registry."""
    for name in "ST":
        put_strategy(ledger, Strategy(name, name), ACT)
    return Desk(ledger, BacktestStore(tmp_path / "warehouse"), Quarantine(tmp_path / "quarantine"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for files."""
    made = tmp_path / "files"
    made.mkdir()
    return made


def kept(desk: Desk) -> set[str]:
    return {entry.content_hash for entry in desk.quarantine.list()}


def refused(outcome: Admission) -> list[str]:
    return [one.file.content_hash for one in outcome.quarantined]


def test_ledger_store_and_audit_tell_the_same_content(desk: Desk, folder: Path, honest: Honest, write: Write) -> None:
    for i, name in enumerate("ST"):
        write(folder / f"{name}.csv", honest(seed=i))
    outcome = admit_folder(desk, folder, RULES, ACT)
    hashes = {s.strategy_id: s.content_hash for s in list_summaries(desk.ledger)}
    assert {s.strategy_id: s.content_hash for s in outcome.admitted} == hashes == desk.store.content_hashes()
    for name, content_hash in hashes.items():
        entry = history(desk.ledger, "strategy", name)[-1]
        assert (entry.action, entry.actor, entry.correlation_id) == ("backtest_admitted", "test", "run-1")
        assert entry.detail["content_hash"] == content_hash


def test_the_same_folder_again_changes_nothing(desk: Desk, folder: Path, honest: Honest, write: Write) -> None:
    write(folder / "S.csv", honest())
    admit_folder(desk, folder, RULES, ACT)
    before = {path.name: path.stat().st_mtime_ns for path in desk.store.folder.iterdir()}
    again = admit_folder(desk, folder, RULES, ACT)
    assert (again.admitted, [file.strategy_id for file in again.unchanged], again.quarantined) == ((), ["S"], ())
    assert {path.name: path.stat().st_mtime_ns for path in desk.store.folder.iterdir()} == before


def test_a_file_that_the_ledger_knows_and_the_store_does_not_is_read_again(
    desk: Desk, folder: Path, tmp_path: Path, honest: Honest, write: Write
) -> None:
    write(folder / "S.csv", honest())
    admit_folder(desk, folder, RULES, ACT)
    write(folder / "S.csv", honest(seed=2))
    admit_folder(Desk(desk.ledger, BacktestStore(tmp_path / "other"), desk.quarantine), folder, RULES, ACT)
    # The ledger names the second content, this store still holds the first.
    again = admit_folder(desk, folder, RULES, ACT)
    assert again.unchanged == ()
    assert desk.store.content_hashes() == {"S": again.admitted[0].content_hash}


def test_a_good_file_releases_what_its_strategy_was_refused_for(
    desk: Desk, folder: Path, honest: Honest, write: Write
) -> None:
    write(folder / "S.csv", honest()[:1])
    write(folder / "T.csv", honest()[:1])
    bad_s, bad_t = refused(admit_folder(desk, folder, RULES, ACT))
    write(folder / "S.csv", honest())
    admit_folder(desk, folder, RULES, ACT, only="S")
    assert kept(desk) == {bad_t}
    assert (desk.quarantine.folder / "released" / bad_s).is_dir()


def test_a_newer_file_that_is_refused_too_takes_the_place_of_the_older(
    desk: Desk, folder: Path, honest: Honest, write: Write
) -> None:
    write(folder / "S.csv", honest()[:1])
    older = refused(admit_folder(desk, folder, RULES, ACT))
    write(folder / "S.csv", honest(seed=2)[:1])
    newer = refused(admit_folder(desk, folder, RULES, ACT))
    assert older != newer
    assert kept(desk) == set(newer)


def test_a_retry_that_is_refused_again_leaves_the_strategys_other_entries(
    desk: Desk, folder: Path, honest: Honest, write: Write
) -> None:
    write(folder / "S.csv", honest()[:1])
    write(folder / "again.csv", honest(seed=2)[:1], manifest="strategy: S\n")
    both = refused(admit_folder(desk, folder, RULES, ACT))
    outcome = retry_quarantined(desk, both[:1], RULES, ACT)
    assert refused(outcome) == both[:1]
    assert kept(desk) == set(both)


def test_a_retry_that_is_right_now_releases_the_strategys_other_entries(
    desk: Desk, folder: Path, honest: Honest, write: Write
) -> None:
    rows = [row[:2] for row in honest()]
    write(folder / "S.csv", rows, header=["Date", "Return"])
    write(folder / "again.csv", rows[:-1], header=["Date", "Return"], manifest="strategy: S\n")
    both = refused(admit_folder(desk, folder, RULES, ACT))
    outcome = retry_quarantined(desk, both[:1], Rules(Unit.PERCENT, "XNYS", RULES.today), ACT)
    assert [s.content_hash for s in outcome.admitted] == both[:1]
    assert kept(desk) == set()


def test_retrying_all_lets_two_files_of_one_strategy_contest_it_still(
    desk: Desk, folder: Path, honest: Honest, write: Write
) -> None:
    write(folder / "S.csv", honest())
    write(folder / "again.csv", honest(seed=2), manifest="strategy: S\n")
    both = refused(admit_folder(desk, folder, RULES, ACT))
    outcome = retry_quarantined(desk, [], RULES, ACT)
    assert set(refused(outcome)) == kept(desk) == set(both)
