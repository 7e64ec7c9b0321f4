"""The workload of orders: six commands each, of 1,000 customers, every order with a sealed box."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from regulars.application.events import Command
from regulars.domain.order import AcceptOrder, MarkDelivered, MarkReady, PickUpOrder, StartPreparing
from regulars.domain.personal import Content
from regulars.domain.purchase import Line, PlaceOrder
from regulars.domain.values import CustomerId, ItemId, MerchantId, OrderId

CUSTOMERS: Final = 1_000
EVENTS: Final = 6
"""Events in the stream of one order."""

_AT_ONCE: Final = 100
_BEGAN: Final = datetime(2024, 1, 1, 8, tzinfo=UTC)


def lives(first: int, orders: int) -> Iterator[Command]:
    """
    The commands of some orders, numbered from `first`, a hundred of them under way at once.

    All hundred are placed before the first is accepted, and so on.
    """
    numbers = iter(range(first, first + orders))
    while some := list(islice(numbers, _AT_ONCE)):
        for step in range(EVENTS):
            for number in some:
                yield _command(number, step)


def order_id(number: int) -> OrderId:
    """The id of an order by its number."""
    return OrderId(f"o-{number:08}")


def _command(number: int, step: int) -> Command:
    order = order_id(number)
    at = _BEGAN + timedelta(minutes=number, seconds=400 * step)
    match step:
        case 0:
            return _placed(number, order, at)
        case 1:
            return AcceptOrder(order=order, at=at)
        case 2:
            return StartPreparing(order=order, at=at)
        case 3:
            return MarkReady(order=order, at=at)
        case 4:
            return PickUpOrder(order=order, at=at)
        case _:
            return MarkDelivered(order=order, at=at)


def _placed(number: int, order: OrderId, at: datetime) -> PlaceOrder:
    lines = tuple(
        Line(
            line=line,
            item=ItemId(f"dish-{(number + line) % 400}"),
            quantity=1 + number % 3,
            unit_price=450 + 10 * ((number + line) % 90),
        )
        for line in (1, 2, 3)
    )
    return PlaceOrder(
        order=order,
        at=at,
        currency="EUR",
        total=sum(line.quantity * (line.unit_price or 0) for line in lines),
        customer=CustomerId(f"c-{number % CUSTOMERS:06}"),
        merchant=MerchantId(f"m-{number % 50:03}"),
        lines=lines,
        extra=Content(text=f"ring twice, leave at door {number % 90}"),
    )
