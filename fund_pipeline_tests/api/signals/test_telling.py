"""A sender learns what became of its own signals, an admin of all, a stranger of none."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import httpx
import pytest

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.key_model import Scope
from fund_pipeline.users import UserRole, add_key, add_user
from fund_pipeline_tests.api.signals.frontage import PATH, SIGNED, Frontage, entry, secret
from fund_pipeline_tests.waiting import wait_until

Login = tuple[str, str]


@pytest.fixture(scope="module")
def admin(embedded: Frontage) -> Login:
    """An admin of the embedded ledger."""
    login = ("ada", f"password of {uuid.uuid4().hex}")
    add_user(embedded.ledger, login[0], "Ada", UserRole.ADMIN, Act("test", utc_now()), password=login[1])
    return login


@pytest.fixture(scope="module")
def wrong(embedded: Frontage) -> dict[str, Any]:
    """What tess is told of a signal that cannot be read."""
    signal_id = embedded.post(entry("to be told", signal_legs=[{"instrument": "AAPL"}])).json()["signal_id"]
    return wait_until(lambda: (found := embedded.told(signal_id).json())["state"] != "RECEIVED" and found)


def _ask(front: Frontage, path: str, login: Login | None) -> httpx.Response:
    return front.client.get(PATH + path, auth=login)


def test_the_problem_says_what_and_where_and_what_to_do(wrong: dict[str, Any]) -> None:
    assert (wrong["state"], wrong["reason"]) == ("QUARANTINED", wrong["problem"]["reason"])
    assert wrong["problem"]["field"].startswith("signal_legs[0]")
    assert wrong["problem"]["remedy"]
    [change] = wrong["transitions"]
    assert (change["before"], change["after"]) == ("RECEIVED", "QUARANTINED")
    assert "by" not in change
    assert wrong["legs"] == []


def test_what_was_read_and_inferred_is_told(embedded: Frontage) -> None:
    signal_id = embedded.post(entry("inferred", "theo")).json()["signal_id"]
    told = wait_until(lambda: (found := embedded.told(signal_id, "theo").json())["legs"] and found, what="reading")
    [leg] = told["legs"]
    assert (leg["key"], leg["side"], leg["quantity"]) == ("STOCK:AAPL", "BUY", "10")
    assert {note["code"] for note in told["inferred"]} >= {"ORDER_TYPE_DEFAULT"}
    assert all(note["words"] for note in told["inferred"])
    assert datetime.fromisoformat(told["sent_at"]) <= datetime.fromisoformat(told["received_at"])


def test_anothers_signal_is_as_if_it_were_not_there(embedded: Frontage, wrong: dict[str, Any]) -> None:
    theirs, none = embedded.told(wrong["signal_id"], "theo"), embedded.told("sig-none", "theo")
    assert theirs.status_code == none.status_code == 404
    assert {**theirs.json(), "request_id": ""} == {**none.json(), "request_id": ""}


def test_an_admin_is_told_of_all_and_who_did_what(embedded: Frontage, wrong: dict[str, Any], admin: Login) -> None:
    told = _ask(embedded, f"/{wrong['signal_id']}", admin)
    assert told.status_code == 200
    assert told.json()["transitions"][0]["by"] == "inbox"


@pytest.mark.parametrize(
    "login", [None, ("tess", "not-the-secret-4711"), ("tess", secret("theo")), ("ada", secret("tess"))]
)
def test_whoever_does_not_prove_who_they_are_is_told_nothing(
    embedded: Frontage, wrong: dict[str, Any], admin: Login, login: Login | None
) -> None:
    for path in (f"/{wrong['signal_id']}", "", "/sig-none"):
        answer = _ask(embedded, path, login)
        assert (answer.status_code, answer.json()["error"]) == (401, "NOT_ACCEPTED")
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_sender_who_signs_signs_the_empty_body_to_ask(embedded: Frontage) -> None:
    assert _ask(embedded, "", (SIGNED, secret(SIGNED))).status_code == 401


def test_a_program_needs_the_scope_for_signals(embedded: Frontage, wrong: dict[str, Any]) -> None:
    for scope, status in ((Scope.SIGNALS_READ, 200), (Scope.STRATEGIES_READ, 403)):
        key = add_key(embedded.ledger, scope.value, [scope], Act("test", utc_now())).text
        answer = embedded.client.get(f"{PATH}/{wrong['signal_id']}", headers={"X-API-Key": key})
        assert answer.status_code == status


@pytest.mark.parametrize("path", ["/sig-%00", "/%F0%9F%92%B0", "/" + "x" * 300, "?strategy=%00", "?strategy=%ff"])
def test_no_text_of_an_id_is_a_fault(on_postgres: Frontage, path: str) -> None:
    assert _ask(on_postgres, path, ("tess", secret("tess"))).status_code in (200, 404, 422)
    assert _ask(on_postgres, path, ("te\0ss", secret("tess"))).status_code == 401


def test_a_list_is_of_ones_own_newest_first_and_of_what_was_asked_for(
    embedded: Frontage, wrong: dict[str, Any], admin: Login
) -> None:
    ids = [embedded.post(entry(f"listed {number}", "late")).json()["signal_id"] for number in range(3)]

    def listed(login: Login, query: str = "") -> list[str]:
        return [one["signal_id"] for one in _ask(embedded, query, login).json()["signals"]]

    late, tess = ("late", secret("late")), ("tess", secret("tess"))
    assert listed(late) == ids[::-1]
    assert listed(late, "?limit=1") == ids[-1:]
    assert listed(late, "?strategy=S-tess") == []
    assert wrong["signal_id"] in listed(tess, "?state=QUARANTINED")
    assert not set(listed(tess, "?limit=1000")) & set(ids)
    assert set(listed(admin, "?limit=1000")) >= {*ids, wrong["signal_id"]}
    assert listed(admin, "?strategy=S-late&limit=1000") == ids[::-1]


@pytest.mark.parametrize("query", ["?limit=0", "?limit=many", "?state=LOST"])
def test_a_wrong_parameter_is_named(embedded: Frontage, query: str) -> None:
    answer = _ask(embedded, query, ("tess", secret("tess")))
    assert (answer.status_code, answer.json()["field"]) == (422, query[1:].partition("=")[0])
