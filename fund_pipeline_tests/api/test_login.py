"""Who comes in: an admin with a password, and nobody learns why somebody else does not."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger.audit import Act, history
from fund_pipeline.users import UserRole, disable_user
from fund_pipeline_tests.api.people import PATH, Person, Served

CLOSED = [
    ("GET", f"{PATH}/current"),
    ("GET", f"{PATH}/latest-recommendation"),
    ("GET", f"{PATH}/history"),
    ("POST", f"{PATH}/approve"),
    ("POST", f"{PATH}/reject"),
    ("PUT", f"{PATH}/custom"),
    ("GET", "/openapi.json"),
    ("GET", "/no/such/path"),
    ("GET", "/healthz/"),
]


def refused(answer: httpx.Response) -> dict[str, Any]:
    """The answer to somebody who is not accepted, without what differs each time."""
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    told: dict[str, Any] = answer.json()
    assert told.pop("request_id") == answer.headers["X-Request-ID"]
    return told


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_everything_is_closed_to_strangers(api: Served, method: str, path: str) -> None:
    told = refused(api.client.request(method, path, content=b"{not even JSON"))
    assert (told["error"], told["message"]) == ("NOT_ACCEPTED", "not accepted")


def test_health_is_open(api: Served) -> None:
    answer = api.client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_every_way_of_not_being_an_admin_is_answered_alike(api: Served, ada: Person) -> None:
    quant, gone = api.person(UserRole.QUANT), api.person()
    disable_user(api.ledger, gone.user_id, Act("test", utc_now()))
    logins = {
        "unknown": ("nobody-here", ada.password),
        "wrong password": (ada.user_id, "not my password"),
        "no password": (ada.user_id, ""),
        "a quant": quant.login,
        "a sender": api.person(UserRole.SENDER).login,
        "disabled": gone.login,
        "no user id": ("Robert'); DROP TABLE users;--\0", "x"),
        "a one-time code": (ada.user_id, ada.app.now()),
        "a very long password": (ada.user_id, "x" * 20_000),
    }
    told = [refused(api.client.get(f"{PATH}/history", auth=login)) for login in logins.values()]
    told.append(refused(api.client.get(f"{PATH}/history")))
    assert [one for one in told if one != told[0]] == []
    assert api.get("/history", ada).status_code == 200


UNREADABLE = ["Basic", "Basic !!!", "Bearer token", "", "Digest username=ada"]
UNREADABLE += [f"Basic {base64.b64encode(text).decode()}" for text in (b"no colon", b"not UTF-8: \xff")]


@pytest.mark.parametrize("header", UNREADABLE)
def test_a_header_that_cannot_be_read_is_not_accepted(api: Served, header: str) -> None:
    refused(api.client.get(f"{PATH}/history", headers={"Authorization": header}))


def test_two_logins_in_one_request_are_not_accepted(api: Served, eve: Person) -> None:
    headers = [("Authorization", httpx.BasicAuth(*one)._auth_header) for one in (eve.login, eve.login)]
    refused(api.client.get(f"{PATH}/history", headers=headers))


def test_a_quant_cannot_decide_even_with_an_admins_code(api: Served, ada: Person) -> None:
    pending = api.pending()
    refused(api.post("/approve", api.person(UserRole.QUANT), ada.decision(pending)))
    assert api.post("/approve", ada, ada.decision(pending)).status_code == 200  # the code was not looked at


def test_too_many_wrong_passwords_lock_and_are_audited(api: Served, ada: Person) -> None:
    for _ in range(api.settings.lockout_failures):
        refused(api.client.get(f"{PATH}/history", auth=(ada.user_id, "a guess")))
    refused(api.get("/history", ada))
    actions = [entry.action for entry in history(api.ledger, "user", ada.user_id)]
    assert actions[-2:] == ["user_locked", "password_refused"]


def test_the_name_of_the_scheme_may_be_written_in_any_way(api: Served, eve: Person) -> None:
    spelt = base64.b64encode(":".join(eve.login).encode()).decode()
    answer = api.client.get(f"{PATH}/history", headers={"Authorization": f"bAsIc {spelt}"})
    assert answer.status_code == 200
