"""Starting a run of Dagster as its pages do: over GraphQL, without speaking Dagster in this process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from fund_pipeline.api.answerable import AnswerableError
from fund_pipeline.api.problems import RETRY_SECONDS, Reason
from fund_pipeline.logs import get_logger
from fund_pipeline.settings import Settings

REPOSITORY = "__repository__"
CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 20.0
"""A code server that has just started loads its location first. Nothing but other such requests waits meanwhile."""
LONGEST_TOLD = 500

_LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) { __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on Error { message } } }"""

log = get_logger(__name__)


@dataclass(frozen=True)
class StartedRun:
    """A run that Dagster took on: its id and its page."""

    run_id: str
    url: str


@dataclass(frozen=True)
class DagsterRuns:
    """The Dagster web server at `url`, as this machine reaches it."""

    url: str

    @classmethod
    def of(cls, settings: Settings) -> DagsterRuns:
        """The one that the settings name; `fund up` tells the API where it is in fact."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - not bound
        return cls(f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}")

    def start(self, location: str, job: str, config: Mapping[str, Any], tags: Mapping[str, str]) -> StartedRun:
        """Start a run of a job of a code location.

        Raises AnswerableError: 503 DAGSTER_AWAY when the web server does not answer, 502 NOT_STARTED when it refuses,
        with what it said.
        """
        selector = {"repositoryLocationName": location, "repositoryName": REPOSITORY, "pipelineName": job}
        params = {
            "selector": selector,
            "runConfigData": config,
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
        }
        told = self._asked({"query": _LAUNCH, "variables": {"params": params}})
        if told.get("__typename") == "LaunchRunSuccess":
            run_id = str(told["run"]["runId"])
            return StartedRun(run_id, f"{self.url}/runs/{run_id}")
        said = _words(told)
        log.error("Dagster did not start a run", job=job, said=said)
        raise AnswerableError(
            502,
            Reason.NOT_STARTED,
            f"Dagster did not start {job}: {said}",
            remedy=f"look at {self.url}/locations: the code location {location} must be loaded",
        )

    def _asked(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        try:
            answer = httpx.post(f"{self.url}/graphql", json=body, timeout=timeout, trust_env=False)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise _away("Dagster's web server does not answer", "start it with `fund up`, then send again") from None
        except httpx.TransportError as broken:
            log.warning("Dagster did not answer to the end", error=type(broken).__name__)
            remedy = f"the run may have been started: look at {self.url}/runs, then send again"
            raise _away("Dagster's web server did not answer to the end", remedy) from None
        try:
            content = answer.json()
        except ValueError:
            content = None
        match content:
            case {"data": {"launchRun": dict() as told}}:
                return told
            case {"errors": [dict() as wrong, *_]}:
                return wrong
            case _:
                return {"message": f"status {answer.status_code}, and nothing about a run"}


def _words(told: Mapping[str, Any]) -> str:
    errors = [told.get("message"), *(each.get("message") for each in told.get("errors", []))]
    said = "; ".join(" ".join(str(each).split()) for each in errors if each)
    return (said or str(told.get("__typename")))[:LONGEST_TOLD]


def _away(message: str, remedy: str) -> AnswerableError:
    return AnswerableError(
        503, Reason.DAGSTER_AWAY, message, remedy=remedy, headers={"Retry-After": str(RETRY_SECONDS)}
    )
