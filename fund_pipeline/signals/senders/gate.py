"""Who sends this? A keyed digest finds the sender, argon2 verifies it, and for a short while that is remembered."""

from __future__ import annotations

import hashlib
import hmac
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from threading import Lock
from typing import NoReturn

from fund_pipeline.errors import TemporaryError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger import senders as rows
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.signal_model import Passphrase, SenderRow, SenderStatus
from fund_pipeline.logs import get_logger
from fund_pipeline.signals.digest import PASSPHRASE
from fund_pipeline.signals.errors import SignalError, refusal
from fund_pipeline.signals.reasons import RejectionReason
from fund_pipeline.signals.senders.addresses import peer_address
from fund_pipeline.signals.senders.model import Sender
from fund_pipeline.signals.senders.passphrases import is_passphrase
from fund_pipeline.signals.senders.throttle import Throttle
from fund_pipeline.signals.senders.vault import Vault

log = get_logger(__name__)

UNKNOWN = "(unknown)"
REMEMBERED = timedelta(minutes=5)


@dataclass(frozen=True)
class Request:
    """What else a request says of who sends it.

    Attributes
    ----------
    address : the peer's IP address, as the proxy in front tells it; None where there is none.
    body : the bytes received, which a signature is over.
    signature : hexadecimal HMAC-SHA256 of `body` under the sender's secret, perhaps with `sha256=` before it.
    request_id : for the log and the audit log.
    """

    address: str | None = None
    body: bytes = field(default=b"", repr=False)
    signature: str | None = field(default=None, repr=False)
    request_id: str = ""


class TooManyStrangersError(SignalError):
    """RATE_LIMITED: what no sender's passphrase is, from where too many of those came.

    `retry_after_seconds` is when strangers from there are heard again.
    """

    def __init__(self, retry_after_seconds: int) -> None:
        remedy = f"send again after {retry_after_seconds} seconds, with the right passphrase"
        super().__init__(refusal(RejectionReason.RATE_LIMITED, PASSPHRASE, remedy=remedy).problem)
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True)
class _Verified:
    row: SenderRow
    passphrase: Passphrase
    until: datetime


class Gate:
    """Authentication for one process: the keys, what was verified a moment ago, and the count of refusals."""

    def __init__(self, vault: Vault, throttle: Throttle | None = None, remembered: timedelta = REMEMBERED) -> None:
        self._vault = vault
        self._throttle = throttle or Throttle()
        self._remembered = remembered
        self._verified: dict[str, _Verified] = {}
        self._lock = Lock()

    def authenticate(self, ledger: Ledger, passphrase: str, now: datetime, request: Request = Request()) -> Sender:
        """The sender.

        Whether it is disabled, and what it may do, is looked up each time; only argon2's verdict on the stored hash is
        remembered. While the ledger is away, a sender that came a moment ago is let in as it was then.

        Raises
        ------
        SignalError : NOT_ACCEPTED, which never says why.
        TooManyStrangersError : RATE_LIMITED, after too many strangers from one address.
        TemporaryError : the ledger is away, and who this is is not remembered.
        """
        digests = self._vault.digests(passphrase)
        try:
            found = rows.find_sender(ledger, digests)
        except TemporaryError:
            found = self._remember(digests, now)
            if found is None:
                raise
            return self._admitted(*found, now, request, None)
        if found is None:
            self._hear_stranger(now, request, ledger)
        row, stored = found
        if not self._is_verified(stored, passphrase, now):
            self._refuse(row.sender_id, "mismatch", now, request, ledger)
        self._keep(row, stored, now)  # as it is now, so that one seen disabled is refused while the ledger is away too
        sender = self._admitted(row, stored, now, request, ledger)
        self._renew(ledger, digests[0], stored, now)
        return sender

    def _keep(self, row: SenderRow, stored: Passphrase, now: datetime) -> None:
        """Remembered from its last visit on: who sends all the time must not be forgotten just as an outage begins."""
        with self._lock:
            self._verified[stored.digest] = _Verified(row, stored, now + self._remembered)

    def _is_verified(self, stored: Passphrase, passphrase: str, now: datetime) -> bool:
        with self._lock:
            held = self._verified.get(stored.digest)
        if held is not None and held.until > now and held.passphrase.hash == stored.hash:
            return True
        return is_passphrase(stored.hash, passphrase)

    def _remember(self, digests: tuple[str, ...], now: datetime) -> tuple[SenderRow, Passphrase] | None:
        with self._lock:
            held = next((self._verified[each] for each in digests if each in self._verified), None)
        return (held.row, held.passphrase) if held is not None and held.until > now else None

    def _admitted(
        self, row: SenderRow, stored: Passphrase, now: datetime, request: Request, ledger: Ledger | None
    ) -> Sender:
        if row.status is not SenderStatus.ACTIVE:
            self._refuse(row.sender_id, "disabled", now, request, ledger)
        if stored.expires_at is not None and stored.expires_at <= now:
            self._refuse(row.sender_id, "expired", now, request, ledger)
        if row.allowed_networks and not _is_within(request.address, row.allowed_networks):
            self._refuse(row.sender_id, "network", now, request, ledger)
        if row.hmac_secret is not None and not self._is_signed(row, request):
            self._refuse(row.sender_id, "signature", now, request, ledger)
        return Sender.of(row)

    def _is_signed(self, row: SenderRow, request: Request) -> bool:
        secret = self._vault.open(row.sender_id, row.hmac_secret or "")
        if secret is None:
            log.error("no key opens the sender's signing secret", sender=row.sender_id)
            return False
        expected = hmac.digest(secret.encode(), request.body, hashlib.sha256).hex()
        given = (request.signature or "").strip().removeprefix("sha256=").lower()
        return hmac.compare_digest(expected.encode(), given.encode())

    def _hear_stranger(self, now: datetime, request: Request, ledger: Ledger) -> NoReturn:
        # No hashing for show, which would have senders wait behind strangers: how long an answer takes tells nothing of
        # a passphrase, because what is looked up is its digest under a key that strangers have not.
        if wait := self._throttle.wait_seconds(request.address, now):
            raise TooManyStrangersError(wait)
        self._refuse(UNKNOWN, "unknown", now, request, ledger)

    def _refuse(self, sender_id: str, why: str, now: datetime, request: Request, ledger: Ledger | None) -> NoReturn:
        failure = self._throttle.failed(request.address, now)
        log.warning("sender not accepted", sender=sender_id, why=why, address=request.address, failures=failure.count)
        if failure.is_audited and ledger is not None:
            detail = {"why": why, "address": request.address, "failures": failure.count}
            act = Act(f"sender:{sender_id}", now, request.request_id)
            rows.record_failures(ledger, act, [("sender_refused", sender_id, detail)])
        raise refusal(RejectionReason.NOT_ACCEPTED, PASSPHRASE)

    def _renew(self, ledger: Ledger, newest: str, stored: Passphrase, now: datetime) -> None:
        """Found under an older key: from now on it is found under the newest, so that the older one can go."""
        if stored.digest != newest:
            after = Passphrase(newest, stored.sender_id, stored.hash, stored.expires_at)
            with suppress(TemporaryError):  # only writing is away: its next signal renews it
                rows.renew_digest(ledger, stored.digest, after, Act(f"sender:{stored.sender_id}", now))


def _is_within(address: str | None, networks: tuple[str, ...]) -> bool:
    found = peer_address(address)
    return found is not None and any(found in ip_network(network) for network in networks)
