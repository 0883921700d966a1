"""`fund performance`: how a fund, or a client's holding in it, did. Both returns side by side, gross and net."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.cli.performance_words import draw, tell_attribution, tell_report, told
from fund_pipeline.cli.simulations.pictures import Picture, check_picture
from fund_pipeline.errors import InputError
from fund_pipeline.ledger.model import TradingMode

if TYPE_CHECKING:
    from fund_pipeline.accounts.performance import Attribution
    from fund_pipeline.accounts.reporting import Report
    from fund_pipeline.ledger import Ledger

Mode = Annotated[
    TradingMode | None, typer.Option(help="LIVE or PAPER; else LIVE where the fund has a LIVE account, else PAPER.")
]


def performance(
    fund: Annotated[str | None, typer.Option(metavar="F", help="All clients of this fund together.")] = None,
    client: Annotated[str | None, typer.Option(metavar="C", help="This client's holding.")] = None,
    mode: Mode = None,
    first: Annotated[datetime | None, typer.Option("--from", help="From this day on; else since inception.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", help="To this day; else to the newest NAV.")] = None,
    attribution: Annotated[bool, typer.Option(help="Of a fund: what earned it, from executions and marks.")] = False,
    picture: Picture = None,
    as_json: Json = False,
) -> None:
    """Show returns by month, by twelve months and since inception: TWR and MWR side by side, gross and net; risk."""
    from fund_pipeline.accounts.nav.registers import mode_of
    from fund_pipeline.accounts.reporting import report_of_client, report_of_fund
    from fund_pipeline.ledger.clients import get_client

    check_picture(picture)
    if (fund is None) == (client is None):
        raise InputError("give either --fund F or --client C", remedy="name the fund, or the client")
    settings = start()
    span = (None if first is None else first.date(), None if last is None else last.date())
    with ledger_of(settings) as ledger:
        if client is not None:
            report = report_of_client(ledger, get_client(ledger, client), *span)
        else:
            fund_id = fund or ""
            kind = mode_of(ledger, fund_id) if mode is None else mode
            report = report_of_fund(ledger, fund_id, kind, *span)
        parts = _parts(ledger, report, ZoneInfo(settings.time_zone)) if attribution and client is None else ()
    if picture is not None:
        draw(report, picture)
    if as_json:
        print_json(told(report) | {"attribution": [asdict(one) for one in parts]})
        return
    tell_report(report)
    for one in parts:
        tell_attribution(one)


def _parts(ledger: Ledger, report: Report, zone: ZoneInfo) -> tuple[Attribution, ...]:
    from fund_pipeline.accounts.attribution import attribution_of_fund
    from fund_pipeline.accounts.payouts import rates_of_days
    from fund_pipeline.accounts.performance import Dimension

    span, rates = (report.net.since_inception.first, report.net.since_inception.last), rates_of_days(ledger, zone)
    return tuple(attribution_of_fund(ledger, report.fund_id, report.mode, *span, by, zone, rates) for by in Dimension)
