"""Running the nightly job here and now."""

from __future__ import annotations

from fund_pipeline.services.research import Progress, RunFailedError, RunOutcome, run_research
from fund_pipeline.settings import Settings


class NightlyFailedError(RunFailedError):
    """Whoever started the night must look at it: a step failed, and the run's log says why."""


def run_nightly(settings: Settings, correlation_id: str, progress: Progress) -> RunOutcome:
    """Run the job `nightly_optimisation` in this process, telling `progress` of each asset that is done.

    Raises NightlyFailedError with the first step that failed and its reason; everything before it stays done.
    """
    from fund_pipeline.defs.research.jobs import NIGHTLY

    try:
        return run_research(settings, NIGHTLY, correlation_id, progress)
    except RunFailedError as failed:
        raise NightlyFailedError(
            failed.message.replace("the run", "the nightly run", 1),
            remedy="correct that and run `fund nightly` again; `fund up` shows the run's whole log",
        ) from None
