"""What is agreed with a sender: checked, then recorded once."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from fund_pipeline.errors import InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.payout_model import PayoutTerms
from fund_pipeline.ledger.payouts import add_terms
from fund_pipeline.ledger.places import kept


def set_terms(
    ledger: Ledger,
    sender_id: str,
    valid_from: date,
    share: Decimal,
    currency: str,
    act: Act,
    *,
    note: str = "",
    dry_run: bool = False,
) -> bool:
    """Agree on a share with a sender from the first day of a month on, audited. False when it was so already.

    Raises
    ------
    InputError : a share outside 0 to 1, a currency that is none, a day that begins no month.
    NotFoundError : there is no such sender.
    ConflictError : other terms hold from that month, or a month from then on is closed.
    """
    if not share.is_finite() or not 0 <= share <= 1:
        raise InputError(f"share is {share}: not a share of 1", remedy="give 0.25 for 25 %")
    if not re.fullmatch("[A-Z]{3}", currency):
        raise InputError(f"currency is {currency!r}: not a currency", remedy="give its three letters, as USD")
    if valid_from.day != 1:
        raise InputError(
            f"valid_from is {valid_from}: terms hold for whole months",
            remedy=f"give the first day of a month, as {valid_from.replace(day=1)}",
        )
    terms = PayoutTerms(sender_id, valid_from, share, currency, note.strip(), act.actor, act.at)
    return add_terms(ledger, terms, act, dry_run=dry_run)


def parse_amount(field: str, text: str) -> Decimal:
    """A number as a person writes it: 0.25. InputError for anything else."""
    try:
        return kept(Decimal(text))
    except InvalidOperation:
        raise InputError(f"{field} is {text!r}: not a number", remedy="write digits with a point, as 0.25") from None
