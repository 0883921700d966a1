"""`fund signals explain`: why a signal got the size it has, and what became of its orders, for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.cli.orders import fills_table, orders_table
from fund_pipeline.cli.positions import positions_table
from fund_pipeline.cli.signals import SignalId
from fund_pipeline.cli.tables import console, headed, shown
from fund_pipeline.cli.trading import decision_values

if TYPE_CHECKING:
    from fund_pipeline.decisions.explaining import Explained, InFund


def explain(signal_id: SignalId, as_json: Json = False) -> None:
    """Say in words what was decided about a signal in each fund and why, with its orders, fills and what is left."""
    from fund_pipeline.decisions.explaining import explain_signal
    from fund_pipeline.signals.inbox import get_refused, is_refused

    with ledger_of(start()) as ledger:
        if is_refused(signal_id):
            refused = get_refused(ledger, signal_id)
            why = f"{refused.problem['message']}. {refused.problem['remedy']}"
            _tell_refused(signal_id, why, as_json=as_json)
            return
        found = explain_signal(ledger, signal_id)
    if as_json:
        print_json(_values(found))
        return
    terminal = console()
    signal = found.signal.signal
    terminal.print(headed(signal.signal_id, f" of {signal.strategy}, {signal.type or 'not read yet'}: {signal.state}"))
    if found.why_none:
        terminal.print(shown(f"There is no decision: {found.why_none}"))
    for one in found.funds:
        terminal.print(shown(f"\n{one.paragraph}"))
        if one.orders:
            terminal.print(orders_table("\nOrders", one.orders))
        if one.executions:
            terminal.print(fills_table("\nFills", one.executions))
        if one.left:
            terminal.print(positions_table("\nWhat its strategy holds of it now", one.left))


def _tell_refused(signal_id: str, why: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"signal_id": signal_id, "state": "REFUSED", "why_none": why, "funds": []})
    else:
        typer.echo(shown(f"{signal_id} was refused when it came in: {why}").plain)


def _values(found: Explained) -> Mapping[str, Any]:
    signal = found.signal.signal
    return {
        "signal_id": signal.signal_id,
        "strategy": signal.strategy,
        "type": signal.type,
        "state": signal.state,
        "why_none": found.why_none,
        "funds": [_fund(one) for one in found.funds],
    }


def _fund(one: InFund) -> Mapping[str, Any]:
    return decision_values(one.decision, one.orders) | {
        "words": one.paragraph,
        "executions": [asdict(fill) for fill in one.executions],
        "positions": [asdict(left) for left in one.left],
    }
