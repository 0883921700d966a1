import json
import logging

import pytest
from structlog.contextvars import get_contextvars

from fund_pipeline.logs import configure_logging, correlated, get_logger


@pytest.fixture(autouse=True)
def _restored():
    ours = logging.getLogger("fund_pipeline")
    before = (list(ours.handlers), ours.level)
    yield
    ours.handlers[:], ours.level = before


def test_json_logs_are_one_object_per_line_with_the_correlation_id_and_utc(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "INFO")
    with correlated("corr-7"):
        get_logger("fund_pipeline.test").info("file refused", file="A.csv", rows=3)
    line = json.loads(capsys.readouterr().err)
    assert line | {"timestamp": ""} == {
        "event": "file refused",
        "file": "A.csv",
        "rows": 3,
        "correlation_id": "corr-7",
        "level": "info",
        "logger": "fund_pipeline.test",
        "timestamp": "",
    }
    assert line["timestamp"].endswith("Z")


def test_console_logs_show_the_event_and_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("console", "INFO")
    get_logger("fund_pipeline.test").warning("waiting", lock="research")
    shown = capsys.readouterr().err
    assert "waiting" in shown
    assert "lock=research" in shown


def test_lines_below_the_level_are_not_written_and_configuring_twice_writes_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("json", "WARNING")
    configure_logging("json", "WARNING")
    get_logger("fund_pipeline.test").info("quiet")
    get_logger("fund_pipeline.test").warning("loud")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["loud"]


def test_other_handlers_such_as_dagsters_read_the_event_and_stay(caplog: pytest.LogCaptureFixture) -> None:
    ours = logging.getLogger("fund_pipeline")
    ours.addHandler(caplog.handler)
    configure_logging("json", "INFO")
    get_logger("fund_pipeline.test").info("recorded", fund="demo")
    record = next(r for r in caplog.records if r.getMessage() == "recorded")
    assert record.fund == "demo"  # type: ignore[attr-defined]


def test_a_correlation_id_is_made_when_none_is_given_and_gone_afterwards() -> None:
    with correlated() as first:
        assert get_contextvars()["correlation_id"] == first
    with correlated() as second:
        assert second != first
    assert "correlation_id" not in get_contextvars()
