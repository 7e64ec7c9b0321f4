from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given

from regulars.domain.earning import evaluate
from regulars.domain.earning_rules import Goods, Group, Rule, RuleId, RuleSet, When
from regulars.domain.ledger_policies import Arithmetic, ReturnPolicy
from regulars.domain.lots import PointsActivated
from regulars.domain.loyalty import PointsEarned
from regulars.domain.occasions import occasion
from regulars.domain.order import CompleteOrder, OrderDelivered
from regulars.domain.policies import reverse_on_refund
from regulars.domain.program import (
    DefineProgram,
    PublishEarningRules,
    PublishTierLadder,
    SetProgramPolicies,
)
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.purchase import Line, PlaceOrder
from regulars.domain.refund import RefundIssued, Returned
from regulars.domain.reversal import PointsReversed
from regulars.domain.tier_ladder import Basis, Level, TierLadder
from regulars.domain.tiers import TierDowngraded, TierEntered
from regulars.domain.told_occasions import RecordOccasion
from regulars.domain.validity import Activation, ActivationPolicy, Counted, ExpiryPolicy
from regulars.domain.values import ItemId, LotId, OccasionId, OrderId
from tests.domain.chronicle import PROGRAM, Chronicle, Command, chronicle
from tests.domain.examples import (
    ANNA,
    DELIVER,
    FIRST,
    ORDER,
    PLACE,
    REFUND,
    giving,
    refund,
)
from tests.domain.points import award, close
from tests.domain.story import NOON, minutes
from tests.domain.strategies import histories

DEFINE = DefineProgram(program=PROGRAM, at=NOON, name="Regulars")
NEXT_NOON = NOON + timedelta(days=1)
TENTH_DAY = datetime(2024, 5, 27, 16, tzinfo=UTC)
"""The end of the tenth day in Shanghai."""
PUBLISH = PublishEarningRules(program=PROGRAM, at=NOON, rules=giving(1, per=10))


def town(*published: PublishEarningRules, place: PlaceOrder = PLACE) -> Chronicle:
    """Where the order was delivered under these rules."""
    return chronicle([DEFINE, *published, place, DELIVER])


def earned(told: Chronicle) -> list[tuple[int, int | None]]:
    """The points of each award, and the version of the rules that gave them."""
    return [(event.points, event.rules_version) for event in told.all(PointsEarned)]


def test_a_delivered_order_earns_on_what_was_paid_for_goods() -> None:
    (event,) = town(PUBLISH).all(PointsEarned)

    assert (event.customer, event.order, event.lot) == (ANNA, ORDER, LotId(ORDER))
    assert (event.points, event.evaluation.amount, event.currency) == (10, 100_00, "CNY")
    assert (event.rules_version, event.pending, event.expires_at) == (1, False, None)


def test_an_order_earns_by_the_rules_of_the_time_when_it_was_placed() -> None:
    better = evolve(PUBLISH, rules=giving(5), effective_from=NOON + minutes(1))

    assert earned(town(PUBLISH, better)) == [(10, 1)]
    assert earned(town(PUBLISH, better, place=evolve(PLACE, at=NOON + minutes(1)))) == [(500, 2)]


def test_an_order_of_nobody_known_earns_nothing() -> None:
    told = town(PUBLISH, place=evolve(PLACE, customer=None))

    assert earned(told) == []
    told.tell(refund(40_00))
    assert told.all(PointsReversed) == []


def test_an_order_from_before_the_first_rules_earns_nothing() -> None:
    late = evolve(PUBLISH, effective_from=NOON + timedelta(microseconds=1))

    assert earned(town()) == []
    assert earned(town(late)) == []


def test_an_order_in_a_currency_without_rules_earns_nothing() -> None:
    yuan = evolve(PUBLISH, currency="CNY")

    assert earned(town(yuan, place=evolve(PLACE, currency="USD"))) == []
    assert earned(town(yuan)) == [(10, 1)]


def test_a_refund_takes_back_what_the_goods_refunded_so_far_earned() -> None:
    told = town(PUBLISH)
    told.tell(refund(40_00))
    told.tell(refund(45_00, "r-2"))

    assert [(one.points, one.remaining, one.kept) for one in told.all(PointsReversed)] == [
        (4, 60_00, 6),
        (5, 15_00, 1),
    ]


