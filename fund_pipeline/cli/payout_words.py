"""Payouts as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from fund_pipeline.cli.tables import console, headed, table

if TYPE_CHECKING:
    from fund_pipeline.accounts.payouts import SenderOverview, Unrealised
    from fund_pipeline.ledger.payout_model import Payout, PayoutItem


def payout_row(one: Payout) -> tuple[str, ...]:
    """One payout as cells of a table."""
    money = (one.realised, one.late, one.cumulative, one.peak_before)
    return (
        one.fund_id,
        one.mode.value,
        one.sender_id,
        f"{one.month:%Y-%m}",
        *(f"{amount:,.2f}" for amount in money),
        str(one.share),
        f"{one.due:,.2f}",
        one.currency,
        str(one.due_on),
    )


def overview_json(one: SenderOverview, unrealised: Unrealised) -> dict[str, object]:
    """One sender in one fund and mode."""
    return {
        "fund": one.fund_id,
        "mode": one.mode.value,
        "sender": one.sender_id,
        "currency": one.currency,
        "paid": one.paid,
        "outstanding": one.outstanding,
        "cumulative": one.cumulative,
        "peak": one.peak,
        "next_payment_on": one.next_payment_on,
        "unrealised_not_paid": asdict(unrealised),
        "months": [
            asdict(line.payout) | {"payment": None if line.payment is None else asdict(line.payment)}
            for line in one.lines
        ],
    }


def tell_overviews(shown: Iterable[tuple[SenderOverview, Unrealised]]) -> None:
    """Each sender with its months, and what is to come."""
    for one, unrealised in shown:
        columns = ("realised", "of it late", "cumulative", "peak before", "share", "due", "currency<", "due on<")
        rows = table(f"{one.sender_id} in {one.fund_id}, {one.mode.value}", "month", *columns, "paid<")
        for line in one.lines:
            paid = "–" if line.payment is None else f"{line.payment.paid_at:%Y-%m-%d}"
            rows.add_row(*payout_row(line.payout)[3:], paid if line.payout.due else "nothing due")
        console().print(rows)
        words = (
            f"due {one.outstanding:,.2f} {one.currency}, paid {one.paid:,.2f}, next payment on {one.next_payment_on}"
        )
        console().print(headed(words, f"; unrealised {_unrealised(unrealised)}, which is not paid"))


def tell_items(found: Iterable[PayoutItem]) -> None:
    """What payouts rest on."""
    rows = table(
        "Settled", "entry signal", "strategy<", "instrument<", "filled<", "gain", "costs", "currency<", "rate", "net"
    )
    for one in found:
        rows.add_row(
            one.entry_signal_id,
            one.strategy,
            one.instrument_key,
            f"{one.executed_at:%Y-%m-%d}",
            f"{one.gain:,.2f}",
            f"{one.commission:,.2f} {one.commission_currency}",
            one.currency,
            f"{one.gain_rate}",
            f"{one.net:,.2f}",
        )
    console().print(rows)


def _unrealised(one: Unrealised) -> str:
    if one.amount is None:
        return f"not known (no price or rate of {', '.join(one.unknown)})"
    return f"{one.amount:,.2f} {one.currency}"
