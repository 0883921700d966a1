"""Breaks in the ledger. Those that stand are the locks: there is no second list of what takes no entries."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.account_books import read_books, write_books
from fund_pipeline.ledger.account_model import Account, Severity, Trouble
from fund_pipeline.ledger.accounts import known_account
from fund_pipeline.ledger.alerts import answer_alert, raise_alert
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.break_model import BooksState, Break, BreakKind, ClearReason, Difference, Section
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.executions import After, write_entries
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.ledger.positions import lock_account

GROWS_CRITICAL = {True: timedelta(minutes=30), False: timedelta(days=1)}
"""After so long a break is CRITICAL: one that locks its instrument, and one that does not."""

ENTITY = "break"


@dataclass(frozen=True)
class Pass:
    """What one look at an account came to.

    Attributes
    ----------
    found : the differences that stand after it.
    repaired : those that it found and repaired.
    may_clear : whether a break that was not found is gone for certain.
    findings : what the broker's answer lacked, as plain JSON values; None of a look that was not at the whole account.
    """

    found: tuple[Difference, ...]
    repaired: tuple[Difference, ...]
    may_clear: Callable[[Break], bool]
    findings: tuple[Mapping[str, str], ...] | None


@dataclass(frozen=True)
class Recorded:
    """What a pass changed: breaks that are new, that stand as before, and that are over."""

    new: tuple[Break, ...]
    standing: tuple[Break, ...]
    cleared: tuple[Break, ...]


def record_pass(ledger: Ledger, account_id: str, seen: Pass, act: Act) -> Recorded:
    """Keep what a pass found, in one transaction: new breaks alert, those that grew old alert louder, and what is gone
    is cleared with its alert. The same pass again changes nothing but when it was last seen."""
    with ledger_away(), ledger.writing() as connection:
        lock_account(connection, account_id)
        account = known_account(connection, account_id)
        held = {one.found.key: one for one in _read(connection, account_id=account_id, only_open=True)}
        new = [_open(connection, account, one, act) for one in seen.found if one.key not in held]
        standing = [_again(connection, held[one.key], one, act) for one in seen.found if one.key in held]
        names = {one.key for one in seen.found}
        fixed = {one.key for one in seen.repaired}
        over = [one for key, one in held.items() if key not in names and (key in fixed or seen.may_clear(one))]
        cleared = [
            _clear(connection, one, ClearReason.REPAIRED if one.found.key in fixed else ClearReason.GONE, act)
            for one in over
        ]
        for one in seen.repaired:
            if one.key not in held and one.key not in names:
                passing = _open(connection, account, one, act, quietly=True)
                cleared.append(_clear(connection, passing, ClearReason.REPAIRED, act))
                new.append(passing)
        if seen.findings is not None:
            _stand(connection, account_id, seen.findings, act.at)
    return Recorded(tuple(new), tuple(standing), tuple(cleared))


def list_breaks(
    ledger: Ledger,
    *,
    account_id: str | None = None,
    sections: Collection[Section] | None = None,
    only_open: bool = True,
    newest: int | None = None,
) -> tuple[Break, ...]:
    """Breaks, the oldest first: of an account, of sections; those that are over too, if not `only_open`."""
    with ledger_away(), ledger.reading() as connection:
        found = _read(connection, account_id=account_id, only_open=only_open, newest=newest)
    return tuple(one for one in found if sections is None or one.found.kind.section in sections)


def get_break(ledger: Ledger, break_id: str) -> Break:
    """One break, by its id or the beginning of it. NotFoundError; ConflictError when several begin so."""
    table = tables.breaks
    query = select(table).where(table.c.break_id.startswith(break_id, autoescape=True)).limit(2)
    with ledger_away(), ledger.reading() as connection:
        rows = connection.execute(query).mappings().all()
    if len(rows) > 1:
        raise ConflictError(f"several breaks begin with {break_id!r}", remedy="write more of the id")
    if not rows:
        raise NotFoundError(f"there is no break {break_id!r}", remedy="run `fund breaks list --all`")
    return _break(rows[0])


def locks(ledger: Ledger) -> Mapping[str, frozenset[str]]:
    """Instruments that take no entries, by account: those of breaks that stand."""
    table = tables.breaks
    kinds = [one.value for one in BreakKind if one.locks]
    query = select(table.c.account_id, table.c.instrument_key).where(
        tables.STANDS, table.c.instrument_key.is_not(None), table.c.kind.in_(kinds)
    )
    found: dict[str, set[str]] = {}
    with ledger_away(), ledger.reading() as connection:
        rows: Iterable[Any] = connection.execute(query)
        for account_id, instrument_key in rows:
            found.setdefault(account_id, set()).add(instrument_key)
    return {account_id: frozenset(keys) for account_id, keys in found.items()}


def adopt_break(ledger: Ledger, one: Break, entries: Sequence[Execution], after: After, note: str, act: Act) -> Break:
    """A person has said what a break is: what follows from it is booked, and it is over, audited, or nothing is.

    ConflictError when it is over already.
    """
    table = tables.breaks
    with ledger_away(), ledger.writing() as connection:
        lock_account(connection, one.account_id)
        row = connection.execute(select(table).where(table.c.break_id == one.break_id)).mappings().one()
        if not _break(row).is_open:
            raise ConflictError(f"break {one.break_id} is over already", remedy="run `fund breaks list`")
        booked = write_entries(connection, one.account_id, entries, after)
        detail = {
            "kind": one.found.kind.value,
            "subject": one.found.subject,
            "note": note,
            "booked": [each.broker_execution_id for each in booked],
        }
        audit.record(connection, act, "break_adopted", ENTITY, one.break_id, detail)
        return _clear(connection, one, ClearReason.ADOPTED, act)


def _open(connection: Connection, account: Account, found: Difference, act: Act, *, quietly: bool = False) -> Break:
    one = Break(
        uuid.uuid4().hex,
        account.account_id,
        account.fund_id,
        found,
        _severity(found.kind, timedelta(0)),
        act.at,
        act.at,
    )
    connection.execute(insert(tables.breaks).values(_values(one)))
    if not quietly:
        raise_alert(connection, _trouble(one), act.at)
    return one


def _again(connection: Connection, held: Break, found: Difference, act: Act) -> Break:
    severity = _severity(found.kind, act.at - held.first_seen)
    one = replace(held, found=found, severity=severity, last_seen=act.at, passes=held.passes + 1)
    table = tables.breaks
    connection.execute(update(table).where(table.c.break_id == one.break_id).values(_values(one)))
    if severity is not held.severity:
        raise_alert(connection, _trouble(one), act.at)
    return one


def _clear(connection: Connection, one: Break, because: ClearReason, act: Act) -> Break:
    over = replace(one, cleared_at=act.at, cleared_because=because, cleared_by=act.actor)
    table = tables.breaks
    connection.execute(update(table).where(table.c.break_id == one.break_id).values(_values(over)))
    answer_alert(connection, _kind(one), ENTITY, one.break_id, f"{because.value.lower()} by {act.actor}", act)
    return over


def _stand(connection: Connection, account_id: str, findings: Sequence[Mapping[str, str]], at: datetime) -> None:
    before = read_books(connection, account_id)
    standing = BooksState.NOT_KNOWN if findings else BooksState.RECONCILED
    since = before.since if before.standing is standing and before.since is not None else at
    complete = before.last_complete if findings else at
    write_books(
        connection,
        replace(before, standing=standing, since=since, last_pass=at, last_complete=complete, findings=tuple(findings)),
    )


def _severity(kind: BreakKind, age: timedelta) -> Severity:
    loud = kind is BreakKind.EQUITY_JUMP or age >= GROWS_CRITICAL[kind.locks]
    return Severity.CRITICAL if loud else Severity.WARNING


def _kind(one: Break) -> str:
    return f"BREAK_{one.found.kind.value}"


def _trouble(one: Break) -> Trouble:
    found = one.found
    locked = f"; {found.instrument_key} takes no entries" if found.kind.locks and found.instrument_key else ""
    return Trouble(
        severity=one.severity,
        kind=_kind(one),
        entity=ENTITY,
        entity_id=one.break_id,
        message=f"account {one.account_id}: {found.message}{locked}",
        remedy=f"run `fund reconcile --account {one.account_id} --explain`",
        fund_id=one.fund_id,
        detail={"account_id": one.account_id, "subject": found.subject},
    )


def _read(
    connection: Connection, *, account_id: str | None, only_open: bool, newest: int | None = None
) -> tuple[Break, ...]:
    table = tables.breaks
    query = select(table).order_by(table.c.first_seen.desc(), table.c.break_id).limit(newest)
    if account_id is not None:
        query = query.where(table.c.account_id == account_id)
    if only_open:
        query = query.where(tables.STANDS)
    return tuple(_break(row) for row in reversed(connection.execute(query).mappings().all()))


def _values(one: Break) -> dict[str, Any]:
    because = one.cleared_because
    return {
        "break_id": one.break_id,
        "account_id": one.account_id,
        "fund_id": one.fund_id,
        "kind": one.found.kind.value,
        "subject": one.found.subject,
        "instrument_key": one.found.instrument_key,
        "ours": one.found.ours,
        "theirs": one.found.theirs,
        "message": one.found.message,
        "detail": dict(one.found.detail),
        "severity": one.severity.value,
        "first_seen": one.first_seen,
        "last_seen": one.last_seen,
        "passes": one.passes,
        "cleared_at": one.cleared_at,
        "cleared_because": None if because is None else because.value,
        "cleared_by": one.cleared_by,
    }


def _break(row: RowMapping) -> Break:
    found = Difference(
        kind=BreakKind(row["kind"]),
        subject=row["subject"],
        message=row["message"],
        instrument_key=row["instrument_key"],
        ours=row["ours"],
        theirs=row["theirs"],
        detail=row["detail"],
    )
    because = row["cleared_because"]
    return Break(
        break_id=row["break_id"],
        account_id=row["account_id"],
        fund_id=row["fund_id"],
        found=found,
        severity=Severity(row["severity"]),
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        passes=row["passes"],
        cleared_at=row["cleared_at"],
        cleared_because=None if because is None else ClearReason(because),
        cleared_by=row["cleared_by"],
    )
