"""Checks on NAVs: clients' values sum to each, units are conserved, and each moved by performance and flows alone."""

from collections.abc import Iterator, Mapping, Sequence

from dagster import (
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    MetadataValue,
    multi_asset_check,
)

from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.defs.trading.nav_assets import SHOWN, nav

QUESTIONS: Mapping[str, str] = {
    "client_values_sum_to_nav": "Clients' values sum to every NAV, to the cent.",
    "units_are_conserved": "No client's units came or went but by what was dealt.",
    "nav_moves_by_performance_and_flows": "Every NAV is the one before with performance, flows and fees, and that "
    "performance is what the accounts made.",
}


@multi_asset_check(
    specs=[AssetCheckSpec(name, asset=nav, description=description) for name, description in QUESTIONS.items()]
)
def nav_questions() -> Iterator[AssetCheckResult]:
    """The three, asked of all NAVs in the ledger."""
    from fund_pipeline.accounts.nav.proving import Flaw, prove
    from fund_pipeline.accounts.nav.registers import registers

    found: dict[str, list[Flaw]] = {name: [] for name in QUESTIONS}
    days = 0
    with opened_ledger() as ledger:
        for fund_id, mode in registers(ledger):
            proof = prove(ledger, fund_id, mode)
            days += proof.days
            for flaws, more in zip(found.values(), (proof.values, proof.units, proof.moves), strict=True):
                flaws.extend(more)
    for name, flaws in found.items():
        rows: Sequence[tuple[object, ...]] = [(one.fund_id, one.mode.value, one.day, one.message) for one in flaws]
        yield AssetCheckResult(
            check_name=name,
            asset_key=nav.key,
            passed=not flaws,
            severity=AssetCheckSeverity.ERROR,
            metadata={
                "navs": days,
                "found": len(flaws),
                "evidence": MetadataValue.md(markdown_table(("fund", "mode", "day", "finding"), rows[:SHOWN])),
            },
        )


NAV_CHECKS: tuple[AssetChecksDefinition, ...] = (nav_questions,)
