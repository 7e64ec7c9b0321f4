"""
The entries of an import: what a row of each kind says, once its cells are read together.

Every function takes the cells in the order of the kind's columns, and raises `Unfit` for the
first field that breaks a rule.
"""

from collections.abc import Callable
from datetime import tzinfo
from typing import Final, TypeAlias, TypeVar

from regulars.adapters.history_fields import (
    Extra,
    Unfit,
    amount,
    currency,
    day,
    identifier,
    moment,
    one_of,
    present,
    stars,
    text,
    whole,
)
from regulars.application.history import (
    CustomerRow,
    MerchantRow,
    OrderRow,
    Place,
    ReviewRow,
)
from regulars.domain.values import digits

_T = TypeVar("_T")

Cells: TypeAlias = tuple[str, ...]
"""The cells of a row, in the order of its kind's columns."""

Entry: TypeAlias = Callable[[Place, Cells, Extra, tzinfo | None], _T]
"""Reads a row at a place; the zone is that of times without an offset."""

_STATUSES: Final = ("delivered", "cancelled")
_CHANNELS: Final = ("delivery", "pickup", "dine_in", "grocery")


def order(place: Place, cells: Cells, extra: Extra, zone: tzinfo | None) -> OrderRow:
    """A past order, without its lines."""
    (
        order_id,
        customer_id,
        merchant_id,
        placed_at,
        accepted_at,
        prepared_at,
        picked_up_at,
        delivered_at,
        cancelled_at,
        status,
        code,
        total,
        discount,
        delivery_fee,
        tip,
        refund,
        refunded_at,
        channel,
        payment_method,
        region,
    ) = cells
    places = digits(currency("currency", code))
    row = OrderRow(
        place=place,
        order_id=present("order_id", identifier("order_id", order_id)),
        customer_id=identifier("customer_id", customer_id),
        merchant_id=identifier("merchant_id", merchant_id),
        placed_at=present("placed_at", moment("placed_at", placed_at, zone)),
        accepted_at=moment("accepted_at", accepted_at, zone),
        prepared_at=moment("prepared_at", prepared_at, zone),
        picked_up_at=moment("picked_up_at", picked_up_at, zone),
        delivered_at=moment("delivered_at", delivered_at, zone),
        cancelled_at=moment("cancelled_at", cancelled_at, zone),
        cancelled=one_of("status", status, _STATUSES) == "cancelled",
        currency=code,
        total=present("total", amount("total", total, places)),
        discount=amount("discount", discount, places) or 0,
        delivery_fee=amount("delivery_fee", delivery_fee, places) or 0,
        tip=amount("tip", tip, places) or 0,
        refund=amount("refund", refund, places) or 0,
        refunded_at=moment("refunded_at", refunded_at, zone),
        channel=one_of("channel", channel, _CHANNELS),
        payment_method=text("payment_method", payment_method),
        region=text("region", region),
        extra=extra,
    )
    if row.cancelled and row.delivered_at is not None:
        raise Unfit("delivered_at", "is given, and status says cancelled: set status to delivered")
    if not row.cancelled and row.cancelled_at is not None:
        raise Unfit("cancelled_at", "is given, and status does not say so: set it to cancelled")
    if row.refunded_at is not None and not refund.strip():
        raise Unfit("refunded_at", "is given without an amount in refund")
    return row


def product(cells: Cells) -> tuple[str, str | None, str | None]:
    """What a line sells: sku, name and category."""
    sku, name, category = cells
    return present("sku", identifier("sku", sku)), text("name", name), text("category", category)


def quantity(cell: str) -> int:
    """How many pieces a line sells."""
    return present("quantity", whole("quantity", cell))


def customer(place: Place, cells: Cells, extra: Extra, zone: tzinfo | None) -> CustomerRow:
    """A past customer."""
    (
        customer_id,
        name,
        phone,
        email,
        birth_date,
        gender,
        occupation,
        address,
        registered_at,
        source,
    ) = cells
    return CustomerRow(
        place=place,
        customer_id=present("customer_id", identifier("customer_id", customer_id)),
        name=text("name", name),
        phone=text("phone", phone),
        email=text("email", email),
        birth_date=day("birth_date", birth_date),
        gender=text("gender", gender),
        occupation=text("occupation", occupation),
        address=text("address", address),
        registered_at=moment("registered_at", registered_at, zone),
        source=text("source", source),
        extra=extra,
    )


def merchant(place: Place, cells: Cells, extra: Extra, _zone: tzinfo | None) -> MerchantRow:
    """A past merchant."""
    merchant_id, name, brand, category, address, region = cells
    return MerchantRow(
        place=place,
        merchant_id=present("merchant_id", identifier("merchant_id", merchant_id)),
        name=text("name", name),
        brand=text("brand", brand),
        category=text("category", category),
        address=text("address", address),
        region=text("region", region),
        extra=extra,
    )


def review(place: Place, cells: Cells, extra: Extra, zone: tzinfo | None) -> ReviewRow:
    """A past review: stars of some kind, or a text."""
    order_id, overall, dish, delivery, words, reviewed_at = cells
    row = ReviewRow(
        place=place,
        order_id=present("order_id", identifier("order_id", order_id)),
        stars=stars("stars", overall),
        dish_stars=stars("dish_stars", dish),
        delivery_stars=stars("delivery_stars", delivery),
        text=text("text", words),
        reviewed_at=moment("reviewed_at", reviewed_at, zone),
        extra=extra,
    )
    if (row.stars, row.dish_stars, row.delivery_stars, row.text) == (None, None, None, None):
        raise Unfit("stars", "is required, or another kind of stars, or a text")
    return row
