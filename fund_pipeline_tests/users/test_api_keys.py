"""Keys of programs: shown once, kept as a digest, good until they expire or are revoked."""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.errors import ConflictError, FundError, InputError, NotFoundError
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.api_keys import find_key, list_keys, revoke_key
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.key_model import Scope
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline.users import KeyVerdict, NewKey, add_key, check_key
from fund_pipeline_tests.samples import ACT, NOW

BOTH = (Scope.STRATEGIES_READ, Scope.STRATEGIES_WRITE)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """An embedded ledger that tests of this file share."""
    url = f"sqlite:///{tmp_path_factory.mktemp('keys') / 'ledger.sqlite'}"
    upgrade(url)
    return open_ledger(url)


def made(ledger: Ledger, days: int | None = None) -> NewKey:
    return add_key(ledger, "a program", BOTH, ACT, lasting=None if days is None else timedelta(days=days))


def test_a_key_lives_from_making_to_revoking_on_either_database(ledger: Ledger) -> None:
    new = made(ledger, days=30)
    assert list_keys(ledger) == (new.key,)
    assert (new.key.scopes, new.key.created_by, new.key.expires_at) == (BOTH, "test", NOW + timedelta(days=30))
    found = check_key(ledger, new.text, NOW)
    assert (found.verdict, found.key) == (KeyVerdict.ACCEPTED, new.key)
    revoke_key(ledger, new.key.key_id, ACT)
    assert check_key(ledger, new.text, NOW).verdict is KeyVerdict.REVOKED
    with pytest.raises(ConflictError, match="was revoked"):
        revoke_key(ledger, new.key.key_id, ACT)
    with pytest.raises(NotFoundError, match="no key 'nobody'"):
        revoke_key(ledger, "nobody", ACT)
    done = history(ledger, "api_key", new.key.key_id)
    assert [entry.action for entry in done] == ["api_key_added", "api_key_revoked"]
    assert done[0].detail["scopes"] == ["strategies:read", "strategies:write"]


def test_only_the_digest_of_a_key_is_anywhere(ledger: Ledger, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    new = made(ledger)
    check_key(ledger, new.text, NOW)
    check_key(ledger, new.text[:-1] + ("a" if new.text[-1] != "a" else "b"), NOW)
    stored = find_key(ledger, new.key.key_id)
    assert stored is not None
    assert stored[1] == hashlib.sha256(new.text.encode()).hexdigest()
    secret = new.text.rpartition(new.key.key_id + "_")[2]
    texts = [repr(new), repr(history(ledger, "api_key", new.key.key_id)), caplog.text]
    texts += [path.read_bytes().decode("latin-1") for path in tmp_path.glob("ledger.sqlite*")]
    assert [text for text in texts if secret in text] == []


def test_a_key_expires_at_its_moment_and_not_before(embedded: Ledger) -> None:
    new = made(embedded, days=1)
    end = NOW + timedelta(days=1)
    assert check_key(embedded, new.text, end - timedelta(microseconds=1)).verdict is KeyVerdict.ACCEPTED
    assert check_key(embedded, new.text, end).verdict is KeyVerdict.EXPIRED
    assert check_key(embedded, made(embedded).text, end + timedelta(days=100_000)).verdict is KeyVerdict.ACCEPTED


def test_every_key_is_another_and_has_256_random_bits(embedded: Ledger) -> None:
    texts = [made(embedded).text for _ in range(20)]
    secrets = {text.split("_", 2)[2] for text in texts}
    assert len(secrets) == 20
    assert {len(secret) for secret in secrets} == {43}  # 32 bytes in base64 without padding


def test_an_id_with_another_keys_secret_is_wrong_and_an_id_of_nobody_unknown(embedded: Ledger) -> None:
    one, other = made(embedded), made(embedded)
    mixed = f"fund_{one.key.key_id}_{other.text.split('_', 2)[2]}"
    assert check_key(embedded, mixed, NOW).verdict is KeyVerdict.WRONG
    nobody = f"fund_{'0' * 12}_{other.text.split('_', 2)[2]}"
    assert check_key(embedded, nobody, NOW).verdict is KeyVerdict.UNKNOWN


@given(change=st.characters(), place=st.integers(0, 59))
def test_a_key_with_one_character_changed_is_not_accepted(embedded: Ledger, change: str, place: int) -> None:
    new = made(embedded)
    changed = new.text[:place] + change + new.text[place + 1 :]
    assert (check_key(embedded, changed, NOW).verdict is KeyVerdict.ACCEPTED) == (changed == new.text)


@given(text=st.text(max_size=80))
def test_any_text_has_a_verdict(embedded: Ledger, text: str) -> None:
    assert check_key(embedded, text, NOW).verdict is KeyVerdict.NOT_A_KEY


@pytest.mark.parametrize(
    ("name", "scopes", "days", "told"),
    [
        ("", BOTH, 1, "name"),
        ("x" * 201, BOTH, 1, "name"),
        ("two\nlines", BOTH, 1, "name"),
        ("a program", (), 1, "strategies:read, strategies:write, signals:read"),
        ("a program", BOTH, 0, "days"),
        ("a program", BOTH, -1, "days"),
        ("a program", BOTH, 100_000, "days"),
    ],
)
def test_a_key_that_is_none_is_refused_saying_what_to_give(
    embedded: Ledger, name: str, scopes: tuple[Scope, ...], days: int, told: str
) -> None:
    with pytest.raises(InputError) as refused:
        add_key(embedded, name, scopes, ACT, lasting=timedelta(days=days))
    error: FundError = refused.value
    assert told in str(error)
