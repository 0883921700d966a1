import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from fund_pipeline.ledger import Ledger, open_ledger, tables
from fund_pipeline.ledger.audit import history, list_audit
from fund_pipeline.ledger.audit_check import verify_audit
from fund_pipeline.users import (
    CodeVerdict,
    SecretBox,
    Security,
    UserRole,
    add_user,
    disable_user,
    enable_user,
    enrol_totp,
    get_user,
    new_recovery_codes,
    reset_totp,
    use_up_code,
    verify_code,
)
from fund_pipeline_tests.samples import ACT, NOW
from fund_pipeline_tests.users.conftest import Admin

OTHER_KEY = "b3RoZXIta2V5LW9mLTMyLWJ5dGVzLWZvci10ZXN0cy4="

VERIFIER = """
import sys
from datetime import datetime
from fund_pipeline.ledger import open_ledger
from fund_pipeline.users import Lockout, SecretBox, Security, verify_code
from fund_pipeline_tests.keys import SECRETS_KEY
url, code, now = sys.argv[1:]
ledger, security = open_ledger(url), Security(SecretBox([SECRETS_KEY]), Lockout())
print("ready", flush=True)
sys.stdin.readline()
print(verify_code(ledger, "ada", code, datetime.fromisoformat(now), security).verdict.value)
"""


def test_the_code_of_now_is_accepted_and_audited_with_its_purpose(admin: Admin) -> None:
    found = admin.verify(admin.phone(), purpose="approve demo-1", correlation_id="corr-9")
    assert found.accepted
    entry = history(admin.ledger, "user", "ada")[-1]
    assert (entry.action, entry.actor, entry.correlation_id) == ("code_accepted", "user:ada", "corr-9")
    assert entry.detail == {"verdict": "ACCEPTED", "purpose": "approve demo-1", "kind": "one-time code"}


def test_a_code_works_once_and_so_does_none_of_an_earlier_step(admin: Admin) -> None:
    assert admin.verify(admin.phone()).accepted
    assert admin.verify(admin.phone()).verdict is CodeVerdict.REUSED
    assert admin.verify(admin.phone(NOW - timedelta(seconds=30))).verdict is CodeVerdict.REUSED
    assert admin.verify(admin.phone(NOW + timedelta(seconds=30))).accepted


def test_a_code_of_minutes_ago_and_one_of_a_fast_clock_are_told_apart_from_a_wrong_one(admin: Admin) -> None:
    assert admin.verify(admin.phone(NOW - timedelta(minutes=3))).verdict is CodeVerdict.EXPIRED
    assert admin.verify(admin.phone(NOW + timedelta(minutes=3))).verdict is CodeVerdict.EARLY
    assert admin.verify(admin.wrong()).verdict is CodeVerdict.WRONG_CODE
    assert admin.verify("").verdict is CodeVerdict.WRONG_CODE


def test_who_may_not_approve_is_told_why_whatever_the_code(admin: Admin, security: Security) -> None:
    add_user(admin.ledger, "quinn", "Quinn", UserRole.QUANT, ACT)
    enrol_totp(admin.ledger, "quinn", security.box, ACT)
    add_user(admin.ledger, "newcomer", "New", UserRole.ADMIN, ACT)
    disable_user(admin.ledger, "ada", ACT)
    assert admin.verify(admin.phone()).verdict is CodeVerdict.DISABLED
    assert admin.verify("123456", user_id="quinn").verdict is CodeVerdict.NOT_ADMIN
    assert admin.verify("123456", user_id="newcomer").verdict is CodeVerdict.NOT_ENROLLED
    for nobody in ("nobody", "", "x\0y", "'; DROP TABLE users", "é" * 500):
        assert admin.verify("123456", user_id=nobody).verdict is CodeVerdict.UNKNOWN_USER


@pytest.mark.parametrize("verdict", CodeVerdict)
def test_every_verdict_says_what_to_do(verdict: CodeVerdict) -> None:
    assert len(verdict.remedy) > 10


def test_what_was_typed_as_an_unknown_user_is_not_kept(admin: Admin) -> None:
    admin.verify("123456", user_id="my-password-typed-here")
    entry = list_audit(admin.ledger)[-1].entry
    assert (entry.actor, entry.entity_id, entry.action) == ("user:(unknown)", "(unknown)", "code_refused")
    assert "my-password" not in str(list_audit(admin.ledger))


