"""Offers and their coupons: the table of their life, the worked examples, and what always holds."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from regulars.domain.coupon import (
    CouponAlreadyIssued,
    CouponDoesNotCount,
    CouponExpired,
    CouponRedeemed,
    CouponRejected,
    CouponReservationReleased,
    CouponReserved,
    CouponRestored,
    CouponRevoked,
    IssueCoupon,
    NoTimeToHold,
    OfferIsOver,
    RedeemCoupon,
    ReleaseCoupon,
    ReserveCoupon,
    RestoreCoupon,
    RevokeCoupon,
    UnknownCoupon,
)
from regulars.domain.coupons import Use
from regulars.domain.offer import (
    Command,
    DefineOffer,
    EndOffer,
    OfferAlreadyDefined,
    OfferDefined,
    UnknownOffer,
    objections,
    refusal,
)
from regulars.domain.offer_limits import UNLIMITED, Limits
from regulars.domain.offer_terms import Offered, Reason, Rejection, Taken, granted, nothing_counted
from regulars.domain.purchase import AmountBelowZero
from regulars.domain.values import CouponId, OfferId, OrderId
from tests.domain.carts import basket, off
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, BO
from tests.domain.matrix import Legend, Row, outcome, rows
from tests.domain.story import NOON, OfferStory, minutes, offer_story

SPRING = OfferId("spring")
C1, C2 = CouponId("c-1"), CouponId("c-2")
ONE, TWO = OrderId("o-1"), OrderId("o-2")
DAY = timedelta(days=1)
CART = basket(60_00)

DEFINE = DefineOffer(program=PROGRAM, offer=SPRING, at=NOON, terms=off(10_00, at_least=50_00))
ISSUE = IssueCoupon(program=PROGRAM, offer=SPRING, coupon=C1, at=NOON, customer=ANNA)
RESERVE = ReserveCoupon(
    program=PROGRAM,
    offer=SPRING,
    coupon=C1,
    at=NOON,
    order=ONE,
    customer=ANNA,
    basket=CART,
    lapses_at=NOON + minutes(15),
)
RELEASE = ReleaseCoupon(program=PROGRAM, offer=SPRING, coupon=C1, at=NOON, order=ONE)
REDEEM = RedeemCoupon(
    program=PROGRAM, offer=SPRING, coupon=C1, at=NOON, order=ONE, customer=ANNA, amount=10_00
)
RESTORE = RestoreCoupon(program=PROGRAM, offer=SPRING, coupon=C1, at=NOON, order=ONE)
REVOKE = RevokeCoupon(program=PROGRAM, offer=SPRING, coupon=C1, at=NOON, reason="mistake")
END = EndOffer(program=PROGRAM, offer=SPRING, at=NOON, reason="sold-out")

COMMANDS: dict[str, Command] = {
    "define": DEFINE,
    "end": END,
    "issue": ISSUE,
    "reserve": RESERVE,
    "by another": evolve(RESERVE, order=TWO),
    "release": RELEASE,
    "redeem": REDEEM,
    "redeem too": evolve(REDEEM, order=TWO),
    "restore": RESTORE,
    "revoke": REVOKE,
}
LEGEND: Legend = {
    UnknownOffer: "?",
    UnknownCoupon: "/",
    OfferIsOver: "!",
    CouponDoesNotCount: "x",
}
TABLE = """
           define  end  issue  reserve  by another  release  redeem  redeem too  restore  revoke
