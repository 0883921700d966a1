"""Every campaign of random trials: ``python -m fund_pipeline_tests.chaos [--seed N] [--quick]``, or ``make chaos``.

Prints each fault with the seed that shows it again, how far each campaign has come and the seed it goes on with, and
what was done; exit 1 if there was a fault.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time

from fund_pipeline_tests.accounts.reconciliation import campaign as reconciliation
from fund_pipeline_tests.campaigns import Campaign
from fund_pipeline_tests.cerebro.allocation import campaign as allocation
from fund_pipeline_tests.decisions import campaign as trading
from fund_pipeline_tests.disks import campaign as disks
from fund_pipeline_tests.execution import campaign as execution
from fund_pipeline_tests.front_door import anything, crowds, described, kills, outages
from fund_pipeline_tests.kills import campaign as trading_kills

CAMPAIGNS = (
    Campaign("allocation", allocation.run, trials=3000, quick_trials=300, parts=10),
    Campaign("orders", execution.run, trials=80, quick_trials=8, parts=10),
    Campaign("reconciliation", reconciliation.run, trials=1000, quick_trials=60, parts=10),
    Campaign("trading", trading.run, trials=2000, quick_trials=100, parts=10),
    Campaign("trading-kills", trading_kills.run, trials=200, quick_trials=20),
    Campaign("full-disk", disks.run, trials=100, quick_trials=10),
    Campaign("front-door-kills", kills.run, trials=100, quick_trials=10),
    Campaign("front-door-bodies", anything.run, trials=10_000, quick_trials=1000),
    Campaign("front-door-described", described.run, trials=200, quick_trials=20),
    Campaign("front-door-outages", outages.run, trials=3, quick_trials=1),
    Campaign("front-door-crowds", crowds.run, trials=12, quick_trials=2),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fund_pipeline_tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed; each trial has the next one")
    parser.add_argument("--quick", action="store_true", help="a tenth of the trials or so")
    parser.add_argument("--trials", type=int, help="so many trials of each campaign")
    parser.add_argument("--only", nargs="+", choices=[campaign.name for campaign in CAMPAIGNS], metavar="CAMPAIGN")
    asked = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())  # what is refused on purpose is not worth a line
    faults = 0
    for campaign in CAMPAIGNS:
        if asked.only and campaign.name not in asked.only:
            continue
        trials = asked.trials or (campaign.quick_trials if asked.quick else campaign.trials)
        faults += _whole(campaign, asked.seed, trials)
    return 1 if faults else 0


def _whole(campaign: Campaign, first: int, trials: int) -> int:
    """One campaign, a part after the other; how many faults it found."""
    print(f"{campaign.name}: seeds {first} to {first + trials - 1}", flush=True)
    faults, end, part = 0, first + trials, -(-trials // campaign.parts)
    began = time.perf_counter()
    for start in range(first, end, part):
        found = campaign.run(start, min(part, end - start), lambda fault: print(f"  FAULT {fault}", flush=True))
        faults += len(found.faults)
        following = start + part
        went_on = f"; goes on with --seed {following} --trials {end - following}" if following < end else ""
        took = time.perf_counter() - began
        print(f"{campaign.name}: {found.summary}; {faults} faults so far, {took:.0f} s{went_on}", flush=True)
    return faults


if __name__ == "__main__":
    sys.exit(main())
