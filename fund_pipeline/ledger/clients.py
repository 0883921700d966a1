"""Clients and the versions of their terms in the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date

from sqlalchemy import Connection, RowMapping, insert, select
from sqlalchemy.exc import IntegrityError

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.client_model import Client, ClientTerms, Crystallisation
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.model import TradingMode


def list_clients(
    ledger: Ledger, *, fund_id: str | None = None, mode: TradingMode | None = None, user_id: str | None = None
) -> tuple[Client, ...]:
    """Clients by id: of a fund, a mode, a login."""
    table = tables.clients
    query = select(table).order_by(table.c.client_id)
    wanted = {table.c.fund_id: fund_id, table.c.mode: None if mode is None else mode.value, table.c.user_id: user_id}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    with ledger_away(), ledger.reading() as connection:
        return tuple(_client(row) for row in connection.execute(query).mappings())


def get_client(ledger: Ledger, client_id: str) -> Client:
    """One client, or NotFoundError."""
    with ledger_away(), ledger.reading() as connection:
        return known_client(connection, client_id)


def known_client(connection: Connection, client_id: str, *, lock: bool = False) -> Client:
    """The same within a transaction of the caller's, held against changes by others if `lock`."""
    query = select(tables.clients).where(tables.clients.c.client_id == client_id)
    row = connection.execute(query.with_for_update(key_share=True) if lock else query).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"client is {client_id!r}: there is none", remedy="run `fund clients list`")
    return _client(row)


def insert_client(ledger: Ledger, client: Client, terms: ClientTerms, act: Act) -> bool:
    """Add a client with its first terms, audited. False when exactly that client is there; its terms then stay.

    NotFoundError without the fund or the login; ConflictError when the id is another client's.
    """
    with ledger_away(), ledger.writing() as connection:
        _refuse_unknown(connection, client)
        row = connection.execute(select(tables.clients).where(tables.clients.c.client_id == client.client_id))
        if (held := row.mappings().one_or_none()) is not None:
            if _client(held) == client:
                return False
            raise ConflictError(
                f"client {client.client_id} is there already: {held['name']}, of fund {held['fund_id']}",
                remedy="choose another id",
            )
        times = {"created_at": act.at, "updated_at": act.at}
        values = asdict(client) | {"mode": client.mode.value}
        try:
            connection.execute(insert(tables.clients).values(values | times))
        except IntegrityError:
            raise ConflictError(f"client {client.client_id} was added by somebody else at the same time") from None
        audit.record(connection, act, "client_added", "client", client.client_id, values)
        _insert_terms(connection, terms, act)
    return True


def list_terms(ledger: Ledger, client_ids: Iterable[str]) -> dict[str, tuple[ClientTerms, ...]]:
    """Every version of each client's terms, oldest first."""
    table = tables.client_terms
    wanted = list(client_ids)
    query = select(table).where(table.c.client_id.in_(wanted)).order_by(table.c.client_id, table.c.valid_from)
    found: dict[str, list[ClientTerms]] = {one: [] for one in wanted}
    with ledger_away(), ledger.reading() as connection:
        for row in connection.execute(query).mappings():
            found[row["client_id"]].append(_terms(row))
    return {name: tuple(versions) for name, versions in found.items()}


def put_terms(ledger: Ledger, terms: ClientTerms, act: Act) -> bool:
    """Add a version of a client's terms, audited. False when the version of that day says the same.

    NotFoundError; ConflictError when a version of that day says something else, or a NAV on or after it is struck.
    """
    table = tables.client_terms
    with ledger_away(), ledger.writing() as connection:
        client = known_client(connection, terms.client_id, lock=True)
        key = (table.c.client_id == terms.client_id) & (table.c.valid_from == terms.valid_from)
        if (row := connection.execute(select(table).where(key)).mappings().one_or_none()) is not None:
            held = _terms(row)
            if (held.performance_fee, held.crystallisation) == (terms.performance_fee, terms.crystallisation):
                return False
            raise ConflictError(
                f"valid_from is {terms.valid_from}: client {terms.client_id} has terms of that day already",
                remedy="begin the new ones on another day",
            )
        last = last_struck(connection, client)
        if last is not None and terms.valid_from <= last:
            raise ConflictError(
                f"valid_from is {terms.valid_from}: the NAV of {last} is struck under the terms of before",
                remedy="begin the new terms on a later day",
            )
        _insert_terms(connection, terms, act)
    return True


def last_struck(connection: Connection, client: Client) -> date | None:
    """The newest final NAV of a client's register."""
    table = tables.navs
    key = (table.c.fund_id == client.fund_id) & (table.c.mode == client.mode.value) & table.c.is_final
    found: date | None = connection.execute(
        select(table.c.day).where(key).order_by(table.c.day.desc()).limit(1)
    ).scalar()
    return found


def _refuse_unknown(connection: Connection, client: Client) -> None:
    funds, users = tables.funds, tables.users
    query = select(funds.c.fund_id).where(funds.c.fund_id == client.fund_id).with_for_update(key_share=True)
    if connection.execute(query).first() is None:
        raise NotFoundError(f"fund is {client.fund_id!r}: there is none", remedy="run `fund funds list`")
    if client.user_id is not None:
        login = select(users.c.user_id).where(users.c.user_id == client.user_id)
        if connection.execute(login).first() is None:
            raise NotFoundError(f"user is {client.user_id!r}: there is none", remedy="run `fund users list`")


def _insert_terms(connection: Connection, terms: ClientTerms, act: Act) -> None:
    values = asdict(terms) | {"crystallisation": terms.crystallisation.value}
    connection.execute(insert(tables.client_terms).values(values))
    detail = {
        "valid_from": terms.valid_from.isoformat(),
        "performance_fee": str(terms.performance_fee),
        "crystallisation": terms.crystallisation.value,
    }
    audit.record(connection, act, "client_terms_set", "client", terms.client_id, detail)


def _client(row: RowMapping) -> Client:
    values = {name: row[name] for name in Client.__dataclass_fields__}
    return Client(**values | {"mode": TradingMode(row["mode"])})


def _terms(row: RowMapping) -> ClientTerms:
    values = {name: row[name] for name in ClientTerms.__dataclass_fields__}
    return ClientTerms(**values | {"crystallisation": Crystallisation(row["crystallisation"])})
