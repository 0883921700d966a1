"""Alerts: one per trouble until somebody has it in hand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Severity
from fund_pipeline.ledger.alerts import acknowledge, get_alert, list_alerts, raise_alert
from fund_pipeline.ledger.audit import history
from fund_pipeline_tests.samples import ACT, NOW, trouble

LATER = NOW + timedelta(minutes=5)


def test_the_same_trouble_again_only_counts_up_and_brings_the_newest_words(ledger: Ledger) -> None:
    first = raise_alert(ledger, trouble(detail={"attempt": 1}), NOW)
    again = trouble(message="the broker refused it again", detail={"attempt": 2})
    assert raise_alert(ledger, again, LATER) == first
    other = raise_alert(ledger, trouble(entity_id="order-2"), NOW)
    found = get_alert(ledger, first)
    assert (found.trouble, found.raised, found.at, found.last_at, found.is_open) == (again, 2, NOW, LATER, True)
    assert [one.alert_id for one in list_alerts(ledger)] == [first, other]
    assert [one.alert_id for one in list_alerts(ledger, limit=1)] == [first]


def test_severity_may_rise_and_never_falls(ledger: Ledger) -> None:
    seen = []
    for severity in (Severity.WARNING, Severity.INFO, Severity.CRITICAL, Severity.WARNING):
        raised = raise_alert(ledger, trouble(severity=severity), NOW)
        seen.append(get_alert(ledger, raised).trouble.severity)
    assert seen == [Severity.WARNING, Severity.WARNING, Severity.CRITICAL, Severity.CRITICAL]


def test_an_alert_within_a_transaction_goes_with_it(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.writing() as connection:
        raise ZeroDivisionError(raise_alert(connection, trouble(), NOW))
    assert list_alerts(ledger) == ()
    with ledger.writing() as connection:
        raise_alert(connection, trouble(), NOW)
        raise_alert(connection, trouble(), LATER)
    assert [one.raised for one in list_alerts(ledger)] == [2]


def test_once_somebody_has_it_in_hand_the_same_trouble_is_a_new_alert(ledger: Ledger) -> None:
    first = raise_alert(ledger, trouble(), NOW)
    held = acknowledge(ledger, first, "closed by hand", ACT)
    assert (held.acknowledged_by, held.acknowledged_at, held.note) == ("test", NOW, "closed by hand")
    assert list_alerts(ledger, only_open=True) == ()
    second = raise_alert(ledger, trouble(), LATER)
    assert [one.alert_id for one in list_alerts(ledger, only_open=True)] == [second]
    assert {one.alert_id: one.raised for one in list_alerts(ledger)} == {first: 1, second: 1}
    assert history(ledger, "alert", first)[0].detail["note"] == "closed by hand"
    with pytest.raises(ConflictError, match="acknowledged by test already"):
        acknowledge(ledger, first, "again", ACT)
    with pytest.raises(NotFoundError, match="no alert 'nowhere'"):
        acknowledge(ledger, "nowhere", "why", ACT)


def test_trouble_that_several_see_at_once_is_one_alert_with_all_of_them_counted(ledger: Ledger) -> None:
    with ThreadPoolExecutor(4) as pool:
        raised = set(pool.map(lambda _: raise_alert(ledger, trouble(), NOW), range(12)))
    assert len(raised) == 1
    assert [one.raised for one in list_alerts(ledger)] == [12]
