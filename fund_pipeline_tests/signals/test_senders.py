"""Who sends: found by a keyed digest, verified by argon2, remembered for a little while."""

from __future__ import annotations

import hashlib
import hmac
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from fund_pipeline.errors import ConflictError, InputError, NotFoundError, TemporaryError
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.audit import Act, history, list_audit
from fund_pipeline.ledger.audit_check import verify_audit
from fund_pipeline.ledger.patience import Patience
from fund_pipeline.signals import DuplicatePolicy, RejectionReason, SenderOptions, SignalError
from fund_pipeline.signals.senders import (
    Gate,
    Limits,
    NewSender,
    Request,
    SenderChange,
    Throttle,
    TooManyStrangersError,
    Vault,
    add_sender,
    change_sender,
    disable_sender,
    enable_sender,
    get_sender,
    list_senders,
    rotate_sender,
)
from fund_pipeline.signals.senders import gate as gates
from fund_pipeline_tests.keys import SECRETS_KEY
from fund_pipeline_tests.signals.inboxes import ACT, HERE, NOW, SECRET, VAULT, away, everything_in, register

OTHER = "another-long-passphrase-42"
WRONG = "not-the-passphrase-of-anyone"
NEWER_KEY = "bmV3ZXIta2V5LW9mLTMyLWJ5dGVzLWZvci10ZXN0cyE="
NOBODY = Request()
OPTIONS = SenderOptions(strategies=frozenset({"S1"}))


def _refused(gate: Gate, ledger: Ledger, passphrase: str, request: Request = NOBODY, **later: float) -> object:
    with pytest.raises(SignalError) as refused:
        gate.authenticate(ledger, passphrase, NOW + timedelta(**later), request)
    assert passphrase not in str(refused.value)
    assert refused.value.problem.value is None
    return refused.value.problem.reason


def test_a_passphrase_finds_its_sender_and_no_other(ledger: Ledger) -> None:
    tess, theo = register(ledger), register(ledger, "theo", OTHER)
    gate = Gate(VAULT)
    assert (gate.authenticate(ledger, SECRET, NOW), gate.authenticate(ledger, OTHER, NOW)) == (tess, theo)
    assert list_senders(ledger) == (tess, theo)
    assert _refused(gate, ledger, WRONG) is RejectionReason.NOT_ACCEPTED


