"""Starts the services as children of a process that has imported what they need: a killed one is back at once.

Nothing is used here before the fork but imports. Each line of standard input is a JSON list: the log, then the module
and its arguments, as after `python -m`; its process id is answered.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import traceback
from importlib import import_module

NEEDED = (
    "dagster._cli.api",
    "dagster._grpc.server",
    "dagster._daemon.cli",
    "dagster._daemon.daemon",
    "dagster._daemon.sensor",
    "dagster._core.storage.sqlite_storage",
    "dagster._core.launcher.default_run_launcher",
    "fund_pipeline.defs.home",
    "fund_pipeline.instance.storage",
    "fund_pipeline.defs.trading.active_assets",
    "fund_pipeline.defs.trading.order_assets",
    "fund_pipeline.defs.trading.order_sensors",
    "fund_pipeline.defs.trading.registry_assets",
    "fund_pipeline.defs.trading.release",
    "fund_pipeline.defs.trading.signal_checks",
)
"""Not the definitions themselves: they look into the ledger."""


def serve() -> None:
    """Until standard input ends."""
    for name in NEEDED:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead leave nothing behind
    for line in sys.stdin:
        log, module, *arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_become(log, module, arguments))
        os.write(1, f"{child}\n".encode())


def _become(log: str, module: str, arguments: list[str]) -> int:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except BaseException:  # noqa: BLE001 - a child must never come back into its parent's code
        traceback.print_exc()
        return 1
    return 0
