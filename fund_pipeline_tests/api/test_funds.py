"""Which fund is meant, on a ledger of either kind."""

from __future__ import annotations

from dataclasses import replace

from fund_pipeline.api import create_app
from fund_pipeline.keys import audit_source
from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.users import UserRole, add_user
from fund_pipeline_tests.api.conftest import settings_of
from fund_pipeline_tests.api.people import PATH, asked
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.samples import ACT, FUND

PASSWORD = "some words nobody says"


def test_the_fund_may_be_left_out_where_there_is_exactly_one(home: Home) -> None:
    settings = settings_of(home)
    app = create_app(settings)
    ledger = open_ledger(settings.ledger_url, lambda: AuditKeys.of(audit_source(settings).read()))
    add_user(ledger, "ada", "Ada", UserRole.ADMIN, ACT, password=PASSWORD)

    none = asked(app, f"{PATH}/current", ("ada", PASSWORD))
    assert (none.status_code, none.json()["message"]) == (404, "there is no fund yet")

    put_fund(ledger, FUND, ACT)
    one = asked(app, f"{PATH}/history", ("ada", PASSWORD))
    assert (one.status_code, one.json()) == (200, {"fund_id": "demo", "decisions": []})
    assert asked(app, f"{PATH}/current", ("ada", PASSWORD)).json()["message"].endswith("no allocation in force")

    put_fund(ledger, replace(FUND, fund_id="other", name="Other Fund"), ACT)
    two = asked(app, f"{PATH}/history", ("ada", PASSWORD))
    assert (two.status_code, two.json()["field"]) == (422, "fund")
    assert two.json()["remedy"] == "use one of: demo, other"
    assert asked(app, f"{PATH}/history?fund=other", ("ada", PASSWORD)).json()["fund_id"] == "other"
    assert asked(app, "/healthz").json() == {"status": "ok"}
    ledger.close()
