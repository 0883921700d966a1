"""What one raw signal comes to. Pure: everything it needs is passed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from fund_pipeline.errors import FundError, TemporaryError
from fund_pipeline.instruments import InstrumentMaster
from fund_pipeline.ledger.model import StrategyStatus
from fund_pipeline.ledger.signal_model import Outcome, Pending, RawSignal, SenderRow, SenderStatus, SignalState, WayIn
from fund_pipeline.logs import get_logger
from fund_pipeline.signals.context import Context
from fund_pipeline.signals.errors import Problem, SignalError, shown
from fund_pipeline.signals.formats import standardise
from fund_pipeline.signals.inbox.hiding import passphrase_of, stored_text
from fund_pipeline.signals.inbox.reasons import InboxReason
from fund_pipeline.signals.model import Signal
from fund_pipeline.signals.options import DuplicatePolicy
from fund_pipeline.signals.parse import adopt, parse_json
from fund_pipeline.signals.senders.model import Sender
from fund_pipeline.signals.values import as_values
from fund_pipeline.terms import Environment, SizingMode

log = get_logger(__name__)

READER_FAULTS = (FundError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a fault of ours in a pure reader can raise. One signal that meets it must not stop the exits behind it."""

NO_QUANTITY = frozenset({SizingMode.FULL_CAPITAL, SizingMode.FIXED_PCT})
"""Modes that take no quantity from an entry."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""An earlier time is kept among the plain values only: a database's session may show the year 1 as one before it."""

LATEST = datetime(9999, 1, 1, tzinfo=UTC)
"""So is a later one, which a session east of UTC may show as of the year 10000: no program reads that row again."""

MOST_STORED_BYTES = 1024 * 1024

Fuller = Callable[[RawSignal], Mapping[str, Any] | None]
"""Looks up the whole document, and no other, of which the collector's hook passed on a part; None where there is none.

TemporaryError where the source does not answer.
"""


def nothing_fuller(_raw: RawSignal) -> None:
    """For where no source of whole documents is configured."""


@dataclass(frozen=True)
class Reader:
    """How the signals of this deployment are read."""

    master: InstrumentMaster
    deployed: Environment
    fuller: Fuller = nothing_fuller

    def read(self, pending: Pending, senders: Sequence[SenderRow]) -> Outcome:
        """STANDARDISED, or QUARANTINED with field, value and remedy, or REJECTED."""
        try:
            return self._read(pending, senders)
        except SignalError as wrong:
            return _kept_for(pending.raw.sender_id, wrong.problem)
        except TemporaryError as away:
            return _kept(pending.raw.sender_id, InboxReason.SOURCE_AWAY, message=away.message)
        except READER_FAULTS as fault:
            log.error("a signal could not be read", signal_id=pending.raw.signal_id, fault=type(fault).__name__)
            words = f"{InboxReason.UNREADABLE.meaning}: {type(fault).__name__}"
            return _kept(pending.raw.sender_id, InboxReason.UNREADABLE, message=words)

    def _read(self, pending: Pending, senders: Sequence[SenderRow]) -> Outcome:
        raw = pending.raw
        sender = _sender(raw, senders)
        if isinstance(sender, InboxReason):
            return _kept(raw.sender_id, sender, "strategy_name", raw.strategy)
        text, supplement = self._whole(pending)
        context = Context(
            sender.sender_id,
            raw.received_at,
            sender.environment,
            self.master,
            sender.options,
            needs_quantity=pending.strategy is None or pending.strategy.sizing not in NO_QUANTITY,
        )
        found = standardise(parse_json(text.encode(), most_bytes=MOST_STORED_BYTES), context)
        outcome = self._judged(found, pending, sender)
        return replace(outcome, supplement=supplement)

    def _judged(self, found: Signal | Problem, pending: Pending, sender: Sender) -> Outcome:
        if isinstance(found, Problem):
            return _kept_for(sender.sender_id, found)
        read = Outcome(
            SignalState.STANDARDISED,
            sender.sender_id,
            standardised=as_values(found),
            type=found.type.value,
            reference=found.reference,
            environment=found.environment.value,
            format=found.format,
            sent_at=found.sent_at if EARLIEST <= found.sent_at < LATEST else None,
        )
        if pending.repeats and sender.options.duplicate_policy is DuplicatePolicy.IDS_UNIQUE:
            return _held(read, InboxReason.ID_REUSED, "signalID", found.sender_signal_id)
        if found.environment is not self.deployed:
            return _held(read, InboxReason.WRONG_ENVIRONMENT, "environment", found.environment.value)
        return self._admitted(read, found, pending)

    @staticmethod
    def _admitted(read: Outcome, found: Signal, pending: Pending) -> Outcome:
        if pending.strategy is None:
            # Nothing can be open for it; but an exit that names it wrongly is for a person to see.
            state = SignalState.REJECTED if found.type.opens else SignalState.QUARANTINED
            return _held(read, InboxReason.STRATEGY_UNKNOWN, "strategy_name", found.strategy, state)
        if pending.strategy.status is StrategyStatus.INACTIVE and found.type.opens:
            return _held(read, InboxReason.STRATEGY_INACTIVE, "strategy_name", found.strategy, SignalState.REJECTED)
        return read

    def _whole(self, pending: Pending) -> tuple[str, str | None]:
        """The text to read, and the fuller document if there is one for what the hook passed on."""
        raw = pending.raw
        if pending.supplement is not None or raw.way_in is not WayIn.HOOK:
            return pending.supplement or raw.payload, pending.supplement
        document = self.fuller(raw)
        if document is None:
            return raw.payload, None
        adopted = adopt(document)
        text = stored_text(adopted, passphrase_of(adopted))
        return text, text


def _sender(raw: RawSignal, senders: Sequence[SenderRow]) -> Sender | InboxReason:
    """Who sent it; where the way in does not say, the one ACTIVE sender of the strategy."""
    if raw.sender_id:
        row = next((row for row in senders if row.sender_id == raw.sender_id), None)
        return InboxReason.SENDER_UNKNOWN if row is None else Sender.of(row)
    able = [sender for sender in map(Sender.of, senders) if sender.may_send_for(raw.strategy)]
    active = [sender for sender in able if sender.status is SenderStatus.ACTIVE]
    if len(active) == 1:
        return active[0]
    return InboxReason.SENDER_AMBIGUOUS if active else InboxReason.SENDER_UNKNOWN


def _kept(sender_id: str, reason: InboxReason, field: str = "", value: str | None = None, message: str = "") -> Outcome:
    problem = reason.problem(field, shown(value), message)
    return Outcome(SignalState.QUARANTINED, sender_id, reason.value, problem)


def _kept_for(sender_id: str, problem: Problem) -> Outcome:
    return Outcome(SignalState.QUARANTINED, sender_id, problem.reason.value, problem.as_values())


def _held(
    read: Outcome, reason: InboxReason, field: str, value: str, state: SignalState = SignalState.QUARANTINED
) -> Outcome:
    return replace(read, state=state, reason=reason.value, problem=reason.problem(field, shown(value)))
