import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fund_pipeline.ledger.user_model import Credentials, UserRole, UserStatus
from fund_pipeline.users import CodeVerdict, Lockout, SecretBox, Security, totp
from fund_pipeline.users.verification import judge
from fund_pipeline_tests.keys import SECRETS_KEY
from fund_pipeline_tests.samples import NOW

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_6238_APPENDIX_B = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
SECURITY = Security(SecretBox([SECRETS_KEY]), Lockout(failures=20))
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ADA = Credentials(
    "ada", UserRole.ADMIN, UserStatus.ACTIVE, totp_secret=SECURITY.box.seal("ada", UserRole.ADMIN, SECRET)
)
EPOCH_STEP = totp.step_of(NOW)


@pytest.mark.parametrize(("seconds", "eight_digits"), RFC_6238_APPENDIX_B)
def test_codes_are_those_of_rfc_6238_appendix_b(seconds: int, eight_digits: str) -> None:
    """The table has eight digits; six are its last six, as both are the same number modulo a power of ten."""
    moment = datetime.fromtimestamp(seconds, UTC)
    found = totp.match(RFC_SECRET, eight_digits[2:], moment)
    assert (found.step, found.now) == (seconds // 30, seconds // 30)


def test_a_secret_has_160_random_bits_as_rfc_4226_recommends() -> None:
    assert len(base64.b32decode(totp.new_secret())) == 20
    assert totp.new_secret() != totp.new_secret()


def test_an_app_reads_the_same_secret_from_the_uri() -> None:
    app = pyotp.parse_uri(totp.provisioning_uri(SECRET, "ada"))
    assert (app.secret, app.name, app.issuer) == (SECRET, "ada", "Fund Pipeline")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError, match="zone"):
        totp.match(SECRET, "123456", NOW.replace(tzinfo=None))


def _shown(step: int) -> str:
    return pyotp.TOTP(SECRET).generate_otp(step)


def _moment(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@given(seconds=st.floats(0, 86400), off=st.integers(-20, 20))
def test_a_code_is_accepted_exactly_within_one_step_of_now(seconds: float, off: int) -> None:
    now = _moment(seconds)
    _, found = judge(ADA, _shown(totp.step_of(now) + off), now, SECURITY)
    expected = CodeVerdict.ACCEPTED
    if off < -1:
        expected = CodeVerdict.EXPIRED
    elif off > 1:
        expected = CodeVerdict.EARLY
    assert found.verdict is expected or _is_a_coincidence(totp.step_of(now), off)


def _is_a_coincidence(now: int, off: int) -> bool:
    """Two steps whose codes are one number by chance."""
    return any(_shown(now + off) == _shown(now + other) for other in range(-20, 21) if other != off)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(-2, 2)), max_size=30))
def test_no_step_is_accepted_twice_nor_after_a_later_one_whenever_codes_come(
    attempts: list[tuple[int, int]],
) -> None:
    """Attempts in the order of time: so many seconds after the one before, a code so many steps from now."""
    held, seconds, accepted = replace(ADA, recovery_hashes=frozenset()), 0.0, list[int]()
    for pause, off in attempts:
        seconds += pause
        now = _moment(seconds)
        change, found = judge(held, _shown(totp.step_of(now) + off), now, SECURITY)
        if found.accepted:
            assert found.step is not None
            assert abs(found.step - totp.step_of(now)) <= 1
            accepted.append(found.step)
        assert change.after is not None
        held = replace(change.after, code_failures=(), locked_until=None)
    assert accepted == sorted(set(accepted))


@given(st.text(max_size=20))
def test_any_text_gets_a_verdict_and_none_but_the_code_is_accepted(text: str) -> None:
    _, found = judge(ADA, text, NOW, SECURITY)
    assert found.accepted == ("".join(text.split()) in {_shown(EPOCH_STEP + off) for off in (-1, 0, 1)})


def test_digits_of_other_scripts_are_no_code() -> None:
    other = _shown(EPOCH_STEP).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert judge(ADA, other, NOW, SECURITY)[1].verdict is CodeVerdict.WRONG_CODE


def test_a_code_may_be_typed_in_two_groups() -> None:
    code = _shown(EPOCH_STEP)
    assert judge(ADA, f" {code[:3]} {code[3:]} ", NOW, SECURITY)[1].accepted
