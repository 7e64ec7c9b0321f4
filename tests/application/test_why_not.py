"""Why a coupon does not count for an order: every reason, and what is lacking."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from regulars.application.objections import Objection
from regulars.application.program import default_program
from regulars.application.why_not import Judged, WhyNot
from regulars.domain.coupon import IssueCoupon, ReserveCoupon, RevokeCoupon
from regulars.domain.discounts import CouponOf, Discount, NoPrice, Share
from regulars.domain.merchant import RegisterMerchant, UpdateMerchantDetails
from regulars.domain.offer import DefineOffer, EndOffer
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Kind, Reason, Scope, Terms
from regulars.domain.order import MarkDelivered, UnknownOrder
from regulars.domain.purchase import AmountBelowZero, Channel, Line, PlaceOrder
from regulars.domain.scene import Scene
from regulars.domain.values import CouponId, CustomerId, ItemId, MerchantId, OfferId, OrderId
from tests.application.histories import tell
from tests.application.memory_crm import Parts, memory_core
from tests.domain.carts import TEA, basket, off
from tests.domain.chronicle import PROGRAM, Command
from tests.domain.examples import ANNA, BO, NOODLES, ORDER, PLACE
from tests.domain.story import NOON, minutes

DAY = timedelta(days=1)
TEN_OFF_FIFTY = off(10_00, at_least=50_00)
ANYTIME = Limits()


def offer(name: str, terms: Terms = TEN_OFF_FIFTY, limits: Limits = ANYTIME) -> DefineOffer:
    return DefineOffer(program=PROGRAM, offer=OfferId(name), at=NOON, terms=terms, limits=limits)


def coupon(name: str, of: str, customer: CustomerId | None = ANNA) -> IssueCoupon:
    return IssueCoupon(
        program=PROGRAM, offer=OfferId(of), coupon=CouponId(name), at=NOON, customer=customer
    )


def named(name: str, of: str = "spring") -> CouponOf:
    return CouponOf(program=PROGRAM, offer=OfferId(of), coupon=CouponId(name))


def order(minor: int, order_id: OrderId = ORDER, *discounts: Discount) -> PlaceOrder:
    """Anna's order of one line, with the discounts that it has already."""
    less = sum(one.amount for one in discounts)
    return evolve(
        PLACE,
        order=order_id,
        total=minor - less,
        discount=less,
        lines=basket(minor).lines,
        discounts=discounts,
    )


def less(minor: int, by: CouponOf | None) -> Discount:
    """An amount off the first line."""
    return Discount(source="coupon", amount=minor, shares=(Share(line=1, amount=minor),), coupon=by)


def shop(*commands: Command) -> Parts:
    return tell(memory_core(), commands)


def asked(town: Parts, of: CouponOf, whose: OrderId | PlaceOrder) -> Judged:
    return town.crm.ask(WhyNot(coupon=of, order=whose))


def whys(found: Judged) -> list[tuple[Reason, str]]:
    return [(one.reason, one.why) for one in found.objections]


C1 = named("c-1")
SPRING = (offer("spring"), coupon("c-1", "spring"))


def test_wc01_a_fen_below_the_minimum_is_told_with_what_is_lacking() -> None:
    town = shop(*SPRING)

    assert asked(town, C1, order(49_99)).objections == (
        Objection(
            reason=Reason.CONDITION_FAILED,
            why="its goods must come to 50.00 CNY, and they come to 49.99, 0.01 too little",
            needed=50_00,
            found=49_99,
        ),
    )
    fits = asked(town, C1, evolve(order(50_00), merchant=None))
    assert (fits.objections, fits.is_used) == ((), False)
    assert fits.discount is not None
    assert (fits.discount.amount, fits.discount.coupon) == (10_00, C1)


