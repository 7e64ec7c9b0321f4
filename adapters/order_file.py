"""An order that is to be placed, from a JSON file as a person or a shop writes it."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
from attrs import frozen

from regulars.adapters.history_fields import Unfit, amount, currency, identifier, present
from regulars.application.simulating import PointsOffered
from regulars.domain.discounts import CouponOf
from regulars.domain.purchase import Channel, Line, PlaceOrder
from regulars.domain.values import (
    CouponId,
    CustomerId,
    ItemId,
    MerchantId,
    OfferId,
    OrderId,
    ProgramId,
    digits,
)

_Count = Annotated[int, msgspec.Meta(ge=1, le=10**9)]


@frozen(kw_only=True)
class Draft:
    """An order before its coupons and points, and those that are wished for it."""

    order: PlaceOrder
    coupons: tuple[CouponOf, ...]
    points: PointsOffered | None


class UnusableOrder(Exception):
    """The file says no order. Names the file and what is wrong where, and no value of it."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(file, problem)
        self.file = file
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.file}: {self.problem}"


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    sku: str
    unit_price: str
    quantity: _Count = 1
    name: str | None = None
    category: str | None = None


class _Coupon(msgspec.Struct, forbid_unknown_fields=True):
    offer: str
    coupon: str


class _Points(msgspec.Struct, forbid_unknown_fields=True):
    points: _Count
    amount: str


class _Order(msgspec.Struct, forbid_unknown_fields=True):
    currency: str
    lines: list[_Line] = []
    total: str | None = None
    order_id: str = "draft"
    customer_id: str | None = None
    merchant_id: str | None = None
    channel: Channel = Channel.DELIVERY
    delivery_fee: str = "0"
    tip: str = "0"
    coupons: list[_Coupon] = []
    points: _Points | None = None


def read_order(file: str, *, at: datetime, program: ProgramId) -> Draft:
    """
    The order of a file, or of standard input where it is `-`, as placed at that moment.

    Such a file says:

        {
          "customer_id": "ada",
          "currency": "CNY",
          "lines": [{"sku": "noodles", "quantity": 2, "unit_price": "15.50"}],
          "delivery_fee": "6.00",
          "coupons": [{"offer": "spring", "coupon": "c-1"}],
          "points": {"points": 300, "amount": "3.00"}
        }

    Fields are those of the import format, and amounts text as there. The goods come to what their
    lines say; an order without lines has a `total`.

    Raises:
        UnusableOrder: it is no such file.
    """
    text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        return _draft(msgspec.json.decode(text, type=_Order), at, program)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnusableOrder(file, f"is no order: {error}") from None
    except Unfit as error:
        raise UnusableOrder(file, f"{error.field} {error.reason}") from None


def _draft(said: _Order, at: datetime, program: ProgramId) -> Draft:
    code = currency("currency", said.currency)
    lines = [_line(number, one, code) for number, one in enumerate(said.lines, 1)]
    goods = sum((line.unit_price or 0) * line.quantity for line in lines)
    if (said.total is None) != bool(lines):
        raise Unfit("total", "is required without lines, and told by them otherwise")
    order = PlaceOrder(
        order=OrderId(_id("order_id", said.order_id)),
        at=at,
        currency=code,
        total=goods if said.total is None else _minor("total", said.total, code),
        customer=None
        if said.customer_id is None
        else CustomerId(_id("customer_id", said.customer_id)),
        merchant=None
        if said.merchant_id is None
        else MerchantId(_id("merchant_id", said.merchant_id)),
        lines=tuple(lines),
        delivery_fee=_minor("delivery_fee", said.delivery_fee, code),
        tip=_minor("tip", said.tip, code),
        channel=said.channel,
    )
    return Draft(
        order=order,
        coupons=tuple(
            CouponOf(program=program, offer=OfferId(one.offer), coupon=CouponId(one.coupon))
            for one in said.coupons
        ),
        points=None
        if said.points is None
        else PointsOffered(
            points=said.points.points, amount=_minor("points.amount", said.points.amount, code)
        ),
    )


def _line(number: int, said: _Line, code: str) -> Line:
    return Line(
        line=number,
        item=ItemId(_id(f"sku of line {number}", said.sku)),
        quantity=said.quantity,
        name=said.name,
        category=said.category,
        unit_price=_minor(f"unit_price of line {number}", said.unit_price, code),
    )


def _id(field: str, said: str) -> str:
    return present(field, identifier(field, said))


def _minor(field: str, said: str, code: str) -> int:
    return present(field, amount(field, said, digits(code)))
