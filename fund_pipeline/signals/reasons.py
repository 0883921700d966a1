"""Every reason for which a signal is refused: before it is stored (an HTTP status), or after (quarantine)."""

from __future__ import annotations

from fund_pipeline.codes import Reason


class RejectionReason(Reason):
    """Why nothing was stored: the sender is told with an HTTP status of 4xx or 5xx, and sends a corrected signal.

    Attributes
    ----------
    status : HTTP status of the answer.
    meaning : what is wrong, for the sender's documentation.
    remedy : what the sender should do next, where nothing more exact is said.
    """

    status: int

    def __init__(self, code: str, status: int, meaning: str, remedy: str) -> None:
        super().__init__(code, meaning, remedy)
        self.status = status

    TOO_LARGE = "TOO_LARGE", 413, "the body is longer than the limit", "send the signal alone"
    NOT_UTF8 = "NOT_UTF8", 400, "the body is not UTF-8", "send JSON in UTF-8"
    NOT_JSON = "NOT_JSON", 400, "the body is not JSON", "correct the JSON at the place named"
    NOT_AN_OBJECT = "NOT_AN_OBJECT", 400, "the body is JSON, but no object", "send one signal as a JSON object"
    DUPLICATE_KEY = "DUPLICATE_KEY", 400, "a key stands in an object twice", "give each key once"
    TOO_DEEP = "TOO_DEEP", 400, "objects or lists are nested too deeply", "send the signal without the nesting"
    NOT_FINITE = "NOT_FINITE", 400, "NaN or Infinity, which JSON has not", "send a number, or null where it is unknown"
    NUMBER_TOO_LONG = "NUMBER_TOO_LONG", 400, "more digits or a greater exponent than a price has", "send fewer digits"
    BAD_TEXT = "BAD_TEXT", 400, "a text holds NUL or half of a character", "leave the character out"
    MISSING_FIELD = "MISSING_FIELD", 422, "a field that every signal needs is absent, null or empty", "add the field"
    WRONG_TYPE = "WRONG_TYPE", 422, "a field that every signal needs has another type", "send the documented type"
    BAD_ID = (
        "BAD_ID",
        422,
        "an id is too long, or holds control, invisible, bidirectional or look-alike characters or outer spaces",
        "send up to 200 visible characters in Unicode's composed form, with no space but inner plain ones",
    )
    PLACEHOLDER = (
        "PLACEHOLDER",
        422,
        "an id or a time is a template that was not filled in",
        "use the placeholder in an alert of the kind that fills it",
    )
    BAD_TIME = "BAD_TIME", 422, "the time of sending cannot be read", "send whole seconds since 1970, UTC"
    UNKNOWN_ENVIRONMENT = "UNKNOWN_ENVIRONMENT", 422, "no such environment", "send staging or production"
    MIXED_ENVIRONMENTS = "MIXED_ENVIRONMENTS", 422, "the parts name different environments", "name one environment"
    WRONG_ENVIRONMENT = "WRONG_ENVIRONMENT", 422, "this deployment takes another environment", "send it to its own"
    NOT_ACCEPTED = "NOT_ACCEPTED", 401, "the passphrase or signature is not accepted", "check the passphrase"
    NOT_ALLOWED = "NOT_ALLOWED", 403, "the sender may not send for this strategy", "ask an operator to allow it"
    ID_REUSED = "ID_REUSED", 409, "the id came before with other content", "send a new signalID"
    RATE_LIMITED = "RATE_LIMITED", 429, "more signals than the sender's limit", "send again after Retry-After seconds"
    UNAVAILABLE = "UNAVAILABLE", 503, "the service cannot store signals now", "send again after Retry-After seconds"


