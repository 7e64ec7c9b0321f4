"""A purchase: what a customer ordered from a merchant, and what is paid for it."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import Enum

from attrs import frozen

from regulars.domain.discounts import (
    CouponOf,
    Discount,
    PointsPayment,
    Priced,
    account_for,
    falling_to,
)
from regulars.domain.personal import Content, Sealed, sealed_or_none
from regulars.domain.values import (
    MOST_MINOR,
    AddressId,
    CouponId,
    CustomerId,
    ItemId,
    MerchantId,
    OfferId,
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

    Where `discounts` or `points_payment` are known, the lines come to `discount`, which is what
    the discounts take off them, `points_payment` and `total`; `delivery_fee` is before discounts.
    The order `brings` coupons to its customer, as for payment with a co-branded card.
    It goes to the address that its customer has under `address_id`; None where nobody said.
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
    discounts: tuple[Discount, ...] = ()
    points_payment: PointsPayment | None = None
    brings: tuple[CouponOf, ...] = ()
    address_id: AddressId | None = None


@frozen(kw_only=True)
class PlaceOrder:
    """
    Record an order as it was placed. Amounts are minor units of `currency`.

    `total` is what is paid for goods after `discount`. The lines describe the goods; their
    prices are the host's word and are required to add up only where `discounts` or
    `points_payment` are given: see `DoesNotAddUp`. Coupons of `discounts` are redeemed with the
    order, for what their offers take off it (`regulars.domain.checkout`), and those that it
    `brings` are issued. `address_id` is that of the customer's address to which it goes, the one
    that its courier may read.
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
    discounts: tuple[Discount, ...] = ()
    points_payment: PointsPayment | None = None
    brings: tuple[CouponOf, ...] = ()
    address_id: AddressId | None = None


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
class ImpossiblePayment(Refusal):
    """Points that pay for an order are of a known customer, and pay for something."""

    order: OrderId

    def __str__(self) -> str:
        return f"order {self.order}: points of nobody, or for nothing, pay for no order"


@frozen(kw_only=True)
class CouponTwice(Refusal):
    """A coupon counts once for an order."""

    order: OrderId
    offer: OfferId
    coupon: CouponId

    def __str__(self) -> str:
        return f"order {self.order} takes coupon {self.coupon} of offer {self.offer} off twice"


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
        CouponTwice: two discounts are by the same coupon.
        DoesNotAddUp: discounts and points do not account for what is paid.
        ImpossiblePayment: points are to pay that nobody has, or for nothing.
        NoPrice: they fall to a line without a price.
        NoSuchCurrency: the currency is no code.
        OrderAlreadyPlaced: `placed` is another order.
    """
    if not is_currency(command.currency):
        raise NoSuchCurrency(currency=command.currency)
    _check_amounts(command)
    paid = command.points_payment
    if paid is not None and (command.customer is None or paid.amount < 1):
        raise ImpossiblePayment(order=command.order)
    used = Counter(one.coupon for one in command.discounts if one.coupon is not None)
    for coupon, times in used.items():
        if times > 1:
            raise CouponTwice(order=command.order, offer=coupon.offer, coupon=coupon.coupon)
    if command.discounts or paid is not None:
        account_for(
            command.order,
            {"discount": command.discount, "total": command.total},
            [(line.line, _price(line)) for line in command.lines],
            command.delivery_fee,
            command.discounts,
            paid,
        )
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
        discounts=command.discounts,
        points_payment=command.points_payment,
        brings=command.brings,
        address_id=command.address_id,
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


def priced(placed: OrderPlaced) -> tuple[Priced, ...]:
    """The lines of an order with their shares of its discounts and of a payment by points."""
    paid, discounts = placed.points_payment, placed.discounts
    return tuple(
        Priced(
            line=line.line,
            quantity=line.quantity,
            gross=_price(line) or 0,
            discount=_off(line, discounts) if discounts else 0,
            points=falling_to(line.line, paid.shares) if paid else 0,
        )
        for line in placed.lines
    )


def _off(line: Line, discounts: Iterable[Discount]) -> int:
    return sum(falling_to(line.line, one.shares) for one in discounts)


def _price(line: Line) -> int | None:
    return None if line.unit_price is None else line.unit_price * line.quantity


def coupons(placed: OrderPlaced) -> tuple[CouponOf, ...]:
    """The coupons that an order used."""
    return tuple(one.coupon for one in placed.discounts if one.coupon is not None)
