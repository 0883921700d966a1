"""A run over all signals that wait, with a process that sends beside it: ``python -m fund_pipeline_tests.defs.crowd``.

The home is the environment's. It says in JSON what the run shows of its orders. It can be stopped at the boundaries of
`kills/boundaries.py`.
"""

from __future__ import annotations

import json

from dagster import DagsterInstance

from fund_pipeline.defs.trading.beside import CROWD, stand_by
from fund_pipeline.defs.trading.definitions import trading_definitions
from fund_pipeline.defs.trading.watching import SIZE_AND_EXECUTE, WAITING_TAG
from fund_pipeline_tests.kills import boundaries


def main() -> None:
    """One run."""
    boundaries.install()
    stand_by({WAITING_TAG: str(CROWD + 1)})
    with DagsterInstance.ephemeral() as instance:
        job = trading_definitions(("demo",)).resolve_job_def(SIZE_AND_EXECUTE)
        result = job.execute_in_process(instance=instance)
        (shown,) = result.asset_materializations_for_node("orders")
    print(json.dumps({name: shown.metadata[name].value for name in ("orders", "sent_while_deciding")}))


if __name__ == "__main__":
    main()