def test_argon2_is_asked_when_a_sender_comes_after_a_while_and_never_for_a_stranger(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(ledger)
    asked: list[str] = []
    real = gates.is_passphrase

    def counted(stored: str, passphrase: str) -> bool:
        asked.append(passphrase)
        return real(stored, passphrase)

    monkeypatch.setattr(gates, "is_passphrase", counted)
    gate = Gate(VAULT)
    for seconds in (0, 1, 299, 598):
        gate.authenticate(ledger, SECRET, NOW + timedelta(seconds=seconds))
    assert asked == [SECRET]
    gate.authenticate(ledger, SECRET, NOW + timedelta(seconds=898))
    assert asked == [SECRET, SECRET]
    _refused(gate, ledger, WRONG)
    assert asked == [SECRET, SECRET]


def test_hashing_takes_the_work_that_rfc_9106_recommends(slow_hasher: PasswordHasher) -> None:
    assert slow_hasher.hash(SECRET).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_disabled_sender_is_refused_at_once_although_remembered(ledger: Ledger) -> None:
    tess = register(ledger)
    gate = Gate(VAULT)
    gate.authenticate(ledger, SECRET, NOW)
    disable_sender(ledger, "tess", ACT)
    assert _refused(gate, ledger, SECRET) is RejectionReason.NOT_ACCEPTED
    with away() as nowhere, pytest.raises(SignalError):
        gate.authenticate(nowhere, SECRET, NOW)
    with pytest.raises(ConflictError, match="DISABLED already"):
        disable_sender(ledger, "tess", ACT)
    enable_sender(ledger, "tess", ACT)
    assert gate.authenticate(ledger, SECRET, NOW) == tess
    actions = [entry.action for entry in history(ledger, "sender", "tess")]
    assert actions == ["sender_added", "sender_disabled", "sender_refused", "sender_enabled"]


def test_the_former_passphrase_works_for_a_while_after_a_rotation(ledger: Ledger) -> None:
    register(ledger)
    gate = Gate(VAULT)
    gate.authenticate(ledger, SECRET, NOW)
    assert rotate_sender(ledger, "tess", OTHER, VAULT, ACT, timedelta(hours=1)) == NOW + timedelta(hours=1)
    for passphrase in (SECRET, OTHER):
        gate.authenticate(ledger, passphrase, NOW + timedelta(minutes=59))
    assert _refused(gate, ledger, SECRET, hours=1) is RejectionReason.NOT_ACCEPTED
    rotate_sender(ledger, "tess", "a-third-long-passphrase", VAULT, ACT, timedelta(0))
    assert _refused(gate, ledger, OTHER) is RejectionReason.NOT_ACCEPTED
    gate.authenticate(ledger, "a-third-long-passphrase", NOW)


def test_a_passphrase_is_one_senders_only_and_whose_is_not_told(ledger: Ledger) -> None:
    register(ledger)
    for attempt in (
        lambda: add_sender(ledger, NewSender("theo", HERE, OPTIONS), SECRET, VAULT, ACT),
        lambda: rotate_sender(ledger, "tess", SECRET, VAULT, ACT),
    ):
        with pytest.raises(ConflictError, match="that passphrase cannot be used") as refused:
            attempt()
        assert ("tess" in str(refused.value), SECRET in str(refused.value)) == (False, False)
    with pytest.raises(ConflictError, match="'tess' is there already"):
        register(ledger, "tess", OTHER)
    with pytest.raises(NotFoundError):
        rotate_sender(ledger, "theo", OTHER, VAULT, ACT)
    assert [sender.sender_id for sender in list_senders(ledger)] == ["tess"]


IMPOSSIBLE = (
    (NewSender("Tess!", HERE, OPTIONS), SECRET, "no name of a sender"),
    (NewSender("tess", HERE, SenderOptions()), SECRET, "needs a strategy"),
    (NewSender("tess", HERE, SenderOptions(strategies=frozenset({"S\u200b1"}))), SECRET, "zero width"),
    (NewSender("tess", HERE, OPTIONS, ("10.0.0.1/8",)), SECRET, "is no network"),
    (NewSender("tess", HERE, OPTIONS, (), "short"), SECRET, "signing secret"),
    (NewSender("tess", HERE, OPTIONS), "tooshort", "12 to 1024 characters"),
)


def test_a_sender_that_cannot_be_is_refused(ledger: Ledger) -> None:
    for new, passphrase, told in IMPOSSIBLE:
        with pytest.raises(InputError, match=told) as refused:
            add_sender(ledger, new, passphrase, VAULT, ACT)
        assert passphrase not in str(refused.value)
    assert list_senders(ledger) == ()


def test_a_sender_may_have_to_come_from_its_network(ledger: Ledger) -> None:
    add_sender(ledger, NewSender("tess", HERE, OPTIONS, ("192.0.2.0/24", "2001:db8::/48")), SECRET, VAULT, ACT)
    gate = Gate(VAULT)
    for address in ("192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7"):
        gate.authenticate(ledger, SECRET, NOW, Request(address))
    for elsewhere in ("198.51.100.1", "::ffff:198.51.100.1", "::192.0.2.7", None, "not an address"):
        assert _refused(gate, ledger, SECRET, Request(elsewhere)) is RejectionReason.NOT_ACCEPTED


def test_a_sender_may_have_to_sign_its_bodies(ledger: Ledger) -> None:
    key = "the signing secret of tess"
    add_sender(ledger, NewSender("tess", HERE, OPTIONS, (), key), SECRET, VAULT, ACT)
    gate, body = Gate(VAULT), b'{"a": 1}'
    signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    for given in (signature, f"sha256={signature.upper()}"):
        assert gate.authenticate(ledger, SECRET, NOW, Request(body=body, signature=given)).is_signed
    for body_sent, given in ((b'{"a": 2}', signature), (body, None), (body, "é" * 64), (body, signature[:-1])):
        request = Request(body=body_sent, signature=given)
        assert _refused(gate, ledger, SECRET, request) is RejectionReason.NOT_ACCEPTED
    assert key not in everything_in(ledger)


def test_too_many_strangers_from_one_place_are_refused_unheard_but_never_a_sender(ledger: Ledger) -> None:
    register(ledger)
    gate = Gate(VAULT, Throttle(Limits(failures=2)))
    crowd, elsewhere = Request("2001:db8::1"), Request("198.51.100.1")
    reasons = [_refused(gate, ledger, f"{WRONG}-{guess}", crowd) for guess in range(3)]
    assert reasons == [RejectionReason.NOT_ACCEPTED] * 2 + [RejectionReason.RATE_LIMITED]
    assert _refused(gate, ledger, WRONG, Request("2001:db8::ffff")) is RejectionReason.RATE_LIMITED
    with pytest.raises(TooManyStrangersError) as unheard:
        gate.authenticate(ledger, WRONG, NOW + timedelta(seconds=10), crowd)
    assert unheard.value.retry_after_seconds == 50
    assert _refused(gate, ledger, WRONG, elsewhere) is RejectionReason.NOT_ACCEPTED
    gate.authenticate(ledger, SECRET, NOW, crowd)
    assert _refused(gate, ledger, WRONG, crowd, minutes=1) is RejectionReason.NOT_ACCEPTED


def test_strangers_at_ipv4_addresses_are_told_apart_where_they_arrive_as_ipv6() -> None:
    throttle = Throttle(Limits(failures=1))
    throttle.failed("::ffff:192.0.2.1", NOW)
    waits = [throttle.wait_seconds(address, NOW) for address in ("::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.2")]
    assert waits == [60, 60, 0]


def test_failures_are_audited_a_few_times_without_what_was_tried(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    register(ledger)
    gate = Gate(VAULT, Throttle(Limits(failures=2, audited=3)))
    with caplog.at_level(logging.DEBUG, logger="fund_pipeline"):
        for host in range(3):
            for _ in range(2):
                with pytest.raises(SignalError):
                    gate.authenticate(ledger, WRONG, NOW, Request(f"192.0.2.{host}", request_id="r-9"))
    rows = [row.entry for row in list_audit(ledger, entity="sender", entity_id="(unknown)")]
    told = [(row.detail["address"], row.detail["failures"], row.detail["why"], row.correlation_id) for row in rows]
    assert told == [(f"192.0.2.{host}", count, "unknown", "r-9") for host, count in ((0, 1), (0, 2), (1, 1))]
    assert len(caplog.records) >= 6
    assert WRONG not in caplog.text + everything_in(ledger)


def test_neither_passphrase_nor_anything_like_it_rests_in_the_ledger(ledger: Ledger, tmp_path: object) -> None:
    register(ledger)
    rotate_sender(ledger, "tess", OTHER, VAULT, ACT)
    Gate(VAULT).authenticate(ledger, OTHER, NOW)
    found = everything_in(ledger)
    plain = [hashlib.sha256(text.encode()).hexdigest() for text in (SECRET, OTHER)]
    assert [secret for secret in (SECRET, OTHER, *plain) if secret in found] == []
    assert found.count("$argon2id$") == 2
    assert (get_sender(ledger, "tess").sender_id, SECRET in repr(VAULT)) == ("tess", False)
    assert verify_audit(ledger, tmp_path).ok  # type: ignore[arg-type]


def test_who_was_verified_a_moment_ago_is_known_while_the_ledger_is_away(ledger: Ledger) -> None:
    tess = register(ledger)
    gate = Gate(VAULT)
    gate.authenticate(ledger, SECRET, NOW)
    with away() as nowhere:
        assert gate.authenticate(nowhere, SECRET, NOW + timedelta(seconds=299)) == tess
        for passphrase, seconds in ((SECRET, 300), (WRONG, 0)):
            with pytest.raises(TemporaryError):
                gate.authenticate(nowhere, passphrase, NOW + timedelta(seconds=seconds))


def test_who_sends_all_the_time_is_still_known_when_the_ledger_goes_away(ledger: Ledger) -> None:
    tess = register(ledger)
    gate = Gate(VAULT)
    for seconds in (0, 290):
        gate.authenticate(ledger, SECRET, NOW + timedelta(seconds=seconds))
    with away() as nowhere:
        assert gate.authenticate(nowhere, SECRET, NOW + timedelta(seconds=589)) == tess
        with pytest.raises(TemporaryError):  # what is let in while it is away does not count as a visit
            gate.authenticate(nowhere, SECRET, NOW + timedelta(seconds=590))


def test_a_sender_of_an_older_key_is_let_in_while_only_writing_is_away(ledger: Ledger, ledger_url: str) -> None:
    tess = register(ledger)
    gate = Gate(Vault([NEWER_KEY, SECRETS_KEY]))
    waiter = open_ledger(ledger_url, patience=Patience(0.5, 2, pause_seconds=0))
    with ledger.writing() as holder:
        if not ledger.is_sqlite:
            holder.execute(text("LOCK TABLE sender_passphrases IN EXCLUSIVE MODE"))
        assert gate.authenticate(waiter, SECRET, NOW) == tess
    assert gate.authenticate(waiter, SECRET, NOW) == tess
    waiter.close()
    actions = [entry.action for entry in history(ledger, "sender", "tess")]
    assert actions == ["sender_added", "sender_digest_renewed"]


def test_a_newer_key_takes_over_as_senders_come_by(ledger: Ledger) -> None:
    tess = register(ledger)
    with pytest.raises(SignalError):
        Gate(Vault([NEWER_KEY])).authenticate(ledger, SECRET, NOW)
    assert Gate(Vault([NEWER_KEY, SECRETS_KEY])).authenticate(ledger, SECRET, NOW) == tess
    assert Gate(Vault([NEWER_KEY])).authenticate(ledger, SECRET, NOW) == tess
    assert history(ledger, "sender", "tess")[-1].action == "sender_digest_renewed"


def test_a_change_is_told_with_who_made_it_and_no_secret(ledger: Ledger) -> None:
    add_sender(
        ledger, NewSender("tess", HERE, OPTIONS, (), "the signing secret of tess"), SECRET, VAULT, Act("user:ada", NOW)
    )
    (row,) = history(ledger, "sender", "tess")
    assert (row.actor, row.action, row.detail["hmac_secret"]) == ("user:ada", "sender_added", True)
    assert row.detail["options"]["strategies"] == ["S1"]


CHANGE = SenderChange(
    name="Tess of S2",
    options={"freshness_seconds": 60, "duplicate_policy": "ids_repeat", "equity": "1"},
    more_strategies=("S2",),
    allowed_networks=("192.0.2.0/24",),
    hmac_secret="the signing secret of tess",
)


def test_only_what_is_given_of_a_sender_is_changed_and_told_with_before_and_after(ledger: Ledger) -> None:
    before = register(ledger)
    shown = change_sender(ledger, "tess", CHANGE, VAULT, Act("user:ada", NOW), dry_run=True)
    assert (get_sender(ledger, "tess"), len(history(ledger, "sender", "tess"))) == (before, 1)
    done = change_sender(ledger, "tess", CHANGE, VAULT, Act("user:ada", NOW))
    after = get_sender(ledger, "tess")
    assert (done.after, done.fields) == (after, shown.fields)
    options = replace(
        before.options,
        freshness_seconds=60,
        duplicate_policy=DuplicatePolicy.IDS_REPEAT,
        equity=Decimal(1),
        strategies=frozenset({"S1", "S2"}),
    )
    networks = ("192.0.2.0/24",)
    wanted = replace(before, name="Tess of S2", options=options, allowed_networks=networks, is_signed=True)
    assert after == wanted
    told = history(ledger, "sender", "tess")[-1]
    assert (told.actor, told.action, told.detail) == ("user:ada", "sender_changed", {"changed": done.fields})
    assert told.detail["changed"]["freshness_seconds"] == {"before": 900, "after": 60}
    assert told.detail["changed"]["hmac_secret"] == {"before": "none", "after": "a secret"}
    assert CHANGE.hmac_secret is not None
    replaced = change_sender(ledger, "tess", SenderChange(hmac_secret=SECRET), VAULT, ACT)
    assert replaced.fields == {"hmac_secret": {"before": "a secret", "after": "another secret"}}
    assert [secret for secret in (SECRET, CHANGE.hmac_secret) if secret in everything_in(ledger)] == []


def test_a_change_can_be_taken_back_and_changing_nothing_is_not_told(ledger: Ledger) -> None:
    before = register(ledger)
    change_sender(ledger, "tess", CHANGE, VAULT, ACT)
    back = SenderChange(
        name="tess",
        options={"freshness_seconds": 900, "duplicate_policy": "ids_unique", "equity": None},
        fewer_strategies=("S2",),
        allowed_networks=(),
        is_unsigned=True,
    )
    assert change_sender(ledger, "tess", back, VAULT, ACT).after == before
    told = history(ledger, "sender", "tess")
    same = SenderChange(options={"strategies": ["S1"]}, environment=HERE, more_strategies=("S1",))
    assert change_sender(ledger, "tess", same, VAULT, ACT).fields == {}
    assert (get_sender(ledger, "tess"), history(ledger, "sender", "tess")) == (before, told)


IMPOSSIBLE_CHANGES = (
    (SenderChange(options={"strategies": []}), "needs a strategy"),
    (SenderChange(fewer_strategies=("S1",)), "needs a strategy"),
    (SenderChange(fewer_strategies=("S9",)), "may not send for S9 anyway"),
    (SenderChange(more_strategies=("S\u200b1",)), "zero width"),
    (SenderChange(options={"freshness_seconds": 0}), "freshness_seconds"),
    (SenderChange(options={"equity": "-1"}), "equity"),
    (SenderChange(allowed_networks=("10.0.0.1/8",)), "is no network"),
    (SenderChange(hmac_secret="short"), "signing secret"),
    (SenderChange(name="two\nlines"), "a line of up to 200"),
    (SenderChange(name=""), "a line of up to 200"),
)


def test_a_change_that_cannot_be_leaves_the_sender_as_it_was(ledger: Ledger) -> None:
    before = register(ledger)
    for change, told in IMPOSSIBLE_CHANGES:
        with pytest.raises(InputError, match=told):
            change_sender(ledger, "tess", change, VAULT, ACT)
    with pytest.raises(NotFoundError):
        change_sender(ledger, "theo", CHANGE, VAULT, ACT)
    assert (list_senders(ledger), len(history(ledger, "sender", "tess"))) == ((before,), 1)


def test_changes_of_one_sender_at_once_are_all_kept(ledger: Ledger) -> None:
    register(ledger)
    with ThreadPoolExecutor(4) as admins:
        more = [SenderChange(more_strategies=(f"T{number}",)) for number in range(8)]
        list(admins.map(lambda change: change_sender(ledger, "tess", change, VAULT, ACT), more))
    assert get_sender(ledger, "tess").options.strategies == {"S1", *(f"T{number}" for number in range(8))}
