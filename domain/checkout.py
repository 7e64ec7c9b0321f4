"""An order at the checkout: what the coupons that it uses come to, one after another."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

from attrs import evolve, frozen

from regulars.domain import patronage
from regulars.domain.coupon import AtCheckout
from regulars.domain.coupons import Use, due
from regulars.domain.discounts import CouponOf, Discount
from regulars.domain.holders import taker
from regulars.domain.merchant import Merchant
from regulars.domain.offer import Offer, objections, rules
from regulars.domain.offer_terms import Basket, Counted, Offered, Rejection, Taken, counted
from regulars.domain.policies import Present, tier_of
from regulars.domain.policies_benefits import Offers
from regulars.domain.purchase import OrderPlaced, PlaceOrder
from regulars.domain.records import Records, person_of
from regulars.domain.values import CustomerId, MerchantId, ProgramId

Bought: TypeAlias = OrderPlaced | PlaceOrder
"""An order, as it was placed or as it is to be."""


class Shop(Present, Offers, Protocol):
    """The states that a coupon is judged by, with all that was recorded so far."""

    def merchant(self, merchant: MerchantId) -> Merchant:
        """A merchant."""
        ...

    def records(self, customer: CustomerId) -> Records:
        """Whom a customer was merged with."""
        ...

    def within(self, program: ProgramId) -> "Shop":
        """What another programme has: an order may use coupons of several."""
        ...


@frozen(kw_only=True)
class Verdict:
    """
    What a coupon comes to for the order of a `use`.

    Nothing is said against it and it takes off `discount`; or it does not count, for each of the
    `rejections`.
    """

    offer: Offer
    use: Use
    basket: Basket
    rejections: tuple[Rejection, ...]
    discount: Discount | None


@frozen(kw_only=True)
class Checkout:
    """An order at a moment, and the discounts that were `taken` off it so far."""

    shop: Shop
    bought: Bought
    at: datetime
    taken: tuple[Taken, ...] = ()

    @property
    def so_far(self) -> Counted:
        """What they left to pay."""
        return counted(_own(self.bought), self.taken)

    def verdict(self, coupon: CouponOf) -> Verdict:
        """What a coupon comes to, after what was taken off so far."""
        offer = self.shop.within(coupon.program).offer(coupon.offer)
        basket, untold = self._basket(coupon.program)
        use = Use(
            coupon=coupon.coupon,
            order=self.bought.order,
            at=self.at,
            customer=self.bought.customer,
            person=self._person(),
            basket=basket,
            taken=self.taken,
            untold=untold,
            is_placed=True,  # or to be placed as it is: what it has to hold, it holds by now
        )
        against, discount = tuple(objections(offer, use)), None
        if offer.defined is not None and not against:
            discount = due(use, basket, rules(offer.defined, ended=offer.ended))
        return Verdict(offer=offer, use=use, basket=basket, rejections=against, discount=discount)

    def stated(self, coupon: CouponOf, discount: Discount) -> AtCheckout:
        """What an order says that a coupon takes off, with what that is to be judged by."""
        basket, untold = self._basket(coupon.program)
        return AtCheckout(discount=discount, basket=basket, taken=self.taken, untold=untold)

    def having(self, discount: Discount) -> "Checkout":
        """The same order with this discount taken off as well, by an offer or by the host."""
        coupon, offered = discount.coupon, None
        if coupon is not None:
            defined = self.shop.within(coupon.program).offer(coupon.offer).defined
            if defined is not None:
                offered = Offered(terms=defined.terms, source=coupon.offer, coupon=coupon)
        return evolve(self, taken=(*self.taken, Taken(discount=discount, offer=offered)))

    def _person(self) -> tuple[CustomerId, ...]:
        customer = self.bought.customer
        return () if customer is None else person_of(customer, self.shop.records)

    def _orders_before(self) -> int | None:
        """How many orders their customer had by then; None where nobody counts them."""
        customer, shop = self.bought.customer, self.shop
        whose = None if customer is None else taker(shop, customer)
        # Orders earn in the programme of the shop alone, whatever programme a coupon is of.
        if whose is None or shop.program().rules_at(self.at, self.bought.currency) is None:
            return None
        return patronage.before(shop.account(whose).patronage, self.at)

    def _basket(self, program: ProgramId) -> tuple[Basket, tuple[str, ...]]:
        """The order before any discount, and the fields of scope and scene that nobody tells."""
        shop, bought = self.shop.within(program), self.bought
        kind = None if bought.merchant is None else shop.merchant(bought.merchant).category
        whose = None if bought.customer is None else taker(shop, bought.customer)
        orders = self._orders_before()
        untold = {
            "tiers": shop.program().ladder_at(self.at) is None,
            "merchant_categories": kind is None,
            "first_order": orders is None,
        }
        basket = evolve(_own(bought), merchant_category=kind, orders_before=orders)
        if whose is not None:
            basket = evolve(basket, tier=tier_of(whose, self.at, program, shop))
        return basket, tuple(name for name, missing in untold.items() if missing)


def checkout(shop: Shop, bought: Bought, at: datetime, discounts: Sequence[Discount]) -> Checkout:
    """An order off which these discounts of its own are taken already."""
    found = Checkout(shop=shop, bought=bought, at=at)
    for discount in discounts:
        found = found.having(discount)
    return found


def _own(bought: Bought) -> Basket:
    """What an order tells itself of its basket."""
    return Basket(
        currency=bought.currency,
        lines=bought.lines,
        delivery_fee=bought.delivery_fee,
        merchant=bought.merchant,
        channel=bought.channel,
    )
