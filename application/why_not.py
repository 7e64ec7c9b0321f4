"""Why a coupon does not count for an order: every reason, with what is lacking."""

from datetime import datetime

from attrs import frozen

from regulars.application.objections import Objection, objection
from regulars.application.questions import Look, Question
from regulars.application.reacting import AtHand
from regulars.domain import purchase
from regulars.domain.checkout import Bought, Checkout, Shop, checkout
from regulars.domain.discounts import CouponOf, Discount, NoPrice
from regulars.domain.order import UnknownOrder
from regulars.domain.purchase import PlaceOrder
from regulars.domain.values import OrderId


@frozen(kw_only=True)
class Judged:
    """
    What a coupon comes to for an order at a moment.

    Nothing is said against it and it would take off `discount`; or it does not count, for each of
    the `objections`; or it `is_used`, as the order has used it. Amounts are minor units of
    `currency`.
    """

    coupon: CouponOf
    order: OrderId
    at: datetime
    currency: str
    is_used: bool
    discount: Discount | None
    objections: tuple[Objection, ...]


@frozen(kw_only=True)
class WhyNot(Question[Judged]):
    """
    Why a coupon cannot be used for an order, at the moment asked about; or for one to be placed.

    An order that is to be placed is judged at its own moment, after the discounts that it has.
    """

    coupon: CouponOf
    order: OrderId | PlaceOrder

    def answer(self, look: Look) -> Judged:
        """
        Every reason against it; none if it counts.

        Raises:
            UnknownOrder: no order was placed under that id.
            NoPrice: the order has a line without a price, so that no offer can be counted.
            Refusal: the order cannot be placed as it is.
        """
        shop = AtHand(self.coupon.program, look.state)
        if isinstance(self.order, PlaceOrder):
            purchase.decide(self.order, None, None)
            own = at_the_checkout(shop, self.order, self.order.at, but=self.coupon)
            return judged(own, self.coupon)
        order = look.order(self.order)
        if order.placed is None or order.placed_at is None:
            raise UnknownOrder(order=self.order)
        at = max(look.at, order.placed_at)
        return judged(at_the_checkout(shop, order.placed, at, but=self.coupon), self.coupon)


def judged(at_checkout: Checkout, coupon: CouponOf) -> Judged:
    """What a coupon comes to for an order, in words where it does not count."""
    bought, verdict = at_checkout.bought, at_checkout.verdict(coupon)
    one = verdict.offer.coupons.all.get(coupon.coupon)
    is_used = one is not None and one.is_used() and one.order == bought.order
    against = () if is_used else verdict.rejections
    return Judged(
        coupon=coupon,
        order=bought.order,
        at=at_checkout.at,
        currency=bought.currency,
        is_used=is_used,
        discount=None if is_used else verdict.discount,
        objections=tuple(objection(why, verdict, at_checkout.so_far) for why in against),
    )


def at_the_checkout(
    shop: Shop, bought: Bought, at: datetime, *, but: CouponOf | None = None
) -> Checkout:
    """
    An order with the discounts that it has, but for one by that coupon.

    Raises:
        NoPrice: a line has no price, or not one of its own.
    """
    seen: set[int] = set()
    for line in bought.lines:
        if line.unit_price is None or line.line in seen:
            raise NoPrice(order=bought.order, line=line.line)
        seen.add(line.line)
    own = [one for one in bought.discounts if one.coupon is None or one.coupon != but]
    return checkout(shop, bought, at, own)
