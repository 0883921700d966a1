"""Breaks as values: where our books and a broker differ, from the first pass that saw it to the one that did not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fund_pipeline.ledger.account_model import Severity


class Section(StrEnum):
    """What of an account is compared; each can be known or not on its own."""

    EXECUTIONS = "EXECUTIONS"
    POSITIONS = "POSITIONS"
    ORDERS = "ORDERS"
    CASH = "CASH"
    EQUITY = "EQUITY"


class BreakKind(StrEnum):
    """How books and broker differ.

    POSITION : the broker holds another quantity than our strategies together.
    SPLIT : it differs by the ratio of a split, and the broker's average price by the inverse.
    EXECUTION_MISSED : a fill of our order that we had not booked. It is imported.
    EXECUTION_NOT_AT_BROKER : a fill that we booked, and the broker does not tell of any more.
    EXECUTION_ALTERED : the broker tells of a fill with another quantity, price, side or instrument than it first did.
    EXECUTION_DUPLICATED : a fill like one that we have, under another id, which the broker's position does not hold.
    EXTERNAL_TRADE : a fill of no order of ours, booked in nobody's name until a person or a policy adopts it.
    LATE_COMMISSION : a fill's commission was told, or changed, after it was booked. It is imported.
    CASH : the broker has another amount of a currency than executions and flows come to.
    DIVIDEND : the same, by an amount that looks like a dividend on what is held.
    ORDER_ENDED : an order that works in our books has ended at the broker. Its word is taken.
    ORDER_MISSING : the broker had acknowledged an order, and does not know it any more.
    ORDER_UNKNOWN : nobody knows whether the broker has an order.
    ORDER_DIFFERS : an order works in another quantity than in our books. The broker's word is taken.
    ORDER_FILLS_UNTOLD : the broker says that more of an order has filled than its executions tell.
    ORDER_ORPHAN : the broker works an order under an id like ours that is not in the ledger.
    ORDER_EXTERNAL : the broker works an order that was not placed by us.
    ORDER_STILL_WORKING : the broker works an order that has ended by our books.
    EQUITY_JUMP : equity has changed by more than a tenth without a flow that explains it.
    """

    POSITION = "POSITION"
    SPLIT = "SPLIT"
    EXECUTION_MISSED = "EXECUTION_MISSED"
    EXECUTION_NOT_AT_BROKER = "EXECUTION_NOT_AT_BROKER"
    EXECUTION_ALTERED = "EXECUTION_ALTERED"
    EXECUTION_DUPLICATED = "EXECUTION_DUPLICATED"
    EXTERNAL_TRADE = "EXTERNAL_TRADE"
    LATE_COMMISSION = "LATE_COMMISSION"
    CASH = "CASH"
    DIVIDEND = "DIVIDEND"
    ORDER_ENDED = "ORDER_ENDED"
    ORDER_MISSING = "ORDER_MISSING"
    ORDER_UNKNOWN = "ORDER_UNKNOWN"
    ORDER_DIFFERS = "ORDER_DIFFERS"
    ORDER_FILLS_UNTOLD = "ORDER_FILLS_UNTOLD"
    ORDER_ORPHAN = "ORDER_ORPHAN"
    ORDER_EXTERNAL = "ORDER_EXTERNAL"
    ORDER_STILL_WORKING = "ORDER_STILL_WORKING"
    EQUITY_JUMP = "EQUITY_JUMP"

    @property
    def section(self) -> Section:
        """Where it is looked for."""
        return _SECTIONS[self]

    @property
    def locks(self) -> bool:
        """Whether its instrument takes no entries. An external trade is in our books: they agree with the broker."""
        return self.section in _LOCKING and self not in (BreakKind.EXTERNAL_TRADE, BreakKind.LATE_COMMISSION)


_SECTIONS = {
    BreakKind.POSITION: Section.POSITIONS,
    BreakKind.SPLIT: Section.POSITIONS,
    BreakKind.CASH: Section.CASH,
    BreakKind.DIVIDEND: Section.CASH,
    BreakKind.EQUITY_JUMP: Section.EQUITY,
    **{one: Section.ORDERS for one in BreakKind if one.value.startswith("ORDER_")},
    **{one: Section.EXECUTIONS for one in BreakKind if one.value.startswith("EXECUTION_")},
    BreakKind.EXTERNAL_TRADE: Section.EXECUTIONS,
    BreakKind.LATE_COMMISSION: Section.EXECUTIONS,
}
_LOCKING = (Section.POSITIONS, Section.EXECUTIONS, Section.ORDERS)


@dataclass(frozen=True)
class Difference:
    """One difference, as a comparison finds it.

    Attributes
    ----------
    subject : what differs: an instrument, a currency, an order's or an execution's id. One break per kind and subject.
    instrument_key : what is locked for entries by it; None for cash and equity.
    ours, theirs, difference : the figures, where it is one of a figure; difference is theirs less ours.
    message : in plain words, with the figures.
    detail : plain JSON values that tell more.
    """

    kind: BreakKind
    subject: str
    message: str
    instrument_key: str | None = None
    ours: Decimal | None = None
    theirs: Decimal | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def difference(self) -> Decimal | None:
        """Theirs less ours; None where either is not a figure."""
        return None if self.ours is None or self.theirs is None else self.theirs - self.ours

    @property
    def key(self) -> tuple[BreakKind, str]:
        """What it is known by."""
        return (self.kind, self.subject)


class ClearReason(StrEnum):
    """Why a break is over.

    GONE : a later pass, which knew all it needed, did not find it.
    REPAIRED : the pass that found it repaired it.
    ADOPTED : a person said what it is.
    """

    GONE = "GONE"
    REPAIRED = "REPAIRED"
    ADOPTED = "ADOPTED"


@dataclass(frozen=True)
class Break:
    """A difference in the ledger: open until `cleared_at`. Times are UTC; `passes` counts those that saw it."""

    break_id: str
    account_id: str
    fund_id: str
    found: Difference
    severity: Severity
    first_seen: datetime
    last_seen: datetime
    passes: int = 1
    cleared_at: datetime | None = None
    cleared_because: ClearReason | None = None
    cleared_by: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it stands."""
        return self.cleared_at is None


