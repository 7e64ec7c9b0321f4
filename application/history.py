"""Order history: what a source of past orders delivers, row by row."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Protocol

from attrs import field, frozen

from regulars.domain.purchase import Line


@frozen(kw_only=True)
class Place:
    """Where a row stands: the file's name and the row's number, the first after the header is 1."""

    file: str
    row: int


@frozen(kw_only=True)
class Reject:
    """A row that was not recorded, and why. Names fields and ids, never a personal value."""

    place: Place
    field: str
    reason: str


@frozen(kw_only=True)
class OrderRow:
    """
    A past order with its lines. Amounts in minor units of `currency`, times aware.

    `line_rows` tells where the lines stand, file by file: its name and the rows' numbers.
    """

    place: Place
    order_id: str
    placed_at: datetime
    currency: str
    total: int
    customer_id: str | None = None
    merchant_id: str | None = None
    accepted_at: datetime | None = None
    prepared_at: datetime | None = None
    picked_up_at: datetime | None = None
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled: bool = False
    discount: int = 0
    delivery_fee: int = 0
    tip: int = 0
    refund: int = 0
    refunded_at: datetime | None = None
    channel: str = "delivery"
    payment_method: str | None = None
    region: str | None = None
    lines: tuple[Line, ...] = ()
    line_rows: tuple[tuple[str, tuple[int, ...]], ...] = ()
    extra: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@frozen(kw_only=True)
class CustomerRow:
    """A past customer. Everything but the id is personal or optional, and hidden from `repr`."""

    place: Place
    customer_id: str
    name: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    birth_date: date | None = field(default=None, repr=False)
    gender: str | None = field(default=None, repr=False)
    occupation: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    registered_at: datetime | None = None
    source: str | None = None
    extra: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@frozen(kw_only=True)
class MerchantRow:
    """A past merchant. Business data, kept in clear."""

    place: Place
    merchant_id: str
    name: str | None = None
    brand: str | None = None
    category: str | None = None
    address: str | None = None
    region: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


@frozen(kw_only=True)
class ReviewRow:
    """A past review. Stars are 1 to 5; the text is personal content."""

    place: Place
    order_id: str
    stars: int | None = None
    dish_stars: int | None = None
    delivery_stars: int | None = None
    text: str | None = field(default=None, repr=False)
    reviewed_at: datetime | None = None
    extra: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class History(Protocol):
    """
    A source of past orders.

    Each method may be called once; rows that break a rule are left out and told to `reject`.
    """

    def merchants(self) -> Iterator[MerchantRow]:
        """Merchants, as the files have them."""
        ...

    def customers(self) -> Iterator[CustomerRow]:
        """Customers, as the files have them. Read straight from the files, never spooled."""
        ...

    def orders(self) -> Iterator[OrderRow]:
        """Orders by (`placed_at`, `order_id`, file, row) with their lines, in bounded memory."""
        ...

    def reviews(self) -> Iterator[ReviewRow]:
        """Reviews, as the files have them."""
        ...
