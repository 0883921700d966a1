"""What was inferred, defaulted or ignored while a signal was read: said, never silent."""

from __future__ import annotations

from dataclasses import dataclass

from fund_pipeline.codes import Code


class NoteCode(Code):
    """Everything that reading may infer, default, ignore or flag.

    Attributes
    ----------
    meaning : what it says of the signal.
    """

    meaning: str

    def __init__(self, _code: str, meaning: str) -> None:
        self.meaning = meaning

    TYPE_UNSPECIFIED = "TYPE_UNSPECIFIED", "no signal_type: inferred from the sender's own position when it is decided"
    INSTRUMENT_TYPE_INFERRED = "INSTRUMENT_TYPE_INFERRED", "instrument_type taken from the instrument master"
    INSTRUMENT_TYPE_CORRECTED = "INSTRUMENT_TYPE_CORRECTED", "STOCK stated for an ETF, or ETF for a stock"
    INSTRUMENT_NOT_IN_MASTER = "INSTRUMENT_NOT_IN_MASTER", "not in the instrument master: terms of its type are used"
    SPELLING = "SPELLING", "the instrument is spelled another way in the instrument master"
    EXCHANGE_INFERRED = "EXCHANGE_INFERRED", "an exit's exchange taken from the instrument master"
    INCOMPLETE = "INCOMPLETE", "something an entry would need is missing; the open position has to say it"
    ORDER_TYPE_DEFAULT = "ORDER_TYPE_DEFAULT", "no order_type: MARKET"
    PRICE_UNKNOWN = "PRICE_UNKNOWN", "a price of 0 means that it is not known"
    PRICE_IGNORED = "PRICE_IGNORED", "a price that cannot be, or that its order type has not, on an exit at market"
    STOP_FROM_PRICE = "STOP_FROM_PRICE", "price taken as the trigger of a STOP order"
    DIRECTION_DIFFERS = "DIRECTION_DIFFERS", "direction does not agree with action and signal_type, which are trusted"
    DIRECTION_UNKNOWN = "DIRECTION_UNKNOWN", "direction is neither LONG nor SHORT; it is not used"
    LEGACY_ACTION = "LEGACY_ACTION", "BUY_CALL or SELL_ALL, actions of the first envelope"
    QUANTITY_IGNORED = "QUANTITY_IGNORED", "a quantity beside SELL_ALL or target_allocation is not used"
    TARGET_WEIGHT = "TARGET_WEIGHT", "quantity is a target weight, as the sender's options say"
    TARGET_PERCENT = "TARGET_PERCENT", "target_allocation is a target weight in percent"
    PERCENTAGE_CHANGE = "PERCENTAGE_CHANGE", "percentage_change is recorded as a cross-check, and not used"
    ACCOUNT_IGNORED = "ACCOUNT_IGNORED", "a broker account chosen by the sender is not used"
    EQUITY_DEFAULT = "EQUITY_DEFAULT", "no account_equity: the sender's registered one"
    EQUITY_IGNORED = "EQUITY_IGNORED", "account_equity is no number above 0; an exit does not need it"
    TIME_FROM_TEXT = "TIME_FROM_TEXT", "the time of sending was a text, not whole seconds"
    TIME_SCALED = "TIME_SCALED", "the time of sending was in milliseconds or finer"
    TIME_ZONE_ASSUMED = "TIME_ZONE_ASSUMED", "the time of sending had no offset: read as UTC"
    TIMES_DIFFER = "TIMES_DIFFER", "timestamp and signal_sent_EPOCH are more than a minute apart"
    STALE = "STALE", "received later than the sender's freshness limit allows for an entry"
    SENT_AHEAD = "SENT_AHEAD", "sent after it was received: the age counts from receipt"
    EXPIRED = "EXPIRED", "the contract had expired when the signal was sent"
    EXPIRY_REWRITTEN = "EXPIRY_REWRITTEN", "expiry was a number, or had dashes"
    POSITION_STATED = "POSITION_STATED", "the position that the alert states, as a cross-check"
    REFERENCE_ON_ENTRY = "REFERENCE_ON_ENTRY", "an ENTRY names another entry; it is recorded and not used"
    COMBINATION_ACTION = "COMBINATION_ACTION", "the action of an option combination is recorded; its legs' are used"
    COMBINATION_QUANTITY = "COMBINATION_QUANTITY", "each leg's quantity is the combination's times its ratio"
    ENVIRONMENT_DEFAULT = "ENVIRONMENT_DEFAULT", "no environment: the sender's registered one"


def notes_table() -> str:
    """The codes as a Markdown table, as docs/signals.md shows them."""
    rows = [f"| `{code}` | {code.meaning} |" for code in NoteCode]
    return "| code | meaning |\n|---|---|\n" + "\n".join(rows)


@dataclass(frozen=True)
class Note:
    """One thing inferred, defaulted, ignored or flagged: the code, the field's path and the words with the figures."""

    code: NoteCode
    field: str
    words: str
