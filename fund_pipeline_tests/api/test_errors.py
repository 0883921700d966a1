"""Every class of error has its answer, and only what the caller may know is in it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException

from fund_pipeline.allocations.approval.refusals import Refusal, RefusedError
from fund_pipeline.api import create_app, problems
from fund_pipeline.api.envelope import Envelope
from fund_pipeline.errors import (
    ConfigurationError,
    ConflictError,
    InfeasibleError,
    InputError,
    InvariantError,
    NotFoundError,
    TemporaryError,
)
from fund_pipeline.settings import Settings
from fund_pipeline_tests.api.people import asked

HIDDEN = "password=hunter2 host=10.0.0.7"


def answered(error: Exception) -> tuple[int, dict[str, str], dict[str, str]]:
    """Status, body and headers of the answer to an error that an endpoint raises."""
    app = FastAPI()
    problems.install(app)
    app.add_middleware(Envelope)

    @app.get("/")
    def fail() -> None:
        raise error

    answer = asked(app, "/")
    assert answer.headers["X-Request-ID"] == "asked-1"
    assert answer.headers["X-Correlation-ID"] == answer.json()["request_id"] != "asked-1"
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.json(), dict(answer.headers)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (InputError("weight is -1", remedy="give 0 or more"), 422, "INVALID_INPUT"),
        (problems.WrongParameterError("fund", "fund is missing", remedy="name it"), 422, "INVALID_INPUT"),
        (NotFoundError("there is no fund 'x'", remedy="use one of: demo"), 404, "NOT_FOUND"),
        (ConflictError("the warehouse has none yet", remedy="run `fund nightly`"), 409, "CONFLICT"),
        (problems.NotAcceptedError(), 401, "NOT_ACCEPTED"),
        (problems.NotYourselfError(), 403, "NOT_YOURSELF"),
        *((RefusedError(one, f"refused: {one}", remedy="look again"), 409, one.value) for one in Refusal),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_the_caller_can_mend_is_told_with_its_reason(error: Exception, status: int, reason: str) -> None:
    found, body, _ = answered(error)
    assert (found, body["error"]) == (status, reason)
    assert (body["message"], body["remedy"]) == (error.message, error.remedy)  # type: ignore[attr-defined]


def test_the_field_is_named_where_there_is_one() -> None:
    assert answered(problems.WrongParameterError("fund", "fund is missing", remedy=""))[1]["field"] == "fund"
    assert "field" not in answered(NotFoundError("no such fund"))[1]


def test_a_login_is_asked_for() -> None:
    assert answered(problems.NotAcceptedError())[2]["www-authenticate"].startswith("Basic realm=")


def test_what_may_pass_by_itself_says_when_to_try_again_and_not_what_it_is() -> None:
    status, body, headers = answered(TemporaryError(f"the ledger did not answer: {HIDDEN}"))
    assert (status, body["error"], headers["retry-after"]) == (503, "UNAVAILABLE", "5")
    assert HIDDEN not in str(body)


@pytest.mark.parametrize("kind", [ConfigurationError, InvariantError, InfeasibleError])
def test_what_others_must_mend_is_logged_and_not_told(
    kind: type[InvariantError], caplog: pytest.LogCaptureFixture
) -> None:
    status, body, _ = answered(kind(HIDDEN, remedy=HIDDEN))
    assert (status, body["error"]) == (500, "FAILED")
    assert HIDDEN not in str(body)
    [line] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert (line.error, line.request_id) == (kind.__name__, body["request_id"])  # type: ignore[attr-defined]
    assert HIDDEN in line.problem  # type: ignore[attr-defined]


def test_an_unexpected_error_is_logged_with_its_place_but_not_with_the_values_in_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    status, body, _ = answered(RuntimeError(HIDDEN))
    assert (status, body["error"]) == (500, "FAILED")
    [line] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert line.error == "RuntimeError"  # type: ignore[attr-defined]
    assert "test_errors.py" in line.where  # type: ignore[attr-defined]
    assert HIDDEN not in str(body) + str(vars(line))


def test_other_http_errors_keep_their_status_and_headers() -> None:
    status, body, headers = answered(HTTPException(418, HIDDEN, {"X-Pot": "tea"}))
    assert (status, headers["x-pot"]) == (418, "tea")
    assert HIDDEN not in str(body)


@pytest.mark.parametrize("path", ["/healthz", "/api/portfolio/allocations/history"])
def test_a_ledger_that_is_away_is_temporary_and_strangers_learn_nothing_of_it(path: str, tmp_path: Path) -> None:
    away = "postgresql://fund:hunter2@127.0.0.1:9/fund"
    settings = Settings(home=tmp_path, database_url=away, _env_file=None)  # type: ignore[arg-type]
    answer = asked(create_app(settings), path)
    assert (answer.status_code, answer.json()["error"]) == (503, "UNAVAILABLE")
    assert answer.headers["Retry-After"] == "5"
    assert "127.0.0.1" not in answer.text
    assert "hunter2" not in answer.text
