"""What every exchange carries, what is described, and that nothing secret stays anywhere."""

from __future__ import annotations

import json
import signal
import socket
import subprocess

import httpx
import pytest

from fund_pipeline_tests.api.conftest import COMMAND, LOUD
from fund_pipeline_tests.api.people import PATH, Person, Served
from fund_pipeline_tests.homes import ROOT, Home


def test_a_request_id_is_given_back_and_a_missing_or_odd_one_is_made(api: Served) -> None:
    given = api.client.get("/healthz", headers={"X-Request-ID": "nightly_2026-03-02.7"})
    assert given.headers["X-Request-ID"] == "nightly_2026-03-02.7"
    for odd in ({}, {"X-Request-ID": "a b"}, {"X-Request-ID": "x" * 65}, {"X-Request-ID": 'x";drop'}):
        told = api.client.get("/healthz", headers=odd).headers
        made = told["X-Request-ID"]
        assert made == told["X-Correlation-ID"]
        assert len(made) == 32
        assert made.isalnum()


def test_a_secret_in_place_of_a_request_id_goes_back_and_nowhere_else(api: Served, eve: Person) -> None:
    secret = "hunter2-is-my-passphrase"
    answers = [
        api.get("/history", eve, headers={"X-Request-ID": secret}),
        api.client.get(f"{PATH}/history", auth=(eve.user_id, "wrong"), headers={"X-Request-ID": secret}),
        api.client.get("/healthz", headers={"X-Request-ID": secret}),
    ]
    home = api.settings.root
    written = b"".join(path.read_bytes() for path in [*home.glob("*.log"), *home.glob("ledger.sqlite*")])
    for answer in answers:
        assert answer.headers["X-Request-ID"] == secret
        assert secret not in answer.text
        assert answer.headers["X-Correlation-ID"].encode() in written
    assert secret.encode() not in written


def test_health_is_told_to_those_who_want_the_head_alone(api: Served) -> None:
    for path in ("/healthz", "/readyz"):
        answer = api.client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("path", ["/healthz", f"{PATH}/current", f"{PATH}/history", "/openapi.json", "/nothing"])
def test_no_answer_may_be_kept_in_a_cache(api: Served, eve: Person, path: str) -> None:
    for login in (None, eve.login):
        answer = api.client.get(path, auth=login)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_description_has_every_path_and_no_example_of_a_secret(api: Served, eve: Person) -> None:
    described = api.client.get("/openapi.json", auth=eve.login).json()
    paths = {path: set(methods) for path, methods in described["paths"].items()}
    assert paths == {
        "/healthz": {"get"},
        "/readyz": {"get"},
        "/api/signals": {"post"},
        "/api/v1/signals": {"get", "post"},
        "/api/v1/signals/{signal_id}": {"get"},
        f"{PATH}/current": {"get"},
        f"{PATH}/latest-recommendation": {"get"},
        f"{PATH}/history": {"get"},
        f"{PATH}/approve": {"post"},
        f"{PATH}/reject": {"post"},
        f"{PATH}/custom": {"put"},
        "/api/v1/accounts": {"get", "post"},
        "/api/v1/accounts/{account_id}": {"get", "put", "delete"},
        "/api/v1/accounts/{account_id}/state": {"get"},
        "/api/v1/login": {"post"},
        "/api/v1/logout": {"post"},
        "/api/v1/dashboards/admin": {"get"},
        "/api/strategies": {"get", "post"},
        "/api/strategies/{strategy_id}": {"get", "put", "delete"},
        "/api/strategies/{strategy_id}/sync-backtest": {"post"},
    }
    for path, methods in described["paths"].items():
        for method, what in methods.items():
            assert what["summary"]
            assert what["description"]
            is_open = path in ("/healthz", "/readyz", "/api/v1/login") or (
                method == "post" and path.endswith("/signals")
            )
            assert ("security" in what) == (not is_open)
            assert ("401" in what["responses"]) == (path not in ("/healthz", "/readyz"))
    schemas = described["components"]["schemas"]
    code = schemas["ApproveBody"]["properties"]["code"]
    assert (code["format"], code["writeOnly"]) == ("password", True)
    assert "example" not in json.dumps(code)
    assert schemas["CustomBody"]["properties"]["weights"]["additionalProperties"]["type"] == "string"
    assert all(one["additionalProperties"] is False for name, one in schemas.items() if name.endswith("Body"))


