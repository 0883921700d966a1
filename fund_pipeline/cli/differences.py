"""What a decision would change, as a table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fund_pipeline.cli.context import ledger_of, print_json, start
from fund_pipeline.cli.tables import console, number, percent, table


def show_difference(shown: str, weights: dict[str, Decimal] | None, *, as_json: bool) -> None:
    """Print what an allocation, or other weights in its place, would change."""
    from fund_pipeline.allocations.approval.difference import difference
    from fund_pipeline.clock import utc_now
    from fund_pipeline.warehouse import Warehouse

    settings = start()
    with ledger_of(settings) as ledger:
        matrix = Warehouse(settings.warehouse).read_returns("strategy_returns")
        found = difference(ledger, matrix, shown.partition(":")[0], weights, utc_now())
    if as_json:
        print_json(found)
        return
    _print_difference(found)


def _print_difference(found: dict[str, Any]) -> None:
    terminal = console()
    against = found["active"] or "cash: nothing is in force"
    made = table(f"{found['allocation']} against {against}", "strategy", "now", "then", "change")
    for name, now, then in found["weights"]:
        made.add_row(name, percent(now), percent(then), percent(then - now))
    made.add_section()
    for figure, now, then in found["figures"]:
        as_text = number if figure == "sharpe" else percent
        made.add_row(figure.replace("_", " "), as_text(now), as_text(then), "")
    terminal.print(made)
    for breach in found["breaches"]:
        terminal.print(f"  breaks {breach['limit']}: {breach['measured']:.6g}, allowed {breach['allowed']:.6g}")
    terminal.print(f"what to decide on: {found['shown']} ({found['status']})")
