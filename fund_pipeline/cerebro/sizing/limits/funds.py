"""Limits of strategy and fund, which need no price."""

from __future__ import annotations

from typing import Protocol

from fund_pipeline.cerebro.sizing.arithmetic import text
from fund_pipeline.cerebro.sizing.capital import weight_of
from fund_pipeline.cerebro.sizing.limits.finding import EntryCase, Finding
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.cerebro.sizing.refused import Refused
from fund_pipeline.terms import HaltState


class FundLimit(Protocol):
    """A rule that lets an entry pass or refuses it."""

    def validate(self, case: EntryCase) -> Finding:
        """What it found."""
        ...


class FreshEntry:
    """Entries no older than the strategy's limit."""

    def validate(self, case: EntryCase) -> Finding:
        """DROPPED_STALE above the limit; exactly at it is kept. What follows an exit is an entry like any other."""
        own = case.strategy.entry_age_seconds
        limit = case.world.rules.entry_age_seconds if own is None else own
        age, flagged = case.signal.age_seconds, case.signal.stale
        stale = flagged or not age <= limit
        figures = {"age_seconds": age, "limit_seconds": limit, "flagged": flagged}
        return Finding(limit="entry_age", reason=DecisionReason.DROPPED_STALE if stale else None, figures=figures)


class NotHalted:
    """No entries while trading is REDUCING or HALTED, in the fund or everywhere."""

    def validate(self, case: EntryCase) -> Finding:
        """REDUCING or HALTED."""
        state = case.world.halt_of(case.fund)
        reasons = {HaltState.REDUCING: DecisionReason.REDUCING, HaltState.HALTED: DecisionReason.HALTED}
        return Finding(limit="halt", reason=reasons.get(state), figures={"state": state.value})


class StrategyActive:
    """Only ACTIVE strategies open positions."""

    def validate(self, case: EntryCase) -> Finding:
        """STRATEGY_NOT_ACTIVE."""
        reason = None if case.strategy.active else DecisionReason.STRATEGY_NOT_ACTIVE
        return Finding(limit="strategy_active", reason=reason)


class Allocated:
    """Only an ACTIVE allocation that gives the strategy something sizes entries."""

    def validate(self, case: EntryCase) -> Finding:
        """NO_ACTIVE_ALLOCATION or NOT_ALLOCATED."""
        try:
            weight = weight_of(case.strategy, case.fund)
        except Refused as refused:
            return Finding(limit="allocation", reason=refused.reason, figures=refused.figures)
        return Finding(limit="allocation", figures={"weight": text(weight)})


class AccountInMode:
    """A strategy without an account of its own mode in the fund opens nothing: LIVE needs saying twice."""

    def validate(self, case: EntryCase) -> Finding:
        """NO_ACCOUNT where it has none there, MODE_MISMATCH where all it has are of the other mode."""
        mine = [name for name in case.strategy.accounts if case.world.fund_of(name) == case.fund.fund_id]
        reason = None if mine else DecisionReason.NO_ACCOUNT
        if mine and not any(case.world.is_in_mode(case.strategy.strategy, name) for name in mine):
            reason = DecisionReason.MODE_MISMATCH
        figures = {"strategy_live": case.strategy.live, "permitted": list(case.strategy.accounts)}
        return Finding(limit="own_account", reason=reason, figures=figures)


class FundEquity:
    """A fund without equity opens nothing."""

    def validate(self, case: EntryCase) -> Finding:
        """NO_EQUITY."""
        equity = case.worth.equity
        reason = DecisionReason.NO_EQUITY if equity is None or equity <= 0 else None
        return Finding(limit="fund_equity", reason=reason, figures={"fund_equity": text(equity)})


class DailyLoss:
    """No entries for the rest of a day that has lost its limit, net of flows, even if it gains again."""

    def validate(self, case: EntryCase) -> Finding:
        """DAILY_LOSS at the limit or beyond, now or before; NO_DAY_START where the day's start is not known."""
        worth, limit = case.worth, -case.world.rules.daily_loss
        change = worth.day_change
        figures = {
            "day_start": text(worth.day_start_equity),
            "flows": text(worth.day_flows),
            "change": text(change),
            "stop": text(limit),
            "stopped": worth.day_stopped,
        }
        if worth.day_stopped:
            return Finding(limit="daily_loss", reason=DecisionReason.DAILY_LOSS, figures=figures)
        if change is None:
            return Finding(limit="daily_loss", reason=DecisionReason.NO_DAY_START, figures=figures)
        return Finding(
            limit="daily_loss", reason=DecisionReason.DAILY_LOSS if change <= limit else None, figures=figures
        )


class Drawdown:
    """No entries after the drawdown stop, till a person resumes."""

    def validate(self, case: EntryCase) -> Finding:
        """DRAWDOWN_STOP where it was reached before, or is now; NO_PEAK where that cannot be known."""
        worth, limit = case.worth, case.world.rules.drawdown_stop
        stopped = worth.drawdown_stopped
        figures = {"stopped": stopped, "peak": text(worth.peak_equity), "stop": text(limit)}
        if limit is not None and not stopped:
            drawdown = worth.drawdown
            figures |= {"drawdown": text(drawdown)}
            if drawdown is None:
                return Finding(limit="drawdown", reason=DecisionReason.NO_PEAK, figures=figures)
            stopped = drawdown <= -limit
        return Finding(limit="drawdown", reason=DecisionReason.DRAWDOWN_STOP if stopped else None, figures=figures)


class AlertChannel:
    """LIVE entries only while a person can be reached."""

    def validate(self, case: EntryCase) -> Finding:
        """NO_ALERT_CHANNEL where no critical channel was tested lately."""
        age, limit = case.world.channel_age_seconds, case.world.rules.channel_age_seconds
        silent = case.strategy.live and (age is None or not age <= limit)
        figures = {"live": case.strategy.live, "channel_age_seconds": age, "limit_seconds": limit}
        return Finding(
            limit="alert_channel", reason=DecisionReason.NO_ALERT_CHANNEL if silent else None, figures=figures
        )


FUND_LIMITS: tuple[FundLimit, ...] = (
    FreshEntry(),
    NotHalted(),
    StrategyActive(),
    Allocated(),
    AccountInMode(),
    FundEquity(),
    DailyLoss(),
    Drawdown(),
    AlertChannel(),
)
