"""What the brokers say of their accounts at one moment: state and positions. Silence is not zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from fund_pipeline.accounts.asking import Heard, ask_worth
from fund_pipeline.errors import FundError
from fund_pipeline.execution import Broker
from fund_pipeline.logs import get_logger

log = get_logger(__name__)


@dataclass(frozen=True)
class Told:
    """What one broker said of an account.

    Attributes
    ----------
    positions : signed quantities by instrument key, over all strategies; what is not there is flat.
    heard : all that it said, its state among it.
    """

    positions: Mapping[str, Decimal]
    heard: Heard


def ask_accounts(brokers: Mapping[str, Broker], account_ids: Iterable[str]) -> dict[str, Told]:
    """What each broker says of its account; those that do not answer, or are not connected, are left out."""
    found = {}
    for account_id in account_ids:
        if account_id not in brokers:
            continue
        try:
            heard = ask_worth(brokers[account_id])
            found[account_id] = Told(heard.quantities, heard)
        except FundError as away:  # whatever ails one of them must not hold up the exits of the others
            log.warning("a broker did not answer", account=account_id, why=away.message)
        except InvalidOperation:
            log.warning("a broker's numbers are none", account=account_id)
    return found
