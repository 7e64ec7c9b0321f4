"""Why a coupon does not count for an order: every reason, with what is lacking."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias

from attrs import evolve, frozen

from regulars.application.aggregates import merchant_stream
from regulars.application.objections import Objection, objection
from regulars.application.questions import Look, Question
from regulars.application.reacting import AtHand
from regulars.domain import purchase
from regulars.domain.coupons import Use
from regulars.domain.discounts import CouponOf, Discount, NoPrice
from regulars.domain.holders import taker
from regulars.domain.merchant import MerchantDetailsUpdated, MerchantRegistered
from regulars.domain.offer import Offer, objections
from regulars.domain.offer_terms import Basket, Counted, Offered, after, granted, nothing_counted
from regulars.domain.order import UnknownOrder
from regulars.domain.policies import tier_of
from regulars.domain.purchase import OrderPlaced, PlaceOrder
from regulars.domain.values import CouponId, OrderId, ProgramId

Bought: TypeAlias = OrderPlaced | PlaceOrder
"""An order, as it was placed or as it is to be."""


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
        if isinstance(self.order, PlaceOrder):
            purchase.decide(self.order, None, None)
            return checkout(look, self.order, self.order.at, but=self.coupon).judged(self.coupon)
        placed = look.order(self.order).placed
        if placed is None:
            raise UnknownOrder(order=self.order)
        return checkout(look, placed, look.at, but=self.coupon).judged(self.coupon)


@frozen(kw_only=True)
class Checkout:
    """An order at a moment, and what discounts left to pay of it so far."""

    look: Look
    bought: Bought
    at: datetime
    so_far: Counted

    def judged(self, coupon: CouponOf) -> Judged:
        """What a coupon comes to, after what was counted so far."""
        offer = self.look.offer(coupon.program, coupon.offer)
        one = offer.coupons.all.get(coupon.coupon)
        is_used = one is not None and one.is_used() and one.order == self.bought.order
        basket = self._basket(coupon.program)
        use = self._use(coupon, offer, basket)
        found = () if is_used else tuple(objections(offer, use))
        discount, offered = None, _offered(coupon, offer)
        if offered is not None and not found and not is_used:
            discount = granted(offered, basket, self.so_far)
        return Judged(
            coupon=coupon,
            order=self.bought.order,
            at=self.at,
            currency=basket.currency,
            is_used=is_used,
            discount=discount,
            objections=tuple(objection(why, use, offer, basket, self.so_far) for why in found),
        )

    def with_coupon(self, judged: Judged) -> "Checkout":
        """The same order with one more coupon, against which nothing is said."""
        if judged.discount is None:
            return self
        offer = self.look.offer(judged.coupon.program, judged.coupon.offer)
        offered = _offered(judged.coupon, offer)
        return evolve(self, so_far=after(self.so_far, judged.discount, offered))

    def _basket(self, program: ProgramId) -> Basket:
        at_hand, customer = AtHand(program, self.look.state), self.bought.customer
        whose = None if customer is None else taker(at_hand, customer)
        basket = evolve(_basket(self.bought), merchant_category=self._kind_of_merchant())
        if whose is None:
            return basket
        return evolve(
            basket,
            tier=tier_of(whose, self.at, program, at_hand),
            orders_before=at_hand.account(whose).patronage.orders,
        )

    def _kind_of_merchant(self) -> str | None:
        if self.bought.merchant is None:
            return None
        told = (one.event for one in self.look.events(merchant_stream(self.bought.merchant)))
        kinds = [
            one.category
            for one in told
            if isinstance(one, MerchantRegistered | MerchantDetailsUpdated) and one.category
        ]
        return kinds[-1] if kinds else None

    def _use(self, coupon: CouponOf, offer: Offer, basket: Basket) -> Use:
        return Use(
            coupon=coupon.coupon,
            order=self.bought.order,
            at=self.at,
            customer=self.bought.customer,
            basket=basket,
            so_far=self.so_far,
            beside=frozenset(self._beside(coupon, offer)),
            is_placed=isinstance(self.bought, OrderPlaced),
        )

    def _beside(self, coupon: CouponOf, offer: Offer) -> Iterator[CouponId]:
        """The coupons of the same offer that were counted."""
        for one in self.so_far.offers:
            other = one.coupon
            if other is None or evolve(other, coupon=coupon.coupon) != coupon:
                continue
            if other.coupon in offer.coupons.all:
                yield other.coupon


def checkout(look: Look, bought: Bought, at: datetime, *, but: CouponOf | None = None) -> Checkout:
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
    so_far = nothing_counted(_basket(bought))
    for discount in bought.discounts:
        if discount.coupon is None:
            so_far = after(so_far, discount)
        elif discount.coupon != but:
            offer = look.offer(discount.coupon.program, discount.coupon.offer)
            so_far = after(so_far, discount, _offered(discount.coupon, offer))
    return Checkout(look=look, bought=bought, at=at, so_far=so_far)


def _basket(bought: Bought) -> Basket:
    return Basket(
        currency=bought.currency,
        lines=bought.lines,
        delivery_fee=bought.delivery_fee,
        merchant=bought.merchant,
        channel=bought.channel,
    )


def _offered(coupon: CouponOf, offer: Offer) -> Offered | None:
    """A coupon as it is to be counted; None if there is no such offer."""
    if offer.defined is None:
        return None
    return Offered(terms=offer.defined.terms, source=coupon.offer, coupon=coupon)
