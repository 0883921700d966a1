"""A decision as a paragraph that a person understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from fund_pipeline.cerebro.sizing.model import ActionKind, Decision, PlannedOrder
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.terms import DecisionOutcome, OrderRole

_OUTCOMES = {
    DecisionOutcome.APPROVED: "approved in full",
    DecisionOutcome.RESIZED: "cut to what fits",
    DecisionOutcome.REJECTED: "refused",
    DecisionOutcome.DROPPED: "not followed",
}
_ACTIONS = {
    ActionKind.CANCEL_ENTRY_FIRST: "An entry still works: it is cancelled first, and what it filled is closed too.",
    ActionKind.CANCEL_PROTECTION_FIRST: "Attached stops and targets are cancelled first, so that nothing closes twice.",
    ActionKind.CANCEL: "The working orders it names are cancelled.",
    ActionKind.ENTRY_AFTER_FILL: "What it enters is decided once the exit is filled.",
    ActionKind.QUEUE: "The exit waits until trading is resumed.",
    ActionKind.PAGE: "A person is told.",
}
_DIGITS = 6


def explain(decision: Decision) -> str:
    """One paragraph: what was decided, why, from which figures, and what a person can do."""
    return " ".join(sentence for sentence in _sentences(decision) if sentence)


def _sentences(decision: Decision) -> Iterator[str]:
    reason, figures = decision.reason, decision.figures
    subject = f"{decision.kind.value} of {decision.strategy} in fund {decision.fund_id}"
    yield f"{subject} was {_OUTCOMES[decision.outcome]}: {reason.meaning} ({reason.value})."
    yield _capital(figures)
    yield from (_leg(leg, figures) for leg in figures.get("legs", ()) if "wanted" in leg)
    yield from (_target(row) for row in figures.get("targets", ()))
    yield from (_exit(row) for row in figures.get("exits", ()))
    yield from (_account(row, figures) for row in figures.get("accounts", ()) if row.get("margin_new", "0") != "0")
    yield from _failed(figures)
    yield from _orders(decision.orders)
    yield from (_ACTIONS[kind] for kind in dict.fromkeys(action.kind for action in decision.actions))
    if reason.remedy != "-" and decision.outcome is not DecisionOutcome.APPROVED:
        yield f"To do: {reason.remedy}."


def _capital(figures: Mapping[str, Any]) -> str:
    capital = figures.get("capital")
    if capital is None:
        return ""
    currency = figures["currency"]
    told = f"The fund's equity of {_n(capital['equity'])} {currency} at a weight of {_n(capital['weight'])} allocates "
    told += (
        f"{_n(capital['allocated'])} {currency}; {_n(capital['in_use'])} of at most {_n(capital['bound'])} is in use."
    )
    sizing = figures.get("sizing", {})
    if "sender_equity" in sizing:
        told += (
            f" Against the sender's equity of {_n(sizing['sender_equity'])} that is a factor of {_n(sizing['factor'])}."
        )
    return told


def _leg(leg: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    sender = f"the sender's {_n(leg['sender_quantity'])} become " if leg["sender_quantity"] is not None else ""
    told = f"Leg {leg['leg']}, {leg['side']} {leg['instrument']} at {_n(leg['price'])} {leg['currency']}: "
    told += f"{sender}{_n(leg['wanted'])}"
    if "ordered" in leg:
        cut = figures.get("cut", {})
        limits = {"bounds": "the limits of notional leave", "margin": "margin leaves"}
        parts = [f"{words} {_percent(cut[name])} of it" for name, words in limits.items() if cut.get(name) != "1"]
        told += f"; {' and '.join(parts)}" if parts else ""
        told += f"; in steps of {_n(leg['lot_step'])} that is {_n(leg['ordered'])}"
    return f"{told}."


def _target(row: Mapping[str, Any]) -> str:
    told = f"{row['instrument']} is to be held at a weight of {_n(row['weight'])}, before {_n(row['weight_before'])}; "
    aim = "" if row["target"] is None else f" and the target is {_n(row['target'])}"
    return f"{told}{_n(row['held'])} is held or working{aim}."


def _exit(row: Mapping[str, Any]) -> str:
    free = abs(Decimal(row["ours"])) - Decimal(row["working_exits"])
    part = round(Decimal(row["share"]) / free, 4) if free else Decimal(0)
    share = "closes all" if row["ends"] else f"closes {_percent(part)}"
    broker = "did not answer" if row["broker"] is None else f"has {_n(row['broker'])}"
    told = f"In account {row['account']} we hold {_n(row['ours'])} {row['instrument']}, the broker {broker}, and "
    told += f"{_n(row['working_exits'])} is being closed; the sender {share} of its position of "
    return f"{told}{_n(row['sender_position'])}, so that {_n(row['ordered'])} is ordered."


def _account(row: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    told = f"In account {row['account']} margin goes from {_n(row['margin_before'])} to {_n(row['margin_after'])} "
    return f"{told}{row['currency']}, of at most {_n(row['margin_limit'])}."


def _failed(figures: Mapping[str, Any]) -> Iterator[str]:
    for row in figures.get("limits", ()):
        if not row["passed"]:
            told = ", ".join(f"{name} {_n(value)}" for name, value in row.items() if name not in ("limit", "passed"))
            yield f"Limit {row['limit']}: {told}." if told else ""
    refused = figures.get("refused")
    if refused:
        told = ", ".join(f"{name} {_n(v)}" for name, v in refused.items() if not isinstance(v, list | dict))
        yield f"Found: {told}." if told else ""
        for row in refused.get("accounts_refused", ()):
            reason = DecisionReason[row["reason"]]
            yield f"Account {row['account']}: {reason.meaning} ({reason.value})."


def _orders(orders: tuple[PlannedOrder, ...]) -> Iterator[str]:
    names = {OrderRole.ENTRY: "", OrderRole.EXIT: "", OrderRole.STOP: "stop ", OrderRole.TARGET: "target "}
    told = [
        f"{names[o.role]}{o.side.value} {_n(o.quantity)} {o.instrument_key} {o.order_type.value} in {o.account_id}"
        for o in orders
    ]
    if told:
        yield f"Ordered: {'; '.join(told)}."


def _n(value: object) -> str:
    """A number for reading: six digits after the point at most, thousands apart; other values as they are."""
    if isinstance(value, bool | list | dict) or value is None:
        return "unknown" if value is None else str(value)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    plain = f"{round(number, _DIGITS):,f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _percent(value: object) -> str:
    return f"{_n(Decimal(str(value)) * 100)} %"