def test_every_reason_is_told_at_once() -> None:
    scope = Scope(
        merchants=(MerchantId("m-1"), MerchantId("m-2")),
        channels=(Channel.PICKUP,),
        tiers=("gold",),
        items=(TEA,),
    )
    limits = Limits(total=0, per_customer=0, valid_days=1, reservation_required=True)
    program, name = PROGRAM, OfferId("spring")
    town = shop(
        offer("spring", evolve(TEN_OFF_FIFTY, scope=scope), limits),
        coupon("c-1", "spring", BO),
        order(60_00),
        EndOffer(program=program, offer=name, at=NOON),
        RevokeCoupon(program=program, offer=name, coupon=CouponId("c-1"), at=NOON),
    )

    found = town.crm.ask(WhyNot(coupon=C1, order=ORDER), as_of=NOON + 2 * DAY)

    assert whys(found) == [
        (Reason.NOT_RUNNING, "its offer was ended"),
        (Reason.REVOKED, "it was taken away"),
        (Reason.WRONG_RECIPIENT, "it is for somebody else"),
        (Reason.EXPIRED, "it counted until 2024-05-18 12:00:00+00:00"),
        (Reason.CAMPAIGN_LIMIT, "its offer is for 0 orders in all, and 0 have it"),
        (Reason.CUSTOMER_LIMIT, "each may use its offer 0 times, and this customer did 0 times"),
        (Reason.RESERVATION_REQUIRED, "it has to be reserved before the order is placed"),
        (
            Reason.OUT_OF_SCOPE,
            (
                "it is for tea, and the order has none; it is for orders at m-1 or m-2;"
                " it is for orders by pickup; it is for gold, and the tier is none"
            ),
        ),
        (
            Reason.CONDITION_FAILED,
            "its goods must come to 50.00 CNY, and they come to 0.00, 50.00 too little",
        ),
    ]


def test_coupons_that_it_does_not_go_together_with_are_named() -> None:
    meal = evolve(off(5_00), stack_group="meal")
    town = shop(
        offer("spring", evolve(TEN_OFF_FIFTY, stack_group="meal")),
        coupon("c-1", "spring"),
        offer("lunch", meal),
        coupon("l-1", "lunch"),
    )
    lunch = named("l-1", "lunch")

    found = asked(town, C1, order(60_00, ORDER, less(5_00, lunch), less(6_00, None)))

    assert [(one.why, one.others) for one in found.objections] == [
        ("it does not go together with lunch l-1", (lunch,)),
        ("its goods must come to 50.00 CNY, and they come to 49.00, 1.00 too little", ()),
    ]


def test_what_the_order_uses_already_counts_against_the_limits_of_its_offer() -> None:
    once = Limits(per_customer=1)
    second = named("c-2")
    town = shop(offer("spring", off(1_00), once), coupon("c-1", "spring"), coupon("c-2", "spring"))

    with_another = asked(town, second, order(60_00, ORDER, less(1_00, C1)))
    with_its_own = asked(town, C1, order(60_00, ORDER, less(1_00, C1)))
    with_a_made_up_one = asked(town, C1, order(60_00, ORDER, less(1_00, named("nowhere"))))

    assert whys(with_another) == [
        (Reason.CUSTOMER_LIMIT, "each may use its offer once, and this customer did once")
    ]
    assert with_its_own.objections == with_a_made_up_one.objections == ()


def test_an_order_that_has_used_it_hears_so_and_another_hears_which_order_did() -> None:
    town = shop(*SPRING, order(60_00, ORDER, less(10_00, C1)), order(60_00, OrderId("o-2")))

    own, other = asked(town, C1, ORDER), asked(town, C1, OrderId("o-2"))

    assert (own.is_used, own.objections, own.discount) == (True, (), None)
    assert whys(other) == [(Reason.USED, "order o-1 has used it")]


