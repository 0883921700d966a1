"""Made-up closes, wishes and terms for folding NAVs without a ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from fund_pipeline.accounts.nav.folding import Folded, fold
from fund_pipeline.accounts.nav.register import Close, FeeTerms, Register, Struck, Wish
from fund_pipeline.ledger.client_model import Crystallisation, RequestKind

START = date(2026, 1, 25)
USUAL = FeeTerms(200_000, Crystallisation.YEAR_END)
NO_FEE = FeeTerms(0, Crystallisation.YEAR_END)


def day(number: int) -> date:
    """The n-th day of these worlds, from 0."""
    return START + timedelta(days=number)


@dataclass
class World:
    """A fund whose equity is what its clients brought and were paid, times what it made: all that a close needs.

    Money is in cents. What is redeemed is paid the day after.
    """

    terms: Mapping[str, FeeTerms]
    equity: int = 0
    deposited: int = 0
    withdrawn: int = 0
    fees_paid: int = 0
    register: Register = field(default_factory=Register)
    number: int = 0
    struck: list[Struck] = field(default_factory=list)
    waiting: list[Wish] = field(default_factory=list)

    def ask(self, client: str, kind: RequestKind, **more: object) -> Wish:
        """A wish for the day that comes next."""
        name = f"{len(self.waiting) + len(self.struck)}-{client}-{self.number}"
        wish = Wish(name, client, kind, day(self.number), **more)  # type: ignore[arg-type]
        self.waiting.append(wish)
        return wish

    def bring(self, amount: int) -> None:
        """Clients' money arrives in the account."""
        self.equity += amount
        self.deposited += amount

    def pay(self, amount: int) -> None:
        """Clients are paid from the account."""
        self.equity -= amount
        self.withdrawn += amount

    def close(self, made: int = 0) -> Struck | None:
        """The day ends, having made so much."""
        self.equity += made
        here = day(self.number)
        close = Close(
            here,
            datetime.combine(here, time(22), UTC),
            datetime.combine(here, time(22), UTC),
            True,
            self.equity,
            self.deposited,
            self.withdrawn,
            self.fees_paid,
        )
        folded = fold(self.register, [here], lambda _: close, self.waiting, lambda _: dict(self.terms))
        self.number += 1
        if not folded.struck:
            return None
        [done] = folded.struck
        dealt = {one.request_id for one in done.dealt}
        self.waiting = [one for one in self.waiting if one.request_id not in dealt]
        self.register = done.register
        self.struck.append(done)
        return done


def refold(world: World, wishes: Sequence[Wish]) -> Folded:
    """All of a world's closes folded again from nothing."""
    closes = {one.close.day: one.close for one in world.struck}
    return fold(Register(), sorted(closes), lambda here: closes[here], wishes, lambda _: dict(world.terms))
