"""No id that a host chooses is taken for one that the product makes."""

from collections.abc import Iterator
from typing import Any, Final, get_args, get_type_hints

import pytest
from attrs import evolve, has

from regulars.application.balances import PointsBalance
from regulars.application.errors import ReservedId
from regulars.application.events import Command
from regulars.application.explaining import ExplainBalance
from regulars.application.own_ids import OWN
from regulars.domain.claim import ClaimReward
from regulars.domain.coupon import IssueCoupon
from regulars.domain.discounts import CouponOf
from regulars.domain.holding import HeldForOrder
from regulars.domain.redemption import ReleasePoints
from regulars.domain.values import (
    CouponId,
    LotId,
    OccasionId,
    OfferId,
    OrderId,
    RedemptionId,
    RefundId,
    ReservationId,
    RewardId,
)
from tests.application.histories import tell
from tests.application.memory_crm import memory_core
from tests.application.test_explaining import DEFINE, PUBLISH
from tests.domain.carts import basket, place
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, DELIVER, ORDER, PLACE, REFUND
from tests.domain.points import award, capture, migrate, redeem, reserve, undo
from tests.domain.story import NOON
from tests.domain.test_repeats import BIRTHDAY

CLAIM = ClaimReward(
    program=PROGRAM,
    customer=ANNA,
    at=NOON,
    redemption=RedemptionId("payment/o-1"),
    reward=RewardId("tea"),
)
COUPON = IssueCoupon(
    program=PROGRAM, offer=OfferId("tea"), coupon=CouponId("reward/anna/s-1"), at=NOON
)

BROUGHT = CouponOf(program=PROGRAM, offer=OfferId("tea"), coupon=COUPON.coupon)


@pytest.mark.parametrize(
    ("command", "field", "word"),
    [
        (evolve(PLACE, order=OrderId("adjustment/a-1")), "order", "adjustment"),
        (evolve(PLACE, order=OrderId("migrated/1")), "order", "migrated"),
        (evolve(PLACE, order=OrderId("transfer/anna/t-1/1")), "order", "transfer"),
        (award("migrated/1", 5_00), "lot", "migrated"),
        (award("merged/bo/o-1", 5_00), "lot", "merged"),
        (evolve(PLACE, order=OrderId("occasion/birthday/2024")), "order", "occasion"),
        (evolve(REFUND, refund=RefundId(f"cancelled/{ORDER}")), "refund", "cancelled"),
        (evolve(BIRTHDAY, occasion=OccasionId("referral/bo")), "occasion", "referral"),
        (migrate(5, lot="o-1"), "lot", "migrated"),
        (redeem(5, redemption=f"payment/{ORDER}"), "redemption", "payment"),
        (capture(redemption=f"payment/{ORDER}"), "redemption", "payment"),
        (undo(1, 1, redemption=f"payment/{ORDER}"), "redemption", "payment"),
        (redeem(5, redemption="merged/bo/s-1"), "redemption", "merged"),
        (reserve(5, reservation="merged/bo/h-1"), "reservation", "merged"),
        (evolve(redeem(5), brings=(BROUGHT,)), "brings", "reward"),
        (CLAIM, "redemption", "payment"),
        (COUPON, "coupon", "reward"),
        (evolve(COUPON, coupon=CouponId("campaign/lunch/g-1")), "coupon", "campaign"),
        (evolve(COUPON, coupon=CouponId("benefit/gift/anna/1")), "coupon", "benefit"),
        (evolve(PLACE, brings=(BROUGHT,)), "brings", "reward"),
    ],
    ids=lambda part: type(part).__name__ if not isinstance(part, str) else part,
)
def test_an_id_of_the_products_own_is_refused_and_the_word_is_named(
    command: Command, field: str, word: str
) -> None:
    core = memory_core()

    with pytest.raises(ReservedId) as refused:
        core.execute(command)

    assert (refused.value.field, refused.value.word) == (field, word)
    assert str(refused.value).startswith(f"{field}: ")
    assert f"{word}/" in str(refused.value)


