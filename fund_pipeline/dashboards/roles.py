"""Who may see what: pure functions from published rows to what one reader may see. None has a default for whose it is.

Each names the marts it shows and the column that says whose a row is. A row of another owner is never passed on,
whatever it was given: what reads the ledger asks for one owner's rows too, but does not have to be trusted.
"""

from __future__ import annotations

from fund_pipeline.dashboards.model import AdminDashboard, ClientDashboard, Published, Row, Rows, SenderDashboard
from fund_pipeline.errors import NotFoundError

FUND, CLIENT, SENDER = "fund_id", "client_id", "sender_id"
"""The columns that say whose a row is."""

ADMIN_MARTS = (
    "fund_overview",
    "fund_rates",
    "fund_equity_history",
    "fund_open_positions",
    "fund_recent_signals",
    "fund_recent_orders",
    "strategy_scorecard",
)
CLIENT_MARTS = ("client_statement",)
SENDER_MARTS = ("sender_statement", "sender_payouts")


def for_admin(published: Published, fund_id: str) -> AdminDashboard:
    """All of one fund. NotFoundError where nothing is published of it."""
    overview = _only(_owned(published, "fund_overview", FUND, fund_id), "fund", fund_id)
    return AdminDashboard(
        fund_id=fund_id,
        overview=overview,
        rates=_sorted(_owned(published, "fund_rates", FUND, fund_id), "moment"),
        equity_history=_sorted(_owned(published, "fund_equity_history", FUND, fund_id), "day"),
        positions=_owned(published, "fund_open_positions", FUND, fund_id),
        signals=_sorted(_owned(published, "fund_recent_signals", FUND, fund_id), "place"),
        orders=_sorted(_owned(published, "fund_recent_orders", FUND, fund_id), "place"),
        scorecard=_owned(published, "strategy_scorecard", FUND, fund_id),
    )


def for_client(published: Published, client_id: str) -> ClientDashboard:
    """A client's own figures. NotFoundError where nothing is published of it."""
    return ClientDashboard(
        client_id=client_id,
        statement=_only(_owned(published, "client_statement", CLIENT, client_id), "client", client_id),
    )


def for_sender(published: Published, sender_id: str) -> SenderDashboard:
    """A sender's own figures. NotFoundError where nothing is published of it."""
    return SenderDashboard(
        sender_id=sender_id,
        statement=_only(_owned(published, "sender_statement", SENDER, sender_id), "sender", sender_id),
        payouts=_owned(published, "sender_payouts", SENDER, sender_id),
    )


def _owned(published: Published, mart: str, column: str, owner: str) -> Rows:
    return tuple(row for row in published.get(mart, ()) if row[column] == owner)


def _only(rows: Rows, what: str, owner: str) -> Row:
    if not rows:
        raise NotFoundError(
            f"nothing is published of {what} {owner!r}",
            remedy="run `fund report build`; `fund report list` says of whom there is something",
        )
    return rows[0]


def _sorted(rows: Rows, column: str) -> Rows:
    return tuple(sorted(rows, key=lambda row: row[column]))
