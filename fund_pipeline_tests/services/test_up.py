"""`fund up` with its real processes: it answers, refuses a second start, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from fund_pipeline.services import guard
from fund_pipeline_tests.defs.live import Live
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.waiting import wait_until

FUND = (sys.executable, "-c", "from fund_pipeline.cli.main import main; main()")
START_SECONDS = 90


@dataclass(frozen=True)
class Up:
    process: subprocess.Popen[str]
    home: Path
    ready: dict[str, Any]
    token: str

    @property
    def url(self) -> str:
        return self.ready["url"]


def fund_up(home: Path, *options: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FUND_", "DAGSTER_"))}
    return subprocess.Popen(
        [*FUND, "up", "--home", str(home), "--json", *options],
        env=environment,
        cwd=home.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start(home: Path) -> Up:
    process = fund_up(home, "--port", "0")
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        pytest.fail(f"fund up ended with {process.wait(timeout=START_SECONDS)}: {process.communicate()[1]}")
    return Up(process, home, json.loads(line), token_of(home))


def stop(up: Up) -> None:
    up.process.terminate()
    up.process.communicate(timeout=60)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Up:
    """Services whose supervisor was killed a moment ago."""
    up = start(tmp_path_factory.mktemp("up") / "home")
    up.process.kill()
    up.process.communicate()
    return up


@pytest.fixture(scope="module")
def shared(killed: Up) -> Iterator[Up]:
    """Services that tests only look at: the next start on the home of the killed ones."""
    up = start(killed.home)
    try:
        yield up
    finally:
        stop(up)


def token_of(home: Path) -> str:
    return json.loads((home / "run" / "up.json").read_text())["token"]


def graphql(url: str, query: str) -> Any:
    request = urllib.request.Request(
        f"{url}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)["data"]


def test_the_page_answers(shared: Up) -> None:
    with urllib.request.urlopen(shared.url, timeout=30) as response:
        assert response.status == 200
        assert response.read().startswith(b"<!DOCTYPE html>")


def test_the_api_answers_beside_the_page(shared: Up) -> None:
    with urllib.request.urlopen(f"{shared.ready['api']}/healthz", timeout=30) as response:
        assert json.load(response) == {"status": "ok"}


def test_both_locations_are_loaded(shared: Up) -> None:
    query = (
        "{ workspaceOrError { ... on Workspace { locationEntries "
        "{ name locationOrLoadError { __typename ... on PythonError { message } } } } } }"
    )
    entries = graphql(shared.url, query)["workspaceOrError"]["locationEntries"]
    loaded = {entry["name"]: entry["locationOrLoadError"]["__typename"] for entry in entries}
    assert loaded == {"research": "RepositoryLocation", "trading": "RepositoryLocation"}
    assert shared.ready["locations"] == {"research": "loaded", "trading": "loaded"}


def test_the_daemon_is_at_work(shared: Up) -> None:
    query = '{ instance { daemonHealth { daemonStatus(daemonType: "SENSOR") { healthy } } } }'
    wait_until(
        lambda: graphql(shared.url, query)["instance"]["daemonHealth"]["daemonStatus"]["healthy"],
        what="the daemon's heartbeat",
    )


def test_a_backtest_is_read_again_when_a_program_asks_the_api_for_it(shared: Up) -> None:
    home, live = Home(shared.home), Live(shared.url)
    assert home.fund("strategies", "add", "LowVol_Long").returncode == 0
    key = home.fund("keys", "add", "a program", "--scope", "strategies:write").stdout.strip()
    path, asked = "/api/strategies/LowVol_Long/sync-backtest", {"Authorization": f"Bearer {key}"}
    request = urllib.request.Request(shared.ready["api"] + path, method="POST", headers=asked)
    with urllib.request.urlopen(request, timeout=60) as response:
        told = json.load(response)
        request_id = response.headers["X-Request-ID"]
    assert (response.status, told["url"]) == (202, f"{shared.url}/runs/{told['run_id']}")
    assert live.ended(told["run_id"]).status == "SUCCESS"
    shown = json.loads(home.fund("strategies", "show", "LowVol_Long", "--json").stdout)
    assert shown["backtest"]["source_file"] == "LowVol_Long.csv"
    assert json.loads(home.fund("backtests", "quarantine", "--json").stdout) == [], "it read files of other strategies"
    assert live.runs_of("ingest_backtests") == [told["run_id"]]
    acts = [(entry["action"], entry["actor"].partition(":")[0], entry["correlation_id"]) for entry in shown["history"]]
    assert acts[1:] == [
        ("backtest_sync_asked", "key", request_id),
        ("backtest_admitted", "dagster", request_id),
    ]


def test_the_line_names_home_and_every_process(shared: Up) -> None:
    assert shared.ready["home"] == str(shared.home)
    assert shared.ready["pid"] == shared.process.pid
    assert set(shared.ready["pids"]) == {"guard", "research", "trading", "warm", "daemon", "webserver", "api"}


def test_every_service_writes_its_own_log(shared: Up) -> None:
    assert {path.stem for path in (shared.home / "logs").glob("*.log")} >= {
        "research",
        "trading",
        "daemon",
        "webserver",
        "api",
    }
    assert "Started Dagster code server" in (shared.home / "logs" / "trading.log").read_text()


def test_a_second_start_is_refused_with_process_and_address(shared: Up) -> None:
    second = fund_up(shared.home, "--port", "0")
    said, _ = second.communicate(timeout=START_SECONDS)
    assert second.returncode == 4
    assert f"process {shared.process.pid}, {shared.url}" in json.loads(said)["message"]


def test_a_port_in_use_is_refused_before_anything_starts(shared: Up, tmp_path: Path) -> None:
    port = shared.url.rpartition(":")[2]
    second = fund_up(tmp_path / "home", "--port", port)
    said, _ = second.communicate(timeout=START_SECONDS)
    assert second.returncode == 5
    assert "FUND_PORT" in json.loads(said)["remedy"]
    assert not (tmp_path / "home" / "logs").exists()


def test_a_port_of_the_api_in_use_is_refused_and_named(shared: Up, tmp_path: Path) -> None:
    port = shared.ready["api"].rpartition(":")[2]
    second = fund_up(tmp_path / "home", "--port", "0", "--api-port", port)
    said, _ = second.communicate(timeout=START_SECONDS)
    assert second.returncode == 5
    assert "FUND_API_PORT" in json.loads(said)["remedy"]


def test_one_port_for_both_is_refused(tmp_path: Path) -> None:
    both = fund_up(tmp_path / "home", "--port", "3456", "--api-port", "3456")
    said, _ = both.communicate(timeout=START_SECONDS)
    assert both.returncode == 5
    assert "FUND_API_PORT" in json.loads(said)["remedy"]


def test_killing_the_supervisor_ends_every_process(killed: Up) -> None:
    wait_until(lambda: not list(guard.members(killed.token)), what="nothing is left")


def test_the_start_after_a_killed_one_is_not_refused(killed: Up, shared: Up) -> None:
    assert shared.home == killed.home
    assert shared.ready["pid"] == shared.process.pid != killed.process.pid


def test_research_gives_way_to_what_orders_wait_for(shared: Up) -> None:
    nice = {name: psutil.Process(pid).nice() for name, pid in shared.ready["pids"].items()}
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert nice.pop("research") == min(own + 10, 19)
    assert set(nice.values()) == {own}


def test_sigterm_ends_every_process_and_forgets_them(shared: Up) -> None:
    """The last of this file: the services are gone then."""
    up = shared
    services = {pid for name, pid in up.ready["pids"].items() if name != "guard"}
    running = {one.pid for one in guard.members(up.token)}
    stop(up)
    for location in ("research", "trading"):
        log = (up.home / "logs" / f"{location}.log").read_text()
        assert "Shutting down Dagster code server" in log, "it was killed, because something in it did not hear"
    assert len(services) == 6
    assert services <= running
    assert up.process.returncode == 0
    assert list(guard.members(up.token)) == []
    assert {path.name for path in (up.home / "run").iterdir()} == {"up.lock", "workspace.yaml"}
