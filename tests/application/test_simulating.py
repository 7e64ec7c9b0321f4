"""A simulated order comes to the point to what the same order comes to, and records nothing."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, TypeVar

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.adapters.memory import MemoryViews
from regulars.application.aggregates import (
    account_stream,
    customer_stream,
    merchant_stream,
    offer_stream,
    order_stream,
    program_stream,
)
from regulars.application.errors import ReservedId
from regulars.application.questions import Streams
from regulars.application.simulating import Holdings, PointsOffered, Simulate, Simulation
from regulars.domain.coupon import CouponDoesNotCount, ReserveCoupon
from regulars.domain.discounts import DoesNotAddUp, NoPrice, Priced, WrongDiscount
from regulars.domain.due import AccountBalance, balance
from regulars.domain.earning_rules import (
    Goods,
    Group,
    Multiplier,
    Nth,
    Rate,
    Rule,
    RuleId,
    RuleSet,
    When,
)
from regulars.domain.loyalty import PointsEarned
from regulars.domain.offer import UnknownOffer
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Basket, Kind, Reason, Scope, Terms
from regulars.domain.order import MarkDelivered
from regulars.domain.policies import tier_of
from regulars.domain.program import (
    DefineProgram,
    PublishEarningRules,
    PublishTierLadder,
    SetProgramPolicies,
)
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.purchase import ImpossiblePayment, Line, OrderAlreadyPlaced, PlaceOrder
from regulars.domain.redemption import NotEnoughPoints
from regulars.domain.tier_ladder import Basis, Level, TierLadder
from regulars.domain.validity import Activation, ActivationPolicy, ExpiryPolicy
from regulars.domain.values import BEGINNING, ItemId, OrderId
from tests.application.histories import tell
from tests.application.memory_crm import Parts, memory_core
from tests.application.test_why_not import coupon, less, named, offer
from tests.domain.carts import TEA, basket, off
from tests.domain.chronicle import PROGRAM, Chronicle, Command, chronicle
from tests.domain.examples import ANNA, NOODLES, ORDER, PLACE
from tests.domain.points import award, reserve
from tests.domain.story import NOON, minutes

DEFINE: Final = DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars")
GOLD: Final = When(tiers=("gold",))
RULES: Final = RuleSet(
    groups=(
        Group(
            rules=(
                Rule(rule=RuleId("basic"), rate=Rate(points=1, per_numerator=3)),
                Rule(rule=RuleId("tea"), bonus=7, each=True, goods=Goods(items=(TEA,))),
                Rule(rule=RuleId("first"), bonus=20, when=When(nth=Nth(n=1))),
            ),
            most=150,
        ),
    ),
    multipliers=(Multiplier(rule=RuleId("gold"), numerator=6, denominator=5, when=GOLD),),
    delivery=True,
)
LADDER: Final = TierLadder(
    levels=(Level(tier="silver", least=200), Level(tier="gold", least=320)), basis=Basis.EARNED
)
POLICIES: Final = ProgramPolicies(
    activation=ActivationPolicy(activation=Activation.DELAY, days=14),
    expiry=ExpiryPolicy(months=12),
)
PROGRAMME: Final = (
    DEFINE,
    PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=RULES),
    PublishTierLadder(program=PROGRAM, at=BEGINNING, ladder=LADDER),
)
SOUP: Final = ItemId("soup")
Kept = TypeVar("Kept")
WISHES: Final = (named("a-1", "a"), named("a-2", "a"), named("b-1", "b"))


def of(cart: Basket) -> PlaceOrder:
    """The order of a basket before any discount."""
    total = sum((line.unit_price or 0) * line.quantity for line in cart.lines)
    return evolve(PLACE, total=total, lines=cart.lines, delivery_fee=cart.delivery_fee, tip=3)


def glance(written: Chronicle, at: datetime) -> Streams:
    """What a chronicle has at a moment, as a question looks at it."""
    states: dict[str, object] = {
        program_stream(PROGRAM): written.program(),
        account_stream(PROGRAM, ANNA): written.account(ANNA),
        order_stream(ORDER): written.order(ORDER),
        customer_stream(ANNA): written.customers[ANNA].state,
        merchant_stream(NOODLES): written.merchant(NOODLES),
        **{offer_stream(*one): story.state for one, story in written.offers.items()},
    }
    rows = MemoryViews()
    return Streams(
        at, lambda stream, _: states[stream], lambda _: (), lambda _: iter(()), lambda _: rows
    )


def holdings(written: Chronicle, at: datetime) -> Holdings:
    account = written.account(ANNA)
    return Holdings(
        points=balance(account, max(at, account.as_of)), tier=tier_of(ANNA, at, PROGRAM, written)
    )


def any_terms(chance: Random) -> Terms:
    kind = chance.choice([*Kind])
    tea = Scope(items=(TEA,))
    return Terms(
        kind=kind,
        currency="CNY",
        value=chance.choice([1, 2]) if kind is Kind.FREE_ITEM else chance.randrange(1, 5_000),
        at_least=chance.choice([1, 20_00, 60_00]),
        most=chance.choice([None, 15_00]),
        scope=tea
        if kind is Kind.FREE_ITEM
        else chance.choice([Scope(), tea, Scope(tiers=("gold",))]),
        stack_group=chance.choice([None, "one"]),
        exclusive=chance.random() < 1 / 8,
    )


def any_limits(chance: Random) -> Limits:
    return Limits(
        per_customer=chance.choice([None, 1]),
        total=chance.choice([None, None, 1]),
        inactive_days=chance.choice([0, 0, 0, 3]),
        reservation_required=chance.choice([True, False]),
    )


def any_cart(chance: Random) -> Basket:
    lines = (
        Line(
            line=n,
            item=chance.choice([TEA, SOUP]),
            quantity=chance.choice([1, 3]),
            unit_price=price,
        )
        for n, price in enumerate(
            chance.choices([0, 9_99, 25_00, 33_33], k=chance.choice([1, 3])), 1
        )
    )
    return Basket(currency="CNY", lines=tuple(lines), delivery_fee=chance.choice([0, 6_00]))


def otherwise(order: PlaceOrder, chance: Random) -> PlaceOrder:
    """The same order that says of one of its coupons that it took less off, and adds up."""
    place = chance.choice([n for n, one in enumerate(order.discounts) if one.coupon is not None])
    said = order.discounts[place]
    parts = [n for n, share in enumerate(said.shares) if share.amount]
    if said.delivery:
        less = chance.randint(1, said.delivery)
        wrong = evolve(said, amount=said.amount - less, delivery=said.delivery - less)
        return evolve(order, discounts=exchanged(order.discounts, place, wrong))
    part = chance.choice(parts)
    less = chance.randint(1, said.shares[part].amount)
    share = evolve(said.shares[part], amount=said.shares[part].amount - less)
    wrong = evolve(said, amount=said.amount - less, shares=exchanged(said.shares, part, share))
    return evolve(
        order,
        discount=order.discount - less,
        total=order.total + less,
        discounts=exchanged(order.discounts, place, wrong),
    )


def exchanged(of: tuple[Kept, ...], place: int, one: Kept) -> tuple[Kept, ...]:
    return (*of[:place], one, *of[place + 1 :])


def any_shop(chance: Random) -> Chronicle:
    """Anna has some points, perhaps a tier, and three coupons of two offers."""
    policies = chance.choice([ProgramPolicies(), POLICIES])
    past = chance.choice([0, 190_00, 199_00, 350_00])
    return chronicle(
        [
            *PROGRAMME,
            SetProgramPolicies(program=PROGRAM, at=BEGINNING, policies=policies),
            award("before", past, NOON - minutes(60)),
            offer("a", any_terms(chance), any_limits(chance)),
            offer("b", any_terms(chance), any_limits(chance)),
            *(coupon(one.coupon, one.offer) for one in WISHES),
        ]
    )


@given(st.integers(0, 2**32))
def test_an_order_comes_to_what_was_simulated_and_is_not_placed_otherwise(number: int) -> None:
    chance = Random(number)  # noqa: S311 - nothing is kept secret by it
    written, cart, points = any_shop(chance), any_cart(chance), chance.choice([0, 0, 1, 60, 300])
    at, done_at = NOON + minutes(5), NOON + minutes(chance.choice([5, 45]))
    simulate = Simulate(
        order=evolve(of(cart), at=at),
        coupons=tuple(chance.sample(WISHES, 3)),
        points=PointsOffered(points=points, amount=points) if points else None,
        delivered_at=done_at,
    )
    states = deepcopy((written.accounts, written.offers))
    try:
        found = simulate.answer(glance(written, at))
    except (NotEnoughPoints, DoesNotAddUp):
        found = evolve(simulate, points=None).answer(glance(written, at))
    assert (written.accounts, written.offers) == states
    assert found.before is not None

    for of_coupon in filter(None, (one.coupon for one in found.order.discounts)):
        hold = ReserveCoupon(
            program=PROGRAM,
            offer=of_coupon.offer,
            coupon=of_coupon.coupon,
            at=at,
            order=ORDER,
            basket=evolve(cart, tier=found.before.tier),
            lapses_at=at + minutes(15),
            customer=ANNA,
        )
        written.tell(hold)
    assert found.before == holdings(written, at)
    if found.order.discounts:
        with pytest.raises(WrongDiscount):
            deepcopy(written).tell(otherwise(found.order, chance))
    written.tell(found.order)
    written.tell(MarkDelivered(order=ORDER, at=done_at))

    *_, earned = written.all(PointsEarned)
    assert earned.order == ORDER
    assert found.earned is not None
    assert (found.earned.points, found.earned.exact) == (earned.points, earned.evaluation.exact)
    assert (found.pending, found.activates_at, found.expires_at) == (
        earned.pending,
        earned.activates_at,
        earned.expires_at,
    )
    assert found.after == holdings(written, done_at)
    assert [one.coupon for one in found.coupons] == [*simulate.coupons]
    assert found.to_pay == sum(line.cash for line in found.lines) + 3 + cart.delivery_fee - sum(
        discount.delivery for discount in found.order.discounts
    )


def shop(*commands: Command) -> Parts:
    return tell(memory_core(), [*PROGRAMME, *commands])


def simulated(town: Parts, simulate: Simulate) -> Simulation:
    return town.crm.ask(simulate, as_of=NOON + minutes(5))


def test_a_simulated_order_tells_its_coupons_its_lines_its_points_and_its_tier() -> None:
    town = shop(
        SetProgramPolicies(program=PROGRAM, at=BEGINNING, policies=POLICIES),
        award("before", 190_00, NOON - minutes(60)),
        offer("a", off(10_00, at_least=50_00)),
        coupon("a-1", "a"),
        offer("b", off(20_00, at_least=200_00)),
        coupon("b-1", "b"),
    )
    head = town.storage.log.head()
    simulate = Simulate(
        order=of(basket(30_00, 30_00, delivery=6_00)),
        coupons=(named("a-1", "a"), named("b-1", "b"), named("a-1", "a")),
        points=PointsOffered(points=40, amount=4_00),
    )

    found = simulated(town, simulate)

    assert town.storage.log.head() == head
    assert found == simulated(town, simulate)
    assert found.lines == (
        Priced(line=1, quantity=1, gross=30_00, discount=5_00, points=2_00),
        Priced(line=2, quantity=1, gross=30_00, discount=5_00, points=2_00),
    )
    assert (found.order.discount, found.order.total, found.to_pay) == (10_00, 46_00, 52_03)
    first, second = found.coupons
    assert (first.discount, first.objections) == (found.order.discounts[0], ())
    assert [(one.reason, one.found) for one in second.objections] == [
        (Reason.CONDITION_FAILED, 50_00)
    ]
    assert found.earned is not None
    assert (found.earned.points, found.earned.why) == (
        17,
        "17 1/3 points by rules 1, rounded down to 17",
    )
    assert (found.pending, found.activates_at) == (True, NOON + timedelta(days=14))
    assert found.expires_at == datetime(2025, 5, 31, 16, tzinfo=UTC)
    assert found.before == Holdings(
        points=AccountBalance(available=190, pending=0, reserved=0, debt=0), tier=None
    )
    assert found.after == Holdings(
        points=AccountBalance(available=150, pending=17, reserved=0, debt=0), tier="silver"
    )


def test_an_order_of_nobody_or_without_prices_is_simulated_as_it_is() -> None:
    nobodys = simulated(shop(), Simulate(order=evolve(PLACE, customer=None)))
    unpriced = simulated(shop(), Simulate(order=PLACE))

    assert (nobodys.earned, nobodys.before, nobodys.after) == (None, None, None)
    assert (nobodys.pending, nobodys.activates_at, nobodys.expires_at) == (False, None, None)
    assert unpriced.earned is not None
    assert (unpriced.earned.points, unpriced.lines, unpriced.to_pay) == (53, (), 100_00)


def test_what_could_not_be_placed_is_refused_as_it_would_be() -> None:
    town = shop(
        offer("a", off(1_00), Limits(reservation_required=True)),
        coupon("a-1", "a"),
        evolve(PLACE, order=OrderId("o-2")),
    )
    a_1 = named("a-1", "a")
    cart = of(basket(60_00))
    two = PointsOffered(points=2, amount=2)

    with pytest.raises(OrderAlreadyPlaced):
        simulated(town, Simulate(order=evolve(PLACE, order=OrderId("o-2"))))
    with pytest.raises(NoPrice):
        simulated(
            town,
            Simulate(
                order=evolve(PLACE, lines=(evolve(cart.lines[0], unit_price=None),)), coupons=(a_1,)
            ),
        )
    with pytest.raises(NotEnoughPoints):
        simulated(town, Simulate(order=cart, points=two))
    with pytest.raises(ValueError, match="needs a time zone"):
        simulated(town, Simulate(order=evolve(cart, at=cart.at.replace(tzinfo=None))))
    with pytest.raises(ReservedId):
        simulated(town, Simulate(order=evolve(cart, order=OrderId("transfer/x"))))
    with pytest.raises(DoesNotAddUp):
        simulated(town, Simulate(order=cart, points=evolve(two, amount=60_01)))
    with pytest.raises(ImpossiblePayment):
        simulated(town, Simulate(order=evolve(cart, customer=None), points=two))
    with pytest.raises(UnknownOffer):
        simulated(town, Simulate(order=evolve(cart, brings=(named("b-1", "nowhere"),))))
    unreserved = evolve(cart, total=59_00, discount=1_00, discounts=(less(1_00, a_1),))
    with pytest.raises(CouponDoesNotCount) as refused:
        simulated(town, Simulate(order=unreserved))
    assert refused.value.reason is Reason.RESERVATION_REQUIRED


def test_an_order_that_points_pay_for_takes_nothing_more() -> None:
    town = shop(award("before", 100_00), offer("a", off(1_00)), coupon("a-1", "a"))
    paid = simulated(
        town, Simulate(order=of(basket(60_00)), points=PointsOffered(points=5, amount=50))
    )

    again = simulated(town, Simulate(order=paid.order))

    assert again.order == paid.order
    assert again.after == paid.after
    with pytest.raises(ValueError, match="takes nothing more"):
        simulated(town, Simulate(order=paid.order, coupons=(named("a-1", "a"),)))


def test_what_is_held_for_the_basket_pays() -> None:
    hold = reserve(30, reservation="basket")
    town = shop(award("before", 30_00), hold)
    pay = PointsOffered(points=30, amount=30, reservation=hold.reservation)

    found = simulated(town, Simulate(order=of(basket(60_00)), points=pay))

    assert found.after is not None
    assert (found.after.points.available, found.after.points.reserved) == (19, 0)
    assert found.usable.points == 30
