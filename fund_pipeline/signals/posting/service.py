"""The signal service as a sender sees it: post until answered, and ask what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_before_delay, wait_exponential_jitter

from fund_pipeline.clock import utc_now
from fund_pipeline.errors import TemporaryError
from fund_pipeline.signals.posting.address import checked_url, is_this_machine

PATH = "api/v1/signals"
TIMEOUT_SECONDS = 10.0
PATIENCE_SECONDS = 60.0

_GROWING = wait_exponential_jitter(multiplier=0.2, max=5.0, jitter=0.2)

Told = Callable[[str, float], None]


@dataclass(frozen=True)
class Answer:
    """What was answered: HTTP status, the JSON object (empty where it is none), and at which attempt."""

    status: int
    values: Mapping[str, Any]
    attempts: int

    @property
    def is_accepted(self) -> bool:
        """The service keeps the signal: HTTP 200 and `"success": true`, with the id under which it does."""
        return self.status == httpx.codes.OK and self.values.get("success") is True and bool(self.signal_id)

    @property
    def signal_id(self) -> str:
        """The id that the service gave the signal; empty where it gave none."""
        found = self.values.get("signal_id")
        return found if isinstance(found, str) else ""


class NotAnsweredError(TemporaryError):
    """No answer that settles anything, as often as it was asked for. What was sent may have been stored."""


class _AgainError(Exception):
    """The same request may be answered another time. `seconds` is what Retry-After says, 0 without one."""

    def __init__(self, why: str, seconds: float = 0.0) -> None:
        super().__init__(why)
        self.why = why
        self.seconds = seconds


@dataclass
class SignalService:
    """A service at an address, and who asks it. Use it as a context manager.

    Attributes
    ----------
    url : as `checked_url` allows it.
    sender, passphrase : for asking what became of a signal; posting needs neither, for a signal has its own.
    patience_seconds : how long a request is made again; 0 makes it once.
    tell : is told why a request is made again, and in how many seconds.
    """

    url: str
    sender: str = ""
    passphrase: str = field(default="", repr=False)
    patience_seconds: float = PATIENCE_SECONDS
    tell: Told = field(default=lambda _why, _seconds: None, repr=False)

    def __post_init__(self) -> None:
        address = checked_url(self.url)
        # A proxy of the environment would be sent the passphrase in clear, where this machine speaks to itself.
        self._client = httpx.Client(
            base_url=address, timeout=TIMEOUT_SECONDS, trust_env=not is_this_machine(address), follow_redirects=False
        )

    def __enter__(self) -> SignalService:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def post(self, body: bytes) -> Answer:
        """Post a signal, the same bytes each time, until there is an answer other than 429 and 5xx.

        Raises NotAnsweredError when patience ends before that.
        """
        headers = {"Content-Type": "application/json"}
        return self._sent(self._client.build_request("POST", PATH, content=body, headers=headers))

    def find(self, signal_id: str) -> Answer:
        """What became of a signal, asked in the sender's name. Raises NotAnsweredError as `post` does."""
        path = f"{PATH}/{quote(signal_id, safe='')}"
        return self._sent(self._client.build_request("GET", path), httpx.BasicAuth(self.sender, self.passphrase))

    def _sent(self, request: httpx.Request, auth: httpx.BasicAuth | None = None) -> Answer:
        retrying = Retrying(
            retry=retry_if_exception_type(_AgainError),
            wait=_pause,
            stop=stop_before_delay(self.patience_seconds),
            before_sleep=self._tell,
            reraise=True,
        )
        try:
            for attempt in retrying:
                with attempt:
                    return self._once(request, auth, attempt.retry_state.attempt_number)
        except _AgainError as gave_up:
            raise NotAnsweredError(
                f"the service did not answer: {gave_up.why}",
                remedy="see that it runs at that address; --retry-seconds says how long to go on asking",
            ) from None
        raise NotAnsweredError("the service was not asked", remedy="report this to a developer")

    def _once(self, request: httpx.Request, auth: httpx.BasicAuth | None, attempt: int) -> Answer:
        try:
            response = self._client.send(request, auth=auth)
        except httpx.TransportError as broken:
            raise _AgainError(str(broken) or type(broken).__name__) from None
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
            why = f"HTTP {response.status_code} {response.reason_phrase}".strip()
            raise _AgainError(why, _seconds_of(response.headers.get("Retry-After"), utc_now()))
        return Answer(response.status_code, _object_of(response), attempt)

    def _tell(self, state: RetryCallState) -> None:
        self.tell(_error_of(state).why, state.upcoming_sleep)


def _pause(state: RetryCallState) -> float:
    return max(_error_of(state).seconds, _GROWING(state))


def _error_of(state: RetryCallState) -> _AgainError:
    error = state.outcome.exception() if state.outcome is not None else None
    return error if isinstance(error, _AgainError) else _AgainError("")


def _seconds_of(retry_after: str | None, now: datetime) -> float:
    """Retry-After in seconds from now; 0 where it is absent or says nothing (RFC 9110, section 10.2.3)."""
    if retry_after is None:
        return 0.0
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max((parsedate_to_datetime(retry_after) - now).total_seconds(), 0.0)
    except (ValueError, TypeError):  # no date, or one without a zone
        return 0.0


def _object_of(response: httpx.Response) -> Mapping[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
