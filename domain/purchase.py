"""A purchase: what a customer ordered from a merchant, and what is paid for it."""

from datetime import datetime
from enum import Enum

from attrs import frozen

from regulars.domain.personal import Content, Sealed, sealed_or_none
from regulars.domain.values import (
    MOST_MINOR,
    CustomerId,
    ItemId,
    MerchantId,
    OrderId,
    Refusal,
    is_currency,
)


class Channel(Enum):
    """How the goods reach the customer."""

    DELIVERY = "delivery"
    PICKUP = "pickup"
    DINE_IN = "dine_in"
    GROCERY = "grocery"


@frozen(kw_only=True)
class Line:
    """One line of an order. `unit_price` in minor units of its currency, None if unknown."""

    line: int
    item: ItemId
    quantity: int
    name: str | None = None
    category: str | None = None
    unit_price: int | None = None


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class OrderPlaced:
    """
    A customer ordered, or somebody unnamed did (`customer` None).

    `total` is what was paid for goods after `discount`; fee and tip come on top.
    All amounts are minor units of `currency`.
    """

    order: OrderId
    currency: str
    total: int
    customer: CustomerId | None = None
    merchant: MerchantId | None = None
    lines: tuple[Line, ...] = ()
    discount: int = 0
    delivery_fee: int = 0
    tip: int = 0
    channel: Channel = Channel.DELIVERY
    payment_method: str | None = None
    region: str | None = None
    extra: Sealed | None = None


@frozen(kw_only=True)
class PlaceOrder:
    """
    Record an order as it was placed. Amounts are minor units of `currency`.

    `total` is what is paid for goods after `discount`. The lines describe the goods; their
    prices are the host's word and are not required to add up to the total.
    """

    order: OrderId
    at: datetime
    currency: str
    total: int
    customer: CustomerId | None = None
    merchant: MerchantId | None = None
    lines: tuple[Line, ...] = ()
    discount: int = 0
    delivery_fee: int = 0
    tip: int = 0
    channel: Channel = Channel.DELIVERY
    payment_method: str | None = None
    region: str | None = None
    extra: Content | Sealed | None = None


@frozen(kw_only=True)
class OrderAlreadyPlaced(Refusal):
    """Another order of this id, with other content, was recorded before."""

    order: OrderId

    def __str__(self) -> str:
        return f"order {self.order} was placed already, with other content"


@frozen(kw_only=True)
class AmountBelowZero(Refusal):
    """Amounts and quantities of an order cannot be negative."""

    order: OrderId
    field: str
    amount: int

    def __str__(self) -> str:
        return f"order {self.order}: {self.field} cannot be {self.amount}"


@frozen(kw_only=True)
class AmountTooLarge(Refusal):
    """Amounts of an order end at `MOST_MINOR`, and so does the price of a whole line."""

    order: OrderId
    field: str

    def __str__(self) -> str:
        return f"order {self.order}: {self.field} is above {MOST_MINOR} minor units"


@frozen(kw_only=True)
class NoSuchCurrency(Refusal):
    """A currency is three capital letters, alone or with the decimal places kept, as GBP.3."""

    currency: str

    def __str__(self) -> str:
        return f"{self.currency!r} is no currency code such as USD"


def decide(
    command: PlaceOrder, placed: OrderPlaced | None, at: datetime | None
) -> list[OrderPlaced]:
    """
    The order as it is to be recorded; nothing if `placed`, recorded `at`, is the same.

    An order with a box is never the same: only its command id tells a repeat of it.

    Raises:
        AmountBelowZero: an amount or a quantity is negative.
        AmountTooLarge: an amount is above `MOST_MINOR`.
        NoSuchCurrency: the currency is no code.
        OrderAlreadyPlaced: `placed` is another order.
    """
    if not is_currency(command.currency):
        raise NoSuchCurrency(currency=command.currency)
    _check_amounts(command)
    wanted = OrderPlaced(
        order=command.order,
        currency=command.currency,
        total=command.total,
        customer=command.customer,
        merchant=command.merchant,
        lines=command.lines,
        discount=command.discount,
        delivery_fee=command.delivery_fee,
        tip=command.tip,
        channel=command.channel,
        payment_method=command.payment_method,
        region=command.region,
        extra=sealed_or_none(command.extra),
    )
    if placed is None:
        return [wanted]
    if placed == wanted and at == command.at:
        return []
    raise OrderAlreadyPlaced(order=command.order)


def _check_amounts(command: PlaceOrder) -> None:
    amounts = {
        "total": command.total,
        "discount": command.discount,
        "delivery fee": command.delivery_fee,
        "tip": command.tip,
    }
    for name, amount in amounts.items():
        if not 0 <= amount <= MOST_MINOR:
            raise _impossible(command.order, name, amount)
    for line in command.lines:
        quantity, price = line.quantity, line.unit_price or 0
        if not 0 <= quantity <= MOST_MINOR:
            raise _impossible(command.order, f"quantity of line {line.line}", quantity)
        if not 0 <= price <= MOST_MINOR:
            raise _impossible(command.order, f"unit price of line {line.line}", price)
        if price * quantity > MOST_MINOR:
            raise _impossible(command.order, f"price of line {line.line}", price * quantity)


def _impossible(order: OrderId, field: str, amount: int) -> Refusal:
    if amount < 0:
        return AmountBelowZero(order=order, field=field, amount=amount)
    return AmountTooLarge(order=order, field=field)