class ExternalPolicy(StrEnum):
    """What is done about fills of no order of ours: a person is asked, or strategy EXTERNAL adopts them at once."""

    ASK = "ASK"
    ADOPT = "ADOPT"


class BooksState(StrEnum):
    """Whether an account's books have been proved against its broker since we started, or met it again."""

    RECONCILED = "RECONCILED"
    NEVER = "NEVER"
    STARTED = "STARTED"
    NOT_KNOWN = "NOT_KNOWN"


@dataclass(frozen=True)
class BooksOf:
    """How the books of an account stand.

    Attributes
    ----------
    standing : NOT_KNOWN is after a pass in which the broker did not answer in full.
    since : when that began; `last_pass`, `last_complete` : the newest pass, and the newest one without a finding.
    findings : of the newest pass, as plain JSON values.
    """

    account_id: str
    standing: BooksState = BooksState.NEVER
    since: datetime | None = None
    last_pass: datetime | None = None
    last_complete: datetime | None = None
    findings: tuple[Mapping[str, str], ...] = ()
    policy: ExternalPolicy = ExternalPolicy.ASK

    @property
    def may_enter(self) -> bool:
        """Whether entries may go; exits always may."""
        return self.standing is BooksState.RECONCILED

    @property
    def waits(self) -> bool:
        """Whether it was proved once, and what was decided by that waits to be sent until it is again."""
        return self.standing in (BooksState.STARTED, BooksState.NOT_KNOWN)


@dataclass(frozen=True)
class Opening:
    """Cash of an account when its books began: what executions and flows since are added to.

    Attributes
    ----------
    amounts : by currency, by the broker's word as of `as_of` (UTC).
    through : the number of the last execution that was booked by then; fills told later, but of before, are in it too.
    """

    account_id: str
    amounts: Mapping[str, Decimal]
    as_of: datetime
    through: int
