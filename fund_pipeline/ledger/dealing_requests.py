"""What clients asked for, in the ledger. What became of a request is what was dealt for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date

from sqlalchemy import Connection, RowMapping, and_, insert, select, update

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.client_model import Client, DealingRequest, RequestKind, RequestState
from fund_pipeline.ledger.clients import known_client, last_struck
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.nav_model import DealingKind

SAID = ("kind", "day", "amount", "units", "to_client")
"""What a request says: the same reference again must say the same."""

Judge = Callable[[DealingRequest, Client, tuple[DealingRequest, ...], date | None], None]


def put_request(ledger: Ledger, request: DealingRequest, judge: Judge, act: Act, *, dry_run: bool = False) -> bool:
    """Record a request, audited. False when it is there already, by its reference.

    `judge` raises what it is refused for; it gets the client, the client's requests so far, and the newest final NAV's
    day. NotFoundError without the client; ConflictError when its reference says something else.
    """
    with ledger_away(), ledger.writing() as connection:
        client = known_client(connection, request.client_id, lock=True)
        if request.to_client is not None:
            known_client(connection, request.to_client)
        held = read_requests(connection, client_id=request.client_id)
        for one in held:
            if one.reference != request.reference:
                continue
            changed = [name for name in SAID if getattr(one, name) != getattr(request, name)]
            if changed:
                raise ConflictError(
                    f"reference is {request.reference!r}: client {request.client_id} has it already, with the "
                    f"{changed[0]} {getattr(one, changed[0])} and not {getattr(request, changed[0])}",
                    remedy="give another reference",
                )
            return False
        judge(request, client, held, last_struck(connection, client))
        if dry_run:
            return True
        values = asdict(request) | {"kind": request.kind.value, "updated_at": request.requested_at}
        del values["state"]
        connection.execute(insert(tables.dealing_requests).values(values))
        detail = {name: None if values[name] is None else str(values[name]) for name in (*SAID, "reference", "note")}
        audit.record(connection, act, "dealing_requested", "client", request.client_id, detail)
    return True


def cancel_request(ledger: Ledger, request_id: str, act: Act) -> DealingRequest:
    """Take back a request that waits, audited. NotFoundError; ConflictError when it does not wait any more."""
    table = tables.dealing_requests
    with ledger_away(), ledger.writing() as connection:
        row = connection.execute(select(table.c.client_id).where(table.c.request_id == request_id)).scalar()
        if row is None:
            raise NotFoundError(f"request is {request_id!r}: there is none", remedy="run `fund clients requests`")
        client = known_client(connection, row, lock=True)
        hold_register(connection, client.fund_id)
        [held] = read_requests(connection, request_id=request_id)
        if held.state is not RequestState.WAITING:
            raise ConflictError(f"request {request_id} is {held.state.value}, and cannot be taken back")
        values = {"cancelled_by": act.actor, "cancelled_at": act.at, "updated_at": act.at}
        connection.execute(update(table).where(table.c.request_id == request_id).values(values))
        audit.record(connection, act, "dealing_cancelled", "client", client.client_id, {"request": request_id})
        [after] = read_requests(connection, request_id=request_id)
    return after


def list_requests(
    ledger: Ledger, *, fund_id: str | None = None, mode: TradingMode | None = None, client_id: str | None = None
) -> tuple[DealingRequest, ...]:
    """Requests in the order in which they are dealt, with what became of each."""
    with ledger_away(), ledger.reading() as connection:
        return read_requests(connection, fund_id=fund_id, mode=mode, client_id=client_id)


def read_requests(
    connection: Connection,
    *,
    fund_id: str | None = None,
    mode: TradingMode | None = None,
    client_id: str | None = None,
    request_id: str | None = None,
) -> tuple[DealingRequest, ...]:
    """The same within a transaction of the caller's; or one of them."""
    table, dealings, clients = tables.dealing_requests, tables.dealings, tables.clients
    mine = and_(dealings.c.request_id == table.c.request_id, dealings.c.client_id == table.c.client_id)
    joined = table.outerjoin(dealings, mine).join(clients, clients.c.client_id == table.c.client_id)
    query = select(table, dealings.c.kind.label("dealt")).select_from(joined)
    wanted = {
        clients.c.fund_id: fund_id,
        clients.c.mode: None if mode is None else mode.value,
        table.c.client_id: client_id,
        table.c.request_id: request_id,
    }
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    query = query.order_by(table.c.day, table.c.requested_at, table.c.request_id)
    return tuple(_request(row) for row in connection.execute(query).mappings())


def hold_register(connection: Connection, fund_id: str) -> None:
    """Hold a fund's registers of units until the transaction ends."""
    table = tables.funds
    connection.execute(select(table.c.fund_id).where(table.c.fund_id == fund_id).with_for_update(key_share=True)).one()


def _request(row: RowMapping) -> DealingRequest:
    values = {name: row[name] for name in DealingRequest.__dataclass_fields__ if name != "state"}
    if row["cancelled_at"] is not None:
        state = RequestState.CANCELLED
    elif row["dealt"] is None:
        state = RequestState.WAITING
    else:
        state = RequestState.REFUSED if row["dealt"] == DealingKind.REFUSED else RequestState.DEALT
    return DealingRequest(**values | {"kind": RequestKind(row["kind"]), "state": state})
