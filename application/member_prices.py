"""What the tier of its customer takes off an order that is yet to be placed."""

from attrs import evolve

from regulars.application.questions import Look
from regulars.application.reacting import AtHand
from regulars.domain.benefits import offered
from regulars.domain.discounts import Discount
from regulars.domain.holders import taker
from regulars.domain.offer_terms import Basket, after, granted, nothing_counted, objections
from regulars.domain.policies import tier_of
from regulars.domain.purchase import PlaceOrder
from regulars.domain.values import ProgramId


def with_benefits(order: PlaceOrder, look: Look, program_id: ProgramId) -> PlaceOrder:
    """
    The order with the discounts and free delivery of the tier, counted after its own discounts.

    What it has of them already is not taken off twice. As it is remains an order of nobody who
    takes part, one without a price of its own for each line, and one that coupons or points pay.
    """
    at_hand = AtHand(program_id, look.state)
    whose = None if order.customer is None else taker(at_hand, order.customer)
    if whose is None or not _can_be_counted(order):
        return order
    tier = tier_of(whose, order.at, program_id, at_hand)
    basket = Basket(
        currency=order.currency,
        lines=order.lines,
        delivery_fee=order.delivery_fee,
        merchant=order.merchant,
        channel=order.channel,
        tier=tier,
    )
    so_far, known = nothing_counted(basket), set[str]()
    for one in order.discounts:
        so_far = after(so_far, one)
        known.add(one.source)
    taken: list[Discount] = []
    for offer in offered(at_hand.program().benefits_of(tier, order.at)):
        if offer.source not in known and not any(objections(offer.terms, basket, so_far)):
            taken.append(granted(offer, basket, so_far))
            so_far = after(so_far, taken[-1], offer)
    off = sum(one.amount - one.delivery for one in taken)
    return evolve(
        order,
        discounts=(*order.discounts, *taken),
        discount=order.discount + off,
        total=order.total - off,
    )


def _can_be_counted(order: PlaceOrder) -> bool:
    priced = {line.line for line in order.lines if line.unit_price is not None}
    has_more = any(one.coupon is not None for one in order.discounts)
    return 0 < len(order.lines) == len(priced) and order.points_payment is None and not has_more
