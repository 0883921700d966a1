"""`fund demo`: the main job on the sample data, from an empty home to a pending allocation."""

from __future__ import annotations

from fund_pipeline.cli.context import Json, ledger_of, person, start
from fund_pipeline.cli.nightly import end_with_checks, run_with_progress, show_outcome
from fund_pipeline.cli.tables import console
from fund_pipeline.errors import ConfigurationError
from fund_pipeline.settings import PROJECT

REGISTRY = PROJECT / "data" / "registry.yaml"


def demo(as_json: Json = False) -> None:
    """Run the nightly pipeline on the sample backtests, in the embedded home, and show what it recommends."""
    from fund_pipeline.accounts import import_registry, read_registry
    from fund_pipeline.accounts.demo import refuse_unless_demo
    from fund_pipeline.ledger.migrate import upgrade

    settings = start()
    if settings.database_url is not None or settings.dagster_database_url is not None:
        raise ConfigurationError(
            "the demo runs only on its own embedded home, and a PostgreSQL URL is set",
            remedy="unset FUND_DATABASE_URL and FUND_DAGSTER_DATABASE_URL, or run `fund nightly` instead",
        )
    registry = read_registry(REGISTRY)
    upgrade(settings.ledger_url)
    with ledger_of(settings) as ledger:
        refuse_unless_demo(ledger, registry)
        import_registry(ledger, registry, person(), only_missing=True)
        outcome = run_with_progress(settings, quiet=as_json)
        show_outcome(settings, ledger, outcome, as_json=as_json)
    if not as_json:
        terminal = console()
        terminal.print(
            "\n[bold]Next[/bold]    make up                           the lineage, pictures and checks, in a browser"
        )
        terminal.print("        .venv/bin/fund allocations list   what is pending; `show ID` says why")
        terminal.print("        README.md                         everything else")
    end_with_checks(outcome)
