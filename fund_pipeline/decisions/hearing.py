"""What accounts are worth by their brokers' last word, which is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from fund_pipeline.accounts.reconciliation.noting import note_equity, sized_by
from fund_pipeline.accounts.snapshots import latest, record_snapshot, snapshot_of
from fund_pipeline.decisions.brokers import Told
from fund_pipeline.errors import InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Account, AccountSnapshot, Severity, Trouble
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.break_model import Section
from fund_pipeline.ledger.breaks import list_breaks
from fund_pipeline.ledger.snapshots import latest_equity

Snapshots = Mapping[str, AccountSnapshot | None]


def keep_words(
    ledger: Ledger, accounts: Iterable[Account], told: Mapping[str, Told], now: datetime, *, apart: timedelta
) -> Snapshots:
    """Record what was told, and give each account's newest word, by id; None where there never was one.

    A word that is not `apart` from the last that was kept is not recorded, unless equity has jumped: an account may
    hold thousands of positions, and be asked every second. While equity has jumped without a flow that explains it, the
    word has the lesser of the good figure and the present.
    """
    heard = {one.account_id: _heard(ledger, one, told.get(one.account_id), now, apart) for one in accounts}
    jumps = {one.account_id: one for one in list_breaks(ledger, sections={Section.EQUITY})}
    return {name: None if one is None else sized_by(one, jumps.get(name)) for name, one in heard.items()}


def _heard(
    ledger: Ledger, account: Account, told: Told | None, now: datetime, apart: timedelta
) -> AccountSnapshot | None:
    if told is None:
        return latest(ledger, account.account_id)
    snapshot = snapshot_of(account.account_id, told.heard, now)
    try:
        jumped = note_equity(ledger, snapshot, now) is not None
        return snapshot if not jumped and _repeats(ledger, snapshot, apart) else record_snapshot(ledger, snapshot)
    except InputError as wrong:  # its clock or its currency: entries are refused for either, exits go on
        raise_alert(ledger, _not_kept(account, wrong), now)
        return snapshot


def _repeats(ledger: Ledger, snapshot: AccountSnapshot, apart: timedelta) -> bool:
    last = latest_equity(ledger, snapshot.account_id)
    return last is not None and abs(snapshot.as_of - last.as_of) < apart


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