def test_a_lot_from_elsewhere_takes_nothing_from_the_order_that_is_named_like_it() -> None:
    moved = migrate(100, lot=f"migrated/{ORDER}")
    town = tell(memory_core(), [DEFINE, PUBLISH, moved, PLACE, DELIVER])

    lots = town.crm.ask(ExplainBalance(customer=ANNA)).lots

    assert [one.trace.lot for one in lots] == [moved.lot, ORDER]


def test_what_pays_for_an_order_is_its_own_redemption_whatever_a_host_spends() -> None:
    paid = place(basket(100_00), points=60, value=10)
    town = tell(memory_core(), [award("before", 100_00), redeem(5, redemption=ORDER), paid])

    tell(town, [DELIVER])

    account = town.crm.ask(PointsBalance(customer=ANNA))
    assert account is not None
    assert account.redeemed == 5 + 60


def test_what_pays_for_an_order_comes_back_with_its_refund_alone() -> None:
    paid = place(basket(100_00), points=60, value=10)
    town = tell(memory_core(), [award("before", 100_00), paid, DELIVER])

    with pytest.raises(ReservedId):
        town.execute(undo(1, 1, redemption=f"payment/{ORDER}"))
    tell(town, [evolve(REFUND, amount=paid.total)])

    account = town.crm.ask(PointsBalance(customer=ANNA))
    assert account is not None
    assert (account.redeemed, account.available) == (0, 100)


def test_what_pays_for_an_order_is_let_go_of_by_that_order_alone() -> None:
    paid = place(basket(100_00), points=60, value=10)
    town = tell(memory_core(), [award("before", 100_00), paid])
    assert paid.points_payment is not None
    of = paid.points_payment.reservation
    let_go = ReleasePoints(program=PROGRAM, customer=ANNA, at=NOON, reservation=of, order=ORDER)

    with pytest.raises(HeldForOrder):
        town.execute(let_go)
    tell(town, [DELIVER])

    account = town.crm.ask(PointsBalance(customer=ANNA))
    assert account is not None
    assert account.redeemed == 60


NAMES: Final = {LotId, RedemptionId, ReservationId, CouponId, OccasionId, RefundId}
"""What the product names too. Grants are known by the ids of hosts alone, as are all others."""

KNOWN: Final = {
    "ActivatePoints": {"lot"},
    "ReversePoints": {"lot", "refund"},
    "ReverseRedemption": {"refund"},
    "CapturePoints": {"reservation"},
    "ReleasePoints": {"reservation"},
    "ConfirmReservation": {"reservation"},
    "PlaceOrder": {"discounts", "points_payment"},
    "ReserveCoupon": {"coupon"},
    "ReleaseCoupon": {"coupon"},
    "RedeemCoupon": {"coupon", "checkout"},
    "RestoreCoupon": {"coupon"},
    "RevokeCoupon": {"coupon"},
    "ClawBackReferral": {"refund"},
    "RaiseCareReminder": {"occasion"},
}
"""Fields that speak of what is there, whoever named it."""


def kinds(hint: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever a field may be declared as
    """The kinds of ids that a value of this type holds, at any depth."""
    yield hint
    for inner in (*get_args(hint), *(get_type_hints(hint).values() if has(hint) else ())):
        yield from kinds(inner)


def test_whatever_a_command_names_is_kept_from_the_products_own_names() -> None:
    told = {
        (command.__name__, field)
        for command in get_args(Command)
        for field, hint in get_type_hints(command).items()
        if NAMES.intersection(kinds(hint))
    }

    own = {(command.__name__, one.field) for command, fields in OWN.items() for one in fields}
    known = {(command, field) for command, fields in KNOWN.items() for field in fields}
    assert told == {*own, *known, ("MigratePoints", "lot")} - {("PlaceOrder", "order")}
    assert not own & known


def test_a_word_alone_is_no_name_of_the_product() -> None:
    town = tell(
        memory_core(),
        [DEFINE, PUBLISH, *(evolve(one, order=OrderId("merged")) for one in (PLACE, DELIVER))],
    )

    assert [one.trace.lot for one in town.crm.ask(ExplainBalance(customer=ANNA)).lots] == ["merged"]
