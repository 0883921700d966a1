"""Dagster as it runs, asked and told over GraphQL as its pages do."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from fund_pipeline_tests.waiting import wait_until

RUN_SECONDS = 120.0
RECOMMENDED, ACTIVE = ["recommended_allocation", "demo"], ["active_allocation", "demo"]
CHECK = {"assetKey": {"path": RECOMMENDED}, "name": "allocation_approved"}
STEP = "allocation_approved__demo"

_LAUNCH = """mutation($p: ExecutionParams!) { launchPipelineExecution(executionParams: $p) {
    __typename ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } } ... on PythonError { message } } }"""
_RUN = """query($id: ID!) { runOrError(runId: $id) { ... on Run { status endTime
    assetChecks { name } assetMaterializations { assetKey { path } } } } }"""
_CHECKS = """query($key: AssetKeyInput!) {
    assetCheckExecutions(assetKey: $key, checkName: "allocation_approved", limit: 100) {
    runId evaluation { success severity description metadataEntries { label
    ... on TextMetadataEntry { text } ... on UrlMetadataEntry { url } ... on MarkdownMetadataEntry { mdStr } } } } }"""
_LATEST = """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
    assetMaterializations(limit: 50) { runId timestamp metadataEntries { label
    ... on TextMetadataEntry { text } ... on MarkdownMetadataEntry { mdStr } } } } } }"""
_REPORT = """mutation($p: ReportAssetCheckEvaluationsParams!) { reportAssetCheckEvaluations(eventParams: $p) {
    __typename ... on PythonError { message } } }"""
_SENSOR = """query($name: String!) { sensorOrError(sensorSelector: {repositoryName: "__repository__",
    repositoryLocationName: "trading", sensorName: $name}) { ... on Sensor { sensorState { status
    ticks(limit: 20) { id endTimestamp } } } } }"""
_SWITCH = """mutation($id: String!, $stop: Boolean!, $s: SensorSelector!) {
    stopSensor(id: $id) @include(if: $stop) { __typename ... on PythonError { message } }
    startSensor(sensorSelector: $s) @skip(if: $stop) { __typename ... on PythonError { message } } }"""
_SENSOR_ID = """query($s: SensorSelector!) { sensorOrError(sensorSelector: $s) { ... on Sensor {
    sensorState { id status } } } }"""
_STARTED = """query($name: String!) { runsOrError(filter: {tags: [{key: "dagster/sensor_name", value: $name}]}) {
    ... on Runs { results { runId } } } }"""
_RUNS = """query($name: String!) { runsOrError(filter: {pipelineName: $name}) {
    ... on Runs { results { runId } } } }"""


@dataclass(frozen=True)
class Run:
    """A run that ended, and when (seconds since the epoch)."""

    run_id: str
    status: str
    ended: float


@dataclass(frozen=True)
class Check:
    """An evaluation of allocation_approved; `told` is its metadata by label."""

    passed: bool
    severity: str
    description: str
    told: Mapping[str, str]


@dataclass(frozen=True)
class Live:
    """The web server at `url`."""

    url: str

    def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        """The data of an answer; AssertionError with what was wrong."""
        content = json.dumps({"query": query, "variables": variables or {}}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", content, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert not answer.get("errors"), answer["errors"]
        return answer["data"]

    def decide(self, **fields: object) -> str:
        """Launch the job over the check with these fields of the form; the run's id."""
        return self.launch("approve_allocations", config=form(**fields))

    def launch(
        self,
        job: str = "__ASSET_JOB",
        *,
        location: str = "research",
        assets: tuple[list[str], ...] = (),
        checks: tuple[Mapping[str, Any], ...] = (),
        config: Mapping[str, Any] | None = None,
    ) -> str:
        """Launch a job, or the assets and checks that are chosen; the run's id."""
        selector: dict[str, Any] = {
            "pipelineName": job,
            "repositoryName": "__repository__",
            "repositoryLocationName": location,
        }
        if job == "__ASSET_JOB":
            selector |= {"assetSelection": [{"path": path} for path in assets], "assetCheckSelection": list(checks)}
        told = self.ask(_LAUNCH, {"p": {"selector": selector, "runConfigData": config or {}}})
        answer = told["launchPipelineExecution"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        run_id: str = answer["run"]["runId"]
        return run_id

    def ended(self, run_id: str) -> Run:
        """Wait for the end of a run."""

        def over() -> Run | None:
            found = self.ask(_RUN, {"id": run_id})["runOrError"]
            done = found["status"] in {"SUCCESS", "FAILURE", "CANCELED"}
            return Run(run_id, found["status"], found["endTime"] or 0.0) if done else None

        return wait_until(over, seconds=RUN_SECONDS, what=f"the end of run {run_id}")

    def check_of(self, run_id: str) -> Check:
        """What the check came to in a run that ended."""
        executions = self.ask(_CHECKS, {"key": {"path": RECOMMENDED}})["assetCheckExecutions"]
        (found,) = [one["evaluation"] for one in executions if one["runId"] == run_id]
        told = {
            one["label"]: one.get("text") or one.get("url") or one.get("mdStr") or ""
            for one in found["metadataEntries"]
        }
        return Check(found["success"], found["severity"], found["description"] or "", told)

    def materialised(self) -> list[Mapping[str, str]]:
        """What active_allocation showed whenever it was materialised, newest first."""
        node = self.ask(_LATEST, {"key": {"path": ACTIVE}})["assetNodeOrError"]
        return [
            {one["label"]: one.get("text") or one.get("mdStr") or "" for one in event["metadataEntries"]}
            | {"run_id": event["runId"], "at": event["timestamp"]}
            for event in node["assetMaterializations"]
        ]

    def report_passed(self) -> None:
        """*Report evaluation* of the pages: a passing result that no code produced."""
        told = self.ask(_REPORT, {"p": {"assetKey": {"path": RECOMMENDED}, "checkName": CHECK["name"], "passed": True}})
        assert told["reportAssetCheckEvaluations"]["__typename"].endswith("Success"), told

    @contextmanager
    def without(self, *sensors: str) -> Iterator[None]:
        """These sensors of `trading` do not look for as long as the block lasts, nor wait inside a tick."""
        with ExitStack() as stack:
            for name in sensors:
                selector = {
                    "repositoryName": "__repository__",
                    "repositoryLocationName": "trading",
                    "sensorName": name,
                }
                state = self.ask(_SENSOR_ID, {"s": selector})["sensorOrError"]["sensorState"]
                assert state["status"] == "RUNNING"
                self.ask(_SWITCH, {"id": state["id"], "stop": True, "s": selector})
                stack.callback(self.ask, _SWITCH, {"id": state["id"], "stop": False, "s": selector})
            for name in sensors:
                wait_until(partial(self._is_at_rest, name), seconds=RUN_SECONDS, what=f"the end of {name}'s tick")
            yield

    def _is_at_rest(self, sensor: str) -> bool:
        ticks = self.ask(_SENSOR, {"name": sensor})["sensorOrError"]["sensorState"]["ticks"]
        return all(tick["endTimestamp"] for tick in ticks)

    def runs_of(self, job: str) -> list[str]:
        """Runs of a job, newest first."""
        return [run["runId"] for run in self.ask(_RUNS, {"name": job})["runsOrError"]["results"]]

    def started_by(self, sensor: str) -> list[str]:
        """Runs that a sensor of `trading` started, newest first."""
        return [run["runId"] for run in self.ask(_STARTED, {"name": sensor})["runsOrError"]["results"]]

    def looked_again(self, *sensors: str) -> None:
        """Wait until each of these running sensors of `trading` has begun and ended another tick after now."""

        def ticks(name: str) -> set[str]:
            state = self.ask(_SENSOR, {"name": name})["sensorOrError"]["sensorState"]
            assert state["status"] == "RUNNING"
            return {tick["id"] for tick in state["ticks"] if tick["endTimestamp"]}

        def ticked_twice(name: str, seen: set[str]) -> bool:
            return len(ticks(name) - seen) >= 2

        before = {name: ticks(name) for name in sensors}
        for name, seen in before.items():
            wait_until(partial(ticked_twice, name, seen), seconds=RUN_SECONDS, what=f"two ticks of {name}")


def form(**fields: object) -> dict[str, Any]:
    """The run config of the job in which a person decides."""
    return {"ops": {STEP: {"config": fields}}}
