"""Building and publishing the dashboards here and now."""

from __future__ import annotations

from fund_pipeline.services.research import Progress, RunOutcome, run_research
from fund_pipeline.settings import Settings


def run_publishing(settings: Settings, correlation_id: str, progress: Progress, *, whole: bool = False) -> RunOutcome:
    """Run the job `publish_dashboards` in this process; `whole` reads all of the ledger again.

    RunFailedError with the first step that failed; what was published before stays.
    """
    from fund_pipeline.defs.research.jobs import PUBLISH

    ops = {"ledger_export": {"config": {"whole": whole}}}
    return run_research(settings, PUBLISH, correlation_id, progress, ops)
