"""Paying what is due: the payment and its cash flow are recorded together, once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from fund_pipeline.accounts import flows
from fund_pipeline.accounts.flow_entry import AskedKind, NewFlow
from fund_pipeline.errors import ConflictError, InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.accounts import get_account
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.payout_model import Payout, PayoutKey, PayoutPayment
from fund_pipeline.ledger.payouts import get_payout, write_payment


def mark_paid(
    ledger: Ledger,
    key: PayoutKey,
    account_id: str,
    paid_at: datetime,
    zone: ZoneInfo,
    act: Act,
    *,
    amount: Decimal | None = None,
    rate: Decimal | None = None,
    note: str = "",
    dry_run: bool = False,
) -> PayoutPayment:
    """Note that a payout was paid from an account of its fund, with a flow of kind FEE, in one transaction, audited.

    Parameters
    ----------
    amount : what left the account, in the account's currency; needed, and allowed, only where that is another.
    rate : the fund's currency per 1 of the account's, where those differ.

    Raises
    ------
    NotFoundError : there is no such payout, or no such account.
    ConflictError : it was paid before, nothing is due, or the account is another fund's or mode's.
    InputError : `amount` or `rate` is missing or out of place; the flow lies in the future.
    """
    payout, paid = get_payout(ledger, key)
    _refuse_unpayable(payout, paid)
    account = get_account(ledger, account_id)
    for name in ("fund_id", "mode"):
        if getattr(account, name) != getattr(payout, name):
            raise ConflictError(
                f"account {account_id} has the {name} {getattr(account, name)}, the payout {getattr(payout, name)}",
                remedy="pay it from an account of its own fund and mode",
            )
    if (amount is None) != (account.currency == payout.currency):
        raise InputError(
            f"amount is {amount}: account {account_id} is in {account.currency}, the payout in {payout.currency}",
            remedy=f"give what left the account in {account.currency} where the currencies differ, and only there",
        )
    reference = f"payout {payout.mode.value} {payout.sender_id} {payout.month:%Y-%m}"
    flow = NewFlow(
        account_id=account_id,
        kind=AskedKind.FEE,
        amount=payout.due if amount is None else amount,
        currency=account.currency,
        effective_at=paid_at,
        reference=reference,
        rate=rate,
        note=note,
    )
    payment = PayoutPayment(
        fund_id=payout.fund_id,
        mode=payout.mode,
        sender_id=payout.sender_id,
        month=payout.month,
        amount=payout.due,
        currency=payout.currency,
        account_id=account_id,
        flow_id=flows.flow_id_of(account_id, reference),
        paid_at=paid_at,
        recorded_by=act.actor,
        recorded_at=act.at,
        note=note,
    )
    flows.record(ledger, flow, zone, act, dry_run=dry_run, also=partial(write_payment, payment, act))
    return payment


def _refuse_unpayable(payout: Payout, paid: PayoutPayment | None) -> None:
    what = f"the payout of {payout.sender_id} for {payout.month:%Y-%m}"
    if paid is not None:
        raise ConflictError(
            f"{what} was paid on {paid.paid_at:%Y-%m-%d} from {paid.account_id}",
            remedy="it is not paid twice; see `fund payouts list`",
        )
    if not payout.due:
        raise ConflictError(f"{what} is 0: nothing is due", remedy="see `fund payouts list` for those that are")