def test_five_failures_lock_even_against_the_right_code_and_it_is_audited(admin: Admin) -> None:
    for _ in range(4):
        assert admin.verify(admin.wrong()).locked_until is None
    fifth = admin.verify(admin.wrong())
    assert (fifth.verdict, fifth.locked_until) == (CodeVerdict.WRONG_CODE, NOW + timedelta(minutes=15))
    later = NOW + timedelta(minutes=14, seconds=59)
    assert admin.verify(admin.phone(later), later).verdict is CodeVerdict.LOCKED
    assert admin.actions() == ["code_refused"] * 5 + ["user_locked", "code_refused"]
    over = NOW + timedelta(minutes=15)
    assert admin.verify(admin.phone(over), over).accepted
    assert get_user(admin.ledger, "ada").locked_until is None


def test_failures_count_within_any_fifteen_minutes_and_not_beyond(admin: Admin) -> None:
    for minute in (0, 10, 11, 12, 16, 27):
        at = NOW + timedelta(minutes=minute)
        assert admin.verify(admin.wrong(at), at).locked_until is None
    at = NOW + timedelta(minutes=27, seconds=1)
    for _ in range(3):
        found = admin.verify(admin.wrong(at), at)
    assert found.locked_until == at + timedelta(minutes=15)


def test_failures_during_a_lock_do_not_make_it_longer(admin: Admin) -> None:
    for _ in range(9):
        admin.verify(admin.wrong())
    assert get_user(admin.ledger, "ada").locked_until == NOW + timedelta(minutes=15)


def test_an_accepted_code_ends_the_count_and_an_operator_ends_a_lock(admin: Admin) -> None:
    for _ in range(4):
        admin.verify(admin.wrong())
    assert admin.verify(admin.phone()).accepted
    for _ in range(5):
        admin.verify(admin.wrong())
    assert admin.verify(admin.phone(NOW + timedelta(seconds=30))).verdict is CodeVerdict.LOCKED
    enable_user(admin.ledger, "ada", ACT)
    assert admin.verify(admin.phone(NOW + timedelta(seconds=30))).accepted


def test_a_recovery_code_works_once_in_place_of_a_code_however_it_is_written(admin: Admin) -> None:
    codes = new_recovery_codes(admin.ledger, "ada", admin.security.box, ACT)
    assert len(set(codes)) == 10
    first = admin.verify(codes[3].lower().replace("-", " "))
    assert (first.verdict, first.step, first.recovery_codes_left) == (CodeVerdict.ACCEPTED, None, 9)
    assert admin.verify(codes[3]).verdict is CodeVerdict.WRONG_CODE
    assert admin.verify(admin.phone()).accepted
    assert get_user(admin.ledger, "ada").recovery_codes == 9


def test_new_recovery_codes_replace_the_old_and_are_nobody_elses(admin: Admin, security: Security) -> None:
    old = new_recovery_codes(admin.ledger, "ada", security.box, ACT)
    new = new_recovery_codes(admin.ledger, "ada", security.box, ACT)
    add_user(admin.ledger, "bob", "Bob", UserRole.ADMIN, ACT)
    enrol_totp(admin.ledger, "bob", security.box, ACT)
    assert admin.verify(old[0]).verdict is CodeVerdict.WRONG_CODE
    assert admin.verify(new[0], user_id="bob").verdict is CodeVerdict.WRONG_CODE
    assert admin.verify(new[0]).accepted


def test_a_reset_makes_the_old_phone_useless(admin: Admin) -> None:
    reset_totp(admin.ledger, "ada", admin.security.box, ACT)
    assert admin.verify(admin.phone()).verdict is CodeVerdict.WRONG_CODE
    assert "totp_reset" in admin.actions()


def test_trying_a_code_uses_nothing_up_but_its_failures_count(admin: Admin) -> None:
    assert admin.verify(admin.phone(), consume=False).accepted
    assert admin.verify(admin.phone()).accepted
    assert admin.verify(admin.phone(), consume=False).verdict is CodeVerdict.REUSED
    for _ in range(4):
        admin.verify(admin.wrong(), consume=False)
    assert admin.verify(admin.wrong()).verdict is CodeVerdict.LOCKED


