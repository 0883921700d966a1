"""Nothing that proves who somebody is rests in clear: not in the database, a log, an error or a text of a value."""

import logging
from pathlib import Path

import pytest

from fund_pipeline.errors import FundError
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.tables import metadata
from fund_pipeline.ledger.users import get_credentials
from fund_pipeline.users import add_user, check_password, enrol_totp, new_recovery_codes, set_password
from fund_pipeline_tests.samples import ACT, NOW
from fund_pipeline_tests.users.conftest import Admin

PASSWORD = "correct horse battery"


def test_no_secret_is_in_the_database_the_log_an_error_or_a_value(
    admin: Admin, ledger_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    codes = new_recovery_codes(admin.ledger, "ada", admin.security.box, ACT)
    set_password(admin.ledger, "ada", PASSWORD, ACT)
    check_password(admin.ledger, "ada", PASSWORD, NOW, admin.security)
    check_password(admin.ledger, "ada", PASSWORD + "?", NOW, admin.security)
    check_password(admin.ledger, PASSWORD, PASSWORD, NOW, admin.security)
    used = [admin.verify(codes[0]), admin.verify(admin.phone()), admin.verify(codes[0]), admin.verify(admin.phone())]
    for refused in (lambda: enrol_totp(admin.ledger, "ada", admin.security.box, ACT), lambda: _bad_user(admin.ledger)):
        with pytest.raises(FundError) as error:
            refused()
        told.append(repr(error.value) + str(error.value))
    values = repr((get_credentials(admin.ledger, "ada"), admin.security, used))
    everything = [_dump(ledger_url), values, *told, *(str(record.__dict__) for record in caplog.records)]
    if ledger_url.startswith("sqlite"):
        everything += [path.read_bytes().decode("latin-1") for path in tmp_path.iterdir() if path.is_file()]
    secrets = [PASSWORD, admin.secret, admin.phone(), *codes, *(code.replace("-", "") for code in codes)]
    assert len(_dump(ledger_url)) > 1000
    assert [secret for secret in secrets if any(secret in text for text in everything)] == []


def _bad_user(ledger: Ledger) -> None:
    from fund_pipeline.users import UserRole

    add_user(ledger, PASSWORD, "Ada", UserRole.ADMIN, ACT)


def _dump(url: str) -> str:
    """Every value of every table."""
    ledger = open_ledger(url)
    with ledger.reading() as connection:
        rows = [str(row) for table in metadata.tables.values() for row in connection.execute(table.select())]
    ledger.close()
    return "\n".join(rows)
