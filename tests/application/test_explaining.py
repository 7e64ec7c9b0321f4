"""Orders, lots and balances explain themselves, to the point and at any moment."""

from datetime import timedelta

import pytest
from attrs import evolve

from regulars.application.earnings import exact_text
from regulars.application.explaining import (
    ExplainBalance,
    ExplainLot,
    ExplainOrder,
    LotStatus,
    OrderExplained,
)
from regulars.application.lot_moves import Moved
from regulars.domain.account_merge import MergeAccounts, SeparateAccount
from regulars.domain.adjustment import AdjustPoints, MigratePoints
from regulars.domain.closing import CloseAccount, PaysForOrders
from regulars.domain.earning_rules import Group, Multiplier, Rate, Rule, RuleId, RuleSet, When
from regulars.domain.idleness import LimitInactivity
from regulars.domain.lots import Allocation
from regulars.domain.order import CancelOrder, MarkDelivered
from regulars.domain.program import DefineProgram, PublishEarningRules
from regulars.domain.transfer import TransferPoints
from regulars.domain.values import BEGINNING, AdjustmentId, LotId, OrderId, ProgramId, TransferId
from tests.application.histories import tell
from tests.application.memory_crm import Parts, memory_core
from tests.domain.carts import basket, place
from tests.domain.chronicle import PROGRAM, Command
from tests.domain.examples import ANNA, BO, DELIVER, ORDER, PLACE, REFUND, giving
from tests.domain.points import award, redeem, refunded, reserve
from tests.domain.story import NOON, minutes

DAY = timedelta(days=1)
DEFINE = DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars")
LARGE = When(at_least=300_00, currency="CNY")
RULES = RuleSet(
    groups=(
        Group(
            rules=(
                Rule(rule=RuleId("basic"), rate=Rate(points=1, per_numerator=10)),
                Rule(rule=RuleId("large"), bonus=50, when=LARGE),
            )
        ),
    ),
    multipliers=(Multiplier(rule=RuleId("spring"), numerator=6, denominator=5),),
)
PUBLISH = PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=RULES)


def shop(*commands: Command) -> Parts:
    return tell(memory_core(), [DEFINE, PUBLISH, *commands])


def explained(of: Parts, order: OrderId = ORDER) -> OrderExplained:
    found = of.crm.ask(ExplainOrder(order=order))
    assert found is not None
    return found


def test_an_order_tells_each_rule_its_rounding_and_what_refunds_took_back() -> None:
    town = shop(evolve(PLACE, total=159_00), DELIVER, REFUND)

    found = explained(town)

    assert found.why == "19.08 points by rules 1, rounded down to 19; refunds took back 5"
    (earned,) = found.earned
    assert earned.earning is not None
    (group,) = earned.earning.groups
    basic, large = group.rules
    assert [(one.why, exact_text(one.exact)) for one in basic.given] == [
        ("159.00 CNY at 1 for each 10 CNY x 1.2 (spring)", "19.08")
    ]
    assert large.why == "is for 300.00 CNY or more, and this came to 159.00, 141.00 too little"
    (back,) = earned.trace.taken_back
    assert (back.points, back.kept, back.remaining) == (5, 14, 119_00)
    assert back.taken == (Allocation(lot=LotId(ORDER), points=5),)
    assert [(move.what, move.points) for move in earned.trace.moves] == [
        (Moved.EARNED, 19),
        (Moved.REVERSED, 5),
    ]


def test_rules_that_came_later_change_no_explanation() -> None:
    town = shop(evolve(PLACE, total=159_00), DELIVER)
    before = explained(town)
    tell(town, [PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=giving(7))])

    assert explained(town) == before


@pytest.mark.parametrize(
    ("commands", "why"),
    [
        ([PLACE], "nothing yet: it earns when it is delivered"),
        ([PLACE, CancelOrder(order=ORDER, at=NOON)], "nothing: it was cancelled"),
        ([evolve(PLACE, customer=None), DELIVER], "nothing: it has no customer"),
        (
            [evolve(PLACE, at=BEGINNING - DAY), DELIVER],
            "nothing: no rules were in force for CNY when it was placed",
        ),
    ],
)
def test_an_order_that_earned_nothing_says_why(commands: list[Command], why: str) -> None:
    since = evolve(PUBLISH, effective_from=BEGINNING)
    found = explained(tell(memory_core(), [DEFINE, since, *commands]))

    assert (found.why, found.earned) == (why, ())


def test_an_order_in_another_programme_says_that_it_counts_elsewhere() -> None:
    town = shop(PLACE, DELIVER)
    other = ProgramId("other")
    tell(town, [evolve(DEFINE, program=other), evolve(PUBLISH, program=other)])

    found = town.crm.ask(ExplainOrder(order=ORDER, program=other))

    assert found is not None
    assert found.why.startswith("nothing: its rules were published after its delivery")


