"""A code location whose jobs do what the launcher is tried with."""

import os
import sys
import time
from pathlib import Path

from dagster import AssetExecutionContext, Definitions, asset, define_asset_job, in_process_executor

# A part of it that a test may rewrite lies in the home.
sys.path.insert(0, os.environ["FUND_HOME"])

import fund_pipeline_tests_changing as changing  # type: ignore[import-not-found]


@asset
def quick(context: AssetExecutionContext) -> None:
    """Says which process it runs in, and what the changing part says."""
    context.add_output_metadata({"pid": os.getpid(), "says": changing.SAYS})


@asset
def long() -> None:
    """Works until it is told to stop."""
    home = Path(os.environ["FUND_HOME"])
    (home / "long").touch()
    time.sleep(600)


@asset
def failing() -> None:
    """Fails."""
    raise ValueError("it was meant to")


defs = Definitions(
    assets=[quick, long, failing],
    jobs=[define_asset_job(f"{one}_job", selection=[one]) for one in ("quick", "long", "failing")],
    executor=in_process_executor,
)
