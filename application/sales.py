"""Sales: what was sold when, by which merchant, and how much of each item."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Final, TypeAlias

from attrs import define

from regulars.application.events import Happened, microseconds, moment
from regulars.application.views import Key, View
from regulars.domain.empty import empty
from regulars.domain.merchant import (
    MenuItemPublished,
    MerchantDetailsUpdated,
    MerchantRegistered,
)
from regulars.domain.order import (
    OrderAccepted,
    OrderCancelled,
    OrderCompleted,
    OrderDelivered,
    OrderPickedUp,
    OrderReady,
    PreparationStarted,
)
from regulars.domain.purchase import Line, OrderPlaced
from regulars.domain.refund import RefundIssued
from regulars.domain.review import ReviewSubmitted

_QUARTER: Final = 15 * 60 * 1_000_000


def quarter_hour(micros: int) -> int:
    """
    The quarter of an hour since 1970 that a time lies in.

    Today's time zones differ by whole quarters, so that each has its hours and days exactly.
    """
    return micros // _QUARTER


def local(quarter: int, timezone: tzinfo) -> datetime:
    """The beginning of a quarter of an hour on the clocks of `timezone`."""
    return moment(quarter * _QUARTER).astimezone(timezone)


@define
class QuarterSales:
    """
    What was sold in one quarter of an hour in one currency, by the time of placing.

    Delivered orders only; `cancelled` counts the others that ended. Refunds count when they were
    issued. Amounts in minor units.
    """

    quarter: int
    currency: str
    orders: int = 0
    cancelled: int = 0
    revenue: int = 0
    anonymous_orders: int = 0
    anonymous_revenue: int = 0
    refunds: int = 0
    refunded: int = 0


def _sales_parts(recorded: Happened) -> Iterable[tuple[Key, Happened]]:
    match recorded.event:
        case (
            OrderDelivered(placed_at=placed_at, currency=currency)
            | OrderCancelled(placed_at=placed_at, currency=currency)
        ):
            return (((quarter_hour(microseconds(placed_at)), currency), recorded),)
        case RefundIssued(currency=currency):
            return (((quarter_hour(recorded.occurred_at), currency), recorded),)
        case _:
            return ()


def _sales_fold(row: QuarterSales, recorded: Happened) -> None:
    match recorded.event:
        case OrderDelivered(customer=customer, total=total):
            row.orders += 1
            row.revenue += total
            if customer is None:
                row.anonymous_orders += 1
                row.anonymous_revenue += total
        case OrderCancelled():
            row.cancelled += 1
        case RefundIssued(amount=amount):
            row.refunds += 1
            row.refunded += amount
        case _:
            pass


SALES: Final[View[QuarterSales, Happened]] = View(
    name="sales",
    version=1,
    row=QuarterSales,
    key=("quarter", "currency"),
    reads=frozenset({OrderDelivered, OrderCancelled, RefundIssued}),
    parts=_sales_parts,
    fold=_sales_fold,
)


@define
class MerchantSales:
    """One merchant's row. Amounts in minor units by currency; stars add up over `reviews`."""

    merchant: str
    name: str | None = None
    brand: str | None = None
    category: str | None = None
    region: str | None = None
    orders: int = 0
    revenue: dict[str, int] = empty(dict[str, int])
    refunded: dict[str, int] = empty(dict[str, int])
    reviews: int = 0
    stars: int = 0


def _merchant_parts(recorded: Happened) -> Iterable[tuple[Key, Happened]]:
    merchant = getattr(recorded.event, "merchant", None)
    return () if merchant is None else (((merchant,), recorded),)


