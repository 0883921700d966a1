"""Structured logs: one event per line, each carrying the correlation id of the run that wrote it."""

from __future__ import annotations

import logging
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import structlog

get_logger = structlog.stdlib.get_logger


def configure_logging(log_format: Literal["console", "json"], level: str) -> None:
    """Send our logs to standard error, for people (`console`) or programs (`json`, one object per line, UTC)."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    ours = logging.getLogger("fund_pipeline")
    ours.handlers = [handler]
    ours.setLevel(level)
    ours.propagate = False


@contextmanager
def correlated(correlation_id: str | None = None) -> Iterator[str]:
    """Bind a correlation id (a new one if none is given) to every log line written inside."""
    bound = correlation_id or uuid.uuid4().hex[:12]
    with structlog.contextvars.bound_contextvars(correlation_id=bound):
        yield bound
