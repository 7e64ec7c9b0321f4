"""
The discounts of an order as they were granted, and what comes back with a part of a line.

A discount is cut into shares of lines once, when the order is placed; nothing cuts it again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum

from attrs import frozen

from regulars.domain.values import (
    CouponId,
    OfferId,
    OrderId,
    ProgramId,
    Refusal,
    ReservationId,
    decimal_text,
)


class OnReturn(Enum):
    """
    What becomes of a discount when goods that it was granted for go back.

    Under LOCKED the goods that are kept keep their shares. Under RECLAIM they lose them once they
    come to less than the discount asks for, and what they lose is withheld from the refund.
    """

    LOCKED = "locked"
    RECLAIM = "reclaim"


@frozen(kw_only=True)
class Share:
    """The part of a discount, or of a payment by points, that falls to a line of the order."""

    line: int
    amount: int


@frozen(kw_only=True)
class CouponOf:
    """A coupon, and the offer of a programme that it belongs to."""

    program: ProgramId
    offer: OfferId
    coupon: CouponId


@frozen(kw_only=True)
class Discount:
    """
    An amount off an order, in minor units: `shares` of its lines, and `delivery` off the fee.

    `shares` names every line that the discount was granted for. `source` is a code of the host's.
    `at_least` is what those lines had to come to, after the discounts named before this one.
    """

    source: str
    amount: int
    shares: tuple[Share, ...] = ()
    delivery: int = 0
    coupon: CouponOf | None = None
    at_least: int = 0
    on_return: OnReturn = OnReturn.LOCKED


def effect(discount: Discount, currency: str) -> dict[str, str]:
    """
    What a discount does, now and when goods go back: amounts in major units, by what they are.

    Which lines it names without a share, and what they had to come to, matters only where goods
    that are kept may lose it.
    """
    reclaimed = discount.on_return is OnReturn.RECLAIM
    by_line = Counter[int]()
    for share in discount.shares:
        by_line[share.line] += share.amount
    amounts = {"amount": discount.amount, "part of the delivery fee": discount.delivery}
    for line, amount in sorted(by_line.items()):
        if amount or reclaimed:
            amounts[f"share of line {line}"] = amount
    if reclaimed:
        amounts["least"] = discount.at_least
    found = {name: decimal_text(amount, currency) for name, amount in amounts.items()}
    return {**found, "return": discount.on_return.value}


@frozen(kw_only=True)
class PointsPayment:
    """`amount` of the goods of an order, paid by points that a reservation holds."""

    reservation: ReservationId
    points: int
    amount: int
    shares: tuple[Share, ...]


@frozen(kw_only=True)
class Priced:
    """A line, or some units of it: what it costs, and how much of that no money was paid for."""

    line: int
    quantity: int
    gross: int
    discount: int = 0
    points: int = 0

    @property
    def cash(self) -> int:
        """What is paid in money."""
        return self.gross - self.discount - self.points

    def part(self, quantity: int) -> "Priced":
        """
        `quantity` of these units; all of them come to exactly what the line came to.

        Shares are rounded down, that of the discount first and then that of points in what is
        left, so that no part costs less than a smaller one.
        """
        if not quantity:
            return Priced(line=self.line, quantity=0, gross=0)
        gross = self.gross * quantity // self.quantity
        discount = self.discount * quantity // self.quantity
        whole = self.gross - self.discount
        points = self.points * (gross - discount) // whole if whole else 0
        return Priced(
            line=self.line, quantity=quantity, gross=gross, discount=discount, points=points
        )

    def without(self, other: "Priced") -> "Priced":
        """What is left when a part, or a smaller part, is taken away."""
        return Priced(
            line=self.line,
            quantity=self.quantity - other.quantity,
            gross=self.gross - other.gross,
            discount=self.discount - other.discount,
            points=self.points - other.points,
        )


@frozen(kw_only=True)
class DoesNotAddUp(Refusal):
    """
    Discounts and points are to account for an order to the last minor unit.

    Then each line has a number and a price of its own; the shares of a discount, with its part of
    the delivery fee, make its amount; no line has more shares than it costs; and the prices of
    the lines are `discount`, the payment by points and `total` together.
    """

    order: OrderId
    part: str
    stated: int
    counted: int

    def __str__(self) -> str:
        return (
            f"order {self.order}: {self.part} is stated as {self.stated}"
            f" and counted as {self.counted}"
        )


@frozen(kw_only=True)
class WrongDiscount(Refusal):
    """
    An order says that a coupon takes something else off it than its offer does.

    `due` is what the offer takes off this order, after the discounts that come before it.
    """

    offer: OfferId
    coupon: CouponId
    currency: str
    stated: Discount
    due: Discount

    def __str__(self) -> str:
        stated, due = (effect(one, self.currency) for one in (self.stated, self.due))
        part = next(name for name in (*due, *stated) if stated.get(name) != due.get(name))
        return (
            f"offer {self.offer}: the {part} of coupon {self.coupon} is"
            f" {due.get(part, 'none')} for this order, and not {stated.get(part, 'none')}"
        )


@frozen(kw_only=True)
class NoPrice(Refusal):
    """Discounts and points are shared by lines that each have a number and a price."""

    order: OrderId
    line: int

    def __str__(self) -> str:
        return f"order {self.order}: line {self.line} has no price, or none of its own"


def account_for(  # noqa: PLR0913, PLR0917 - what one sum is made of
    order: OrderId,
    stated: Mapping[str, int],
    prices: Sequence[tuple[int, int | None]],
    delivery_fee: int,
    discounts: Sequence[Discount],
    points_payment: PointsPayment | None,
) -> None:
    """
    Take discounts and points off the `prices` of numbered lines, and compare with what is stated.

    Raises:
        DoesNotAddUp: something comes to another amount than `stated`, or than it says itself.
        NoPrice: a line has no price, or not one of its own.
    """
    left = dict[int, int]()
    for number, price in prices:
        if price is None or number in left:
            raise NoPrice(order=order, line=number)
        left[number] = price
    whole = sum(left.values())
    for place, discount in enumerate(discounts, 1):
        part = f"discount {place}"
        _take_off(order, left, discount.shares)
        delivery_fee = _less(order, f"{part} on delivery", delivery_fee, discount.delivery)
        of = discount.delivery + sum(share.amount for share in discount.shares)
        _same(order, part, discount.amount, of)
    _same(order, "discount", stated["discount"], whole - sum(left.values()))
    if points_payment is not None:
        paid = sum(share.amount for share in points_payment.shares)
        _take_off(order, left, points_payment.shares)
        _same(order, "payment by points", points_payment.amount, paid)
    _same(order, "total", stated["total"], sum(left.values()))


def _take_off(order: OrderId, left: dict[int, int], parts: Sequence[Share]) -> None:
    for share in parts:
        if share.line not in left:
            raise NoPrice(order=order, line=share.line)
        left[share.line] = _less(order, f"line {share.line}", left[share.line], share.amount)


def _less(order: OrderId, part: str, whole: int, less: int) -> int:
    """What is left of `whole`; what is taken off is neither negative nor more than there is."""
    if not 0 <= less <= whole:
        raise DoesNotAddUp(order=order, part=part, stated=whole, counted=less)
    return whole - less


def _same(order: OrderId, part: str, stated: int, counted: int) -> None:
    if stated != counted:
        raise DoesNotAddUp(order=order, part=part, stated=stated, counted=counted)


def falling_to(line: int, parts: Sequence[Share]) -> int:
    """What of these shares falls to a line."""
    return sum(share.amount for share in parts if share.line == line)


def lost(
    discounts: Sequence[Discount], lines: Sequence[Priced], returned: Mapping[int, int]
) -> int:
    """
    What the goods that are kept lose of discounts under RECLAIM, when `returned` units went back.

    `returned` counts the units by line, over all refunds. When everything goes back it is 0.
    """
    kept = {line.line: line.without(line.part(returned.get(line.line, 0))).gross for line in lines}
    gone = 0
    for discount in discounts:
        named = {share.line for share in discount.shares}
        shares = {
            line.line: _kept(line, returned, falling_to(line.line, discount.shares))
            for line in lines
            if line.line in named
        }
        enough = sum(kept[line] for line in shares) >= discount.at_least
        if discount.on_return is OnReturn.RECLAIM and not enough:
            gone += sum(shares.values())
            continue
        for line, share in shares.items():
            kept[line] -= share
    return gone


def _kept(line: Priced, returned: Mapping[int, int], share: int) -> int:
    units = returned.get(line.line)
    return share - share * units // line.quantity if units else share
