"""`fund allocations approve|reject|edit|bring-back|diff|history`: a person's word on what a fund holds."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.cli.codes import Code, CodeEnv, GivenCode, SecondCode, SecondCodeEnv, code_of
from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.cli.differences import show_difference
from fund_pipeline.cli.tables import console, table
from fund_pipeline.errors import InputError

if TYPE_CHECKING:
    from fund_pipeline.allocations.approval.decide import Decided
    from fund_pipeline.allocations.approval.request import Request, Verb

Shown = Annotated[str, typer.Argument(metavar="ID:DIGEST", help="As `fund allocations show` prints it.")]
By = Annotated[str, typer.Option("--by", help="Your user id; an admin's.")]
Note = Annotated[str, typer.Option(help="Why, for the record.")]
Reason = Annotated[str | None, typer.Option("--override", help="Why weights that break a limit are right.")]
Second = Annotated[str | None, typer.Option(help="User id of the second admin, for an override.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would change; no code is needed.")]


def add_commands(app: typer.Typer) -> None:
    """Put the commands on `fund allocations`."""
    app.command("approve")(approve)
    app.command("reject")(reject)
    app.command("edit")(edit)
    app.command("bring-back")(bring_back)
    app.command("diff")(diff)
    app.command("history")(history)


def approve(
    shown: Shown,
    by: By = "",
    code: Code = None,
    code_env: CodeEnv = None,
    note: Note = "",
    override: Reason = None,
    second_by: Second = None,
    second_code: SecondCode = None,
    second_code_env: SecondCodeEnv = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Approve a pending allocation: from then on it sizes orders. Exit code 4 when it is refused, and why."""
    from fund_pipeline.allocations.approval.request import Verb

    if dry_run:
        show_difference(shown, None, as_json=as_json)
        return
    _decide(
        Verb.APPROVE,
        shown,
        by,
        (code, code_env),
        note,
        (override, second_by, (second_code, second_code_env)),
        {},
        as_json=as_json,
    )


def reject(
    shown: Shown, by: By = "", code: Code = None, code_env: CodeEnv = None, note: Note = "", as_json: Json = False
) -> None:
    """Reject a pending allocation. The same inputs are not recommended again."""
    from fund_pipeline.allocations.approval.request import Verb

    _decide(Verb.REJECT, shown, by, (code, code_env), note, (None, None, (None, None)), {}, as_json=as_json)


