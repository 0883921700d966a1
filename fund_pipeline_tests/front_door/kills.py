"""`kill -9` of the API under load; one of the campaigns of `make chaos`. Each trial is one kill, its moment random."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

from fund_pipeline.signals.inbox import drain
from fund_pipeline.signals.spool import Spool
from fund_pipeline_tests.campaigns import Fault, Outcome
from fund_pipeline_tests.front_door.homes import FrontDoor, at_a_front_door, payload
from fund_pipeline_tests.front_door.load import Load
from fund_pipeline_tests.front_door.proof import faults_of


def kill_and_prove(here: FrontDoor, seed: int, kills: int) -> tuple[list[str], str]:
    """Kill the API so many times while signals come in; what is wrong afterwards, and a summary."""
    rng, pause = random.Random(seed), threading.Event()
    here.door.open()
    with Load(here.door.url, payload) as load:
        for _ in range(kills):
            load.wait_for(rng.randint(1, 30))
            pause.wait(rng.uniform(0, 0.03))
            here.door.kill()
            here.door.open()
        load.wait_for(20)
    here.door.close()
    drain(here.ledger, Spool(here.home / "spool"))
    resent = sum(len(given) > 1 for given in load.answers.accepted.values())
    told = f"{len(load.answers)} accepted, {resent} answered twice, other statuses {dict(load.answers.others)}"
    return faults_of(here.ledger, load.answers), told


def run(first_seed: int, kills: int, tell: Callable[[Fault], None]) -> Outcome:
    """So many kills. See `Campaign`."""
    faults, told = at_a_front_door(lambda here: kill_and_prove(here, first_seed, kills), first_seed, tell)
    return Outcome(faults, f"{kills} kills, {told}")
