"""`fund backtests`: files of strategy developers, in and out of quarantine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table

if TYPE_CHECKING:
    from fund_pipeline.backtests.admission import Admission, Desk, Rules
    from fund_pipeline.ledger import Ledger
    from fund_pipeline.settings import Settings

SOME_REFUSED = 4
app = typer.Typer(help="Backtest files: read them, see what was refused and why.", no_args_is_help=True)


class UnitOption(StrEnum):
    """What a return of 1 means in a file that does not say so itself."""

    PERCENT = "percent"
    DECIMAL = "decimal"


Unit = Annotated[
    UnitOption | None, typer.Option("--unit", help="Unit of the returns, where the files cannot prove it.")
]


@app.command("ingest")
def ingest(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with CSV and XLSX files.")],
    unit: Unit = None,
    as_json: Json = False,
) -> None:
    """Read every backtest file in DIR. Exit code 0: all admitted; 4: some refused, each with its reasons."""
    settings = start()
    with ledger_of(settings) as ledger:
        report(settings, ledger, folder, unit=unit, only=None, as_json=as_json)


@app.command("quarantine")
def quarantine(as_json: Json = False) -> None:
    """List the refused files that are kept, with the reasons."""
    from fund_pipeline.backtests.admission import finding_as_dict
    from fund_pipeline.backtests.quarantine import Quarantine

    kept = Quarantine(start().quarantine).list()
    if as_json:
        print_json(
            [
                {
                    "id": entry.content_hash,
                    "file": entry.path.name,
                    "strategy_id": entry.strategy_id,
                    "reasons": [finding_as_dict(finding) for finding in entry.findings],
                }
                for entry in kept
            ]
        )
        return
    if not kept:
        typer.echo("nothing is in quarantine")
        return
    shown = table("Quarantine", "file", "reason<", "id<")
    for entry in kept:
        for index, finding in enumerate(entry.findings):
            shown.add_row("" if index else entry.path.name, finding.describe(), "" if index else entry.content_hash)
    console().print(shown)
    typer.echo("After a fix: `fund backtests retry ID`, or send the file again.")


@app.command("retry")
def retry(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Ids from `quarantine`; none for all.")
    ] = None,
    unit: Unit = None,
    as_json: Json = False,
) -> None:
    """Read files in quarantine again, for example after registering their strategy or with --unit."""
    from fund_pipeline.backtests.admission import retry_quarantined
    from fund_pipeline.ledger.locks import RESEARCH, exclusive

    settings = start()
    with ledger_of(settings) as ledger, exclusive(ledger, RESEARCH):
        outcome = retry_quarantined(_desk(settings, ledger), ids or [], _rules(settings, unit), person())
    _show(outcome, as_json)


def report(
    settings: Settings, ledger: Ledger, folder: Path, *, unit: UnitOption | None, only: str | None, as_json: bool
) -> None:
    """Admit a folder's files, or one strategy's, and say what became of each."""
    from fund_pipeline.backtests.admission import admit_folder
    from fund_pipeline.ledger.locks import RESEARCH, exclusive

    with exclusive(ledger, RESEARCH):
        outcome = admit_folder(_desk(settings, ledger), folder, _rules(settings, unit), person(), only=only)
    _show(outcome, as_json)


def _desk(settings: Settings, ledger: Ledger) -> Desk:
    from fund_pipeline.backtests.admission import Desk
    from fund_pipeline.backtests.quarantine import Quarantine
    from fund_pipeline.backtests.store import BacktestStore

    return Desk(ledger, BacktestStore(settings.warehouse), Quarantine(settings.quarantine))


def _rules(settings: Settings, unit: UnitOption | None) -> Rules:
    from fund_pipeline.backtests.admission import Rules
    from fund_pipeline.backtests.model import Unit as FileUnit
    from fund_pipeline.clock import today_in

    return Rules(FileUnit(unit.value) if unit else None, settings.calendar, today_in(settings.time_zone))


def _show(outcome: Admission, as_json: bool) -> None:
    from fund_pipeline.backtests.admission import finding_as_dict

    rows: list[dict[str, Any]] = [
        {"file": s.source_file, "strategy_id": s.strategy_id, "status": "admitted", "reasons": list(s.warnings)}
        for s in outcome.admitted
    ]
    rows += [
        {"file": file.path.name, "strategy_id": file.strategy_id, "status": "unchanged", "reasons": []}
        for file in outcome.unchanged
    ]
    rows += [
        {
            "file": refused.file.path.name,
            "strategy_id": refused.file.strategy_id,
            "status": "quarantined",
            "id": refused.file.content_hash,
            "reasons": [finding_as_dict(finding) for finding in refused.findings],
        }
        for refused in outcome.quarantined
    ]
    code = SOME_REFUSED if outcome.quarantined else 0
    if as_json:
        print_json({"exit_code": code, "files": rows})
    else:
        shown = table("Backtests", "strategy", "file<", "status<", "findings<")
        for row in rows:
            words = "\n".join(_sentence(reason) for reason in row["reasons"])
            shown.add_row(row["strategy_id"], row["file"] or "", row["status"], words)
        console().print(shown)
        counts = (
            f"{len(outcome.admitted)} admitted, {len(outcome.unchanged)} unchanged, {len(outcome.quarantined)} refused"
        )
        typer.echo(counts + ("; see `fund backtests quarantine`" if outcome.quarantined else ""))
    raise typer.Exit(code)


def _sentence(reason: dict[str, Any]) -> str:
    place = "".join(f", {key} {reason[key]}" for key in ("row", "column", "value") if reason.get(key) is not None)
    remedy = f" To fix: {reason['remedy']}." if reason.get("remedy") else ""
    return f"{reason['code']}{place}: {reason['message']}.{remedy}"