def edit(
    shown: Shown,
    weights: Annotated[list[str], typer.Argument(metavar="STRATEGY=WEIGHT", help="Every weight there shall be.")],
    by: By = "",
    code: Code = None,
    code_env: CodeEnv = None,
    note: Note = "",
    override: Reason = None,
    second_by: Second = None,
    second_code: SecondCode = None,
    second_code_env: SecondCodeEnv = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Approve other weights than were recommended; they are measured against every limit first."""
    from fund_pipeline.allocations.approval.request import Verb

    parsed = _weights(weights)
    if dry_run:
        show_difference(shown, parsed, as_json=as_json)
        return
    _decide(
        Verb.APPROVE_EDITED,
        shown,
        by,
        (code, code_env),
        note,
        (override, second_by, (second_code, second_code_env)),
        parsed,
        as_json=as_json,
    )


def bring_back(
    shown: Shown,
    by: By = "",
    code: Code = None,
    code_env: CodeEnv = None,
    note: Note = "",
    override: Reason = None,
    second_by: Second = None,
    second_code: SecondCode = None,
    second_code_env: SecondCodeEnv = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put an earlier allocation in force again. It is an approval like any other."""
    from fund_pipeline.allocations.approval.request import Verb

    if dry_run:
        show_difference(shown, None, as_json=as_json)
        return
    _decide(
        Verb.BRING_BACK,
        shown,
        by,
        (code, code_env),
        note,
        (override, second_by, (second_code, second_code_env)),
        {},
        as_json=as_json,
    )


def diff(
    allocation: Annotated[str, typer.Argument(metavar="ID", help="Allocation id.")], as_json: Json = False
) -> None:
    """Compare an allocation with the one in force: weights, return, CVaR, and the limits it breaks today."""
    show_difference(allocation, None, as_json=as_json)


def history(fund: Annotated[str | None, typer.Option(help="Only this fund.")] = None, as_json: Json = False) -> None:
    """Everything that was decided, newest first: who, when, what it replaced, and why.

    Exit code 70, and none of it, when a fund's decisions are not proven.
    """
    from fund_pipeline.ledger.active import proven_decisions
    from fund_pipeline.ledger.funds import list_funds

    with ledger_of(start()) as ledger:
        funds = [fund] if fund else [one.fund_id for one in list_funds(ledger)]
        found = [approval for name in funds for approval in proven_decisions(ledger, name)]
    if as_json:
        print_json([asdict(approval) for approval in found])
        return
    shown = table("Decisions", "when", "fund<", "allocation<", "decision<", "by<", "replaces<", "note<")
    for one in found:
        who = one.decided_by + (f" and {one.second_by}" if one.second_by else "")
        note = one.note + (f" (override: {one.override_reason})" if one.override_reason else "")
        shown.add_row(
            f"{one.decided_at:%Y-%m-%d %H:%M}Z", one.fund_id, one.allocation_id, one.decision.value, who,
            one.replaces or "–", note,
        )  # fmt: skip
    console().print(shown)


def _weights(given: list[str]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for text in given:
        name, separator, value = text.rpartition("=")
        try:
            weight = Decimal(value)
        except InvalidOperation:
            weight = Decimal("NaN")
        if not separator or not name or not weight.is_finite():
            raise InputError(f"{text!r} is no weight", remedy="write STRATEGY=0.25")
        if name in found:
            raise InputError(f"{name} is given twice", remedy="give each strategy once")
        found[name] = weight
    return found


def _decide(
    verb: Verb,
    shown: str,
    by: str,
    code: GivenCode,
    note: str,
    override: tuple[str | None, str | None, GivenCode],
    weights: dict[str, Decimal],
    *,
    as_json: bool,
) -> None:
    from fund_pipeline.allocations.approval.request import Override, Request

    if not by:
        raise InputError("nobody decides: --by is missing", remedy="add --by with your user id")
    reason, second_by, second_code = override
    given = None
    if reason is not None:
        second = code_of(second_code, second_by) if second_by else ""
        given = Override(reason, second_by or "", second)
    _run(Request(verb, shown, by, code_of(code, by), note, weights, given), as_json=as_json)


def _run(request: Request, *, as_json: bool) -> None:
    from fund_pipeline.allocations.approval.decide import decide
    from fund_pipeline.allocations.approval.refusals import AFTER_A_CODE, RefusedError
    from fund_pipeline.clock import utc_now
    from fund_pipeline.users import Security
    from fund_pipeline.warehouse import Warehouse

    settings = start()
    with ledger_of(settings) as ledger:
        matrix = Warehouse(settings.warehouse).read_returns("strategy_returns")
        security, anchors = Security.of(settings, ledger), settings.audit_anchors
        try:
            decided = decide(ledger, matrix, security, request, utc_now(), anchors=anchors)
        except RefusedError as refused:
            if refused.reason not in AFTER_A_CODE:
                typer.echo("No code was used up by this: a recovery code that was given is still good.", err=True)
            raise
    if as_json:
        print_json({"allocation": asdict(decided.allocation), "approval": asdict(decided.approval)})
        return
    _tell(decided)


def _tell(decided: Decided) -> None:
    approval = decided.approval
    replaced = f"; {approval.replaces} is archived" if approval.replaces else ""
    typer.echo(f"{decided.allocation.allocation_id} is {decided.allocation.status.value}{replaced}")
    for breach in approval.breaches:
        typer.echo(f"  overrides {breach['limit']}: {breach['measured']:.6g}, allowed {breach['allowed']:.6g}")
