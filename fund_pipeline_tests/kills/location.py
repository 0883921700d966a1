"""The product's code location `trading` with boundaries at which it can be stopped, and on demand in a hurry."""

import os
from datetime import timedelta
from pathlib import Path

from fund_pipeline.decisions import batch
from fund_pipeline.defs.trading import beside, watching
from fund_pipeline.execution.patience import PATIENCE
from fund_pipeline_tests.kills import boundaries

TIMES = {"send_within": 3, "answer_within": 5, "settle": 12, "unknown_deadline": 40}
LEASE, YOUNG = timedelta(seconds=6), timedelta(seconds=15)
"""What holds in a hurry, in seconds."""

CROWD = 1
"""Two signals that wait are a crowd in a hurry: a second process sends their orders."""

boundaries.install()
if (Path(os.environ["FUND_HOME"]) / boundaries.HURRY).exists():
    for name, seconds in TIMES.items():
        object.__setattr__(PATIENCE, name, timedelta(seconds=seconds))
    batch.decide_waiting.__kwdefaults__["lease"] = LEASE
    watching.YOUNG = YOUNG
    beside.CROWD = CROWD

from fund_pipeline.defs.trading.definitions import defs, stand_by  # noqa: E402 - what is above is to hold in it

__all__ = ["defs", "stand_by"]
