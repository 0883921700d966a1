"""`fund performance`: how a fund, or a client's holding in it, did. Both returns side by side, gross and net."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from fund_pipeline.cli.benchmark_words import draw_against, tell_against, told_against
from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.cli.performance_words import draw, tell_attribution, tell_report, told
from fund_pipeline.cli.simulations.pictures import Picture, check_picture
from fund_pipeline.errors import InputError
from fund_pipeline.ledger.model import TradingMode

if TYPE_CHECKING:
    from fund_pipeline.accounts.benchmark_attribution import BenchmarkAttribution
    from fund_pipeline.accounts.performance import Attribution
    from fund_pipeline.accounts.reporting import Report
    from fund_pipeline.ledger import Ledger

Mode = Annotated[
    TradingMode | None, typer.Option(help="LIVE or PAPER; else LIVE where the fund has a LIVE account, else PAPER.")
]


class By(StrEnum):
    """The segments of a benchmark."""

    ASSET_CLASS = "asset-class"
    INSTRUMENT = "instrument"
    STRATEGY = "strategy"


Benchmark = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.csv",
        help="Of a fund: what made its difference from this benchmark, over its periods from --from to --to. "
        "A row for each period and segment: from,to,segment,weight,return; decimals.",
    ),
]


def performance(
    fund: Annotated[str | None, typer.Option(metavar="F", help="All clients of this fund together.")] = None,
    client: Annotated[str | None, typer.Option(metavar="C", help="This client's holding.")] = None,
    mode: Mode = None,
    first: Annotated[datetime | None, typer.Option("--from", help="From this day on; else since inception.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", help="To this day; else to the newest NAV.")] = None,
    attribution: Annotated[bool, typer.Option(help="Of a fund: what earned it, from executions and marks.")] = False,
    benchmark: Benchmark = None,
    by: Annotated[By | None, typer.Option(help="The benchmark's segments; else asset-class.")] = None,
    picture: Picture = None,
    as_json: Json = False,
) -> None:
    """Show returns by month, by twelve months and since inception: TWR and MWR side by side, gross and net; risk.

    With --benchmark, the picture is of the difference from it.
    """
    from fund_pipeline.accounts.nav.registers import mode_of
    from fund_pipeline.accounts.reporting import report_of_client, report_of_fund
    from fund_pipeline.ledger.clients import get_client

    check_picture(picture)
    if (fund is None) == (client is None):
        raise InputError("give either --fund F or --client C", remedy="name the fund, or the client")
    if benchmark is None and by is not None:
        raise InputError(f"--by is {by}, without a benchmark", remedy="give --benchmark FILE.csv, too")
    if benchmark is not None and client is not None:
        raise InputError(f"--client is {client}: a benchmark is held against a fund", remedy="give --fund F instead")
    settings = start()
    span = (None if first is None else first.date(), None if last is None else last.date())
    with ledger_of(settings) as ledger:
        if client is not None:
            report = report_of_client(ledger, get_client(ledger, client), *span)
        else:
            fund_id = fund or ""
            kind = mode_of(ledger, fund_id) if mode is None else mode
            report = report_of_fund(ledger, fund_id, kind, *span)
        zone = ZoneInfo(settings.time_zone)
        parts = _parts(ledger, report, zone) if attribution and client is None else ()
        against = None if benchmark is None else _against(ledger, report, benchmark, by or By.ASSET_CLASS, zone, span)
    if picture is not None and against is not None:
        draw_against(against, report.fund_id, picture)
    elif picture is not None:
        draw(report, picture)
    if as_json:
        of_benchmark = None if against is None else told_against(against)
        print_json(told(report) | {"attribution": [asdict(one) for one in parts], "benchmark": of_benchmark})
        return
    tell_report(report)
    for one in parts:
        tell_attribution(one)
    if against is not None:
        tell_against(against)


def _parts(ledger: Ledger, report: Report, zone: ZoneInfo) -> tuple[Attribution, ...]:
    from fund_pipeline.accounts.attribution import attribution_of_fund
    from fund_pipeline.accounts.payouts import rates_of_days
    from fund_pipeline.accounts.performance import Dimension

    span, rates = (report.net.since_inception.first, report.net.since_inception.last), rates_of_days(ledger, zone)
    return tuple(attribution_of_fund(ledger, report.fund_id, report.mode, *span, by, zone, rates) for by in Dimension)


def _against(
    ledger: Ledger, report: Report, file: Path, by: By, zone: ZoneInfo, span: tuple[date | None, date | None]
) -> BenchmarkAttribution:
    from fund_pipeline.accounts.benchmark_attribution import attribution_against
    from fund_pipeline.accounts.benchmark_files import periods_between, read_benchmark
    from fund_pipeline.accounts.earnings import FundBooks
    from fund_pipeline.accounts.payouts import rates_of_days
    from fund_pipeline.accounts.performance import Dimension

    periods = periods_between(read_benchmark(file), *span)
    books = FundBooks(ledger, report.fund_id, report.mode, zone, rates_of_days(ledger, zone))
    return attribution_against(books, periods, Dimension[by.name])
