"""One account's books against its broker's answer: what stands, what facts are to be booked, what is not known. Pure.

No I/O and no clock: the moment is the one at which the broker was asked. Nothing that comes out of it sends an order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from fund_pipeline.accounts.findings import Finding
from fund_pipeline.accounts.reconciliation.cash import compare_cash, rebuild_cash
from fund_pipeline.accounts.reconciliation.entries import EXTERNAL, commission_entry, redo_entry, transfer
from fund_pipeline.accounts.reconciliation.executions import compare_executions, signed
from fund_pipeline.accounts.reconciliation.folding import Folded, fold
from fund_pipeline.accounts.reconciliation.judging import Judged, judge
from fund_pipeline.accounts.reconciliation.model import Net, Ours, Theirs, net
from fund_pipeline.accounts.reconciliation.orders import compare_orders, in_question
from fund_pipeline.accounts.reconciliation.positions import differing, nets, position_break, working
from fund_pipeline.accounts.reconciliation.rules import RULES, Rules
from fund_pipeline.execution.booking import as_execution
from fund_pipeline.execution.port import BrokerExecution, BrokerOrder
from fund_pipeline.ledger.break_model import Break, BreakKind, Difference, Section
from fund_pipeline.ledger.order_model import Execution, OrderRow
from fund_pipeline.ledger.own_entries import about

_ZERO = Decimal(0)


class RepairKind(StrEnum):
    """What puts a difference right. None of them sends, changes or cancels an order.

    IMPORT : book the broker's execution by its id, as any fill is booked.
    ENTRY : book an entry of our own beside an execution.
    TAKE_WORD : take the broker's word on an order of ours, as following does.
    """

    IMPORT = "IMPORT"
    ENTRY = "ENTRY"
    TAKE_WORD = "TAKE_WORD"


@dataclass(frozen=True)
class Repair:
    """One repair, and the difference that it is of; None of a fill on its way, which is no break.

    Attributes
    ----------
    executions : what IMPORT or ENTRY books.
    client_order_id, word : the order of TAKE_WORD, and what the broker says of it; None when it has none.
    """

    kind: RepairKind
    of: Difference | None
    executions: tuple[Execution, ...] = ()
    client_order_id: str = ""
    word: BrokerOrder | None = None


@dataclass(frozen=True)
class Reconciled:
    """What comes of it.

    Attributes
    ----------
    standing : differences that no repair here puts right, as they are once the repairs are made.
    repairs : what is to be booked, or taken from the broker's word.
    findings : what is wrong with the broker's answer. With any, nothing may be cleared, and the account is not proved.
    compared : the sections that could be compared.
    cash : the broker's cash by currency; None where it is not known.
    """

    standing: tuple[Difference, ...]
    repairs: tuple[Repair, ...]
    findings: tuple[Finding, ...]
    compared: frozenset[Section]
    since: datetime
    cash: Mapping[str, Decimal] | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the broker's answer was whole."""
        return not self.findings

    def may_clear(self, one: Break) -> bool:
        """Whether a break that this did not find is gone for certain."""
        if self.findings or one.found.kind.section not in self.compared:
            return False
        executed_at = one.found.detail.get("executed_at")
        # Of an execution from before what was asked for, silence says nothing.
        return executed_at is None or datetime.fromisoformat(str(executed_at)) >= self.since


def reconcile(
    ours: Ours, theirs: Theirs, rules: Rules = RULES, is_known: Callable[[str], bool] = lambda _key: True
) -> Reconciled:
    """Compare the union of both sides. `is_known` says whether the books have an instrument of a key."""
    said = judge(ours.account, theirs, rules, is_known)
    compared: set[Section] = set()
    standing: list[Difference] = []
    repairs: list[Repair] = []
    after = ours
    held = _as_asked(net(ours.positions), ours.since_asked)
    if said.executions is not None:
        compared.add(Section.EXECUTIONS)
        after, held = _executions(ours, held, said, theirs, rules, standing, repairs)
    if said.open_orders is not None:
        compared.add(Section.ORDERS)
        _orders(after, said, theirs, rules, standing, repairs)
    on_their_way = working(after.orders, ours.since_asked)
    quiet = False  # whether no fill is on its way, of which the broker's cash would know already
    if said.positions is not None:
        compared.add(Section.POSITIONS)
        told = {key: one.quantity for key, one in said.positions.items()}
        keys = {*held, *told}
        apart = differing(nets(held), told, on_their_way, rules, keys)
        mine_held = nets(held)
        quiet = all(
            key in apart or abs(told.get(key, _ZERO) - mine_held.get(key, _ZERO)) <= rules.tolerance(key)
            for key in keys
        )
        for key in sorted(apart):
            mine = held.get(key, Net(_ZERO, _ZERO))
            one = said.positions.get(key)
            standing.append(
                position_break(key, mine.quantity, told.get(key, _ZERO), average=mine.average_price, told=one)
            )
    cash = None if said.state is None else said.state.cash_by_currency
    mine_cash = rebuild_cash(after)
    if cash is not None and mine_cash is not None and said.positions is not None and quiet:
        compared.add(Section.CASH)
        # While a trade is in doubt, cash that differs is most likely the trade's. One that is booked, even in nobody's
        # name, is in our cash too.
        in_doubt = any(
            one.kind.locks and one.kind.section in (Section.EXECUTIONS, Section.POSITIONS) for one in standing
        )
        standing += compare_cash(mine_cash, cash, {} if in_doubt else said.positions, rules)
    return Reconciled(
        standing=tuple({one.key: one for one in standing}.values()),
        repairs=tuple(repairs),
        findings=said.findings,
        compared=frozenset(compared),
        since=theirs.since,
        cash=cash,
    )


