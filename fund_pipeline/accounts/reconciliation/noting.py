"""What sizing sees between two passes is noted as breaks too, by the same rules, so that there is one list of locks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from fund_pipeline.accounts.reconciliation.jumps import unexplained
from fund_pipeline.accounts.reconciliation.positions import Working, differing, position_break
from fund_pipeline.accounts.reconciliation.rules import RULES, Rules
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import AccountSnapshot, EquityWord
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.break_model import Break, Difference, Section
from fund_pipeline.ledger.breaks import Pass, list_breaks, record_pass
from fund_pipeline.ledger.flows import list_flows
from fund_pipeline.ledger.snapshots import latest_equity

ACTOR = "sizing"


def note_positions(
    ledger: Ledger,
    account_id: str,
    ours: Mapping[str, Decimal],
    theirs: Mapping[str, Decimal],
    on_their_way: Mapping[str, Working],
    instruments: Collection[str],
    standing: Iterable[Break],
    now: datetime,
    rules: Rules = RULES,
) -> frozenset[str]:
    """The instruments, of those looked at, in which books and broker differ; noted where that is new, or is over.

    `standing` are the breaks of positions that stand in the account.
    """
    apart = differing(ours, theirs, on_their_way, rules, instruments)
    mine = {one.found.subject: one.found for one in standing if one.found.subject in instruments}
    if set(mine) != set(apart):
        zero = Decimal(0)
        found = tuple(
            mine.get(key) or position_break(key, ours.get(key, zero), theirs.get(key, zero)) for key in sorted(apart)
        )
        seen = Pass(found, (), lambda one: one.found.subject in mine and one.found.subject not in apart, None)
        record_pass(ledger, account_id, seen, Act(ACTOR, now, ACTOR))
    return frozenset(apart)


def note_equity(ledger: Ledger, snapshot: AccountSnapshot, now: datetime, rules: Rules = RULES) -> Difference | None:
    """Whether equity has jumped since the last good word on the account, before this one is recorded; noted.

    While such a break stands, the good word is the one before it.
    """
    account_id = snapshot.account_id
    standing = list_breaks(ledger, account_id=account_id, sections={Section.EQUITY})
    good = latest_equity(ledger, account_id)
    if good is None:
        return None
    if standing:
        told = standing[0].found.detail
        as_of = datetime.fromisoformat(str(told["good_as_of"]))
        good = EquityWord(str(told["snapshot"]), as_of, Decimal(str(told["good"])))
    flows = list_flows(ledger, account_id=account_id, after=good.as_of, until=snapshot.as_of)
    found = unexplained(account_id, good, snapshot, flows, rules)
    if found is not None or standing:
        seen = Pass(() if found is None else (found,), (), lambda one: one.found.kind.section is Section.EQUITY, None)
        record_pass(ledger, account_id, seen, Act(ACTOR, now, ACTOR))
    return found


def sized_by(snapshot: AccountSnapshot, jump: Break | None) -> AccountSnapshot:
    """The snapshot that capital is reckoned by: while a jump stands, the lesser of the good equity and the present."""
    if jump is None or jump.found.ours is None:
        return snapshot
    return replace(snapshot, equity=min(snapshot.equity, jump.found.ours))
