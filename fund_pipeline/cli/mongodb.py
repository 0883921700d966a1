"""`fund signals follow-mongodb`: what the existing collector stores is taken over as it comes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from threading import Event
from types import FrameType
from typing import Annotated

import typer

from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.clock import utc_now
from fund_pipeline.errors import InputError


def follow_mongodb(
    since: Annotated[
        datetime | None, typer.Option(help="Read from this time on (UTC), whatever was read before.")
    ] = None,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Read all there is, whatever was read before.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Follow the signal collector's database until Ctrl-C or SIGTERM; it is only read, never written.

    Begins where it stopped, the first time now. Exit code 0 when asked to stop, 4 when another process follows already,
    5 when the settings are wrong or the database refuses the user. While it is away, this tries again.
    """
    from fund_pipeline.signals.mongodb import source_of
    from fund_pipeline.signals.mongodb.following import follow
    from fund_pipeline.signals.mongodb.position import PositionFile
    from fund_pipeline.signals.mongodb.source import EPOCH
    from fund_pipeline.signals.spool import Spool

    begin = _begin(since, EPOCH if from_start else None)
    settings = start()
    source = source_of(settings)
    positions = PositionFile(settings.mongodb_positions, source.database, source.collection)
    try:
        # The work is another thread's: setting the event within a signal handler could wait for its own thread's lock.
        with ledger_of(settings) as ledger, _asked_to_stop() as stop, ThreadPoolExecutor(1) as worker:
            spool = Spool(settings.spool)
            typer.echo(f"following {source.database}.{source.collection}; Ctrl-C stops", err=True)
            followed = worker.submit(follow, ledger, spool, source, positions, stop, utc_now, since=begin).result()
    finally:
        source.close()
    if as_json:
        print_json(asdict(followed))
    else:
        typer.echo(f"{followed.stored} stored, {followed.known} known, {followed.spooled} on the spool")


def _begin(since: datetime | None, start_of_time: datetime | None) -> datetime | None:
    if since is None or start_of_time is not None:
        if since is not None:
            raise InputError("--since and --from-start are given", remedy="give one of them")
        return start_of_time
    begin = since.replace(tzinfo=UTC)
    if not datetime(1970, 1, 1, tzinfo=UTC) <= begin <= utc_now():
        raise InputError(f"--since {begin.isoformat()} is not between 1970 and now", remedy="correct the time")
    return begin


@contextmanager
def _asked_to_stop() -> Iterator[Event]:
    stop = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    former = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
