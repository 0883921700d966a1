"""`python -m fund_pipeline.services.code_server ...`: Dagster's code server, whose waiting sensors hear that it stops.

It takes the options of `dagster api grpc`.
"""

from __future__ import annotations

import runpy
import signal
import sys
from types import FrameType
from typing import NoReturn

from fund_pipeline.defs.stopping import STOPPING
from fund_pipeline.services.lasting import settle


def main() -> None:
    """Serve until told to stop."""
    settle()
    signal.signal(signal.SIGINT, _stop)  # Dagster then gives it to SIGTERM too
    sys.argv = ["dagster", "api", "grpc", *sys.argv[1:]]
    runpy.run_module("dagster", run_name="__main__")


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    STOPPING.set()
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