@pytest.mark.parametrize("kind", ["one-time code", "recovery code"])
def test_of_many_who_verify_one_code_at_once_one_succeeds(
    admin: Admin, ledger_url: str, tmp_path: Path, kind: str
) -> None:
    codes = new_recovery_codes(admin.ledger, "ada", admin.security.box, ACT)
    code = admin.phone() if kind == "one-time code" else codes[0]

    def attempt(_: int) -> CodeVerdict:
        own = open_ledger(ledger_url)
        found = verify_code(own, "ada", code, NOW, admin.security).verdict
        own.close()
        return found

    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(attempt, range(8)))
    assert verdicts.count(CodeVerdict.ACCEPTED) == 1
    refused = CodeVerdict.REUSED if kind == "one-time code" else CodeVerdict.WRONG_CODE
    assert set(verdicts) <= {CodeVerdict.ACCEPTED, refused, CodeVerdict.LOCKED}
    assert verify_audit(admin.ledger, tmp_path).ok


def test_of_two_processes_that_verify_one_code_at_once_one_succeeds(admin: Admin, ledger_url: str) -> None:
    command = [sys.executable, "-c", VERIFIER, ledger_url, admin.phone(), NOW.isoformat()]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    verdicts = sorted(process.communicate(timeout=60)[0].strip() for process in both)
    assert verdicts == ["ACCEPTED", "REUSED"]


def test_a_secret_copied_from_another_row_or_a_raised_role_does_not_open(admin: Admin, security: Security) -> None:
    """What somebody who may write the database, but has not the key, could try in order to be a second admin."""
    add_user(admin.ledger, "bob", "Bob", UserRole.ADMIN, ACT)
    add_user(admin.ledger, "sam", "Sam", UserRole.SENDER, ACT)
    enrol_totp(admin.ledger, "sam", security.box, ACT)
    _set(admin.ledger, "bob", totp_secret=_sealed(admin.ledger, "ada"))
    _set(admin.ledger, "sam", role="ADMIN")
    assert admin.verify(admin.phone(), user_id="bob").verdict is CodeVerdict.UNREADABLE
    assert admin.verify("123456", user_id="sam").verdict is CodeVerdict.UNREADABLE


def test_another_key_opens_nothing_and_says_so(admin: Admin) -> None:
    stranger = Security(SecretBox([OTHER_KEY]), admin.security.lockout)
    found = verify_code(admin.ledger, "ada", admin.phone(), NOW, stranger)
    assert found.verdict is CodeVerdict.UNREADABLE
    assert "FUND_SECRETS_KEY" in found.verdict.remedy


def _sealed(ledger: Ledger, user_id: str) -> str:
    with ledger.reading() as connection:
        row = connection.execute(tables.users.select().where(tables.users.c.user_id == user_id)).mappings().one()
    return str(row["totp_secret"])


def _set(ledger: Ledger, user_id: str, **values: str) -> None:
    with ledger.writing() as connection:
        connection.execute(update(tables.users).where(tables.users.c.user_id == user_id).values(**values))


def burn(admin: Admin, code: str, user_id: str = "ada") -> None:
    use_up_code(admin.ledger, user_id, code, NOW, admin.security, purpose="it was seen", correlation_id="corr-9")


def test_a_code_that_others_saw_is_used_up_without_deciding_anything(admin: Admin) -> None:
    burn(admin, admin.phone())
    assert admin.verify(admin.phone()).verdict is CodeVerdict.REUSED
    entry = next(one for one in history(admin.ledger, "user", "ada") if one.action == "code_used_up")
    assert entry.detail == {"purpose": "it was seen", "kind": "one-time code"}


def test_so_is_one_that_only_a_phone_ahead_of_time_showed(admin: Admin) -> None:
    ahead = NOW + timedelta(minutes=3)
    burn(admin, admin.phone(ahead))
    assert admin.verify(admin.phone(ahead), ahead).verdict is CodeVerdict.REUSED


def test_a_recovery_code_that_others_saw_is_used_up_whatever_keeps_its_owner_out(admin: Admin) -> None:
    code = new_recovery_codes(admin.ledger, "ada", admin.security.box, ACT)[0]
    disable_user(admin.ledger, "ada", ACT)
    burn(admin, code)
    enable_user(admin.ledger, "ada", ACT)
    assert admin.verify(code).verdict is CodeVerdict.WRONG_CODE


def test_using_up_what_is_no_code_changes_and_counts_nothing(admin: Admin) -> None:
    before = admin.actions()
    for code in (admin.wrong(), "", "no code", "\0", admin.phone(NOW - timedelta(minutes=3))):
        burn(admin, code)
    burn(admin, admin.phone(), user_id="nobody")
    assert admin.actions() == before
    assert admin.verify(admin.phone()).accepted
