"""Every reason a decision can have: why a signal's size is what it is, or why nothing is ordered."""

from __future__ import annotations

from fund_pipeline.codes import Reason


class DecisionReason(Reason):
    """Why a decision is as it is. Each decision has one; docs/sizing.md shows this table.

    Attributes
    ----------
    meaning : what was found.
    remedy : what a person should do next; "-" where nothing is to be done.
    """

    # Ordered in full.
    SIZED = "SIZED", "the size its rule gives; nothing was cut but the fraction under a step", "-"
    CLOSES = "CLOSES", "an exit in full: our share of what the sender closes", "-"
    CANCELS = "CANCELS", "working orders of what the signal names are cancelled", "-"
    EXIT_QUEUED = (
        "EXIT_QUEUED",
        "trading is HALTED: the exit waits",
        "`fund resume`, or close the position at the broker",
    )

    # Ordered in part, or not at all, because of a bound.
    CAPITAL_IN_USE = (
        "CAPITAL_IN_USE",
        "notional in use and new would exceed allocated capital times max_gross",
        "wait for exits, or allocate more",
    )
    POSITION_LIMIT = "POSITION_LIMIT", "the strategy's limit of one position", "wait for exits, or raise the limit"
    STRATEGY_LIMIT = "STRATEGY_LIMIT", "the strategy's limit of its notional", "wait for exits, or raise the limit"
    POSITIONS_LIMIT = "POSITIONS_LIMIT", "the strategy's limit of open positions", "wait for exits, or raise the limit"
    MARGIN_LIMIT = (
        "MARGIN_LIMIT",
        "margin used, pending and new would exceed the limit of account equity",
        "wait for exits, or add equity to the account",
    )
    EXIT_CUT = (
        "EXIT_CUT",
        "an exit of less than our share, because the broker holds less or other exits are working",
        "compare our position with the broker's",
    )

    # Too late, pointless, or nothing there.
    DROPPED_STALE = "DROPPED_STALE", "the entry is older than the strategy's freshness limit", "send it in time"
    DROPPED_SLIPPAGE = (
        "DROPPED_SLIPPAGE",
        "the market has taken too great a share of the trade's expected alpha",
        "send earlier, or review expected_alpha_per_trade",
    )
    ALPHA_UNKNOWN = (
        "ALPHA_UNKNOWN",
        "expected alpha or a reference price is missing, and the strategy's policy is to drop",
        "set expected_alpha_per_trade, send a price, or change the policy to trade",
    )
    NO_CHANGE = "NO_CHANGE", "we hold what the target asks for", "-"
    NO_POSITION = "NO_POSITION", "an exit of something we do not hold", "-"
    ALREADY_CLOSING = "ALREADY_CLOSING", "working exits already close all there is to close", "-"
    BROKER_FLAT = (
        "BROKER_FLAT",
        "we hold it by our books, the broker by its own does not",
        "reconcile the account, then close what is left",
    )
    NOTHING_TO_CANCEL = "NOTHING_TO_CANCEL", "no working order is of what the signal names", "-"
    TOO_SMALL = (
        "TOO_SMALL",
        "less than the instrument's step or minimum",
        "allocate more capital, or send a larger size",
    )

    # The signal can mean two things, or lacks something.
    AMBIGUOUS = "AMBIGUOUS", "the signal can mean more than one thing", "send what is missing, or replay it after a fix"
    INCOMPLETE = "INCOMPLETE", "an entry lacks instrument, type, side or quantity", "send what is missing"
    NO_TARGET = "NO_TARGET", "the strategy trades target weights and the signal has none", "send a target weight"
    NO_SENDER_EQUITY = (
        "NO_SENDER_EQUITY",
        "neither the signal nor the registry says the equity that its quantities are meant for",
        "send account_equity, or register the sender's equity",
    )
    BAD_PROTECTION = (
        "BAD_PROTECTION",
        "stop_loss or take_profit is on the wrong side of the price",
        "send a stop below and a target above a long, the mirror image for a short",
    )
    OPPOSITE_POSITION = (
        "OPPOSITE_POSITION",
        "an entry against a position of the same strategy that is open or being opened",
        "send the exit first",
    )
    PROPORTION = (
        "PROPORTION",
        "rounded to whole steps, the legs would lose their ratio",
        "allocate more capital, or send a ratio that small sizes can keep",
    )

    # Registry, allocation and halts.
    UNKNOWN_STRATEGY = "UNKNOWN_STRATEGY", "the registry does not know the strategy", "register it"
    STRATEGY_NOT_ACTIVE = "STRATEGY_NOT_ACTIVE", "the strategy's status is not ACTIVE", "set it ACTIVE"
    NO_ACTIVE_ALLOCATION = (
        "NO_ACTIVE_ALLOCATION",
        "the fund has no ACTIVE allocation",
        "approve an allocation",
    )
    NOT_ALLOCATED = (
        "NOT_ALLOCATED",
        "the ACTIVE allocation gives the strategy nothing",
        "approve an allocation that holds it",
    )
    NO_PERCENTAGE = "NO_PERCENTAGE", "sizing is fixed_pct and no percentage is configured", "configure a percentage"
    REDUCING = "REDUCING", "trading is REDUCING: exits and cancels only", "`fund resume`"
    HALTED = "HALTED", "trading is HALTED: cancels only", "`fund resume`"
    NO_EQUITY = (
        "NO_EQUITY",
        "the equity of fund or account is unknown, zero or negative",
        "check the account's snapshot",
    )
    NO_DAY_START = (
        "NO_DAY_START",
        "how the fund's day began is unknown: nothing was heard of an account since the last session",
        "`fund days open --fund F --note WHY` measures it from now; have snapshots taken after each session",
    )
    DAILY_LOSS = "DAILY_LOSS", "the fund's loss of the day has reached its limit", "wait for the next day"
    NO_PEAK = "NO_PEAK", "a drawdown stop is set and the fund's peak is unknown", "check the account's snapshot"
    DRAWDOWN_STOP = (
        "DRAWDOWN_STOP",
        "the fund's drawdown stop has been reached",
        "review, then `fund resume --drawdown`",
    )

    # Accounts.
    NO_ACCOUNT = "NO_ACCOUNT", "the strategy has no account in the fund", "permit an account"
    ACCOUNT_CLOSED = "ACCOUNT_CLOSED", "the account is not open", "open it, or permit another"
    ASSET_CLASS_NOT_PERMITTED = (
        "ASSET_CLASS_NOT_PERMITTED",
        "no permitted account trades the asset class",
        "permit an account that does",
    )
    MODE_MISMATCH = (
        "MODE_MISMATCH",
        "strategy and account are not both LIVE or both PAPER",
        "set both to the same mode; what a PAPER strategy holds in a LIVE account, close at the broker now",
    )
    NO_ALERT_CHANNEL = (
        "NO_ALERT_CHANNEL",
        "LIVE entries need a critical alert channel tested lately",
        "test the channel",
    )
    STALE_STATE = "STALE_STATE", "the account's state is absent, too old, or of the future", "check broker and clock"
    NOT_RECONCILED = (
        "NOT_RECONCILED",
        "books and broker are not reconciled since the start, or the instrument is locked by a break",
        "reconcile the account",
    )
    ORDERS_PER_MINUTE = "ORDERS_PER_MINUTE", "more orders in a minute than the strategy may send", "wait a minute"

    # Market.
    NO_PRICE = "NO_PRICE", "no fresh quote, and so no price to size with", "check the instrument's quotes"
    STALE_QUOTE = "STALE_QUOTE", "the quote is too old, or of the future", "check feed and clock"
    PRICE_SANITY = (
        "PRICE_SANITY",
        "spread or price is too far from the last trade, or bid and ask are crossed",
        "check the quote and the signal's price",
    )
    NO_FX_RATE = "NO_FX_RATE", "no rate between the currencies of instrument, account and fund", "provide the rate"
    NO_TERMS = "NO_TERMS", "how the instrument trades is not known", "add it to the instrument master"
    NO_MARGIN_RATE = (
        "NO_MARGIN_RATE",
        "the margin of a contract, or the price of an option's underlying, is not known",
        "add the margin to the instrument master, or provide the quote",
    )


def reasons_table() -> str:
    """The reasons as a Markdown table, as docs/sizing.md shows them."""
    head = "| code | meaning | what to do |\n|---|---|---|\n"
    return head + "\n".join(f"| `{r}` | {r.meaning} | {r.remedy} |" for r in DecisionReason)
