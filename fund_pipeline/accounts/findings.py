"""What is wrong with what a broker said, or that it said nothing: none of it is a zero, and none of it is flat."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FindingKind(StrEnum):
    """Why something is not known.

    NO_ADAPTER : there is no adapter for the account's broker.
    AWAY : the broker did not answer.
    PARTIAL : it answered a part of what it was asked, or what it says of its parts does not come to its total.
    STALE : what it said, or a rate, is older than the limit.
    CLOCK_AHEAD : it tells of a moment after its word arrived.
    NOT_A_NUMBER : a quantity, a price or an amount is none.
    OTHER_CURRENCY : it counts in another currency than the account.
    UNKNOWN_SYMBOL : it holds an instrument that the books have no key for.
    NEGATIVE_CASH : it owes cash of a currency, which an account without a loan does not.
    NO_PRICE : it does not say what a position is worth.
    NO_RATE : no broker has told a rate between two currencies.
    NEVER_HEARD : there is no word on the account up to the moment.
    NO_ACCOUNT : the fund has no account in the mode.
    """

    NO_ADAPTER = "NO_ADAPTER"
    AWAY = "AWAY"
    PARTIAL = "PARTIAL"
    STALE = "STALE"
    CLOCK_AHEAD = "CLOCK_AHEAD"
    NOT_A_NUMBER = "NOT_A_NUMBER"
    OTHER_CURRENCY = "OTHER_CURRENCY"
    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    NEGATIVE_CASH = "NEGATIVE_CASH"
    NO_PRICE = "NO_PRICE"
    NO_RATE = "NO_RATE"
    NEVER_HEARD = "NEVER_HEARD"
    NO_ACCOUNT = "NO_ACCOUNT"


@dataclass(frozen=True)
class Finding:
    """One of them: of which account, about what (an instrument, a currency, a question), and in words."""

    kind: FindingKind
    account_id: str
    about: str
    message: str
