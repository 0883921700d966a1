"""What is started: the preparation, a code server per location, the daemon, the web server and the API."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fund_pipeline.launcher.asking import ANNOUNCED
from fund_pipeline.services.group import Service
from fund_pipeline.services.probes import Address

LOCATIONS = ("research", "trading")
AT_ONCE = 16
"""Questions that a code server answers at a time: sensors that wait inside their tick hold five for long."""

GIVES_WAY = ("nice", "-n", "10")
"""Before a command: it and all that it starts have the processors where others leave them."""


def preparation() -> Service:
    """The command that brings ledger and Dagster home up to date."""
    return Service("prepare", (sys.executable, "-m", "fund_pipeline.defs.home"))


def code_server(location: str, socket: Path) -> Service:
    """The server of one code location, on a unix socket: no other user can reach it, and no port can be taken.

    A location that cannot be imported is served with its error, so that a broken `research` never stops `trading`; and
    what its runs do, an optimisation or a build of the dashboards, is never what an order waits for.
    """
    module = f"fund_pipeline.defs.{location}.definitions"
    options = ("--socket", str(socket), "--module-name", module, "--location-name", location)
    flags = ("--lazy-load-user-code", "--use-python-environment-entry-point", "--max-workers", str(AT_ONCE))
    command = (sys.executable, "-m", "fund_pipeline.services.code_server", *options, *flags)
    return Service(location, (*GIVES_WAY, *command) if location == "research" else command)


def warm(location: str, socket: Path, dagster_home: Path) -> Service:
    """The process that forks the runs of one code location. Without it the stock launcher starts them."""
    options = ("--socket", str(socket), "--module", f"fund_pipeline.defs.{location}.definitions")
    announce = ("--announce", str(dagster_home / ANNOUNCED))
    return Service("warm", (sys.executable, "-m", "fund_pipeline.launcher.warm", *options, *announce), again=True)


def daemon(workspace: Path) -> Service:
    """The process of schedules, sensors, run monitoring and backfills."""
    return Service(
        "daemon", (sys.executable, "-m", "fund_pipeline.services.daemon", "run", "--workspace", str(workspace))
    )


def webserver(workspace: Path, address: Address) -> Service:
    """The web page and GraphQL."""
    options = ("--workspace", str(workspace), "--host", address.host, "--port", str(address.port))
    return Service("webserver", (sys.executable, "-m", "dagster_webserver", *options))


def api(address: Address) -> Service:
    """The HTTP API. It binds `FUND_API_HOST`, which is loopback."""
    return Service("api", (sys.executable, "-m", "fund_pipeline.cli", "api", "--port", str(address.port)))


def workspace_of(sockets: dict[str, Path]) -> str:
    """A workspace file that names the code server of each location by its socket. JSON, which is YAML."""
    servers = [{"grpc_server": {"socket": str(path), "location_name": location}} for location, path in sockets.items()]
    return json.dumps({"load_from": servers}, indent=2)
