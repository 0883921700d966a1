"""Killed at each boundary of the signal path, real processes have lost nothing, doubled nothing, and left no doubt."""

from __future__ import annotations

import random

from fund_pipeline_tests.kills.boundaries import Boundary
from fund_pipeline_tests.kills.desk import ALL, desk
from fund_pipeline_tests.kills.kills import Kill, kill_and_prove

SEED = 20261129


def test_nothing_is_lost_and_nothing_doubled_by_kills_at_every_boundary() -> None:
    """Twenty processes or more: a run's at each boundary, with two or three of the services beside it."""
    rng = random.Random(SEED)
    places = rng.sample(list(Boundary), len(Boundary))
    besides = [rng.sample(ALL, 2 + number % 2) for number in range(len(places))]
    kills = [Kill(place, tuple(others)) for place, others in zip(places, besides, strict=True)]
    with desk(SEED, hurry=True, warm=True) as here:
        faults, told = kill_and_prove(here, kills)
    assert faults == [], told
    assert here.killed >= 20, told
