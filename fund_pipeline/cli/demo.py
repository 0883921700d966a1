"""`fund demo`: the main job on the sample data, from an empty home to a pending allocation."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, start
from fund_pipeline.cli.nightly import end_with_checks, run_with_progress, show_outcome
from fund_pipeline.cli.tables import console, headed
from fund_pipeline.errors import ConfigurationError
from fund_pipeline.settings import PROJECT, Settings

if TYPE_CHECKING:
    from fund_pipeline.allocations.approval import Decided
    from fund_pipeline.ledger import Ledger

REGISTRY = PROJECT / "data" / "registry.yaml"


def demo(
    approve: Annotated[bool, typer.Option(help="Approve what is recommended, as the demo's own admin.")] = True,
    as_json: Json = False,
) -> None:
    """Run the nightly pipeline on the sample backtests, in the embedded home; show what it recommends, and approve it.

    The approval goes the way of any other, by an admin of the demo's own who is enrolled for it with a one-time code.
    """
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
        if as_json:
            approved = [asdict(one.approval) for one in _approve_pending(settings, ledger)] if approve else []
            show_outcome(settings, ledger, outcome, as_json=True, more={"approvals": approved})
        else:
            show_outcome(settings, ledger, outcome, as_json=False)
            if approve:
                _tell_approvals(_approve_pending(settings, ledger))
    if not as_json:
        terminal = console()
        terminal.print(
            headed("\nNext", "    make up                           the lineage, pictures and checks, in a browser")
        )
        terminal.print("        .venv/bin/fund allocations list   what is pending; `show ID` says why")
        terminal.print("        README.md                         everything else")
    end_with_checks(outcome)


def _approve_pending(settings: Settings, ledger: Ledger) -> list[Decided]:
    from fund_pipeline.allocations.approval import Request, Verb, decide
    from fund_pipeline.clock import utc_now
    from fund_pipeline.ledger.allocations import list_allocations
    from fund_pipeline.ledger.digests import shown_id
    from fund_pipeline.ledger.model import AllocationStatus
    from fund_pipeline.users import Security
    from fund_pipeline.users.demo import DEMO_ADMIN, demo_code
    from fund_pipeline.warehouse import Warehouse

    security = Security.of(settings, ledger)
    matrix = Warehouse(settings.warehouse).read_returns("strategy_returns")
    decided = []
    for pending in list_allocations(ledger, status=AllocationStatus.PENDING_APPROVAL):
        now = utc_now()
        code = demo_code(ledger, security.box, person(), now)
        shown = shown_id(pending.allocation_id, pending.digest)
        request = Request(Verb.APPROVE, shown, DEMO_ADMIN, code, "the demo approves what it recommends")
        decided.append(decide(ledger, matrix, security, request, now, anchors=settings.audit_anchors))
    return decided


def _tell_approvals(decided: list[Decided]) -> None:
    for one in decided:
        approval = one.approval
        console().print(
            headed(
                "\nApproved",
                f" {one.allocation.allocation_id} is {one.allocation.status.value}: "
                f"by {approval.decided_by}, with a one-time code, at {approval.decided_at:%Y-%m-%d %H:%M:%S}Z",
            )
        )
    if not decided:
        console().print(headed("\nNothing to approve", ": what is in force is still the answer"))