def _merchant_fold(row: MerchantSales, recorded: Happened) -> None:
    match recorded.event:
        case OrderDelivered(currency=currency, total=total):
            row.orders += 1
            row.revenue[currency] = row.revenue.get(currency, 0) + total
        case RefundIssued(currency=currency, amount=amount):
            row.refunded[currency] = row.refunded.get(currency, 0) + amount
        case MerchantRegistered() | MerchantDetailsUpdated() as details:
            row.name = details.name or row.name
            row.brand = details.brand or row.brand
            row.category = details.category or row.category
            row.region = details.region or row.region
        case ReviewSubmitted(stars=stars) if stars is not None:
            row.reviews += 1
            row.stars += stars
        case _:
            pass


MERCHANTS: Final[View[MerchantSales, Happened]] = View(
    name="merchants",
    version=1,
    row=MerchantSales,
    key=("merchant",),
    reads=frozenset(
        {
            MerchantRegistered,
            MerchantDetailsUpdated,
            OrderDelivered,
            RefundIssued,
            ReviewSubmitted,
        }
    ),
    parts=_merchant_parts,
    fold=_merchant_fold,
)


@define
class ItemSales:
    """
    One item's row: what was ordered of it and not cancelled.

    Items are the host's own ids, the same at every merchant that sells them. `revenue` adds the
    lines whose unit price is known, in minor units by currency.
    """

    item: str
    name: str | None = None
    category: str | None = None
    orders: int = 0
    quantity: int = 0
    revenue: dict[str, int] = empty(dict[str, int])


ItemPart: TypeAlias = tuple[Line, str, int, int] | MenuItemPublished
"""
A line in a currency that adds to (1) or takes from (-1) an item, and the orders it counts for.

A second line of the same item counts for no order.
"""


def _item_parts(recorded: Happened) -> Iterable[tuple[Key, ItemPart]]:
    match recorded.event:
        case OrderPlaced(lines=lines, currency=currency):
            sign = 1
        case OrderCancelled(lines=lines, currency=currency):
            sign = -1
        case MenuItemPublished(item=item) as published:
            yield (item,), published
            return
        case _:
            return
    seen: set[str] = set()
    for line in lines:
        yield (line.item,), (line, currency, sign, int(line.item not in seen))
        seen.add(line.item)


def _item_fold(row: ItemSales, part: ItemPart) -> None:
    if isinstance(part, MenuItemPublished):
        row.name = part.name
        row.category = part.category or row.category
        return
    line, currency, sign, orders = part
    row.name = row.name or line.name
    row.category = row.category or line.category
    row.orders += sign * orders
    row.quantity += sign * line.quantity
    if line.unit_price is not None:
        amount = sign * line.quantity * line.unit_price
        row.revenue[currency] = row.revenue.get(currency, 0) + amount


ITEMS: Final[View[ItemSales, ItemPart]] = View(
    name="items",
    version=1,
    row=ItemSales,
    key=("item",),
    reads=frozenset({OrderPlaced, OrderCancelled, MenuItemPublished}),
    parts=_item_parts,
    fold=_item_fold,
)


@define
class FlagCount:
    """How often something odd was recorded. `kind` is `late_entry` or `goodwill_refund`."""

    kind: str
    times: int = 0


_STEPS: Final = frozenset(
    {
        OrderAccepted,
        PreparationStarted,
        OrderReady,
        OrderPickedUp,
        OrderDelivered,
        OrderCompleted,
        OrderCancelled,
        RefundIssued,
    }
)


def _flag_parts(recorded: Happened) -> Iterable[tuple[Key, None]]:
    if getattr(recorded.event, "late_entry", False):
        yield ("late_entry",), None
    if isinstance(recorded.event, RefundIssued) and recorded.event.goodwill:
        yield ("goodwill_refund",), None


def _flag_fold(row: FlagCount, part: None) -> None:  # noqa: ARG001 - the key says it all
    row.times += 1


FLAGS: Final[View[FlagCount, None]] = View(
    name="flags",
    version=1,
    row=FlagCount,
    key=("kind",),
    reads=frozenset(_STEPS),
    parts=_flag_parts,
    fold=_flag_fold,
)
