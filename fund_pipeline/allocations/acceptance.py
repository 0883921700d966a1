"""A person's word that flagged dates are right."""

from __future__ import annotations

from fund_pipeline.errors import ConflictError, InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.backtests import accept_dates, list_summaries
from fund_pipeline.ledger.model import DatesAcceptance
from fund_pipeline.ledger.strategies import get_strategy


def accept_backtest_dates(ledger: Ledger, strategy_id: str, note: str, act: Act) -> bool:
    """Let a flagged backtest into the optimisation until its file changes. False if that was accepted before."""
    get_strategy(ledger, strategy_id)
    if not note.strip():
        raise InputError("the note is empty", remedy="say how you know that the dates are right")
    summary = next((s for s in list_summaries(ledger) if s.strategy_id == strategy_id), None)
    if summary is None:
        raise ConflictError(
            f"{strategy_id} has no admitted backtest", remedy="see `fund backtests quarantine` for the reason"
        )
    acceptance = DatesAcceptance(strategy_id, summary.content_hash, act.actor, note, act.at)
    return accept_dates(ledger, acceptance, act)