def test_no_secret_stays_in_a_log_an_answer_or_the_ledger(api: Served, ada: Person) -> None:
    bob, pending = api.person(), api.pending()
    ours = [code for person in (ada, bob) for code in person.recovery_codes]
    override = {"reason": "tried", "second_by": bob.user_id, "second_code": bob.recovery_codes[0]}
    decision = ada.decision(pending, weights={"LowVol_Long": "0.6"}, code=ada.recovery_codes[0], override=override)
    answers = [
        api.put(ada, decision | {"codes": ours[5:7]}),
        api.put(ada, decision | {"code": [ada.recovery_codes[0]]}),
        api.put(ada, decision | {"override": {**override, "second_code": {"x": bob.recovery_codes[1]}}}),
        api.put(ada, decision | {"approved_by": ada.recovery_codes[2]}),
        api.client.get(f"{PATH}/history", auth=(ada.user_id, ada.recovery_codes[1])),
        api.client.get(f"{PATH}/history", auth=(bob.password, "x")),
        api.put(ada, decision),
        api.put(ada, decision),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 403, 401, 401, 200, 409]
    home = api.settings.root
    written = "".join(answer.text + str(answer.headers) for answer in answers).encode()
    written += b"".join(path.read_bytes() for path in [*home.glob("*.log"), *home.glob("ledger.sqlite*")])
    assert pending.allocation_id.encode() in written
    secrets = [ada.password, bob.password, ada.app.secret, bob.app.secret, *ours, *(o.replace("-", "") for o in ours)]
    assert [secret for secret in secrets if secret.encode() in written] == []


def test_a_line_of_the_log_tells_who_did_what_and_strangers_cannot_write_lines(api: Served, eve: Person) -> None:
    asked = api.get("/history", eve, params={"fund": "demo"}).headers["X-Correlation-ID"]
    forged = api.client.get("/x%0aforged").headers["X-Correlation-ID"]
    lines = [json.loads(line) for line in (api.settings.root / "api.log").read_text().splitlines()]
    [told] = [line for line in lines if line.get("correlation_id") == asked]
    assert (told["method"], told["path"], told["status"]) == ("GET", f"{PATH}/history", 200)
    assert told["admin"] == eve.user_id
    assert [line["path"] for line in lines if line.get("correlation_id") == forged and "path" in line] == [
        "/x%0aforged"
    ]


def test_what_is_no_http_is_refused_and_told_in_the_form_of_the_log(api: Served) -> None:
    with socket.create_connection((api.client.base_url.host, api.client.base_url.port or 0), timeout=30) as line:
        line.sendall(b"\x16\x03\x01 a TLS hello\r\n\r\n")
        assert b"400" in line.recv(4096)
    told = [json.loads(each) for each in (api.settings.root / "api.log").read_text().splitlines()]
    assert "Invalid HTTP request received." in [each["event"] for each in told]


def test_ctrl_c_ends_it_in_order(api_home: Home) -> None:
    process = subprocess.Popen(
        COMMAND, env=api_home.environment(**LOUD), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    up = json.loads(process.stdout.readline())
    assert httpx.get(f"{up['url']}/healthz", trust_env=False).status_code == 200
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "Traceback" not in said


def test_a_port_in_use_is_refused_with_the_setting_to_change(api: Served, api_home: Home) -> None:
    done = api_home.fund("api", "--port", str(api.client.base_url.port), "--json")
    assert done.returncode == 5
    assert "FUND_API_PORT" in json.loads(done.stdout)["remedy"]


def test_a_ledger_that_is_not_up_to_date_is_told_before_serving(api_home: Home) -> None:
    empty = Home(api_home.path.parent / "empty")
    done = empty.fund("api", "--json")
    assert done.returncode == 5
    assert json.loads(done.stdout)["remedy"] == "run `fund ledger upgrade`"
