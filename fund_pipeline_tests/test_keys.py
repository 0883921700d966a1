from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from fund_pipeline.errors import ConfigurationError
from fund_pipeline.keys import KeySource, audit_source, secrets_source
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.settings import Settings


def _source(home: Path, given: str | None = None, named: Path | None = None) -> KeySource:
    return KeySource("FUND_X_KEY", None if given is None else SecretStr(given), named, home / "keys" / "x.key")


def test_keys_come_from_the_environment_newest_first_and_make_no_file(tmp_path: Path) -> None:
    source = _source(tmp_path, "new, old")
    assert source.read_or_make() == source.read() == ("new", "old")
    assert list(tmp_path.iterdir()) == []
    assert "new" not in repr(source)


def test_keys_come_from_a_named_file_one_a_line(tmp_path: Path) -> None:
    (tmp_path / "mounted").write_text("new\nold\n")
    assert _source(tmp_path, named=tmp_path / "mounted").read() == ("new", "old")


def test_a_key_made_in_the_home_is_long_random_stays_and_is_its_owners_alone(tmp_path: Path) -> None:
    (made,) = _source(tmp_path).read_or_make()
    assert len(made) >= 43
    assert _source(tmp_path).read_or_make() == (made,)
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "keys" / "x.key").stat().st_mode & 0o777 == 0o600
    assert _source(tmp_path / "other").read_or_make() != (made,)


def test_many_who_make_a_key_at_once_agree_on_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: _source(tmp_path).read_or_make(), range(16)))
    assert len(made) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["x.key"]


def test_a_missing_key_is_not_replaced_when_it_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"x\.key does not exist.*restore it from its backup"):
        _source(tmp_path).read()


def test_a_home_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    _source(tmp_path).read_or_make()
    (tmp_path / "keys" / "x.key").chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        _source(tmp_path).read()


@pytest.mark.parametrize(("given", "named"), [(" , ", None), ("key", "file"), (None, "no-such-file"), (None, ".")])
def test_what_gives_no_key_says_which_setting(tmp_path: Path, given: str | None, named: str | None) -> None:
    with pytest.raises(ConfigurationError, match=r"FUND_X_KEY|let this user read"):
        _source(tmp_path, given, None if named is None else tmp_path / named).read()


def test_each_purpose_has_its_own_file_in_the_home(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, _env_file=None)
    assert audit_source(settings).home_file == tmp_path / "keys" / "audit.key"
    assert secrets_source(settings).home_file == tmp_path / "keys" / "secrets.key"


def test_an_audit_key_short_enough_to_guess_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigurationError, match="fewer than 32 characters") as refused:
        AuditKeys.of(["x" * 32, "hunter2"])
    assert "hunter2" not in str(refused.value)
    assert "x" * 32 not in repr(AuditKeys.of(["x" * 32]))
