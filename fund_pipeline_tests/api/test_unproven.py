"""What somebody changed in the database is not passed on over HTTP as if it were true."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from fastapi import FastAPI

from fund_pipeline.api import create_app
from fund_pipeline.keys import audit_source
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.digests import allocation_digest
from fund_pipeline.users import UserRole, add_user
from fund_pipeline_tests.api.conftest import settings_of
from fund_pipeline_tests.api.people import PATH, asked
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.ledger.approving import decided, falsify
from fund_pipeline_tests.samples import ACT

LOGIN = ("eva", "some words nobody says")


@pytest.fixture
def app(home: Home) -> FastAPI:
    return create_app(settings_of(home))


@pytest.fixture
def ledger(home: Home, app: FastAPI) -> Iterator[Ledger]:
    settings = settings_of(home)
    opened = open_ledger(settings.ledger_url, lambda: AuditKeys.of(audit_source(settings).read()))
    add_user(opened, LOGIN[0], "Eva", UserRole.ADMIN, ACT, password=LOGIN[1])
    decided(opened)
    yield opened
    opened.close()


def test_a_history_that_is_not_proven_is_not_told(app: FastAPI, ledger: Ledger) -> None:
    assert len(asked(app, f"{PATH}/history", LOGIN).json()["decisions"]) == 3
    falsify(ledger, "UPDATE approvals SET decided_by = 'mallory'")
    answer = asked(app, f"{PATH}/history", LOGIN)
    assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")
    assert "true seal" in answer.json()["message"]
    assert "mallory" not in answer.text


def test_a_recommendation_that_is_not_what_was_recorded_is_not_told(app: FastAPI, ledger: Ledger) -> None:
    falsify(
        ledger,
        "UPDATE allocation_weights SET weight = '0.5' WHERE allocation_id = 'demo-inputs-3'",
        "UPDATE allocations SET digest = :digest WHERE allocation_id = 'demo-inputs-3'",
        digest=allocation_digest("inputs-3", {"A": Decimal("0.5")}),
    )
    answer = asked(app, f"{PATH}/latest-recommendation", LOGIN)
    assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")
    assert "not those that were recorded" in answer.json()["message"]
