"""
Refunds of an order: money that went back, in as many parts as it takes.

A refund is an amount, or so many units of lines. Units pay back what was paid for them, by the
shares of discounts and points that the order was placed with.
"""

from collections.abc import Mapping
from datetime import datetime

from attrs import define, frozen

from regulars.domain.discounts import CouponOf, Priced, lost
from regulars.domain.empty import empty
from regulars.domain.purchase import OrderPlaced, priced
from regulars.domain.values import (
    MOST_MINOR,
    CustomerId,
    MerchantId,
    OrderId,
    RefundId,
    Refusal,
)


@frozen(kw_only=True)
class Returned:
    """So many units of a line of the order."""

    line: int
    quantity: int


@frozen(kw_only=True)
class LineRefund:
    """What units of a line came to: `gross` is `discount`, what points paid, and `cash`."""

    line: int
    quantity: int
    gross: int
    discount: int
    points: int
    cash: int


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class RefundIssued:
    """
    Money went back to the customer.

    `goods` is the part of `amount` up to what was paid for goods, over all refunds of the order;
    `goodwill` is the rest; `goods_refunded` the sum of `goods` so far, this one included.

    Of a refund of lines, `goods` is the cash of its lines without `withheld`: what the goods that
    are kept lost of discounts, and what was paid back as an amount before. It is below 0 where
    the last goods bring back what was withheld for them.

    `takes_back` names the coupons that the order brought, once all of its goods are paid back.
    """

    order: OrderId
    refund: RefundId
    currency: str
    amount: int
    goods: int
    goodwill: int
    goods_refunded: int
    total: int
    placed_at: datetime
    customer: CustomerId | None = None
    merchant: MerchantId | None = None
    reason: str | None = None
    late_entry: bool = False
    lines: tuple[LineRefund, ...] = ()
    withheld: int = 0
    takes_back: tuple[CouponOf, ...] = ()


@define
class Refunds:
    """
    The refunds of one order by id, and how much of its goods they paid back.

    `returned` counts units by line; `by_lines` is what of `goods` was paid back for them.
    """

    issued: dict[RefundId, RefundIssued] = empty(dict[RefundId, RefundIssued])
    goods: int = 0
    returned: dict[int, int] = empty(dict[int, int])
    by_lines: int = 0


def fold(state: Refunds, event: RefundIssued) -> None:
    """Record in `state` what happened."""
    state.issued[event.refund] = event
    state.goods = event.goods_refunded
    if event.lines:
        state.by_lines += event.goods
    for line in event.lines:
        state.returned[line.line] = state.returned.get(line.line, 0) + line.quantity


def returned_by(state: Refunds, refund: RefundId) -> dict[int, int]:
    """The units by line that went back up to a refund, this one included."""
    units: dict[int, int] = {}
    issued = [*state.issued]
    for one in issued[: issued.index(refund) + 1]:
        for line in state.issued[one].lines:
            units[line.line] = units.get(line.line, 0) + line.quantity
    return units


@frozen(kw_only=True)
class IssueRefund:
    """
    Pay back `amount`, more than the goods cost if the host so wishes, under an id of its own.

    Or pay back units of `lines`, and what that comes to follows from the order.
    `reason` is a code, never a person's words.
    """

    order: OrderId
    at: datetime
    refund: RefundId
    amount: int | None = None
    reason: str | None = None
    lines: tuple[Returned, ...] = ()


@frozen(kw_only=True)
class RefundDiffers(Refusal):
    """The refund id was used before, for another amount or other goods."""

    order: OrderId
    refund: RefundId

    def __str__(self) -> str:
        return f"order {self.order}: refund {self.refund} was issued already, for something else"


@frozen(kw_only=True)
class ImpossibleRefund(Refusal):
    """A refund is an amount above zero and at most `MOST_MINOR`, or units of lines: not both."""

    order: OrderId
    amount: int | None

    def __str__(self) -> str:
        return f"order {self.order}: a refund cannot be {self.amount}, or not with lines as well"


@frozen(kw_only=True)
class NotSoManyToReturn(Refusal):
    """A refund of lines names each once, with one unit at least and none that went back before."""

    order: OrderId
    line: int
    quantity: int

    def __str__(self) -> str:
        return f"order {self.order}: line {self.line} has not {self.quantity} units to return"


