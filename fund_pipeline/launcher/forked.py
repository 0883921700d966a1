"""What a fork of the warm process does: it says who it is, waits for the word, and works on its run as any worker."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable, Mapping

from dagster import DagsterInstance
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.events import EngineEventData
from dagster._core.instance.ref import InstanceRef
from dagster._core.origin import JobPythonOrigin
from dagster._grpc.impl import core_execute_run
from dagster._utils.hosted_user_process import recon_job_from_origin
from dagster._utils.interrupts import capture_interrupts

from fund_pipeline.launcher.asking import GO, GOING, RUN, STATUS, WORKER, Line, NoAnswerError
from fund_pipeline.launcher.worker import Worker
from fund_pipeline.logs import get_logger

_GO_SECONDS = 30.0
"""How long a fork waits to hear that its run is tagged: a database may be slow to write that down."""


Tags = Mapping[str, str]

log = get_logger(__name__)


def answer(
    connection: socket.socket, home: InstanceRef, status: Callable[[], str], stand_by: Callable[[Tags], None]
) -> None:
    """Be the fork that answers this connection, and do what it asks for. Returns when that is done.

    `stand_by` is told the tags of a run before anything is opened for it.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    line = Line(connection, _GO_SECONDS)
    try:
        word, rest = line.hear()
        if word == STATUS:
            line.say(status())
        elif word == RUN:
            line.say(WORKER, str(Worker.of(os.getpid())))
            word, tags = line.hear()
            if word == GO:
                line.say(GOING)
                connection.close()
                _let_stand_by(stand_by, tags)
                execute(rest, home)
    except NoAnswerError:
        return  # who asked has gone, and nothing was begun


def _let_stand_by(stand_by: Callable[[Tags], None], tags: str) -> None:
    """The run was taken: it is worked whatever becomes of this."""
    try:
        stand_by(json.loads(tags or "{}"))
    except Exception:
        log.exception("what the location does before its runs has failed; the run goes on")


def rehearse(home: InstanceRef) -> None:
    """Open what every run opens, so that what is imported for that is known."""
    with DagsterInstance.from_ref(home) as instance:
        instance.get_runs(limit=1)
        instance.event_log_storage.get_maximum_record_id()
        instance.compute_log_manager.get_log_data(["rehearsal"])


def execute(run_id: str, home: InstanceRef) -> None:
    """Work on a run. What fails is in its log, and in this process's."""
    with capture_interrupts(), DagsterInstance.from_ref(home) as instance:
        run = instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return  # deleted, or cancelled meanwhile
        pid = os.getpid()
        instance.report_engine_event(
            f"Forked from the warm process (pid: {pid}).", run, EngineEventData.in_process(pid)
        )
        for _ in core_execute_run(_job(run.job_code_origin), run, instance, inject_env_vars=False):
            pass


def _job(origin: JobPythonOrigin | None) -> ReconstructableJob:
    if origin is None:
        raise ValueError("the run does not say where its job's code is")
    return recon_job_from_origin(origin)
