"""Refunds of an order: money that went back, in as many parts as it takes."""

from datetime import datetime

from attrs import Factory, define, frozen

from regulars.domain.purchase import OrderPlaced
from regulars.domain.values import (
    MOST_MINOR,
    CustomerId,
    MerchantId,
    OrderId,
    RefundId,
    Refusal,
)


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class RefundIssued:
    """
    Money went back to the customer.

    `goods` is the part of `amount` up to what was paid for goods, over all refunds of the order;
    `goodwill` is the rest; `goods_refunded` the sum of `goods` so far, this one included.
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


@define
class Refunds:
    """The refunds of one order by id, and how much of its goods they paid back."""

    issued: dict[RefundId, int] = Factory(dict[RefundId, int])
    goods: int = 0


def fold(state: Refunds, event: RefundIssued) -> None:
    """Record in `state` what happened."""
    state.issued[event.refund] = event.amount
    state.goods = event.goods_refunded


@frozen(kw_only=True)
class IssueRefund:
    """
    Pay back `amount`, more than the goods cost if the host so wishes, under an id of its own.

    `reason` is a code, never a person's words.
    """

    order: OrderId
    at: datetime
    refund: RefundId
    amount: int
    reason: str | None = None


@frozen(kw_only=True)
class RefundDiffers(Refusal):
    """The refund id was used before, for another amount."""

    order: OrderId
    refund: RefundId

    def __str__(self) -> str:
        return f"order {self.order}: refund {self.refund} was issued already, for another amount"


@frozen(kw_only=True)
class ImpossibleRefund(Refusal):
    """A refund pays back something, and at most `MOST_MINOR`."""

    order: OrderId
    amount: int

    def __str__(self) -> str:
        return f"order {self.order}: a refund cannot be {self.amount}"


def decide(
    command: IssueRefund, state: Refunds, placed: OrderPlaced, placed_at: datetime, *, late: bool
) -> list[RefundIssued]:
    """
    The refund to record; nothing if it was issued before.

    Raises:
        ImpossibleRefund: the amount is not above zero, or above `MOST_MINOR`.
        RefundDiffers: the refund id was used for another amount.
    """
    if not 0 < command.amount <= MOST_MINOR:
        raise ImpossibleRefund(order=command.order, amount=command.amount)
    if command.refund in state.issued:
        if state.issued[command.refund] == command.amount:
            return []
        raise RefundDiffers(order=command.order, refund=command.refund)
    goods = min(command.amount, placed.total - state.goods)
    return [
        RefundIssued(
            order=command.order,
            refund=command.refund,
            currency=placed.currency,
            amount=command.amount,
            goods=goods,
            goodwill=command.amount - goods,
            goods_refunded=state.goods + goods,
            total=placed.total,
            placed_at=placed_at,
            customer=placed.customer,
            merchant=placed.merchant,
            reason=command.reason,
            late_entry=late,
        )
    ]