def test_goods_that_went_back_earn_nothing_and_the_others_as_before() -> None:
    soup = Line(line=1, item=ItemId("soup"), quantity=1, unit_price=60_00)
    tea = Line(line=2, item=ItemId("tea"), quantity=1, unit_price=40_00)
    only_soup = Rule(rule=RuleId("soup"), bonus=7, goods=Goods(items=(soup.item,)), each=True)
    rules = RuleSet(groups=(Group(rules=(only_soup,)),))
    told = town(evolve(PUBLISH, rules=rules), place=evolve(PLACE, lines=(soup, tea)))

    other = town(evolve(PUBLISH, rules=rules), place=evolve(PLACE, lines=(soup, tea)))

    told.tell(evolve(REFUND, amount=None, lines=(Returned(line=1, quantity=1),)))
    other.tell(evolve(REFUND, amount=None, lines=(Returned(line=2, quantity=1),)))

    assert [one.kept for one in (*told.all(PointsReversed), *other.all(PointsReversed))] == [0, 7]


def test_a_tier_by_balance_counts_what_can_be_spent_after_the_order() -> None:
    gold = TierLadder(levels=(Level(tier="gold", least=10),), basis=Basis.BALANCE)
    told = chronicle(
        [DEFINE, PUBLISH, PublishTierLadder(program=PROGRAM, at=NOON, ladder=gold), PLACE, DELIVER]
    )

    assert [one.assessment.value for one in told.all(TierEntered)] == [10]


def test_a_tier_by_money_or_orders_counts_those_of_orders() -> None:
    (spend,) = giving(1, per=10).groups
    cake = Group(rules=(Rule(rule=RuleId("cake"), bonus=50, when=When(on="birthday")),))
    birthday = RecordOccasion(
        program=PROGRAM, customer=ANNA, at=NOON, occasion=OccasionId("2024"), on="birthday"
    )

    def counted(**told: Any) -> list[int]:  # noqa: ANN401 - by name
        by = TierLadder(levels=(Level(tier="gold", least=1),), **told)
        rules = evolve(PUBLISH, rules=RuleSet(groups=(spend, cake)))
        ladder = PublishTierLadder(program=PROGRAM, at=NOON, ladder=by)
        story = chronicle([DEFINE, rules, ladder, birthday, PLACE, DELIVER])
        return [one.assessment.value for one in story.all(TierEntered)]

    assert counted(basis=Basis.SPEND, currency="CNY") == [100_00]
    assert counted(basis=Basis.SPEND, currency="USD") == []
    assert counted(basis=Basis.ORDERS) == [1]
    assert counted() == [50]


def test_a_refund_may_take_a_tier_at_once() -> None:
    gold = TierLadder(levels=(Level(tier="gold", least=10),), refunds_at_once=True)
    told = chronicle(
        [DEFINE, PUBLISH, PublishTierLadder(program=PROGRAM, at=NOON, ladder=gold), PLACE, DELIVER]
    )

    told.tell(refund(40_00))

    assert [(one.left, one.tier) for one in told.all(TierDowngraded)] == [("gold", None)]


def test_goodwill_costs_no_points() -> None:
    told = town(PUBLISH, place=evolve(PLACE, total=0))
    told.tell(refund(5_00))

    assert told.all(PointsReversed) == []


def test_a_refund_of_an_order_that_earned_nothing_takes_nothing_back() -> None:
    told = town()
    told.tell(refund(40_00))

    assert told.all(PointsReversed) == []


def test_a_refund_of_an_order_that_was_never_placed_is_a_bug() -> None:
    told = town(PUBLISH)
    told.orders.clear()
    refunded = RefundIssued(
        order=ORDER,
        refund=FIRST,
        currency="CNY",
        amount=1,
        goods=1,
        goodwill=0,
        goods_refunded=1,
        total=100_00,
        placed_at=NOON,
        customer=ANNA,
    )

    with pytest.raises(ValueError, match="never placed"):
        reverse_on_refund(refunded, NOON, PROGRAM, told)


def usable(activation: ActivationPolicy, expiry: ExpiryPolicy) -> tuple[object, ...]:
    """Whether points of an order that was delivered at noon wait, until when, and their end."""
    policies = ProgramPolicies(activation=activation, expiry=expiry)
    told = SetProgramPolicies(program=PROGRAM, at=NOON, policies=policies)
    (event,) = chronicle([DEFINE, PUBLISH, told, PLACE, evolve(DELIVER, at=NOON)]).all(PointsEarned)
    return event.pending, event.activates_at, event.expires_at


@pytest.mark.parametrize(
    ("activation", "counted", "expected"),
    [
        (
            Activation.IMMEDIATE,
            Counted.ACTIVATION,
            (False, None, TENTH_DAY),
        ),
        (
            Activation.DELAY,
            Counted.ACTIVATION,
            (True, NEXT_NOON, TENTH_DAY + timedelta(days=1)),
        ),
        (Activation.DELAY, Counted.AWARD, (True, NEXT_NOON, TENTH_DAY)),
        (Activation.COMPLETION, Counted.AWARD, (True, None, TENTH_DAY)),
        (Activation.COMPLETION, Counted.ACTIVATION, (True, None, None)),
    ],
)
def test_the_policies_say_from_when_and_until_when_points_can_be_used(
    activation: Activation, counted: Counted, expected: tuple[object, ...]
) -> None:
    delay = ActivationPolicy(activation=activation, days=1)

    assert usable(delay, ExpiryPolicy(days=10, counted=counted)) == expected


