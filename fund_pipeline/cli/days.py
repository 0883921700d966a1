"""`fund days`: how each day of a fund began, and what the day's loss and the drawdown are measured against."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fund_pipeline.ledger.fund_day_model import FundDay

app = typer.Typer(help="How each day of a fund began: what its loss is measured against.", no_args_is_help=True)
Fund = Annotated[str | None, typer.Option(metavar="F", help="Only this fund's.")]


@app.command("list")
def list_command(
    fund: Fund = None, newest: Annotated[int, typer.Option(min=1, help="At most so many.")] = 30, as_json: Json = False
) -> None:
    """List the days, newest first."""
    from fund_pipeline.ledger.fund_days import list_days

    with ledger_of(start()) as ledger:
        _tell(list_days(ledger, fund_id=fund, newest=newest), as_json=as_json)


@app.command("open")
def open_command(
    note: Annotated[str, typer.Option(help="Why, for the record.")], fund: Fund = None, as_json: Json = False
) -> None:
    """Measure today from now, where nobody knows how it began. Asks the brokers; what is recorded already stays."""
    from fund_pipeline.clock import utc_now
    from fund_pipeline.decisions.days import open_days
    from fund_pipeline.decisions.desk import TradingDesk
    from fund_pipeline.ledger.funds import get_fund

    if not note.strip():
        raise InputError("a note is missing", remedy="say why with --note, for the record")
    settings = start()
    with ledger_of(settings) as ledger:
        if fund is not None:
            get_fund(ledger, fund)
        with closing(TradingDesk.of(settings, ledger)) as desk:
            found = open_days(ledger, desk.sources, utc_now, only=fund, act=person(), note=note.strip())
    _tell(found, as_json=as_json)


def _tell(days: Sequence[FundDay], *, as_json: bool) -> None:
    if as_json:
        print_json([_values(one) for one in days])
        return
    shown = table("Days", "day", "fund<", "mode<", "opened at", "currency<", "peak", "stopped<", "by<", "recorded<")
    for one in days:
        stops = [f"{name} {_at(at)}" for name, at in _stops(one) if at is not None]
        peak = "counted anew" if one.peak is None else f"{one.peak:.4f} x"
        opened = f"{one.opening_equity():,.2f}"
        row = (one.mode.value, opened, one.currency, peak, ", ".join(stops), one.recorded_by, _at(one.recorded_at))
        shown.add_row(one.day.isoformat(), one.fund_id, *row)
    console().print(shown)


def _stops(one: FundDay) -> tuple[tuple[str, datetime | None], ...]:
    return (("day", one.day_stopped_at), ("drawdown", one.drawdown_stopped_at))


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"


def _values(one: FundDay) -> dict[str, Any]:
    return asdict(one) | {"opening_equity": one.opening_equity()}
