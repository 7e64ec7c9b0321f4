"""Coupons and the orders that use and bring them, through the whole core."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from attrs import evolve
from hypothesis import given

from regulars.application.aggregates import offer_stream
from regulars.application.coupons import CouponsOf, CouponStanding, OfferStanding
from regulars.application.errors import InvalidText
from regulars.application.program import default_program
from regulars.domain.coupon import (
    CouponDoesNotCount,
    CouponExpired,
    CouponIssued,
    CouponRedeemed,
    CouponRejected,
    CouponReserved,
    CouponRestored,
    CouponRevoked,
)
from regulars.domain.coupons import Use
from regulars.domain.discounts import CouponOf, Discount, Share, WrongDiscount
from regulars.domain.offer import Event, Offer, OfferDefined, UnknownOffer, fold, refusal
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Offered, Reason, Scope, quote
from regulars.domain.order import CancelOrder, MarkDelivered
from regulars.domain.purchase import Line, OrderPlaced, PlaceOrder
from regulars.domain.refund import RefundIssued
from regulars.domain.scene import Scene
from regulars.domain.values import CouponId, ItemId, OfferId, OrderId, ProgramId, Refusal
from tests.application.memory_crm import Parts, memory_core
from tests.domain.carts import TEA, basket, off, place
from tests.domain.chronicle import PROGRAM, Command
from tests.domain.coupon_lives import coupon_lives
from tests.domain.examples import ANNA, BO, ORDER, PLACE, REFUND, SECOND, refund
from tests.domain.points import award
from tests.domain.story import NOON, minutes
from tests.domain.test_claim import CLAIM, COUPON, FREE_TEA, PUBLISH
from tests.domain.test_discounts import back
from tests.domain.test_offer import C1, C2, DEFINE, END, ISSUE, RESERVE, REVOKE, SPRING

CARD = OfferId("bank-card")
EARLIER = OrderId("o-0")
BROUGHT = CouponOf(program=PROGRAM, offer=CARD, coupon=CouponId("card-1"))


@pytest.fixture
def shop() -> Parts:
    shop = memory_core()
    last_one = evolve(DEFINE, limits=Limits(total=1))
    shop.execute(last_one, ISSUE, evolve(ISSUE, coupon=C2))
    return shop


def with_coupon(coupon: CouponId = C1, order: OrderId = ORDER) -> PlaceOrder:
    """An order of ¥60 with ¥10 off by a coupon."""
    cart = basket(60_00)
    of = CouponOf(program=PROGRAM, offer=SPRING, coupon=coupon)
    offered = quote(cart, [Offered(terms=DEFINE.terms, source="coupon", coupon=of)])
    return evolve(
        PLACE,
        order=order,
        total=offered.total,
        lines=cart.lines,
        discount=offered.discount,
        discounts=offered.discounts,
    )


def test_a_first_order_is_one_whatever_programme_its_coupon_is_of() -> None:
    town, theirs = memory_core(), ProgramId("theirs")
    town.execute(*default_program(PROGRAM), *default_program(theirs))
    first = evolve(DEFINE, program=theirs, scene=Scene(first_order=True))
    town.execute(first, evolve(ISSUE, program=theirs))
    order = with_coupon()
    (discount,) = order.discounts
    of = CouponOf(program=theirs, offer=SPRING, coupon=C1)
    order = evolve(order, discounts=(evolve(discount, coupon=of),))
    another = evolve(with_coupon(order=EARLIER), discounts=(), discount=0, total=60_00)
    town.execute(another, MarkDelivered(order=EARLIER, at=NOON))

    with pytest.raises(CouponDoesNotCount) as refused:
        town.execute(order)

    assert refused.value.reason is Reason.OUT_OF_SCOPE
    town = memory_core()
    town.execute(*default_program(PROGRAM), *default_program(theirs))
    town.execute(first, evolve(ISSUE, program=theirs), order)
    assert len([one for one in town.events() if isinstance(one.event, CouponRedeemed)]) == 1


def recorded(shop: Parts, command: Command) -> list[Any]:
    """The events of a command and of what it led to."""
    head = shop.storage.log.head()
    shop.execute(command)
    return [one.event for one in shop.events(after=head)]


def kinds(events: list[Any]) -> list[type[Any]]:
    return [type(event) for event in events]


def test_an_order_redeems_its_coupon_as_it_is_placed(shop: Parts) -> None:
    placed, redeemed = recorded(shop, with_coupon())

    assert isinstance(placed, OrderPlaced)
    assert redeemed == CouponRedeemed(
        program=PROGRAM, offer=SPRING, coupon=C1, order=ORDER, amount=10_00, customer=ANNA
    )


def test_no_order_is_placed_with_a_coupon_that_does_not_count(shop: Parts) -> None:
    shop.execute(with_coupon())
    before = len(shop.events())

    with pytest.raises(CouponDoesNotCount) as refused:
        shop.execute(with_coupon(C2, OrderId("o-2")))

    assert refused.value.reason is Reason.CAMPAIGN_LIMIT
    assert len(shop.events()) == before


def test_no_order_is_placed_with_another_discount_than_its_coupon_gives(shop: Parts) -> None:
    right = with_coupon()
    wrong = evolve(right.discounts[0], amount=40_00, shares=(Share(line=1, amount=40_00),))
    before = len(shop.events())

    with pytest.raises(WrongDiscount) as refused:
        shop.execute(evolve(right, total=20_00, discount=40_00, discounts=(wrong,)))

    assert refused.value.due.amount == 10_00
    assert len(shop.events()) == before
    assert kinds(recorded(shop, right)) == [OrderPlaced, CouponRedeemed]
    assert not recorded(shop, right)


def test_a_coupon_may_come_in_the_request_that_uses_it(shop: Parts) -> None:
    shop.execute(*default_program(PROGRAM), PUBLISH, FREE_TEA, award("before", 100_00))
    cup = Line(line=1, item=TEA, quantity=1, unit_price=6_00)
    free = Discount(source="dish", amount=6_00, shares=(Share(line=1, amount=6_00),), coupon=COUPON)
    dish = evolve(PLACE, total=0, lines=(cup,), discount=6_00, discounts=(free,))

    events = shop.execute(CLAIM, dish).events

    assert CouponRedeemed in kinds([one.event for one in shop.events()])
    assert OrderPlaced in kinds([*events])
    assert shop.execute(CLAIM).events == ()


def test_of_two_baskets_one_holds_the_last_coupon_and_the_other_hears_why_not(shop: Parts) -> None:
    other = evolve(RESERVE, coupon=C2, order=OrderId("o-2"))

    assert kinds(recorded(shop, RESERVE)) == [CouponReserved]
    assert kinds(recorded(shop, other)) == [CouponRejected]
    assert kinds(recorded(shop, with_coupon())) == [OrderPlaced, CouponRedeemed]


def test_a_cancelled_order_gives_its_coupon_back(shop: Parts) -> None:
    shop.execute(with_coupon())

    cancelled, restored = recorded(shop, CancelOrder(order=ORDER, at=NOON + minutes(5)))

    assert cancelled.coupons == (CouponOf(program=PROGRAM, offer=SPRING, coupon=C1),)
    assert restored == CouponRestored(program=PROGRAM, offer=SPRING, coupon=C1, order=ORDER)
    assert kinds(recorded(shop, with_coupon(C2, OrderId("o-2")))) == [OrderPlaced, CouponRedeemed]


def test_wc15_a_coupon_for_a_co_branded_card_is_taken_back_with_the_last_goods(
    shop: Parts,
) -> None:
    shop.execute(evolve(DEFINE, offer=CARD))
    _, issued = recorded(shop, evolve(PLACE, brings=(BROUGHT,)))
    shop.execute(MarkDelivered(order=ORDER, at=NOON))

    part = recorded(shop, REFUND)
    refunded, *_, revoked = recorded(shop, refund(60_00, SECOND))

    assert isinstance(issued, CouponIssued)
    assert (issued.customer, issued.order) == (ANNA, ORDER)
    assert CouponRevoked not in kinds(part)
    assert isinstance(refunded, RefundIssued)
    assert refunded.takes_back == (BROUGHT,)
    assert isinstance(revoked, CouponRevoked)
    assert (revoked.coupon, revoked.lost) == (BROUGHT.coupon, 0)


def test_wc15_an_order_that_took_no_money_brings_a_coupon_until_its_goods_are_back(
    shop: Parts,
) -> None:
    free = evolve(place(basket(6_00, 4_00), off(10_00)), brings=(BROUGHT,))
    shop.execute(evolve(DEFINE, offer=CARD), free, MarkDelivered(order=ORDER, at=NOON))

    assert CouponRevoked not in kinds(recorded(shop, back("r-1", line_1=1)))
    assert CouponRevoked in kinds(recorded(shop, back("r-2", line_2=1)))


def test_wc15_a_coupon_that_was_used_meanwhile_is_a_loss(shop: Parts) -> None:
    shop.execute(evolve(DEFINE, offer=CARD), evolve(PLACE, brings=(BROUGHT,)))
    spent = with_coupon(order=OrderId("o-2"))
    spent = evolve(spent, discounts=(evolve(spent.discounts[0], coupon=BROUGHT),))
    shop.execute(spent)

    _, revoked = recorded(shop, CancelOrder(order=ORDER, at=NOON))

    assert isinstance(revoked, CouponRevoked)
    assert (revoked.order, revoked.lost) == ("o-2", 10_00)
    assert CouponExpired not in {type(one.event) for one in shop.events()}


def test_the_scope_of_an_offer_is_kept_as_it_was_said(shop: Parts) -> None:
    scope = Scope(items=(ItemId("soup"),), tiers=("gold",))
    shop.execute(evolve(DEFINE, offer=CARD, terms=evolve(DEFINE.terms, scope=scope)))

    (define,) = [one.event for one in shop.events() if one.stream == "offer-default/bank-card"]
    assert isinstance(define, OfferDefined)
    assert define.terms.scope == scope
    half = Scope(tiers=("\ud800",))
    with pytest.raises(InvalidText):
        shop.execute(evolve(DEFINE, offer=CARD, terms=evolve(DEFINE.terms, scope=half)))


DAY = timedelta(days=1)
MOMENTS = [NOON - minutes(1), NOON, NOON + minutes(1), NOON + DAY, NOON + 31 * DAY]


@given(coupon_lives(PROGRAM, ANNA, NOON))
def test_a_coupon_is_usable_when_an_order_could_use_it(life: list[Command]) -> None:
    shop = memory_core()
    for command in life:
        with suppress(Refusal):
            shop.execute(command)
    offer = Offer()
    for one in shop.storage.log.stream(offer_stream(PROGRAM, SPRING)):
        fold(offer, cast("Event", one.event), NOON)

    (held,) = shop.crm.ask(CouponsOf(customer=ANNA))
    for at in MOMENTS:
        use = Use(coupon=C1, order=OrderId("another"), at=at, customer=ANNA)
        usable = held.standing(at) is CouponStanding.USABLE
        assert usable == (refusal(offer, use) is None)
    assert not shop.crm.ask(CouponsOf(customer=BO))


def test_coupons_are_told_as_they_stood_at_any_moment() -> None:
    shop = memory_core()
    limited = Limits(inactive_days=1, valid_days=2, total=3)
    shop.execute(evolve(DEFINE, limits=limited), ISSUE, evolve(ISSUE, coupon=C2, customer=None))
    shop.execute(evolve(RESERVE, at=NOON + DAY, lapses_at=NOON + DAY + minutes(9)))
    place = evolve(with_coupon(order=RESERVE.order), at=NOON + DAY + minutes(5))
    shop.execute(place)

    def standing(at: datetime) -> CouponStanding:
        (held,) = shop.crm.ask(CouponsOf(customer=ANNA), as_of=at)
        return held.standing(at)

    assert standing(NOON) is CouponStanding.WAITING
    assert standing(NOON + DAY) is CouponStanding.RESERVED
    assert standing(NOON + 3 * DAY) is CouponStanding.USED
    question = OfferStanding(offer=SPRING, program=PROGRAM)
    held = shop.crm.ask(question, as_of=NOON + DAY)
    used = shop.crm.ask(question, as_of=NOON + 3 * DAY)
    assert (held.issued, held.used, held.held, held.left, held.amount) == (2, 0, 1, 2, 0)
    assert (used.issued, used.used, used.held, used.left, used.amount) == (2, 1, 0, 2, 10_00)


def test_coupons_that_do_not_count_say_why() -> None:
    shop = memory_core()
    shop.execute(DEFINE, ISSUE, evolve(ISSUE, coupon=C2))
    shop.execute(evolve(RESERVE, coupon=C2), evolve(REVOKE, coupon=C2))
    shop.execute(evolve(END, at=NOON + DAY))

    def standings(at: datetime) -> list[CouponStanding]:
        return [one.standing(at) for one in shop.crm.ask(CouponsOf(customer=ANNA))]

    assert standings(NOON) == [CouponStanding.USABLE, CouponStanding.REVOKED]
    assert standings(NOON + DAY) == [CouponStanding.OVER, CouponStanding.REVOKED]
    question = OfferStanding(offer=SPRING, program=PROGRAM)
    assert (shop.crm.ask(question).ended, shop.crm.ask(question).left) == (True, None)
    with pytest.raises(UnknownOffer):
        shop.crm.ask(evolve(question, offer=CARD))
