"""Users in the ledger. What is decided about one is decided under a lock on its row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection, RowMapping, Select, and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.user_model import Credentials, User, UserChange, UserRole, UserStatus

T = TypeVar("T")
UNKNOWN = "(unknown)"
"""In place of the id of a user there is none of: people type passwords and codes where a name belongs."""


def list_users(ledger: Ledger) -> tuple[User, ...]:
    """All users, by id, without anything that is secret."""
    with ledger.reading() as connection:
        rows = connection.execute(_shown().order_by(tables.users.c.user_id)).mappings().all()
    return tuple(_user(row) for row in rows)


def get_user(ledger: Ledger, user_id: str) -> User:
    """One user, or NotFoundError."""
    with ledger.reading() as connection:
        row = connection.execute(_shown().where(tables.users.c.user_id == user_id)).mappings().one_or_none()
    if row is None:
        raise _no_user(user_id)
    return _user(row)


def get_credentials(ledger: Ledger, user_id: str) -> Credentials | None:
    """What a user proves themselves with, as it is now; None when there is no such user."""
    with ledger.reading() as connection:
        return _credentials(connection, user_id, lock=False)


def insert_user(
    ledger: Ledger,
    user_id: str,
    name: str,
    role: UserRole,
    act: Act,
    *,
    password_hash: str | None = None,
    is_demo: bool = False,
) -> None:
    """Add an ACTIVE user, audited. ConflictError when the id is taken."""
    row: dict[str, object] = {
        "user_id": user_id,
        "name": name,
        "role": role.value,
        "status": UserStatus.ACTIVE.value,
        "is_demo": is_demo,
        "password_hash": password_hash,
        "code_failures": [],
        "password_failures": [],
        "created_at": act.at,
        "updated_at": act.at,
    }
    with ledger.writing() as connection:
        try:
            connection.execute(insert(tables.users).values(row))
        except IntegrityError:
            raise ConflictError(
                f"user {user_id!r} is there already", remedy="choose another id; `fund users list`"
            ) from None
        detail = {"name": name, "role": role.value, "is_demo": is_demo, "password": password_hash is not None}
        audit.record(connection, act, "user_added", "user", user_id, detail)


def change_user(
    ledger: Ledger, user_id: str, act: Act, decide: Callable[[Credentials | None], tuple[UserChange, T]]
) -> T:
    """Let `decide` look at a user's credentials and apply what it comes to, in one audited transaction.

    Nobody else can decide about this user meanwhile, on either database. `decide` gets None for an unknown user; what
    it raises leaves everything as it was.
    """
    with ledger.writing() as connection:
        held = _credentials(connection, user_id, lock=True)
        entity_id = user_id
        if held is None:
            act, entity_id = replace(act, actor=f"user:{UNKNOWN}"), UNKNOWN
        change, result = decide(held)
        if held is not None and change.after is not None and change.after != held:
            _store(connection, held, change.after, act)
        for action, detail in change.events:
            audit.record(connection, act, action, "user", entity_id, detail)
    return result


def change_known_user(ledger: Ledger, user_id: str, act: Act, decide: Callable[[Credentials], UserChange]) -> None:
    """The same for a user that must be there: NotFoundError otherwise."""

    def known(held: Credentials | None) -> tuple[UserChange, None]:
        if held is None:
            raise _no_user(user_id)
        return decide(held), None

    change_user(ledger, user_id, act, known)


def _shown() -> Select[tuple[object, ...]]:
    users, codes = tables.users, tables.recovery_codes
    unused = (
        select(func.count())
        .select_from(codes)
        .where(codes.c.user_id == users.c.user_id, codes.c.spent_at.is_(None))
        .scalar_subquery()
    )
    return select(users, unused.label("unused"))


def _user(row: RowMapping) -> User:
    return User(
        user_id=row["user_id"],
        name=row["name"],
        role=UserRole(row["role"]),
        status=UserStatus(row["status"]),
        is_demo=row["is_demo"],
        has_password=row["password_hash"] is not None,
        is_enrolled=row["totp_secret"] is not None,
        recovery_codes=row["unused"],
        locked_until=row["locked_until"],
        created_at=row["created_at"],
    )


def _credentials(connection: Connection, user_id: str, *, lock: bool) -> Credentials | None:
    query = select(tables.users).where(tables.users.c.user_id == user_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    codes = tables.recovery_codes  # asked for an unknown user too, who shall not be told apart by the time it takes
    unused = select(codes.c.code_hash).where(codes.c.user_id == user_id, codes.c.spent_at.is_(None))
    hashes: frozenset[str] = frozenset(connection.execute(unused).scalars())
    if row is None:
        return None
    return Credentials(
        user_id=row["user_id"],
        role=UserRole(row["role"]),
        status=UserStatus(row["status"]),
        password_hash=row["password_hash"],
        totp_secret=row["totp_secret"],
        totp_last_step=row["totp_last_step"],
        code_failures=tuple(row["code_failures"]),
        password_failures=tuple(row["password_failures"]),
        locked_until=row["locked_until"],
        recovery_hashes=hashes,
    )


def _store(connection: Connection, before: Credentials, after: Credentials, act: Act) -> None:
    users, codes = tables.users, tables.recovery_codes
    connection.execute(
        update(users)
        .where(users.c.user_id == before.user_id)
        .values(
            status=after.status.value,
            password_hash=after.password_hash,
            totp_secret=after.totp_secret,
            totp_last_step=after.totp_last_step,
            code_failures=list(after.code_failures),
            password_failures=list(after.password_failures),
            locked_until=after.locked_until,
            updated_at=act.at,
        )
    )
    if spent := before.recovery_hashes - after.recovery_hashes:
        of_user = and_(codes.c.user_id == before.user_id, codes.c.code_hash.in_(sorted(spent)))
        connection.execute(update(codes).where(of_user).values(spent_at=act.at))
    if new := after.recovery_hashes - before.recovery_hashes:
        rows = [{"user_id": before.user_id, "code_hash": each, "created_at": act.at} for each in sorted(new)]
        connection.execute(insert(codes), rows)


def _no_user(user_id: str) -> NotFoundError:
    return NotFoundError(f"there is no user {user_id!r}", remedy="run `fund users list`")
