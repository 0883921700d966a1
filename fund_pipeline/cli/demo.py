"""`fund demo`: the main job on the sample data, from an empty home to an approved allocation, orders and positions."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.cli import demo_books
from fund_pipeline.cli.context import Json, ledger_of, person, start
from fund_pipeline.cli.demo_orders import traded, working
from fund_pipeline.cli.demo_signals import all_accepted, send_lists, show_signals
from fund_pipeline.cli.nightly import end_with_checks, run_with_progress, show_outcome, with_progress
from fund_pipeline.cli.reconcile import reconciled_values, tell_reconciled
from fund_pipeline.cli.tables import console, headed
from fund_pipeline.errors import ConfigurationError
from fund_pipeline.settings import PROJECT, Settings

if TYPE_CHECKING:
    from fund_pipeline.allocations.approval.decide import Decided
    from fund_pipeline.ledger import Ledger

DEMO_FUND = "demo"
REGISTRY = PROJECT / "data" / "registry.yaml"


def demo(
    approve: Annotated[bool, typer.Option(help="Approve what is recommended, as the demo's own admin.")] = True,
    report: Annotated[bool, typer.Option(help="Publish the dashboards and write the fund's page.")] = True,
    as_json: Json = False,
) -> None:
    """Run the nightly pipeline on the sample backtests, in the embedded home; approve what it recommends; trade.

    The approval goes the way of any other, by an admin of the demo's own who is enrolled for it with a one-time code.
    So do the signals: senders of the demo's own post them to the HTTP API, which runs for as long as that takes; each
    is sized under the approved allocation and ordered at the paper broker. Without an approval there are none. Two
    clients of the demo's own hold the fund's units; at the end its NAV is struck.
    """
    from fund_pipeline.accounts import import_registry, read_registry
    from fund_pipeline.accounts.demo import refuse_unless_demo
    from fund_pipeline.ledger.migrate import upgrade
    from fund_pipeline.services.own_api import own_api
    from fund_pipeline.signals.senders.demo import DEMO_SENDERS, NAME

    settings = start()
    if settings.database_url is not None or settings.dagster_database_url is not None:
        raise ConfigurationError(
            "the demo runs only on its own embedded home, and a PostgreSQL URL is set",
            remedy="unset FUND_DATABASE_URL and FUND_DAGSTER_DATABASE_URL, or run `fund nightly` instead",
        )
    registry = read_registry(REGISTRY)
    upgrade(settings.ledger_url)
    with ledger_of(settings) as ledger:
        refuse_unless_demo(ledger, registry, {(sender_id, NAME) for sender_id in DEMO_SENDERS})
        import_registry(ledger, registry, person(), only_missing=True)
        demo_books.open_books(settings, ledger)
        # It starts while the nightly pipeline runs.
        with own_api(settings) if approve else nullcontext() as api:
            outcome = run_with_progress(settings, quiet=as_json)
            if not as_json:
                show_outcome(settings, ledger, outcome, as_json=False)
            decided = _approve_pending(settings, ledger) if approve else []
            if approve and not as_json:
                _tell_approvals(decided)
                console().print("\nSignals are sent, each worked before the next ...")
            sent = []
            if api is not None:
                with working(settings, ledger) as work_once:
                    sent = send_lists(settings, ledger, api.url(), work_once)
            done = traded(ledger, sent)
        proved = demo_books.reconcile_books(settings, ledger)
        books = demo_books.strike_books(settings, ledger)
        if sent and report and not as_json:
            console().print("The dashboards are built, checked and published ...")
        page = _report(settings, ledger) if sent and report else None
        if as_json:
            more = {
                "approvals": [asdict(one.approval) for one in decided],
                "signals": [values for one in sent for values in one.as_values()],
                **done.as_values(),
                "reconciled": [reconciled_values(one) for one in proved],
                **demo_books.as_values(books),
                "report": page,
            }
            show_outcome(settings, ledger, outcome, as_json=True, more=more)
        elif sent:
            show_signals(sent)
            done.show()
        if not as_json:
            console().print(headed("\nReconciled", ""))
            for one in proved:
                tell_reconciled(one)
            demo_books.show_books(books)
            if page is not None:
                console().print(headed("\nReport", f"  {page}"))
    if not as_json:
        _tell_next()
    end_with_checks(outcome)
    if not all_accepted(sent):
        raise typer.Exit(1)


def _report(settings: Settings, ledger: Ledger) -> str:
    """Publish the dashboards, and write the demo fund's page; where it is."""
    from fund_pipeline.clock import utc_now
    from fund_pipeline.dashboards import admin_dashboard
    from fund_pipeline.services.dashboards import run_publishing
    from fund_pipeline.web import admin_page

    with_progress(lambda act, tell: run_publishing(settings, act, tell), quiet=True)
    built, found = admin_dashboard(ledger, DEMO_FUND)
    path = settings.root / "reports" / f"{DEMO_FUND}.html"
    path.parent.mkdir(exist_ok=True)
    path.write_text(admin_page(built, found, utc_now(), funds=(), user=None), encoding="utf-8")
    return str(path)


def _tell_next() -> None:
    terminal = console()
    terminal.print(
        headed("\nNext", "    make up                           the lineage, pictures and checks, in a browser")
    )
    terminal.print("        .venv/bin/fund allocations list   what was decided; `show ID` says why")
    terminal.print("        .venv/bin/fund signals list       what came in; `explain ID` says why it got its size")
    terminal.print("        README.md                         everything else")


def _approve_pending(settings: Settings, ledger: Ledger) -> list[Decided]:
    from fund_pipeline.allocations.approval.decide import decide
    from fund_pipeline.allocations.approval.request import Request, Verb
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