def test_nothing_is_explained_of_what_is_not_there() -> None:
    assert shop().crm.ask(ExplainOrder(order=ORDER)) is None
    assert shop().crm.ask(ExplainLot(customer=ANNA, lot=LotId("o-1"))) is None


def test_the_points_that_paid_for_an_order_stand_with_it() -> None:
    paid = place(basket(100_00), points=60, value=10)
    town = shop(award("before", 100_00), paid, DELIVER)

    found = explained(town)

    assert [(lot, move.what, move.points) for lot, move in found.paid] == [
        ("before", Moved.HELD, 60),
        ("before", Moved.SPENT, 60),
    ]
    assert (found.points_payment, found.total) == (paid.points_payment, 94_00)


def test_an_order_that_points_pay_for_goes_on_before_the_account_is_closed() -> None:
    close = CloseAccount(program=PROGRAM, customer=ANNA, at=NOON + minutes(90), reason="asked")
    paid = place(basket(100_00), points=60, value=10)
    town = shop(award("before", 100_00), paid)
    with pytest.raises(PaysForOrders):
        town.execute(close)

    tell(town, [DELIVER, close, evolve(REFUND, amount=94_00, at=NOON + minutes(99))])

    found = explained(town)
    (earned,) = found.earned
    assert found.why == "11.28 points by rules 1, rounded down to 11"
    assert [move.what for move in earned.trace.moves] == [Moved.EARNED, Moved.FORFEITED]
    assert [move.what for _, move in found.paid] == [Moved.HELD, Moved.SPENT]
    held = town.crm.ask(ExplainBalance(customer=ANNA))
    assert (held.available, held.held, held.debt) == (0, 0, 0)


def test_an_order_of_who_closed_the_account_says_so() -> None:
    close = CloseAccount(program=PROGRAM, customer=ANNA, at=NOON, reason="asked")
    town = shop(award("before", 100_00), PLACE, close)
    assert explained(town).why == "nothing yet: it earns when it is delivered"

    tell(town, [DELIVER])

    assert explained(town).why == "nothing: its customer's account was closed before its delivery"


def test_a_lot_says_what_it_is() -> None:
    pending = award("waits", 10_00, pending=True)
    town = shop(
        pending,
        award("active", 10_00),
        award("held", 10_00, expires_at=NOON + 3 * DAY),
        reserve(10),
        award("spent", 10_00, expires_at=NOON + 3 * DAY),
        redeem(10),
        award("gone", 10_00, expires_at=NOON + DAY),
        award("back", 10_00),
        refunded("back", 0),
    )

    found = town.crm.ask(ExplainBalance(customer=ANNA), as_of=NOON + 2 * DAY)

    assert {one.trace.lot: one.status for one in found.lots} == {
        "waits": LotStatus.PENDING,
        "active": LotStatus.ACTIVE,
        "held": LotStatus.ACTIVE,
        "spent": LotStatus.EXHAUSTED,
        "gone": LotStatus.EXPIRED,
        "back": LotStatus.REVERSED,
    }
    assert (found.available, found.pending, found.held, found.debt) == (10, 10, 10, 0)
    assert found.lots[4].trace.moves[-1].position is None


def test_a_refund_before_its_order_is_explained_by_what_came_later() -> None:
    town = shop(PLACE, MarkDelivered(order=ORDER, at=NOON + minutes(60)), evolve(REFUND, at=NOON))

    found = town.crm.ask(ExplainOrder(order=ORDER), as_of=NOON)
    lot = town.crm.ask(ExplainLot(customer=ANNA, lot=LotId(ORDER)), as_of=NOON)

    assert found is not None
    assert found.why == "earned later; refunds took back 5"
    assert lot is not None
    assert found.earned == (lot,)
    assert (lot.earning, lot.trace.left, lot.trace.moves) == (None, 0, ())
    held = town.crm.ask(ExplainBalance(customer=ANNA), as_of=NOON)
    assert (held.available, held.debt, [one.points for one in held.owed]) == (0, 5, [5])


def test_a_refund_before_its_order_whose_points_were_spent_is_explained() -> None:
    delivered = MarkDelivered(order=ORDER, at=NOON + minutes(60))
    town = shop(PLACE, delivered, redeem(12, NOON + minutes(61)), evolve(REFUND, at=NOON))

    found = town.crm.ask(ExplainBalance(customer=ANNA), as_of=NOON)

    assert [(one.status, one.trace.left) for one in found.lots] == [(LotStatus.REVERSED, 0)]


