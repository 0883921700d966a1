"""What accounts are worth by their brokers' last word, and which of those words are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.reconciliation.noting import note_equity, sized_by
from fund_pipeline.accounts.snapshots import latest, record_snapshot, snapshot_of
from fund_pipeline.decisions.brokers import Told
from fund_pipeline.errors import InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Account, AccountSnapshot, Severity, Trouble
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.break_model import Break, Section
from fund_pipeline.ledger.breaks import list_breaks
from fund_pipeline.ledger.snapshots import latest_equity

Snapshots = Mapping[str, AccountSnapshot | None]

APART = timedelta(minutes=1)
"""Words so close to each other are one: an account may hold thousands of positions, and be asked every second."""


def keep_words(
    ledger: Ledger, accounts: Iterable[Account], told: Mapping[str, Told], zone: ZoneInfo, now: datetime
) -> Snapshots:
    """Record what was told, and give each account's newest word, by id; None where there never was one.

    A word is recorded when the last that was kept is a minute old, or of another day in the fund's zone, and when
    equity jumps or is back. While it has jumped without a flow that explains it, the word that is given has the lesser
    of the good figure and the present.
    """
    before, heard = _jumps(ledger), dict[str, AccountSnapshot | None]()
    for one in accounts:
        name, said = one.account_id, told.get(one.account_id)
        if said is None:
            heard[name] = latest(ledger, name)
        else:
            heard[name] = _kept(ledger, one, snapshot_of(name, said.heard, now), zone, stood=name in before)
    jumps = _jumps(ledger)
    return {name: None if one is None else sized_by(one, jumps.get(name)) for name, one in heard.items()}


def _jumps(ledger: Ledger) -> dict[str, Break]:
    return {one.account_id: one for one in list_breaks(ledger, sections={Section.EQUITY})}


def _kept(
    ledger: Ledger, account: Account, snapshot: AccountSnapshot, zone: ZoneInfo, *, stood: bool
) -> AccountSnapshot:
    now = snapshot.received_at
    try:
        stands = note_equity(ledger, snapshot, now) is not None
        if stands is stood and _repeats(ledger, snapshot, zone):
            return snapshot
        return record_snapshot(ledger, snapshot)
    except InputError as wrong:  # its clock or its currency: entries are refused for either, exits go on
        raise_alert(ledger, _not_kept(account, wrong), now)
        return snapshot


def _repeats(ledger: Ledger, snapshot: AccountSnapshot, zone: ZoneInfo) -> bool:
    last = latest_equity(ledger, snapshot.account_id)
    if last is None or abs(snapshot.as_of - last.as_of) >= APART:
        return False
    return last.as_of.astimezone(zone).date() == snapshot.as_of.astimezone(zone).date()


def _not_kept(account: Account, wrong: InputError) -> Trouble:
    return Trouble(
        severity=Severity.WARNING,
        kind="SNAPSHOT_REFUSED",
        entity="account",
        entity_id=account.account_id,
        message=f"{wrong.message}; no entry is sized by it",
        remedy=wrong.remedy,
        fund_id=account.fund_id,
    )
