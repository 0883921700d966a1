"""`python -m fund_pipeline.services.daemon run ...`: Dagster's daemon, whose memory does not grow.

It takes the options of `dagster-daemon`.
"""

from __future__ import annotations

import runpy
import sys

from fund_pipeline.services.lasting import settle


def main() -> None:
    """Work until told to stop."""
    settle()
    sys.argv[0] = "dagster-daemon"
    runpy.run_module("dagster._daemon", run_name="__main__")


if __name__ == "__main__":
    main()