class QuarantineReason(Reason):
    """Why a stored signal cannot be read. It is kept, shown, and can be replayed after a fix; nothing is traded.

    Attributes
    ----------
    meaning : what is wrong.
    remedy : what the sender or an operator should do next, where nothing more exact is said.
    """

    UNKNOWN_FORMAT = "UNKNOWN_FORMAT", "no format knows the payload", "send `signal_legs` or `signal`"
    TWO_PAYLOADS = "TWO_PAYLOADS", "the payload can be read as two formats", "send one of them"
    WRONG_TYPE = "WRONG_TYPE", "a field has another JSON type than it must have", "send the documented type"
    BAD_NUMBER = "BAD_NUMBER", "a field that must be a number is none", "send a plain number such as 12.5"
    PLACEHOLDER = "PLACEHOLDER", "a template was not filled in", "use the placeholder in an alert that fills it"
    UNKNOWN_SIGNAL_TYPE = (
        "UNKNOWN_SIGNAL_TYPE",
        "no such signal_type",
        "send ENTRY, EXIT, SCALE_IN, SCALE_OUT or CANCEL, or leave it out",
    )
    CONTRADICTION = "CONTRADICTION", "two fields contradict each other", "send fields that agree"
    NO_LEGS = "NO_LEGS", "there is nothing to trade", "send at least one leg, or name the entry that an exit closes"
    TOO_MANY_LEGS = "TOO_MANY_LEGS", "more legs than one decision may have", "send fewer legs"
    SAME_INSTRUMENT_TWICE = (
        "SAME_INSTRUMENT_TWICE",
        "two legs are on one instrument",
        "send one leg per instrument, with their sum",
    )
    MISSING_REFERENCE = (
        "MISSING_REFERENCE",
        "a CANCEL does not say what it cancels",
        "send the entry's id as entry_signal_id",
    )
    BAD_REFERENCE = "BAD_REFERENCE", "entry_signal_id is no id", "send the id that the service answered for the entry"
    MISSING_INSTRUMENT = "MISSING_INSTRUMENT", "a leg names no instrument", "add the instrument"
    UNKNOWN_INSTRUMENT = (
        "UNKNOWN_INSTRUMENT",
        "the instrument master does not know it, and its type alone does not say how it trades",
        "correct the spelling, or add it to data/instruments.yaml and replay the signal",
    )
    UNKNOWN_INSTRUMENT_TYPE = (
        "UNKNOWN_INSTRUMENT_TYPE",
        "no such instrument_type",
        "send STOCK, ETF, OPTION, FOREX, FUTURE or CRYPTO",
    )
    MISSING_INSTRUMENT_TYPE = (
        "MISSING_INSTRUMENT_TYPE",
        "the type is missing and the instrument master allows none, or more than one",
        "send instrument_type",
    )
    INSTRUMENT_MISMATCH = (
        "INSTRUMENT_MISMATCH",
        "the instrument master knows the instrument as another type",
        "correct instrument or instrument_type",
    )
    MISSING_ACTION = "MISSING_ACTION", "the side of an order is missing", "send BUY or SELL"
    UNKNOWN_ACTION = "UNKNOWN_ACTION", "no such action", "send BUY or SELL"
    MISSING_QUANTITY = "MISSING_QUANTITY", "an entry has no quantity", "send a quantity above 0"
    BAD_QUANTITY = "BAD_QUANTITY", "a quantity is zero, negative or absurd", "send a quantity above 0"
    AMBIGUOUS_QUANTITY = (
        "AMBIGUOUS_QUANTITY",
        "the quantity of an option combination and those of its legs can be read in two ways",
        "send each leg's whole quantity, and none for the combination",
    )
    BAD_WEIGHT = "BAD_WEIGHT", "a target weight is not within 0 to 1, or 0 to 100 %", "send a weight in its range"
    AMBIGUOUS_TARGET = (
        "AMBIGUOUS_TARGET",
        "a target weight with SELL and no signal_type is a short, or what is left of a long",
        "send signal_type",
    )
    UNKNOWN_ORDER_TYPE = "UNKNOWN_ORDER_TYPE", "no such order_type", "send MARKET, LIMIT, STOP or STOP_LIMIT"
    MISSING_PRICE = "MISSING_PRICE", "the order type needs a price that is not there", "send the price"
    BAD_PRICE = "BAD_PRICE", "a price that this asset class cannot have", "send a price above 0, or null if unknown"
    MISSING_EXPIRY = "MISSING_EXPIRY", "a future or an option has no expiry", "send expiry as YYYYMMDD"
    BAD_EXPIRY = "BAD_EXPIRY", "expiry is no day", "send expiry as YYYYMMDD"
    MISSING_EXCHANGE = "MISSING_EXCHANGE", "a future has no exchange", "send exchange, such as COMEX"
    WRONG_EXCHANGE = "WRONG_EXCHANGE", "the future does not trade there", "send the future's own exchange"
    MISSING_STRIKE = "MISSING_STRIKE", "an option has no strike", "send strike, a number above 0"
    MISSING_RIGHT = "MISSING_RIGHT", "an option is neither call nor put", "send right as C or P"
    BAD_EQUITY = "BAD_EQUITY", "account_equity is not above 0", "send the equity the quantities are meant for"
