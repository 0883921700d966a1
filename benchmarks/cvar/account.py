"""The least account that runs on whole units, as `benchmarks.account_size` measures it, as a row of the table."""

from __future__ import annotations

import statistics

from benchmarks import account_size
from benchmarks.cvar.measure import Measurement, Promise, span

DELTAS = account_size.DELTAS


def measure_account(delta: float) -> Measurement:
    """Seconds for the least capital that keeps all limits and all of the return but `delta`, median over seeds."""
    found = account_size.least_accounts(account_size.problem_of(), delta)
    seconds = statistics.median(found.seconds)
    return Measurement(
        row=name_of(delta),
        problem=f"least account in whole units, {account_size.CANDIDATES} candidates, "
        f"return kept {100 - delta * 100:g} %, gap {account_size.GAP:g}, 2520×200",
        held=span(list(found.held)),
        seconds=seconds,
        reached=seconds,
        promise=Promise(account_size.LEAST, account_size.AIM, " s", fewer_is_better=True),
    )


def name_of(delta: float) -> str:
    """What `--rows` calls it."""
    return f"account@{delta:.0%}"
