"""The launcher of every run: forks of the warm process for one code location, Dagster's own way for all others."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster import DagsterRun, DagsterRunStatus, DefaultRunLauncher, StringSource
from dagster._core.launcher.base import CheckRunHealthResult, LaunchRunContext, RunLauncher, WorkerStatus
from dagster._serdes import ConfigurableClass, ConfigurableClassData

from fund_pipeline.launcher.asking import ANNOUNCED, BUSY, GO, GOING, RUN, WORKER, NoAnswerError, called
from fund_pipeline.launcher.stock import worker_of_stock
from fund_pipeline.launcher.worker import WORKER_TAG, Worker
from fund_pipeline.logs import get_logger

if TYPE_CHECKING:
    from dagster import DagsterInstance
    from dagster._config.config_schema import UserConfigSchema

LAUNCHER_TAG, FELL_BACK_TAG = "fund/launcher", "fund/fell_back"
WARM, STOCK = "warm", "stock"
PATIENCE_SECONDS = 8.0
"""How long a worker that is told to stop may take before it is killed."""

BUSY_SECONDS = 10.0
_BUSY_POLL_SECONDS = 0.1

log = get_logger(__name__)


class WarmRunLauncher(RunLauncher["DagsterInstance"], ConfigurableClass):
    """Has runs of `location` forked by the warm process, and leaves all others to the stock launcher.

    Where the warm process does not answer, or says that it is unwell, or stays busy, the stock launcher takes the run,
    and the run's own log, the log of this process and the tag `fund/launcher` say so. A run is never started twice:
    a fork begins only once it has heard that its run is tagged with it, and one that has not said that it heard is
    killed before anybody else is asked.

    Of runs of both launchers it knows whether their process lives, so that run monitoring can end those whose process
    does not, and it ends a process before it calls a run CANCELED.

    Parameters
    ----------
    home : the Dagster home, in which the warm process announces itself. Where none has, every run goes the stock way.
    location : the code location whose runs are light.
    inst_data : what Dagster needs to make this object again in another process.
    """

    def __init__(self, home: str, location: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._inst_data = inst_data
        self._socket = Path(home) / ANNOUNCED
        self._location = location
        self._stock: Any = DefaultRunLauncher()  # its methods have no types
        untyped_base: Callable[[], None] = super().__init__
        untyped_base()

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        """The module, class and configuration this was made from."""
        return self._inst_data

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """The schema of `run_launcher: config:` in `dagster.yaml`."""
        return {"home": StringSource, "location": StringSource}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> WarmRunLauncher:
        """Make the launcher from its configuration."""
        return cls(config_value["home"], config_value["location"], inst_data)

    def register_instance(self, instance: DagsterInstance) -> None:
        """Serve this instance, and the stock launcher too."""
        super().register_instance(instance)
        self._stock.register_instance(instance)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Begin a run; raises what the stock launcher raises when it cannot either."""
        run = context.dagster_run
        if self._is_light(run) and self._socket.exists():
            try:
                self._fork(run)
            except NoAnswerError as unwell:
                words = f"the warm process could not take the run ({unwell}); the stock launcher starts it, in seconds"
                log.warning(words, run_id=run.run_id, job=run.job_name)
                self._instance.report_engine_event(words, run, cls=type(self))
                self._instance.add_run_tags(run.run_id, {FELL_BACK_TAG: "true"})
            else:
                return
        self._instance.add_run_tags(run.run_id, {LAUNCHER_TAG: STOCK})
        self._stock.launch_run(context)

    def terminate(self, run_id: str) -> bool:
        """End a run's process, by force after `PATIENCE_SECONDS`; False if the run was over."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        worker = self._worker_of(run)
        if worker is None or not worker.is_near:
            return bool(self._stock.terminate(run_id))
        self._instance.report_run_canceling(run)
        worker.end(PATIENCE_SECONDS)
        left = self._instance.get_run_by_id(run_id)
        if left is not None and not left.is_finished:
            self._instance.report_run_canceled(left, f"Process {worker.pid} has ended.")
        return True

    @property
    def supports_check_run_worker_health(self) -> bool:
        """It does."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the run's process lives. One of which nothing can be known here is taken to be alive."""
        worker = self._worker_of(run)
        if worker is None or not worker.is_near:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "nothing is known of its process here")
        if worker.lives():
            return CheckRunHealthResult(WorkerStatus.RUNNING, run_worker_id=str(worker))
        return CheckRunHealthResult(WorkerStatus.FAILED, f"process {worker.pid} is gone", run_worker_id=str(worker))

    def get_run_worker_debug_info(self, run: DagsterRun, include_container_logs: bool | None = True) -> str | None:
        """What is to be said of the run's process. One that run monitoring gives up is ended first.

        Monitoring asks for this right before it declares that a run has taken too long to start or to stop, and a
        process must not work on after that.
        """
        del include_container_logs
        worker = self._worker_of(run)
        if worker is None or not worker.is_near:
            return None
        if run.status in (DagsterRunStatus.CANCELING, DagsterRunStatus.STARTING, DagsterRunStatus.NOT_STARTED):
            ended = worker.end(0.0)
            return f"process {worker.pid} {'was killed' if ended else 'was gone'}"
        return f"process {worker.pid} {'lives' if worker.lives() else 'is gone'}"

    def dispose(self) -> None:
        """Release what the stock launcher holds."""
        self._stock.dispose()

    def join(self, timeout: int = 30) -> None:
        """Wait for runs of the stock launcher."""
        self._stock.join(timeout)

    def _is_light(self, run: DagsterRun) -> bool:
        origin = run.remote_job_origin
        return origin is not None and origin.location_name == self._location

    def _fork(self, run: DagsterRun) -> None:
        worker: Worker | None = None
        end = time.monotonic() + BUSY_SECONDS
        try:
            while True:
                with called(self._socket) as line:
                    line.say(RUN, run.run_id)
                    word, rest = line.hear()
                    if word == WORKER:
                        worker = Worker.parse(rest)
                        self._instance.add_run_tags(run.run_id, {WORKER_TAG: rest, LAUNCHER_TAG: WARM})
                        line.say(GO, json.dumps(run.tags))
                        if line.hear()[0] != GOING:
                            raise NoAnswerError("its fork spoke out of turn")
                        return
                if word != BUSY or time.monotonic() > end:
                    raise NoAnswerError(f"it says: {word} {rest}".strip())
                time.sleep(_BUSY_POLL_SECONDS)
        except NoAnswerError:
            if worker is not None:
                worker.end(0.0)  # whether it heard or not, it must not begin beside another
            raise

    def _worker_of(self, run: DagsterRun) -> Worker | None:
        """Of the tags as they are now: those of the caller's object may be older."""
        current = self._instance.get_run_by_id(run.run_id) or run
        with suppress(KeyError, ValueError):
            return Worker.parse(current.tags[WORKER_TAG])
        return worker_of_stock(self._instance, current)
