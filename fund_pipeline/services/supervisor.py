"""Starting everything in order, watching it, and stopping all of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fund_pipeline.errors import ConfigurationError, FundError
from fund_pipeline.launcher.asking import ANNOUNCED
from fund_pipeline.services import guard, plan
from fund_pipeline.services.group import ServiceGroup, StopRequested
from fund_pipeline.services.probes import Address, claim, code_locations, is_healthy, socket_answers
from fund_pipeline.services.signals import SignalWaiter
from fund_pipeline.services.state import RunFolder, State
from fund_pipeline.settings import load_settings

START_SECONDS = 180.0
WARM_LOCATION, WARM_SOCKET = "trading", "warm.sock"
_LONGEST_SOCKET_PATH = 100  # bytes; Linux allows 107, macOS 103


@dataclass(frozen=True)
class Running:
    """Services that are up.

    Attributes
    ----------
    address : where the web server listens.
    api : where the HTTP API does.
    pids : process id of each service by name.
    locations : load error of each code location by name; None for one that is loaded.
    """

    address: Address
    api: Address
    pids: dict[str, int]
    locations: dict[str, str | None]


def supervise(
    root: Path,
    web: Address,
    api: Address,
    *,
    say: Callable[[str], None],
    when_up: Callable[[Running], None],
) -> None:
    """Start every service, call `when_up`, and stay until a stop signal has ended them all.

    Parameters
    ----------
    root : FUND_HOME, absolute.
    web, api : where web server and API shall listen; port 0 takes a free one.
    say : takes a line of progress.

    Raises
    ------
    ConflictError : the services of this home are already up.
    ConfigurationError : the port, the host or the home cannot be used.
    FundError : a service ended or did not answer; all were stopped.
    """
    folder = RunFolder(root / "run")
    folder.make()
    with folder.held(), SignalWaiter() as signals:
        _end_leftovers(folder, say)
        address, api = _claim_both(web, api)
        sockets = _socket_folder(folder.path)
        group = ServiceGroup(root / "logs", _environment(root, address), signals)
        state = State(os.getpid(), address.url, group.token, str(sockets))
        try:
            folder.write(state)
            when_up(_start(group, address, api, root, sockets, folder, say))
            folder.write(State(state.pid, state.url, state.token, state.sockets, group.pids))
            group.wait_until(lambda: False, None)
        except StopRequested:
            say("stopping")
        finally:
            group.end()
            _forget(folder, sockets)
            (_dagster_home(root) / ANNOUNCED).unlink(missing_ok=True)
    say("stopped")


def _claim_both(web: Address, api: Address) -> tuple[Address, Address]:
    if web.port == api.port != 0:
        raise ConfigurationError(
            f"web server and API are both told to listen on port {web.port}",
            remedy="set FUND_API_PORT or --api-port to another one",
        )
    address, beside = claim(web.host, web.port), claim(api.host, api.port, what="api")
    # Neither is bound yet, so that the system may give the same free port twice.
    return (address, beside) if address.port != beside.port else _claim_both(web, api)


def _start(
    group: ServiceGroup,
    address: Address,
    api: Address,
    root: Path,
    folder_of_sockets: Path,
    folder: RunFolder,
    say: Callable[[str], None],
) -> Running:
    say("preparing ledger and Dagster home")
    group.run(plan.preparation())
    sockets = {location: folder_of_sockets / f"{location}.sock" for location in plan.LOCATIONS}
    say(f"starting code servers {' and '.join(sockets)}")
    for location, path in sockets.items():
        group.start(plan.code_server(location, path))
    for location, path in sockets.items():
        _await(group, location, partial(socket_answers, path))
    say("starting daemon, web server and API")
    folder.workspace.write_text(plan.workspace_of(sockets))
    if load_settings().warm_launcher:
        group.start(plan.warm(WARM_LOCATION, folder_of_sockets / WARM_SOCKET, _dagster_home(root)))
    group.start(plan.daemon(folder.workspace))
    group.start(plan.webserver(folder.workspace, address))
    group.start(plan.api(api))
    locations: dict[str, str | None] = {}

    def all_known() -> bool:
        locations.update(code_locations(address) or {})
        return bool(locations)

    _await(group, "webserver", all_known)
    _await(group, "api", partial(is_healthy, api))
    return Running(address, api, group.pids, locations)


def _await(group: ServiceGroup, name: str, condition: Callable[[], bool]) -> None:
    if not group.wait_until(condition, START_SECONDS):
        log = group.log_of(name)
        raise FundError(
            f"the end of {log}:\n{group.last_lines(name)}\n{name} did not answer within {START_SECONDS:.0f} s",
            remedy=f"read {log}",
        )


def _end_leftovers(folder: RunFolder, say: Callable[[str], None]) -> None:
    left = folder.read()
    if left is None:
        return
    say(f"the start as process {left.pid} did not end in order: ending what it left")
    if survivors := guard.end(left.token):
        raise FundError(f"processes {survivors} of an earlier start did not end", remedy="end them by hand")
    _forget(folder, Path(left.sockets))


def _socket_folder(run_folder: Path) -> Path:
    longest = run_folder / f"{max(plan.LOCATIONS, key=len)}.sock"
    if len(os.fsencode(longest)) <= _LONGEST_SOCKET_PATH:
        return run_folder
    return Path(tempfile.mkdtemp(prefix="fund-"))


def _forget(folder: RunFolder, sockets: Path) -> None:
    for name in (*(f"{location}.sock" for location in plan.LOCATIONS), WARM_SOCKET):
        (sockets / name).unlink(missing_ok=True)
    if sockets != folder.path:
        shutil.rmtree(sockets, ignore_errors=True)
    folder.clear()


def _environment(root: Path, web: Address) -> dict[str, str]:
    """What every service is told, with where the web server is in fact: the API starts runs through it."""
    there = {"FUND_HOST": web.host, "FUND_PORT": str(web.port)}
    return {**os.environ, "FUND_HOME": str(root), "DAGSTER_HOME": str(_dagster_home(root)), **there}


def _dagster_home(root: Path) -> Path:
    return root / "dagster"