COMPLETION = ActivationPolicy(activation=Activation.COMPLETION)


def completed(policies: ProgramPolicies, place: PlaceOrder = PLACE) -> Chronicle:
    """The town in which an order was delivered at noon and completed a day later."""
    told = SetProgramPolicies(program=PROGRAM, at=NOON, policies=policies)
    complete = CompleteOrder(order=ORDER, at=NEXT_NOON)
    return chronicle([DEFINE, PUBLISH, told, place, evolve(DELIVER, at=NOON), complete])


@pytest.mark.parametrize(
    ("counted", "ends"),
    [
        (Counted.AWARD, TENTH_DAY),
        (Counted.ACTIVATION, TENTH_DAY + timedelta(days=1)),
    ],
)
def test_a_completed_order_lets_its_points_be_used(counted: Counted, ends: datetime) -> None:
    expiry = ExpiryPolicy(days=10, counted=counted)
    (event,) = completed(ProgramPolicies(activation=COMPLETION, expiry=expiry)).all(PointsActivated)

    assert (event.activated_at, event.expires_at) == (NEXT_NOON, ends)


def test_nothing_is_activated_that_waits_for_something_else_or_is_nobodys() -> None:
    waiting = ProgramPolicies(activation=ActivationPolicy(activation=Activation.MANUAL))
    nobodys = completed(ProgramPolicies(activation=COMPLETION), evolve(PLACE, customer=None))

    assert completed(waiting).all(PointsActivated) == []
    assert nobodys.all(PointsActivated) == []


def test_a_refund_is_judged_by_the_returns_of_the_time_when_the_order_was_placed() -> None:
    keeping = ReturnPolicy(arithmetic=Arithmetic.NONE)
    told = completed(ProgramPolicies(returns=keeping))
    told.tell(refund(40_00))

    assert [event.points for event in told.all(PointsReversed)] == [0]


def test_the_policies_are_those_of_the_time_when_the_order_was_placed() -> None:
    late = SetProgramPolicies(
        program=PROGRAM,
        at=NOON,
        policies=ProgramPolicies(expiry=ExpiryPolicy(days=10)),
        effective_from=NOON + minutes(1),
    )
    (event,) = chronicle([DEFINE, PUBLISH, late, PLACE, DELIVER]).all(PointsEarned)

    assert event.expires_at is None


def kept(told: Chronicle) -> dict[OrderId | None, int]:
    """The points that each order keeps, by the facts."""
    points = {event.order: event.points for event in told.all(PointsEarned)}
    for event in told.all(PointsReversed):
        points[event.order] -= event.points
    return points


@given(histories())
def test_every_order_keeps_the_points_of_the_goods_that_stayed_paid_for(
    history: tuple[Command, ...],
) -> None:
    told = chronicle(history)
    delivered = {event.order: event for event in told.all(OrderDelivered) if event.customer}
    back = dict.fromkeys(delivered, 0)
    for refunded in told.all(RefundIssued):
        if refunded.customer:
            back[refunded.order] += refunded.goods

    expected: dict[OrderId | None, int] = {}
    for event in told.all(PointsEarned):
        assert event.order is not None
        assert event.rules_version is not None
        placed = told.order(event.order).placed
        assert placed is not None
        rules = told.program().version(event.rules_version)
        at = delivered[event.order].placed_at
        left = occasion(placed, at, refunded=back[event.order])
        expected[event.order] = evaluate(rules, left).points
    assert kept(told) == expected
    assert sum(account.state.lots.available for account in told.accounts.values()) == sum(
        kept(told).values()
    )


def test_a_closed_account_is_asked_for_nothing_of_its_orders() -> None:
    later = ProgramPolicies(activation=ActivationPolicy(activation=Activation.COMPLETION))
    policies = SetProgramPolicies(program=PROGRAM, at=NOON, policies=later)

    told = chronicle([DEFINE, policies, PUBLISH, PLACE, DELIVER, close(DELIVER.at)])
    told.tell(CompleteOrder(order=ORDER, at=NEXT_NOON))
    told.tell(refund(50_00))

    assert not told.all(PointsActivated)
    assert not told.all(PointsReversed)


def test_points_that_no_rules_gave_for_an_order_are_not_taken_back() -> None:
    given = evolve(award(ORDER, 100_00), rules_version=None)

    told = chronicle([DEFINE, PUBLISH, PLACE, given, DELIVER, refund(50_00)])

    assert [one.lot for one in told.all(PointsEarned)] == [LotId(ORDER)]
    assert not told.all(PointsReversed)
