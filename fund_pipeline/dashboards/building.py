"""The beginning of a build: what the marts are made from. dbt makes them, and `publishing` publishes them."""

from __future__ import annotations

from datetime import datetime

from fund_pipeline.dashboards.facts import worked_out
from fund_pipeline.ledger import Ledger
from fund_pipeline.warehouse.expectations import prepare
from fund_pipeline.warehouse.export import Export, export_ledger
from fund_pipeline.warehouse.marts import Site


def begin_build(ledger: Ledger, site: Site, now: datetime, time_zone: str, *, whole: bool = False) -> Export:
    """Bring the export up to the ledger, and lay out a new build from it. Callers hold the lock `MARTS`.

    `whole` reads all of every table again.
    """
    facts = worked_out(ledger, now, time_zone)
    export = export_ledger(ledger, site.export, now, whole=whole)
    site.begin(export, facts)
    prepare()  # dbt comes first, in a process of its own
    return export