def test_points_that_a_person_another_system_or_another_customer_gave_say_so() -> None:
    later = NOON + minutes(30)
    out = AdjustPoints(
        program=PROGRAM,
        customer=ANNA,
        at=later,
        adjustment=AdjustmentId("a-1"),
        points=-50,
        reason="mistake",
        approver="lead-1",
        owed=True,
    )
    put_in = evolve(out, adjustment=AdjustmentId("a-2"), points=5, customer=BO, owed=False)
    migrated = MigratePoints(
        program=PROGRAM,
        customer=ANNA,
        at=NOON,
        lot=LotId("migrated/old"),
        points=30,
        legacy_ref="card-9",
    )
    given = TransferPoints(
        program=PROGRAM,
        customer=ANNA,
        at=NOON,
        transfer=TransferId("t-1"),
        receiver=BO,
        points=10,
    )
    town = shop(
        migrated,
        given,
        out,
        put_in,
        CloseAccount(program=PROGRAM, customer=BO, at=later, reason="asked"),
    )

    annas, bos = (town.crm.ask(ExplainBalance(customer=one)) for one in (ANNA, BO))

    assert [move.why for one in annas.lots for move in one.trace.moves] == [
        "brought along from elsewhere, where they were card-9",
        "given to customer bo",
        "corrected for mistake, approved by lead-1",
    ]
    assert [(one.points, one.why) for one in annas.owed] == [
        (30, "corrected for mistake, by more than there was")
    ]
    assert (annas.available, annas.debt) == (0, 30)
    assert [move.why for one in bos.lots for move in one.trace.moves] == [
        "given by customer anna, of lot migrated/old",
        "forfeited: the account was closed for asked",
        "corrected for mistake, approved by lead-1",
        "forfeited: the account was closed for asked",
    ]
    assert {one.status for one in bos.lots} == {LotStatus.EXHAUSTED}
    assert bos.available == 0


def test_an_order_is_explained_across_a_merge_of_accounts() -> None:
    merge = MergeAccounts(program=PROGRAM, absorbed=ANNA, survivor=BO, at=NOON + minutes(60))
    held = reserve(10, NOON + minutes(50))
    town = shop(award("before", 50_00), evolve(PLACE, total=159_00), DELIVER, held, merge, REFUND)

    found = explained(town)
    annas, bos = (town.crm.ask(ExplainBalance(customer=one)) for one in (ANNA, BO))

    first, second = found.earned
    assert [move.what for move in first.trace.moves] == [Moved.EARNED, Moved.SENT]
    assert [move.what for move in second.trace.moves] == [Moved.RECEIVED, Moved.REVERSED]
    assert first.earning is not None
    assert (second.customer, second.earning) == (BO, None)
    assert found.why == "19.08 points by rules 1, rounded down to 19; refunds took back 5"
    assert (annas.available, annas.held, annas.debt) == (0, 0, 0)
    assert [one.trace.lot for one in bos.lots if one.trace.held] == ["before"]
    assert (bos.available, bos.held) == (54, 10)


def test_a_lot_that_came_back_with_a_merge_the_other_way_round_is_explained() -> None:
    there = MergeAccounts(program=PROGRAM, absorbed=ANNA, survivor=BO, at=NOON + minutes(60))
    apart = SeparateAccount(program=PROGRAM, customer=ANNA, at=NOON + minutes(61))
    back = evolve(there, absorbed=BO, survivor=ANNA, at=NOON + minutes(62))
    town = shop(award("o-1", 70_00), there, apart, back)

    (lot,) = town.crm.ask(ExplainBalance(customer=ANNA)).lots

    assert lot.trace.left == 70
    assert lot.earning is not None
    assert lot.earning.points == 70


def test_what_the_absorbed_account_owed_is_owed_by_the_other() -> None:
    merge = MergeAccounts(program=PROGRAM, absorbed=ANNA, survivor=BO, at=NOON)
    town = shop(award("o-1", 70_00), redeem(70), refunded("o-1", 0), merge)

    annas, bos = (town.crm.ask(ExplainBalance(customer=one)) for one in (ANNA, BO))

    assert (annas.debt, bos.debt) == (0, 70)
    assert annas.owed[-1].why == "went with the account to customer bo"
    assert bos.owed[0].why == "came with the account of customer anna"


def test_lots_of_an_account_that_went_idle_ended_then() -> None:
    limit = LimitInactivity(program=PROGRAM, customer=ANNA, at=NOON, days=10)
    town = shop(award("o-1", 70_00), limit)

    found = town.crm.ask(ExplainBalance(customer=ANNA), as_of=NOON + 10 * DAY)

    (lot,) = found.lots
    assert (lot.status, lot.trace.expires_at) == (LotStatus.EXPIRED, NOON + 10 * DAY)