@frozen(kw_only=True)
class PricesDoNotTell(Refusal):
    """The lines of this order do not come to its total: only an amount can be paid back."""

    order: OrderId

    def __str__(self) -> str:
        return f"order {self.order}: its lines do not come to its total; refund an amount"


def decide(
    command: IssueRefund, state: Refunds, placed: OrderPlaced, placed_at: datetime, *, late: bool
) -> list[RefundIssued]:
    """
    The refund to record; nothing if it was issued before.

    Raises:
        ImpossibleRefund: no amount above zero and up to `MOST_MINOR`, or lines besides one.
        NotSoManyToReturn: units that the order did not have, or not any more.
        PricesDoNotTell: lines of an order whose lines do not come to its total.
        RefundDiffers: the refund id was used for something else.
    """
    if command.lines:
        if command.amount is not None:
            raise ImpossibleRefund(order=command.order, amount=command.amount)
    elif command.amount is None or not 0 < command.amount <= MOST_MINOR:
        raise ImpossibleRefund(order=command.order, amount=command.amount)
    before = state.issued.get(command.refund)
    if before is not None:
        if command.lines == _units(before) and command.amount in {None, before.amount}:
            return []
        raise RefundDiffers(order=command.order, refund=command.refund)
    lines, withheld = _lines(command, state, placed)
    if command.amount is None:
        amount = goods = sum(line.cash for line in lines) - withheld
    else:
        amount, goods = command.amount, min(command.amount, placed.total - state.goods)
    returned = dict(state.returned)
    for line in lines:
        returned[line.line] = returned.get(line.line, 0) + line.quantity
    was_back = is_all_back(placed, state.goods, state.returned)
    is_back = is_all_back(placed, state.goods + goods, returned)
    return [
        RefundIssued(
            order=command.order,
            refund=command.refund,
            currency=placed.currency,
            amount=amount,
            goods=goods,
            goodwill=amount - goods,
            goods_refunded=state.goods + goods,
            total=placed.total,
            placed_at=placed_at,
            customer=placed.customer,
            merchant=placed.merchant,
            reason=command.reason,
            late_entry=late,
            lines=lines,
            withheld=withheld,
            takes_back=placed.brings if is_back and not was_back else (),
        )
    ]


def is_all_back(placed: OrderPlaced, goods: int, returned: Mapping[int, int]) -> bool:
    """Whether all money for goods went back, or all goods of an order that took no money."""
    if placed.total:
        return goods == placed.total
    units = [returned.get(line.line, 0) == line.quantity for line in placed.lines]
    return bool(units) and all(units)


def _units(issued: RefundIssued) -> tuple[Returned, ...]:
    return tuple(Returned(line=line.line, quantity=line.quantity) for line in issued.lines)


def _lines(
    command: IssueRefund, state: Refunds, placed: OrderPlaced
) -> tuple[tuple[LineRefund, ...], int]:
    """The lines that go back, and what is withheld of what was paid for them."""
    if not command.lines:
        return (), 0
    lines = {line.line: line for line in priced(placed)}
    whole = sum(line.cash for line in lines.values())
    if len(lines) != len(placed.lines) or whole != placed.total:
        raise PricesDoNotTell(order=command.order)
    after = dict(state.returned)
    back: list[LineRefund] = []
    for asked in command.lines:
        line, had = lines.get(asked.line), state.returned.get(asked.line, 0)
        left = line.quantity - had if line else 0
        if line is None or after.get(asked.line, 0) != had or not 0 < asked.quantity <= left:
            raise NotSoManyToReturn(order=command.order, line=asked.line, quantity=asked.quantity)
        after[asked.line] = had + asked.quantity
        back.append(_told(line.part(after[asked.line]).without(line.part(had))))
    # What all goods that went back come to, so that the parts make no difference.
    owed = sum(lines[line].part(units).cash for line, units in after.items())
    owed -= lost(placed.discounts, tuple(lines.values()), after)
    goods = min(max(owed - state.by_lines, 0), placed.total - state.goods)
    return tuple(back), sum(line.cash for line in back) - goods


def _told(part: Priced) -> LineRefund:
    return LineRefund(
        line=part.line,
        quantity=part.quantity,
        gross=part.gross,
        discount=part.discount,
        points=part.points,
        cash=part.cash,
    )
