"""Ids of orders: pure functions of what an order is, so that whoever makes one again makes the same."""

from __future__ import annotations

import base64
import hashlib
import json

from fund_pipeline.terms import OrderRole

LENGTH = 26
"""Letters and digits, a letter first: an IBKR orderRef, and a clientOrderId wherever 32 of them are taken."""

_DIGEST_BYTES = 15  # 24 characters in base 32; two of ten million orders alike: one in 10^22


def client_order_id(signal_id: str, leg: int, account_id: str, role: OrderRole, attempt: int) -> str:
    """The id under which an attempt at an order is sent; 26 characters of [a-z2-7]."""
    return "fp" + _digest("order", signal_id, leg, account_id, role.value, attempt)


def oca_group(signal_id: str, leg: int, account_id: str) -> str:
    """The group of the stop and target that are attached to one entry."""
    return "og" + _digest("oca", signal_id, leg, account_id)


def decision_id(signal_id: str, fund_id: str, part: int = 0) -> str:
    """The id of the decision about a signal in a fund: of its first part, or of what follows."""
    return "de" + _digest("decision", signal_id, fund_id, *([part] if part else []))


def _digest(*parts: str | int) -> str:
    text = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()[:_DIGEST_BYTES]
    return base64.b32encode(digest).decode().lower()
