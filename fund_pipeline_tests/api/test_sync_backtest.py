"""Reading a backtest again when Dagster is away, or says no. A run that succeeds is among the tests of `fund up`."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fund_pipeline.api.answerable import AnswerableError
from fund_pipeline.api.dagster_runs import DagsterRuns
from fund_pipeline.api.strategies import STARTS_AT_ONCE
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.settings import Settings
from fund_pipeline_tests.api.registries import registry_at
from fund_pipeline_tests.samples import ACT, strategy


@contextmanager
def saying(content: bytes | None, status: int = 200) -> Iterator[tuple[DagsterRuns, list[dict[str, Any]]]]:
    """A web server that answers everything so, or hangs up on None, and what it was asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if content is None:
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing is told."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield DagsterRuns(f"http://127.0.0.1:{server.server_port}"), asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def launched(**answer: Any) -> bytes:
    return json.dumps({"data": {"launchRun": answer}}).encode()


def test_a_web_server_that_is_away_is_503_and_says_what_to_start(tmp_path: Path) -> None:
    with registry_at(tmp_path / "home") as registry:
        put_strategy(registry.ledger, strategy("S"), ACT)
        answer = registry.ask("POST", "/S/sync-backtest")
        assert (answer.status_code, answer.json()["error"]) == (503, "DAGSTER_AWAY")
        assert "fund up" in answer.json()["remedy"]
        assert answer.headers["Retry-After"] == "5"
        asked = history(registry.ledger, "strategy", "S")[-1]
        assert (asked.action, asked.actor) == ("backtest_sync_asked", f"key:{registry.key.key.key_id}")
        assert asked.correlation_id == answer.headers["X-Correlation-ID"]


def test_a_web_server_that_hangs_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with registry_at(tmp_path / "home", port=port) as registry, ThreadPoolExecutor(STARTS_AT_ONCE) as pool:
            put_strategy(registry.ledger, strategy("S"), ACT)
            asked = [pool.submit(registry.ask, "POST", "/S/sync-backtest") for _ in range(STARTS_AT_ONCE)]
            held = [silent.accept()[0] for _ in asked]
            answers = [registry.send("GET", path) for path in ("/healthz", "/readyz")]
            answers.append(registry.ask("GET"))
            assert not any(one.done() for one in asked)
            for line in held:
                line.close()
            assert [answer.status_code for answer in answers] == [200] * 3
            assert {one.result().status_code for one in asked} == {503}


def test_a_run_that_was_started_is_told_with_its_page() -> None:
    with saying(launched(__typename="LaunchRunSuccess", run={"runId": "r-1"})) as (dagster, asked):
        run = dagster.start("research", "a_job", {"ops": {}}, {"k": "v"})
    assert (run.run_id, run.url) == ("r-1", f"{dagster.url}/runs/r-1")
    params = asked[0]["variables"]["params"]
    assert params["selector"] == {
        "repositoryLocationName": "research",
        "repositoryName": "__repository__",
        "pipelineName": "a_job",
    }
    assert params["executionMetadata"] == {"tags": [{"key": "k", "value": "v"}]}


REFUSALS = [
    (launched(__typename="PipelineNotFoundError", message="Could not find a_job"), 200, "Could not find a_job"),
    (
        launched(__typename="RunConfigValidationInvalid", errors=[{"message": "one"}, {"message": "two\n lines"}]),
        200,
        "one; two lines",
    ),
    (launched(__typename="UnauthorizedError"), 200, "UnauthorizedError"),
    (json.dumps({"errors": [{"message": "Cannot query field"}]}).encode(), 400, "Cannot query field"),
    (json.dumps({"data": None}).encode(), 200, "status 200"),
    (b"<html>Bad gateway</html>", 502, "status 502"),
    (b"\xff", 200, "status 200"),
    (b"", 500, "status 500"),
]


@pytest.mark.parametrize(("content", "status", "said"), REFUSALS, ids=[said for _, _, said in REFUSALS])
def test_a_run_that_is_not_started_is_502_with_what_dagster_said(content: bytes, status: int, said: str) -> None:
    with saying(content, status) as (dagster, _), pytest.raises(AnswerableError, match=said) as refused:
        dagster.start("research", "a_job", {}, {})
    assert (refused.value.status, refused.value.reason) == (502, "NOT_STARTED")


def test_a_web_server_that_hangs_up_may_have_started_the_run_and_that_is_said() -> None:
    with saying(None) as (dagster, _), pytest.raises(AnswerableError) as refused:
        dagster.start("research", "a_job", {}, {})
    assert (refused.value.status, refused.value.reason) == (503, "DAGSTER_AWAY")
    assert f"may have been started: look at {dagster.url}/runs" in refused.value.remedy


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:3456"),
        ("0.0.0.0", "http://127.0.0.1:3456"),
        ("::", "http://[::1]:3456"),
        ("dagster.internal", "http://dagster.internal:3456"),
    ],
)
def test_the_web_server_is_where_the_settings_say(host: str, url: str) -> None:
    assert DagsterRuns.of(Settings(host=host, port=3456, _env_file=None)).url == url