nobody     +       ?    ?      ?        ?           ?        ?       ?           ?        ?
defined    =       +    +      /        /           /        /       /           /        /
issued     =       +    =      +        +           =        +       +           =        +
held       =       +    =      =        +           +        +       x           +        +
used       =       +    =      =        +           =        =       x           +        +
restored   =       +    =      +        +           =        +       +           =        +
revoked    =       +    =      +        +           =        x       x           =        =
ended      =       =    =      +        +           =        x       x           =        +
"""
PASTS: dict[str, tuple[Command, ...]] = {
    "nobody": (),
    "defined": (DEFINE,),
    "issued": (DEFINE, ISSUE),
    "held": (DEFINE, ISSUE, RESERVE),
    "used": (DEFINE, ISSUE, REDEEM),
    "restored": (DEFINE, ISSUE, REDEEM, RESTORE),
    "revoked": (DEFINE, ISSUE, REVOKE),
    "ended": (DEFINE, ISSUE, END),
}


def spring(limits: Limits = UNLIMITED, *commands: Command) -> OfferStory:
    """An offer with two coupons, of Anna and of Bo, and what became of them."""
    bos = evolve(ISSUE, coupon=C2, customer=BO)
    return offer_story().given(evolve(DEFINE, limits=limits), ISSUE, bos, *commands)


def why(story: OfferStory, command: ReserveCoupon) -> Rejection | None:
    """Why a coupon was rejected; None if it was not."""
    *_, event = story.when(command)
    return event.rejection if isinstance(event, CouponRejected) else None


@pytest.mark.parametrize("row", rows(TABLE), ids=str)
def test_every_command_does_what_the_table_says(row: Row) -> None:
    answers = {
        name: outcome(offer_story().given(*PASTS[row.point]), command, LEGEND)
        for name, command in COMMANDS.items()
    }

    assert answers == row.cells


def test_an_offer_is_defined_once_and_for_all() -> None:
    story = offer_story()

    assert story.when(DEFINE) == [
        OfferDefined(program=PROGRAM, offer=SPRING, terms=DEFINE.terms, limits=UNLIMITED)
    ]
    with pytest.raises(OfferAlreadyDefined):
        story.when(evolve(DEFINE, terms=off(11_00)))


def test_no_coupon_is_issued_when_the_offer_is_over() -> None:
    for story in (
        offer_story().given(DEFINE, END),
        offer_story().given(evolve(DEFINE, limits=Limits(until=NOON))),
    ):
        with pytest.raises(OfferIsOver):
            story.when(ISSUE)


def test_one_id_is_one_coupon() -> None:
    for other in (evolve(ISSUE, customer=BO), evolve(ISSUE, order=ONE)):
        with pytest.raises(CouponAlreadyIssued):
            spring().when(other)


def test_a_coupon_says_when_and_for_whom_it_does_not_count() -> None:
    limits = Limits(inactive_days=1, valid_days=1)
    early, late = evolve(RESERVE, at=NOON + DAY - minutes(1)), evolve(RESERVE, at=NOON + 2 * DAY)
    late = evolve(late, lapses_at=NOON + 3 * DAY)
    early = evolve(early, lapses_at=NOON + DAY)

    assert why(spring(limits), early) == Rejection(reason=Reason.NOT_STARTED)
    assert why(spring(limits), late) == Rejection(reason=Reason.EXPIRED)
    assert why(spring(), evolve(RESERVE, customer=BO)) == Rejection(reason=Reason.WRONG_RECIPIENT)
    assert why(spring(UNLIMITED, END), RESERVE) == Rejection(reason=Reason.NOT_RUNNING)
    assert why(spring(UNLIMITED, REVOKE), RESERVE) == Rejection(reason=Reason.REVOKED)
    assert why(spring(), evolve(RESERVE, basket=basket(49_99))) == Rejection(
        reason=Reason.CONDITION_FAILED, needed=50_00, found=49_99
    )


def test_a_coupon_of_nobody_counts_for_whoever_brings_it() -> None:
    story = offer_story().given(DEFINE, evolve(ISSUE, customer=None))

    assert why(story, evolve(RESERVE, customer=None)) is None
    story.given(evolve(REDEEM, customer=None))
    assert (story.state.coupons.used, story.state.coupons.used_by) == (1, {})


def test_wc08_a_cancelled_order_does_not_count_against_the_limit() -> None:
    story = spring(Limits(per_customer=1), evolve(ISSUE, coupon=CouponId("c-3")), REDEEM)
    again = evolve(RESERVE, coupon=CouponId("c-3"), order=TWO)

    assert why(story, again) == Rejection(reason=Reason.CUSTOMER_LIMIT, needed=1, found=1)
    story.given(RESTORE)
    assert why(story, again) is None


@pytest.mark.parametrize(
    ("grace", "until"), [(0, None), (7, datetime(2025, 7, 9, tzinfo=UTC))], ids=["none", "7"]
)
def test_wc09_an_expired_coupon_comes_back_for_the_days_of_grace(
    grace: int, until: datetime | None
) -> None:
    expired_at, cancelled_at = datetime(2025, 7, 1, tzinfo=UTC), datetime(2025, 7, 2, tzinfo=UTC)
    story = spring(Limits(until=expired_at, restore_grace_days=grace), REDEEM)

    (event,) = story.when(evolve(RESTORE, at=cancelled_at))

    if until is None:
        assert isinstance(event, CouponExpired)
        assert event.expired_at == expired_at
    else:
        assert isinstance(event, CouponRestored)
        assert event.valid_until == until
    assert story.state.coupons.used == 0


def test_wc09_a_coupon_comes_back_only_so_often() -> None:
    once = spring(Limits(max_restores=1), REDEEM, RESTORE, REDEEM)

    (event,) = once.when(RESTORE)

    assert isinstance(event, CouponExpired)
    assert event.expired_at == NOON
    again = once.given(RESTORE)
    assert why(again, evolve(RESERVE, order=TWO)) == Rejection(reason=Reason.EXPIRED)
    expired = spring(Limits(max_restores=0, valid_days=1), REDEEM)
    (event,) = expired.when(evolve(RESTORE, at=NOON + 2 * DAY))
    assert isinstance(event, CouponExpired)
    assert event.expired_at == NOON + DAY


def test_wc10_of_two_orders_one_gets_the_last_coupon() -> None:
    story = spring(Limits(total=1))
    bos = evolve(RESERVE, coupon=C2, customer=BO, order=TWO)

    assert why(story, RESERVE) is None
    assert why(story, bos) == Rejection(reason=Reason.CAMPAIGN_LIMIT, needed=1, found=1)
    assert story.when(bos) == []
    story.given(REDEEM)
    assert why(story, evolve(bos, order=OrderId("o-3"))) is not None


def test_a_hold_ends_by_itself_and_leaves_the_last_coupon_to_another() -> None:
    story = spring(Limits(total=1), RESERVE)
    later = RESERVE.lapses_at
    bos = evolve(RESERVE, coupon=C2, customer=BO, order=TWO, at=later, lapses_at=later + DAY)

    released, reserved = story.when(bos)

    assert released == CouponReservationReleased(
        program=PROGRAM, offer=SPRING, coupon=C1, order=ONE, lapsed=True
    )
    assert isinstance(reserved, CouponReserved)
    with pytest.raises(CouponDoesNotCount) as refused:
        story.when(evolve(REDEEM, at=later))
    assert refused.value.reason is Reason.CAMPAIGN_LIMIT


def test_a_hold_that_has_lapsed_does_not_keep_its_order_from_using_the_coupon() -> None:
    story = spring(Limits(per_customer=1), RESERVE)

    *_, event = story.when(evolve(REDEEM, at=NOON + DAY))

    assert isinstance(event, CouponRedeemed)
    assert story.state.coupons.held == set()


def test_a_lapse_that_is_on_record_stands_for_an_order_too_that_is_told_late() -> None:
    last = Limits(total=1, reservation_required=True)
    told_late, later = evolve(REDEEM, at=NOON + minutes(1)), RESERVE.lapses_at
    bos = evolve(RESERVE, coupon=C2, customer=BO, order=TWO, at=later, lapses_at=later + DAY)

    assert spring(last, RESERVE).when(told_late)
    with pytest.raises(CouponDoesNotCount):
        spring(last, RESERVE, bos).when(told_late)
    # Where nothing is scarce, the order is judged as one that holds nothing.
    assert spring(UNLIMITED, RESERVE, bos).when(told_late)


def test_what_is_held_is_used_even_if_the_coupon_expires_meanwhile() -> None:
    story = spring(Limits(until=NOON + minutes(5)), RESERVE)

    (event,) = story.when(evolve(REDEEM, at=NOON + minutes(10)))

    assert isinstance(event, CouponRedeemed)


def test_an_offer_may_ask_for_a_reservation() -> None:
    story = spring(Limits(reservation_required=True))

    with pytest.raises(CouponDoesNotCount) as refused:
        story.when(REDEEM)

    assert refused.value.reason is Reason.RESERVATION_REQUIRED
    assert story.given(RESERVE).when(REDEEM)


def test_a_coupon_is_held_until_a_moment_to_come() -> None:
    with pytest.raises(NoTimeToHold):
        spring().when(evolve(RESERVE, lapses_at=NOON))


def test_a_limit_for_each_customer_needs_to_know_the_customer() -> None:
    story = offer_story().given(
        evolve(DEFINE, limits=Limits(per_customer=1)), evolve(ISSUE, customer=None)
    )

    assert why(story, evolve(RESERVE, customer=None)) == Rejection(reason=Reason.WRONG_RECIPIENT)


def test_no_coupon_takes_less_than_nothing_off() -> None:
    with pytest.raises(AmountBelowZero):
        spring().when(evolve(REDEEM, amount=-1))


def test_wc15_a_coupon_that_was_used_before_it_is_revoked_is_a_loss() -> None:
    unused, used = spring(), spring(UNLIMITED, REDEEM)
    lost = CouponRevoked(
        program=PROGRAM, offer=SPRING, coupon=C1, order=ONE, lost=10_00, reason="mistake"
    )

    assert unused.when(REVOKE) == [evolve(lost, order=None, lost=0)]
    assert used.when(REVOKE) == [lost]


def test_a_coupon_that_is_revoked_while_an_order_holds_it_is_not_used() -> None:
    with pytest.raises(CouponDoesNotCount) as refused:
        spring(UNLIMITED, RESERVE, REVOKE).when(REDEEM)

    assert refused.value.reason is Reason.REVOKED


def test_one_can_ask_why_a_coupon_does_not_count_and_nothing_happens() -> None:
    story = spring(UNLIMITED, RESERVE)
    use = Use(coupon=C1, order=TWO, at=NOON, customer=ANNA, basket=CART)
    told = list(story.told)

    assert refusal(story.state, use) == Rejection(reason=Reason.RESERVED)
    assert refusal(story.state, evolve(use, order=ONE)) is None
    assert refusal(story.state, evolve(use, order=ONE, basket=None)) is None
    assert refusal(story.state, evolve(use, coupon=CouponId("c-9"))) == Rejection(
        reason=Reason.NOT_FOUND
    )
    assert refusal(offer_story().state, use) == Rejection(reason=Reason.NOT_FOUND)
    assert story.told == told


def test_every_reason_is_told_each_once_and_the_first_of_them_is_the_refusal() -> None:
    story = spring(Limits(total=0, per_customer=0, valid_days=1), END, REVOKE)
    use = Use(
        coupon=C1, order=TWO, at=NOON + 2 * DAY, customer=BO, basket=evolve(CART, currency="EUR")
    )

    found = list(objections(story.state, use))

    assert [one.reason for one in found] == [
        Reason.NOT_RUNNING,
        Reason.REVOKED,
        Reason.WRONG_RECIPIENT,
        Reason.EXPIRED,
        Reason.CAMPAIGN_LIMIT,
        Reason.CUSTOMER_LIMIT,
        Reason.OUT_OF_SCOPE,
    ]
    assert refusal(story.state, use) == found[0]
    nobody = [one.reason for one in objections(story.state, evolve(use, customer=None))]
    assert nobody.count(Reason.WRONG_RECIPIENT) == 1


def test_a_coupon_is_judged_by_what_the_others_left() -> None:
    first = Offered(terms=evolve(off(10_01), stack_group="meal"), source="first")
    start = nothing_counted(CART)
    taken = (Taken(discount=granted(first, CART, start), offer=first),)
    use = Use(coupon=C1, order=ONE, at=NOON, customer=ANNA, basket=CART, taken=taken)

    assert list(objections(spring().state, use)) == [
        Rejection(reason=Reason.CONDITION_FAILED, needed=50_00, found=49_99)
    ]
