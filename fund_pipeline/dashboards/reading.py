"""Dashboards out of the ledger: one owner's rows of the newest build, as that owner's role may see them."""

from __future__ import annotations

from collections.abc import Sequence

from fund_pipeline.dashboards.model import AdminDashboard, Built, ClientDashboard, Published, SenderDashboard
from fund_pipeline.dashboards.roles import (
    ADMIN_MARTS,
    CLIENT,
    CLIENT_MARTS,
    FUND,
    SENDER,
    SENDER_MARTS,
    for_admin,
    for_client,
    for_sender,
)
from fund_pipeline.errors import NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.dashboards import Build, owners, read_everybodys, read_published


def admin_dashboard(ledger: Ledger, fund_id: str) -> tuple[Built, AdminDashboard]:
    """What an admin sees of a fund. NotFoundError where nothing is published of it."""
    built, published = _read(ledger, ADMIN_MARTS, FUND, fund_id)
    return built, for_admin(published, fund_id)


def all_funds(ledger: Ledger) -> tuple[Built, tuple[AdminDashboard, ...]]:
    """What an admin sees of every fund, all of one build. NotFoundError where nothing is published."""
    built, published = _found(read_everybodys(ledger, ADMIN_MARTS))
    names = sorted({row[FUND] for row in published["fund_overview"]})
    return built, tuple(for_admin(published, name) for name in names)


def client_dashboard(ledger: Ledger, client_id: str) -> tuple[Built, ClientDashboard]:
    """What a client sees of itself. NotFoundError where nothing is published of it."""
    built, published = _read(ledger, CLIENT_MARTS, CLIENT, client_id)
    return built, for_client(published, client_id)


def sender_dashboard(ledger: Ledger, sender_id: str) -> tuple[Built, SenderDashboard]:
    """What a sender sees of itself. NotFoundError where nothing is published of it."""
    built, published = _read(ledger, SENDER_MARTS, SENDER, sender_id)
    return built, for_sender(published, sender_id)


def fund_ids(ledger: Ledger) -> tuple[str, ...]:
    """The funds of which something is published."""
    return owners(ledger, "fund_overview", FUND)


def client_ids(ledger: Ledger) -> tuple[str, ...]:
    """The clients of whom something is published."""
    return owners(ledger, "client_statement", CLIENT)


def sender_ids(ledger: Ledger) -> tuple[str, ...]:
    """The senders of whom something is published."""
    return owners(ledger, "sender_statement", SENDER)


def _read(ledger: Ledger, marts: Sequence[str], column: str, owner: str) -> tuple[Built, Published]:
    return _found(read_published(ledger, marts, column, owner))


def _found(found: tuple[Build, Published] | None) -> tuple[Built, Published]:
    if found is None:
        raise NotFoundError("nothing is published yet", remedy="run `fund report build`, or wait for the next build")
    build, rows = found
    return Built(build.build_id, build.as_of, build.built_at), rows
