import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from fund_pipeline.errors import ConfigurationError, ConflictError
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.anchors import FILE, anchor_audit
from fund_pipeline.ledger.audit import list_audit
from fund_pipeline.ledger.audit_check import verify_audit
from fund_pipeline_tests.ledger.attacks import attack, set_head, write
from fund_pipeline_tests.samples import NOW


def test_an_anchor_is_the_head_in_a_file_of_its_owner_and_in_the_log(
    ledger: Ledger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(ledger, 2)
    newest = list_audit(ledger)[-1]
    with caplog.at_level(logging.INFO, "fund_pipeline"):
        made = anchor_audit(ledger, tmp_path / "apart", NOW)
    assert (made.sequence, made.hash) == (3, newest.hash)
    file = tmp_path / "apart" / FILE
    assert json.loads(file.read_text()) == made.__dict__
    assert file.stat().st_mode & 0o777 == 0o600
    assert any(made.hash in str(record.__dict__.values()) for record in caplog.records)
    assert list_audit(ledger)[-1].entry.detail["sequence"] == 3


def test_anchoring_again_without_news_adds_nothing(ledger: Ledger, tmp_path: Path) -> None:
    write(ledger, 1)
    first = anchor_audit(ledger, tmp_path, NOW)
    assert anchor_audit(ledger, tmp_path, NOW + timedelta(days=1)) == first
    write(ledger, 1)
    assert anchor_audit(ledger, tmp_path, NOW + timedelta(days=2)).sequence == 4
    verdict = verify_audit(ledger, tmp_path)
    assert (verdict.ok, verdict.anchors, verdict.anchored) == (True, 2, 4)


def test_two_who_anchor_at_once_leave_a_file_that_verifies(ledger: Ledger, ledger_url: str, tmp_path: Path) -> None:
    def work(_: int) -> None:
        own = open_ledger(ledger_url)
        write(own, 1)
        anchor_audit(own, tmp_path, NOW)
        own.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(8)))
    assert verify_audit(ledger, tmp_path).ok


def test_a_line_cut_short_by_a_crash_is_no_anchor_and_is_replaced_by_the_next(ledger: Ledger, tmp_path: Path) -> None:
    write(ledger, 1)
    anchor_audit(ledger, tmp_path, NOW)
    with (tmp_path / FILE).open("a") as handle:
        handle.write('{"sequence": 9, "ha')
    assert verify_audit(ledger, tmp_path).ok
    write(ledger, 1)
    anchor_audit(ledger, tmp_path, NOW)
    assert verify_audit(ledger, tmp_path).anchors == 2


def test_an_anchor_whose_crash_came_before_the_logs_entry_verifies(ledger: Ledger, tmp_path: Path) -> None:
    write(ledger, 1)
    anchor_audit(ledger, tmp_path, NOW)
    attack(ledger, "DELETE FROM audit WHERE sequence = 3")
    set_head(ledger, list_audit(ledger))
    assert verify_audit(ledger, tmp_path).ok


def test_a_log_that_is_behind_its_anchors_is_not_anchored(ledger: Ledger, tmp_path: Path) -> None:
    write(ledger, 3)
    anchor_audit(ledger, tmp_path, NOW)
    before = (tmp_path / FILE).read_bytes()
    attack(ledger, "DELETE FROM audit WHERE sequence > 2")
    set_head(ledger, list_audit(ledger))
    with pytest.raises(ConflictError, match="ends at 2, and 4 was anchored"):
        anchor_audit(ledger, tmp_path, NOW)
    assert (tmp_path / FILE).read_bytes() == before


def test_an_altered_file_is_left_as_it_is(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{}\n")
    with pytest.raises(ConflictError, match=r"line 1 of audit-anchors.jsonl is no anchor"):
        anchor_audit(ledger, tmp_path, NOW)
    assert (tmp_path / FILE).read_text() == "{}\n"


def test_a_folder_that_is_none_says_which_setting(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="FUND_AUDIT_ANCHORS_DIR"):
        anchor_audit(ledger, tmp_path / "file", NOW)
