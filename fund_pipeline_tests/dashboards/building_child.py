"""Builds the marts of the home that the environment names, as a run does, until it is killed: ``python -m ...``."""

from __future__ import annotations

from fund_pipeline.clock import utc_now
from fund_pipeline.dashboards.building import begin_build
from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.locks import MARTS, exclusive
from fund_pipeline.settings import load_settings
from fund_pipeline.warehouse.marts import Site, run_dbt


def main() -> None:
    """Hold the lock as builders do, lay out a build, and have dbt make it."""
    settings = load_settings()
    ledger, site = open_ledger(settings.ledger_url), Site(settings.marts)
    with exclusive(ledger, MARTS):
        begin_build(ledger, site, utc_now(), settings.time_zone)
        run_dbt(site.begun(), "build")


if __name__ == "__main__":
    main()
