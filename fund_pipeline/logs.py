"""Structured logs: one event per line, each carrying the correlation id of the run that wrote it."""

from __future__ import annotations

import logging
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import structlog

ROOT = "fund_pipeline"
CORRELATION_TAG = "fund/correlation_id"
"""The tag of a Dagster run that carries its correlation id."""
get_logger = structlog.stdlib.get_logger

# Each event becomes an ordinary log record, its fields as extras: other handlers, such as Dagster's, read it too.
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.render_to_log_kwargs,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
)


class _StandardError(logging.StreamHandler):  # type: ignore[type-arg]
    """Ours among the handlers, so that configuring twice replaces it."""


def configure_logging(log_format: Literal["console", "json"], level: str) -> None:
    """Send our logs to standard error, for people (`console`) or programs (`json`, one object per line, UTC)."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = _StandardError(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.ExtraAdder(),
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    ours = logging.getLogger(ROOT)
    ours.handlers = [*(other for other in ours.handlers if not isinstance(other, _StandardError)), handler]
    ours.setLevel(level)


@contextmanager
def correlated(correlation_id: str | None = None) -> Iterator[str]:
    """Bind a correlation id (a new one if none is given) to every log line written inside."""
    bound = correlation_id or uuid.uuid4().hex[:12]
    with structlog.contextvars.bound_contextvars(correlation_id=bound):
        yield bound
