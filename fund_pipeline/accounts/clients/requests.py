"""Taking a client's request: what it is refused for, before any NAV of its day is known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from fund_pipeline.accounts.clients.holdings import Held, held_by
from fund_pipeline.errors import ConflictError, InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.client_model import Client, DealingRequest, RequestKind, RequestState
from fund_pipeline.ledger.clients import get_client
from fund_pipeline.ledger.dealing_requests import put_request

_ZERO = Decimal(0)


def ask(ledger: Ledger, request: DealingRequest, act: Act, *, dry_run: bool = False) -> bool:
    """Take a request, audited; it waits until the NAV of its day is struck. False when it is there already.

    Raises
    ------
    NotFoundError : there is no such client.
    InputError : a transfer to a client of another fund or mode.
    ConflictError : the NAV of its day is struck; it is of more than the client holds less what is asked for already; or
        its reference says something else.
    """
    client = get_client(ledger, request.client_id)
    if request.to_client is not None:
        _refuse_elsewhere(client, get_client(ledger, request.to_client))
    held = held_by(ledger, client)

    def judge(wanted: DealingRequest, _: Client, before: tuple[DealingRequest, ...], struck: date | None) -> None:
        if struck is not None and wanted.day <= struck:
            raise ConflictError(
                f"day is {wanted.day}: the NAV of {struck} is struck, and its price is known",
                remedy="ask for a later day",
            )
        if wanted.kind is not RequestKind.SUBSCRIPTION:
            _refuse_above(wanted, held, before)

    return put_request(ledger, request, judge, act, dry_run=dry_run)


def _refuse_elsewhere(client: Client, other: Client) -> None:
    if (client.fund_id, client.mode) != (other.fund_id, other.mode):
        raise InputError(
            f"to_client is {other.client_id}: of fund {other.fund_id}, {other.mode.value}; client {client.client_id} "
            f"is of {client.fund_id}, {client.mode.value}",
            remedy="transfer within one register of units; otherwise redeem and subscribe",
        )


def _refuse_above(wanted: DealingRequest, held: Held, before: Iterable[DealingRequest]) -> None:
    leaving = [one for one in before if one.state is RequestState.WAITING and one.kind is not RequestKind.SUBSCRIPTION]
    units = held.units - sum((one.units or _ZERO for one in leaving), _ZERO)
    value = held.value - sum((one.amount or _ZERO for one in leaving), _ZERO)
    everything = any(one.units is None and one.amount is None for one in leaving)
    asked, left, what = (
        (wanted.amount, value, f"amount is {wanted.amount}")
        if wanted.amount is not None
        else (wanted.units or units, units, f"units is {wanted.units or 'everything'}")
    )
    if everything or units <= 0 or value <= 0 or asked > left:
        of = "nothing is left after what is asked for already" if everything else f"{max(left, _ZERO)} are left"
        raise ConflictError(
            f"{what}: client {wanted.client_id} holds {held.units} units, worth {held.value} at the NAV of "
            f"{held.day or '(none yet)'}, and of them {of}",
            remedy="ask for no more than is held, or for everything",
        )
