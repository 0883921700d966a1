"""Nobody is shown a row of another owner, whatever is published and whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fund_pipeline.dashboards import (
    admin_dashboard,
    client_dashboard,
    client_ids,
    fund_ids,
    sender_dashboard,
    sender_ids,
)
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
from fund_pipeline.ledger.dashboards import publish, published_marts
from fund_pipeline_tests.dashboards.rows import build, row

OWNERS = st.sampled_from(["a", "A", "a ", "b", "ä", "", "%", "a'; --", "null"])
ROLES = (
    (for_admin, FUND, ADMIN_MARTS),
    (for_client, CLIENT, CLIENT_MARTS),
    (for_sender, SENDER, SENDER_MARTS),
)
READERS = ((admin_dashboard, FUND), (client_dashboard, CLIENT), (sender_dashboard, SENDER))


@st.composite
def published(draw: st.DrawFn, column: str, marts: tuple[str, ...]) -> dict[str, tuple[dict[str, Any], ...]]:
    """Rows of several owners in every mart, in any order."""
    return {
        mart: tuple(row(mart, number, **{column: draw(OWNERS)}) for number in range(1, draw(st.integers(1, 6))))
        for mart in marts
    }


@given(st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the first rows of a table take longer
def test_no_role_sees_a_row_of_another_owner(data: st.DataObject) -> None:
    for role, column, marts in ROLES:
        rows, owner = data.draw(published(column, marts)), data.draw(OWNERS)
        try:
            shown = role(rows, owner)
        except NotFoundError:
            assert all(one[column] != owner for one in rows[marts[0]])
            continue
        seen = list(_rows_in(shown))
        assert seen
        assert {one[column] for one in seen} == {owner}
        wanted = sum(one[column] == owner for mart in marts[1:] for one in rows[mart])
        assert len(seen) == 1 + wanted


def test_every_published_mart_belongs_to_a_role() -> None:
    assert {mart for _, _, marts in ROLES for mart in marts} == set(published_marts())


def test_the_ledger_too_gives_only_the_owners_rows(ledger: Ledger) -> None:
    owners = ("a", "A", "b", "ä", "a'; --")
    marts = {
        mart: [row(mart, number, **{column: owner}) for number, owner in enumerate(owners, 1)]
        for _, column, names in ROLES
        for mart in names
    }
    publish(ledger, build(1), marts)
    assert set(fund_ids(ledger)) == set(client_ids(ledger)) == set(sender_ids(ledger)) == set(owners)
    for owner in owners:
        for read, column in READERS:
            assert {one[column] for one in _rows_in(read(ledger, owner)[1])} == {owner}


def _rows_in(dashboard: Any) -> Iterator[dict[str, Any]]:
    for each in fields(dashboard):
        value = getattr(dashboard, each.name)
        if isinstance(value, tuple):
            yield from value
        elif isinstance(value, dict):
            yield value
