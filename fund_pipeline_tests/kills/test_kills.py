"""Killed at each boundary of the signal path, real processes have lost nothing, doubled nothing, and left no doubt."""

from __future__ import annotations

import random

from fund_pipeline_tests.kills.boundaries import Boundary
from fund_pipeline_tests.kills.desk import desk
from fund_pipeline_tests.kills.kills import Kill, kill_and_prove
from fund_pipeline_tests.kills.services import Victim

SEED = 20261129
BESIDES = ((), (), (Victim.DAEMON,), (Victim.SERVER,), (Victim.SERVER,), (Victim.SERVER, Victim.DAEMON))
"""With a run's process at each boundary: twelve kills or more."""


def test_nothing_is_lost_and_nothing_doubled_by_kills_at_every_boundary() -> None:
    rng = random.Random(SEED)
    places = rng.sample(list(Boundary), len(Boundary))
    besides = [*rng.sample(BESIDES, len(BESIDES)), ()]
    with desk(SEED, hurry=True) as here:
        faults, told = kill_and_prove(here, [Kill(*one) for one in zip(places, besides, strict=True)])
    assert faults == [], told
