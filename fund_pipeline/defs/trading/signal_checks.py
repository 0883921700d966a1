"""Checks on the front door. Each asks one thing of every sender and names those that fail it."""

from collections.abc import Callable, Iterator, Sequence

from dagster import (
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    MetadataValue,
    asset_check,
    multi_asset_check,
)

from fund_pipeline.clock import utc_now
from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.defs.trading.signal_assets import WINDOW, seconds, signal_inbox, signal_quality
from fund_pipeline.ledger.signal_quality import newest_and_oldest_unread
from fund_pipeline.settings import load_settings
from fund_pipeline.signals.quality import QualityLimits, SenderQuality, measure_senders
from fund_pipeline.signals.spool import Spool

UNREAD_SECONDS = 60.0
LIMITS = QualityLimits()
Question = Callable[[SenderQuality, QualityLimits], str | None]


@asset_check(asset=signal_inbox, description="No signal waits to be read for more than a minute, none on the spool.")
def no_signal_waits() -> AssetCheckResult:
    """What is left behind by processes that ended, or by a ledger that was away."""
    settings = load_settings()
    with opened_ledger() as ledger:
        _, oldest = newest_and_oldest_unread(ledger)
    age = 0.0 if oldest is None else (utc_now() - oldest).total_seconds()
    is_empty = Spool(settings.spool).is_empty
    return AssetCheckResult(
        passed=age <= UNREAD_SECONDS and is_empty,
        severity=AssetCheckSeverity.ERROR,
        metadata={"oldest_unread_seconds": age, "spool_is_empty": is_empty, "allowed_seconds": UNREAD_SECONDS},
    )


def _rejections(one: SenderQuality, limits: QualityLimits) -> str | None:
    if one.stored + one.refused < limits.least or one.rejected_share <= limits.rejected_share:
        return None
    return f"{one.rejected_share:.1%} of {one.stored + one.refused} came to nothing; `fund signals quarantine` says why"


def _resends(one: SenderQuality, limits: QualityLimits) -> str | None:
    if one.sent < limits.least or one.resent_share <= limits.resent_share:
        return None
    return f"{one.resent} of {one.sent} had been stored before: does it wait for another answer?"


def _reading(one: SenderQuality, limits: QualityLimits) -> str | None:
    if one.read_seconds is None or one.read_seconds <= limits.read_seconds:
        return None
    return f"95 % were read within {seconds(one.read_seconds)} s: is the API up, and does it keep up?"


def _clock(one: SenderQuality, limits: QualityLimits) -> str | None:
    if one.ahead_seconds > limits.ahead_seconds:
        return f"its clock is up to {seconds(one.ahead_seconds)} s ahead of ours"
    if one.delay_seconds is not None and one.delay_seconds > limits.delay_seconds:
        return f"half arrive {seconds(one.delay_seconds)} s or more after they were sent, by its clock"
    return None


QUESTIONS: dict[str, tuple[Question, str]] = {
    "few_signals_are_rejected": (_rejections, "No sender has more than 10 % refused, quarantined or rejected."),
    "signals_are_read_at_once": (_reading, "95 % of each sender's signals are read within 5 s of their receipt."),
    "few_signals_are_resent": (_resends, "No sender sends more than half of its signals again."),
    "senders_clocks_are_right": (_clock, "No sender's clock is ahead of ours, or its signals a minute late."),
}


@multi_asset_check(
    specs=[
        AssetCheckSpec(name, asset=signal_quality, description=description)
        for name, (_, description) in QUESTIONS.items()
    ]
)
def sender_questions() -> Iterator[AssetCheckResult]:
    """The four questions, on one measurement of the last 24 hours."""
    with opened_ledger() as ledger:
        senders = measure_senders(ledger, utc_now() - WINDOW)
    yield from (judge(name, question, senders) for name, (question, _) in QUESTIONS.items())


def judge(name: str, question: Question, senders: Sequence[SenderQuality]) -> AssetCheckResult:
    """The answer to one question, with the senders that fail it."""
    found = [(one.sender_id or "(unknown)", said) for one in senders if (said := question(one, LIMITS)) is not None]
    return AssetCheckResult(
        check_name=name,
        asset_key=signal_quality.key,
        passed=not found,
        severity=AssetCheckSeverity.WARN,
        metadata={
            "senders": len(senders),
            "found": len(found),
            "evidence": MetadataValue.md(markdown_table(("sender", "finding"), found)),
        },
    )


SIGNAL_CHECKS: tuple[AssetChecksDefinition, ...] = (no_signal_waits, sender_questions)