def _as_asked(held: dict[str, Net], since: Iterable[Execution]) -> dict[str, Net]:
    """What was held without these fills."""
    for one in since:
        quantity, after = signed(one), held.get(one.instrument_key, Net(_ZERO, _ZERO))
        held[one.instrument_key] = Net(after.quantity - quantity, after.cost - quantity * one.price)
    return held


def _executions(
    ours: Ours,
    held: dict[str, Net],
    said: Judged,
    theirs: Theirs,
    rules: Rules,
    standing: list[Difference],
    repairs: list[Repair],
) -> tuple[Ours, dict[str, Net]]:
    """Our side as it is once what is to be booked is booked."""
    told = said.executions or ()
    folded = fold(ours.executions)
    wanted = None
    if said.positions is not None:
        keys = {*held, *said.positions}
        mine = nets(held)
        wanted = {
            key: (said.positions[key].quantity if key in said.positions else _ZERO) - mine.get(key, _ZERO)
            for key in keys
        }
    live = frozenset(one.client_order_id for one in ours.orders)
    found = compare_executions(folded, told, theirs.since, theirs.asked_at - rules.fresh, live, wanted)
    standing += found.standing
    new: list[Execution] = []
    imports: list[BrokerExecution] = [*(one for _, one in found.missed), *found.fresh]
    reasons: dict[str, Difference | None] = {one.execution_id: difference for difference, one in found.missed}
    for one in sorted(imports, key=lambda each: each.executed_at):
        group = folded.get(about(one.execution_id))
        at = theirs.asked_at
        booked = as_execution(one, ours.account, at) if group is None else redo_entry(group, one, at)
        kind = RepairKind.IMPORT if group is None else RepairKind.ENTRY
        repairs.append(Repair(kind, reasons.get(one.execution_id), (booked,)))
        new.append(booked)
    for difference, one, group in found.amended:
        entry = commission_entry(group, one.commission, theirs.asked_at)
        repairs.append(Repair(RepairKind.ENTRY, difference, (entry,)))
        new.append(entry)
    known = {one.execution_id for one in imports}
    _externals([one for name, one in folded.items() if name not in known], ours, theirs.asked_at, standing, repairs)
    return _after(ours, held, imports, new)


def _externals(
    groups: list[Folded], ours: Ours, at: datetime, standing: list[Difference], repairs: list[Repair]
) -> None:
    for group in groups:
        if not group.is_nobodys:
            continue
        difference = _external(group)
        if ours.adopts_external:
            repairs.append(Repair(RepairKind.ENTRY, difference, transfer(group, EXTERNAL, at)))
        else:
            standing.append(difference)


def _external(group: Folded) -> Difference:
    one = group.stands or group.first
    message = (
        f"execution {group.first.broker_execution_id}, {one.side.value} {one.quantity.normalize():f} "
        f"{one.instrument_key} at {one.price.normalize():f}, is of no order of ours and of no strategy"
    )
    detail = {"executed_at": group.first.executed_at.isoformat()}
    subject = about(group.first.broker_execution_id)
    return Difference(BreakKind.EXTERNAL_TRADE, subject, message, one.instrument_key, detail=detail)


def _after(
    ours: Ours, held: dict[str, Net], imports: list[BrokerExecution], new: list[Execution]
) -> tuple[Ours, dict[str, Net]]:
    if not new:
        return ours, held
    held = dict(held)
    filled: dict[str, Decimal] = {}
    for one in imports:
        before = held.get(one.instrument_key, Net(_ZERO, _ZERO))
        quantity = signed(one)
        held[one.instrument_key] = Net(before.quantity + quantity, before.cost + quantity * one.price)
        if one.client_order_id is not None:
            filled[one.client_order_id] = filled.get(one.client_order_id, _ZERO) + one.quantity
    last = max((one.number for one in ours.executions), default=0)
    numbered = tuple(replace(one, number=last + place) for place, one in enumerate(new, 1))
    orders = tuple(_filled(one, filled.get(one.client_order_id, _ZERO)) for one in ours.orders)
    return replace(ours, executions=(*ours.executions, *numbered), orders=orders), held


def _filled(order: OrderRow, quantity: Decimal) -> OrderRow:
    return replace(order, filled_quantity=order.filled_quantity + quantity) if quantity else order


def _orders(
    ours: Ours, said: Judged, theirs: Theirs, rules: Rules, standing: list[Difference], repairs: list[Repair]
) -> None:
    asked = in_question(ours.orders, theirs.asked_at - rules.answer_within)
    asked = tuple(one for one in asked if one.remaining)  # the others have ended by what is to be booked
    live = frozenset(one.client_order_id for one in ours.orders)
    found = compare_orders(asked, ours.ended, live, said.open_orders or (), said.found)
    standing += found.standing
    standing += found.lost
    for difference, word in found.to_take:
        repairs.append(Repair(RepairKind.TAKE_WORD, difference, (), difference.subject, word))
    # The broker's no is a word too: it may prove by now that an order never arrived.
    repairs.extend(Repair(RepairKind.TAKE_WORD, None, (), one.subject, None) for one in found.lost)