@pytest.mark.parametrize(
    ("of", "reason", "why"),
    [
        (named("c-9"), Reason.NOT_FOUND, "there is no such coupon"),
        (named("c-1", "autumn"), Reason.NOT_FOUND, "there is no such coupon"),
        (
            named("early"),
            Reason.NOT_STARTED,
            "it counts from 2024-05-20 12:00:00+00:00 on",
        ),
        (named("foreign", "euros"), Reason.OUT_OF_SCOPE, "it is in EUR, and the order in CNY"),
        (
            named("nothing", "delivery"),
            Reason.CONDITION_FAILED,
            "there is nothing left that it could take off",
        ),
        (named("known", "known"), Reason.WRONG_RECIPIENT, "it is for customers who are known"),
    ],
)
def test_reasons_of_all_kinds_have_their_words(of: CouponOf, reason: Reason, why: str) -> None:
    town = shop(
        offer("spring", limits=Limits(inactive_days=3)),
        coupon("early", "spring"),
        offer("euros", evolve(off(1_00), currency="EUR")),
        coupon("foreign", "euros"),
        offer("delivery", Terms(kind=Kind.FREE_DELIVERY, currency="CNY", value=0)),
        coupon("nothing", "delivery"),
        offer("known", off(1_00), Limits(per_customer=1)),
        coupon("known", "known", None),
    )
    draft = order(60_00)
    whose = evolve(draft, customer=None) if of.offer == "known" else draft

    assert whys(asked(town, of, whose)) == [(reason, why)]


def test_a_coupon_that_another_order_holds_is_told_with_until_when() -> None:
    hold = ReserveCoupon(
        program=PROGRAM,
        offer=OfferId("spring"),
        coupon=CouponId("c-1"),
        at=NOON,
        order=OrderId("o-2"),
        basket=basket(60_00),
        lapses_at=NOON + minutes(15),
        customer=ANNA,
    )

    assert whys(asked(shop(*SPRING, hold), C1, order(60_00))) == [
        (Reason.RESERVED, "order o-2 holds it until 2024-05-17 12:15:00+00:00")
    ]


def test_why_not_asks_for_an_order_that_can_be_judged() -> None:
    unpriced = evolve(PLACE, lines=(Line(line=1, item=ItemId("tea"), quantity=1),))
    town = shop(*SPRING, evolve(unpriced, order=OrderId("o-2")))

    with pytest.raises(UnknownOrder):
        asked(town, C1, ORDER)
    with pytest.raises(NoPrice):
        asked(town, C1, unpriced)
    with pytest.raises(NoPrice):
        asked(town, C1, OrderId("o-2"))
    with pytest.raises(AmountBelowZero):
        asked(town, C1, evolve(PLACE, total=-1))


def test_asking_records_nothing() -> None:
    town = shop(*SPRING)
    head = town.storage.log.head()

    asked(town, C1, order(49_99))

    assert town.storage.log.head() == head


def test_the_hour_the_kind_of_merchant_and_the_first_order_are_told() -> None:
    scene = Scene(
        hours=(11, 12),
        weekdays=(1, 2),
        zone="UTC",
        merchant_categories=("noodles",),
        first_order=True,
    )
    town = shop(
        *default_program(PROGRAM),
        evolve(offer("spring"), scene=scene),
        coupon("c-1", "spring"),
        RegisterMerchant(merchant=NOODLES, at=NOON, category="soup"),
        order(60_00),
        MarkDelivered(order=ORDER, at=NOON),
    )
    monday = datetime(2024, 5, 20, 12, tzinfo=UTC)
    second = evolve(order(60_00, OrderId("o-2")), at=NOON + minutes(60))

    assert whys(asked(town, C1, second)) == [
        (
            Reason.OUT_OF_SCOPE,
            (
                "it is for the hours 11:00 or 12:00; it is for Monday or Tuesday;"
                " it is for merchants of noodles; it is for a first order"
            ),
        )
    ]
    in_time = UpdateMerchantDetails(merchant=NOODLES, at=NOON, category="noodles")
    bos = evolve(second, customer=BO, at=monday, merchant=NOODLES)
    tell(town, [in_time, coupon("c-2", "spring", None)])
    assert asked(town, named("c-2"), bos).objections == ()
