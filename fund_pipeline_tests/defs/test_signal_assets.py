"""The front door in lineage: what the assets show, and what each check is failed by."""

import fcntl
from datetime import timedelta
from pathlib import Path

import pytest
from dagster import AssetCheckResult, DagsterInstance, ExecuteInProcessResult, materialize

from fund_pipeline.clock import utc_now
from fund_pipeline.defs.trading.latency_assets import signal_latency, signals_are_in_time
from fund_pipeline.defs.trading.signal_assets import signal_inbox, signal_quality
from fund_pipeline.defs.trading.signal_checks import QUESTIONS, SIGNAL_CHECKS, judge
from fund_pipeline.ledger import open_ledger
from fund_pipeline.settings import load_settings
from fund_pipeline.signals.inbox import Arrival, WayIn, adopt_document, store_at_any_rate
from fund_pipeline.signals.quality import SenderQuality
from fund_pipeline.signals.spool import Spool
from fund_pipeline_tests.ledger_fixtures import embedded_url
from fund_pipeline_tests.signals.inboxes import arrival, hooked, register


@pytest.fixture
def home(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FUND_HOME", str(tmp_path))
    embedded_url(sqlite_template, tmp_path / "ledger.sqlite")
    return tmp_path


def look() -> ExecuteInProcessResult:
    return materialize(
        [signal_inbox, signal_quality, signal_latency, *SIGNAL_CHECKS, signals_are_in_time],
        instance=DagsterInstance.ephemeral(),
    )


def checks(result: ExecuteInProcessResult) -> dict[str, bool]:
    return {one.check_name: one.passed for one in result.get_asset_check_evaluations()}


def test_an_inbox_without_a_signal_passes_every_check(home: Path) -> None:
    assert checks(look()) == {"no_signal_waits": True, "signals_are_in_time": True} | dict.fromkeys(QUESTIONS, True)


def test_what_waits_on_the_spool_is_stored_and_read(home: Path) -> None:
    settings = load_settings()
    ledger = open_ledger(settings.ledger_url)
    register(ledger)
    ledger.close()
    Spool(settings.spool).append(adopt_document(hooked(), Arrival(WayIn.HOOK, utc_now())))

    result = look()

    shown = result.asset_materializations_for_node("signal_inbox")[0].metadata
    assert shown["drained_from_the_spool"].value == 1
    assert shown["STANDARDISED"].value == 1
    assert checks(result)["no_signal_waits"]


def test_nothing_is_read_while_another_process_is_at_the_spool(home: Path) -> None:
    settings = load_settings()
    ledger = open_ledger(settings.ledger_url)
    register(ledger)
    store_at_any_rate(ledger, adopt_document(hooked(), Arrival(WayIn.HOOK, utc_now())))
    ledger.close()
    spool = Spool(settings.spool)
    spool.append(adopt_document(hooked("id-2"), Arrival(WayIn.HOOK, utc_now())))
    with (spool.folder / "drain.lock").open("a") as other_process:
        fcntl.flock(other_process, fcntl.LOCK_EX)
        result = materialize([signal_inbox], instance=DagsterInstance.ephemeral())
    shown = result.asset_materializations_for_node("signal_inbox")[0].metadata
    assert (shown["RECEIVED"].value, shown["read_here"].value, shown["spool_is_empty"].value) == (1, 0, "False")


def test_a_signal_that_stays_unread_fails_the_check(home: Path) -> None:
    from fund_pipeline.defs.trading.signal_checks import no_signal_waits

    ledger = open_ledger(load_settings().ledger_url)
    old = arrival(WayIn.HOOK, received_at=utc_now() - timedelta(minutes=2))
    store_at_any_rate(ledger, adopt_document(hooked(), old))
    ledger.close()
    result = no_signal_waits()
    assert isinstance(result, AssetCheckResult)
    assert not result.passed
    late = signals_are_in_time()
    assert isinstance(late, AssetCheckResult)
    assert not late.passed


FINE = SenderQuality("tess", 10, 0, 0, 0, delay_seconds=1.0, ahead_seconds=0.0, read_seconds=0.2)


@pytest.mark.parametrize(
    ("check", "change", "said"),
    [
        ("few_signals_are_rejected", {"not_taken": 2}, "20.0% of 10"),
        ("few_signals_are_rejected", {"refused": 5}, "33.3% of 15"),
        ("few_signals_are_resent", {"resent": 11}, "11 of 21"),
        ("signals_are_read_at_once", {"read_seconds": 6.0}, "within 6.0 s"),
        ("senders_clocks_are_right", {"ahead_seconds": 3.0}, "3.0 s ahead"),
        ("senders_clocks_are_right", {"delay_seconds": 61.0}, "61.0 s or more"),
    ],
)
def test_each_check_names_the_sender_that_fails_it(check: str, change: dict[str, float], said: str) -> None:
    bad = SenderQuality(**vars(FINE) | change | {"sender_id": "bad"})
    for name, (question, _) in QUESTIONS.items():
        result = judge(name, question, [FINE, bad])
        assert result.passed == (name != check)
        if name == check:
            assert said in str(result.metadata["evidence"].value)


def test_a_few_signals_say_nothing_about_shares() -> None:
    few = SenderQuality(**vars(FINE) | {"stored": 4, "not_taken": 4})
    question, _ = QUESTIONS["few_signals_are_rejected"]
    assert judge("few_signals_are_rejected", question, [few]).passed
