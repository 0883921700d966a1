"""A login token is good for whom and while it was given, and for nothing that anybody else can write."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import jwt
import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger import Ledger
from fund_pipeline.users import (
    LoginToken,
    SecretBox,
    TokenVerdict,
    UserRole,
    add_user,
    check_token,
    disable_user,
    end_login,
    enrol_totp,
    issue_token,
    reset_totp,
    set_password,
)
from fund_pipeline.users.tokens import ALGORITHM
from fund_pipeline_tests.keys import SECRETS_KEY
from fund_pipeline_tests.samples import ACT, NOW

BOX = SecretBox([SECRETS_KEY])
HOUR = timedelta(hours=1)


@pytest.fixture
def token(ledger: Ledger) -> LoginToken:
    add_user(ledger, "ada", "Ada", UserRole.ADMIN, ACT, password="a password of hers")
    enrol_totp(ledger, "ada", BOX, ACT)
    return issue_token(ledger, "ada", BOX, NOW, HOUR)


def verdict(ledger: Ledger, text: str, box: SecretBox = BOX, later: timedelta = timedelta()) -> TokenVerdict:
    return check_token(ledger, text, box, NOW + later).verdict


def test_a_token_is_good_for_its_hour_and_says_who_it_is(ledger: Ledger, token: LoginToken) -> None:
    found = check_token(ledger, token.text, BOX, NOW + HOUR - timedelta(seconds=1)).token
    assert found == token
    assert (token.user_id, token.role, token.expires_at) == ("ada", UserRole.ADMIN, NOW + HOUR)
    assert verdict(ledger, token.text, later=HOUR) is TokenVerdict.EXPIRED
    assert verdict(ledger, token.text, later=-HOUR) is TokenVerdict.EXPIRED
    assert token.text not in repr(token)
    with pytest.raises(InvariantError, match="nobody was let in"):
        issue_token(ledger, "nobody", BOX, NOW, HOUR)


def test_it_ends_with_logging_out_and_with_everything_it_rests_on(ledger: Ledger, token: LoginToken) -> None:
    other = issue_token(ledger, "ada", BOX, NOW, HOUR)
    end_login(ledger, token, NOW)
    end_login(ledger, token, NOW)
    assert verdict(ledger, token.text) is TokenVerdict.ENDED
    assert verdict(ledger, other.text) is TokenVerdict.ACCEPTED
    set_password(ledger, "ada", "another password", ACT)
    assert verdict(ledger, other.text) is TokenVerdict.CHANGED
    again = issue_token(ledger, "ada", BOX, NOW, HOUR)
    reset_totp(ledger, "ada", BOX, ACT)
    assert verdict(ledger, again.text) is TokenVerdict.CHANGED
    last = issue_token(ledger, "ada", BOX, NOW, HOUR)
    disable_user(ledger, "ada", ACT)
    assert verdict(ledger, last.text) is TokenVerdict.CHANGED


def test_a_rotated_key_is_good_until_it_is_taken_away(ledger: Ledger, token: LoginToken) -> None:
    newer = Fernet.generate_key().decode()
    assert verdict(ledger, token.text, SecretBox([newer, SECRETS_KEY])) is TokenVerdict.ACCEPTED
    assert verdict(ledger, token.text, SecretBox([newer])) is TokenVerdict.NONE


def test_no_other_algorithm_is_accepted_and_no_claim_may_lack(ledger: Ledger, token: LoginToken) -> None:
    key = BOX.token_keys[0]
    claims = jwt.decode(token.text, key, algorithms=[ALGORITHM], audience="dashboards", options={"verify_exp": False})
    assert verdict(ledger, jwt.encode(claims, key, algorithm=ALGORITHM)) is TokenVerdict.ACCEPTED
    assert verdict(ledger, jwt.encode(claims, None, algorithm="none")) is TokenVerdict.NONE
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        longer = jwt.encode(claims, key, algorithm="HS512")
    assert verdict(ledger, longer) is TokenVerdict.NONE
    head, body, _ = token.text.split(".")
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode().rstrip("=")
    assert verdict(ledger, f"{unsigned}.{body}.") is TokenVerdict.NONE
    assert verdict(ledger, f"{head}.{body}.") is TokenVerdict.NONE
    assert verdict(ledger, jwt.encode(claims, SECRETS_KEY, algorithm=ALGORITHM)) is TokenVerdict.NONE
    for name in claims:
        less = {other: value for other, value in claims.items() if other != name}
        assert verdict(ledger, jwt.encode(less, key, algorithm=ALGORITHM)) is TokenVerdict.NONE
    for change in ({"aud": "elsewhere"}, {"iss": "elsewhere"}, {"exp": "never"}, {"jti": 7}):
        assert verdict(ledger, jwt.encode(claims | change, key, algorithm=ALGORITHM)) is TokenVerdict.NONE
    for change in ({"role": "QUANT"}, {"sub": "eve"}, {"bound": "0" * 64}):
        assert verdict(ledger, jwt.encode(claims | change, key, algorithm=ALGORITHM)) is TokenVerdict.CHANGED


@given(text=st.text(max_size=200) | st.binary(max_size=80).map(lambda raw: f"eyJ.{raw.hex()}.x"))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_else_is_sent_is_no_token(ledger: Ledger, text: str) -> None:
    assert verdict(ledger, text) is TokenVerdict.NONE
