"""Alerts: what must reach a person. The same trouble again, while nobody has answered, only counts up."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Connection, RowMapping, case, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.account_model import Alert, Severity, Trouble
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away

LOUDNESS = tuple(Severity)
"""From quiet to loud."""


def raise_alert(where: Ledger | Connection, trouble: Trouble, at: datetime) -> str:
    """Tell people of trouble, and return the alert's id.

    With a connection it joins the caller's transaction (of `Ledger.writing`): both are committed, or neither is. With a
    ledger it is a transaction of its own. An open alert of the same kind and thing is counted up, gets the newest
    words, and its severity may only rise.
    """
    if isinstance(where, Ledger):
        with ledger_away(), where.writing() as connection:
            return _raise(connection, trouble, at)
    return _raise(where, trouble, at)


def list_alerts(ledger: Ledger, *, only_open: bool = False, limit: int | None = None) -> tuple[Alert, ...]:
    """Alerts, the one that last came up first; at most so many."""
    table = tables.alerts
    query = select(table).order_by(table.c.last_at.desc(), table.c.alert_id).limit(limit)
    if only_open:
        query = query.where(tables.STILL_OPEN)
    with ledger_away(), ledger.reading() as connection:
        return tuple(_alert(row) for row in connection.execute(query).mappings())


def get_alert(ledger: Ledger, alert_id: str) -> Alert:
    """One alert, or NotFoundError."""
    with ledger_away(), ledger.reading() as connection:
        return _known(connection, alert_id)


def acknowledge(ledger: Ledger, alert_id: str, note: str, act: Act) -> Alert:
    """Somebody has it in hand, audited. From now on the same trouble is a new alert.

    NotFoundError; ConflictError when it was acknowledged before.
    """
    table = tables.alerts
    with ledger_away(), ledger.writing() as connection:
        held = _known(connection, alert_id, lock=True)
        if not held.is_open:
            raise ConflictError(f"alert {alert_id} was acknowledged by {held.acknowledged_by} already")
        changed = {"acknowledged_by": act.actor, "acknowledged_at": act.at, "note": note}
        connection.execute(update(table).where(table.c.alert_id == alert_id).values(changed))
        detail = {"kind": held.trouble.kind, "about": f"{held.trouble.entity} {held.trouble.entity_id}", "note": note}
        audit.record(connection, act, "alert_acknowledged", "alert", alert_id, detail)
        return _known(connection, alert_id)


def answer_alert(connection: Connection, kind: str, entity: str, entity_id: str, note: str, act: Act) -> None:
    """What an alert tells of is over, within the caller's transaction: it is acknowledged, if one is open, audited."""
    table = tables.alerts
    same = (table.c.kind == kind) & (table.c.entity == entity) & (table.c.entity_id == entity_id)
    query = select(table.c.alert_id).where(same, tables.STILL_OPEN)
    alert_id = connection.execute(query).scalar()
    if alert_id is not None:
        changed = {"acknowledged_by": act.actor, "acknowledged_at": act.at, "note": note}
        connection.execute(update(table).where(table.c.alert_id == alert_id).values(changed))
        detail = {"kind": kind, "about": f"{entity} {entity_id}", "note": note}
        audit.record(connection, act, "alert_acknowledged", "alert", alert_id, detail)


def _raise(connection: Connection, trouble: Trouble, at: datetime) -> str:
    # One statement, so that two who raise the same at once make one alert of it, and neither's transaction fails.
    table = tables.alerts
    words = {
        "fund_id": trouble.fund_id,
        "message": trouble.message,
        "remedy": trouble.remedy,
        "detail": dict(trouble.detail),
        "last_at": at,
    }
    row = words | {
        "alert_id": uuid.uuid4().hex,
        "at": at,
        "severity": trouble.severity.value,
        "kind": trouble.kind,
        "entity": trouble.entity,
        "entity_id": trouble.entity_id,
        "raised": 1,
        "note": "",
    }
    louder = [one.value for one in LOUDNESS[LOUDNESS.index(trouble.severity) :]]
    again = words | {
        "raised": table.c.raised + 1,
        "severity": case((table.c.severity.in_(louder), table.c.severity), else_=trouble.severity.value),
    }
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(row)
    counted = statement.on_conflict_do_update(
        index_elements=["kind", "entity", "entity_id"], index_where=tables.STILL_OPEN, set_=again
    )
    return str(connection.execute(counted.returning(table.c.alert_id)).scalar_one())


def _known(connection: Connection, alert_id: str, *, lock: bool = False) -> Alert:
    query = select(tables.alerts).where(tables.alerts.c.alert_id == alert_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no alert {alert_id!r}", remedy="run `fund alerts list`")
    return _alert(row)


def _alert(row: RowMapping) -> Alert:
    trouble = Trouble(
        severity=Severity(row["severity"]),
        kind=row["kind"],
        entity=row["entity"],
        entity_id=row["entity_id"],
        message=row["message"],
        remedy=row["remedy"],
        fund_id=row["fund_id"],
        detail=row["detail"],
    )
    return Alert(
        row["alert_id"],
        trouble,
        row["at"],
        row["last_at"],
        row["raised"],
        row["acknowledged_by"],
        row["acknowledged_at"],
        row["note"],
    )
