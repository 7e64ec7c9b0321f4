import pytest
from attrs import evolve

from regulars.application.balances import PointsBalance
from regulars.application.postings import PointsLedger
from regulars.domain.earning import Evaluation
from regulars.domain.earning_rules import Group, Rule, RuleId, RuleSet, When
from regulars.domain.ledger_policies import ReturnPolicy, Reversal
from regulars.domain.loyalty import AwardPoints, RecordDuePoints
from regulars.domain.program import DefineProgram, PublishEarningRules, PublishTierLadder
from regulars.domain.reward import Reward
from regulars.domain.tier_ladder import Level, TierLadder
from regulars.domain.told_occasions import RecordOccasion
from regulars.domain.values import BEGINNING, CustomerId, LotId, OccasionId
from tests.application.histories import tell
from tests.application.memory_crm import memory_core
from tests.application.shop_week import FRIDAY, MONDAY, shop_week
from tests.domain.chronicle import PROGRAM, Command
from tests.domain.examples import ANNA, BO, DELIVER, PLACE, REFUND, SECOND, giving, refund
from tests.domain.points import (
    adjust,
    award,
    close,
    give,
    join,
    migrate,
    redeem,
    refunded,
    undo,
)
from tests.domain.story import NOON, minutes


def earning(rules: RuleSet, currency: str | None = None) -> list[Command]:
    return [
        DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars"),
        PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=rules, currency=currency),
    ]


def test_a_balance_is_what_was_earned_less_what_was_taken_back() -> None:
    found = shop_week().crm.ask(PointsBalance(customer=ANNA))

    # 45 + 40 + 9 earned; a refund leaves 34.50 of 45 and nothing of 40.
    assert found is not None
    assert (found.program, found.customer, found.opened_at) == (PROGRAM, ANNA, FRIDAY)
    assert (found.earned, found.reversed) == (94, 51)
    assert (found.expired, found.redeemed) == (0, 0)
    assert found.balance == 43


def test_a_balance_counts_what_was_spent_restored_and_expired() -> None:
    later = NOON + minutes(90)
    lasting = award("o-1", 100_00)
    fleeting = award("o-2", 30_00, expires_at=later)
    due = RecordDuePoints(program=PROGRAM, customer=ANNA, at=later)
    town = tell(memory_core(), [lasting, fleeting, redeem(40), undo(1, 2), due])

    found = town.crm.ask(PointsBalance(customer=ANNA))

    # 30 of the first to expire and 10 others were spent; the 10 came back, and 10 of the 30.
    assert found is not None
    assert (found.earned, found.redeemed, found.expired, found.balance) == (130, 20, 10, 100)
    postings = town.crm.ask(PointsLedger(customer=ANNA))
    assert [
        (one.lot, one.redemption, one.points, one.balance, one.why) for one in postings[2:]
    ] == [
        (None, "s-1", -40, 90, "spent on item soup"),
        (None, "s-1", 20, 110, "refund r-1 gave back what was spent"),
        ("o-2", None, -10, 100, "expired"),
    ]


def test_a_reward_may_be_a_kind_alone() -> None:
    gift = evolve(redeem(40), reward=Reward(kind="gift"))
    town = tell(memory_core(), [award("o-1", 100_00), gift])

    assert town.crm.ask(PointsLedger(customer=ANNA))[-1].why == "spent on gift"


@pytest.mark.parametrize(
    ("currency", "why"),
    [
        (
            "CNY",
            "refund r-1 left 0.00 CNY paid for goods, by goods (rules 1), rounded down: 0 of 30",
        ),
        (None, "order: refund r-1 left 0"),
    ],
)
def test_a_ledger_adds_up_where_a_refund_forgives_what_was_spent(
    currency: str | None, why: str
) -> None:
    lenient = ReturnPolicy(reversal=Reversal.WITHIN_BALANCE)
    earned = evolve(award("o-1", 30_00), currency=currency)
    taken = refunded("o-1", 0, price=30_00, policy=lenient)
    town = tell(memory_core(), [earned, redeem(20), taken])

    *_, last = town.crm.ask(PointsLedger(customer=ANNA))
    found = town.crm.ask(PointsBalance(customer=ANNA))

    assert found is not None
    assert (last.points, last.balance) == (-10, found.balance) == (-10, 0)
    assert last.why == f"{why}; 20 are not asked for"


def test_nobody_has_no_account_and_nothing_in_its_ledger() -> None:
    town = shop_week()

    assert town.crm.ask(PointsBalance(customer="nobody")) is None
    assert town.crm.ask(PointsBalance(customer=ANNA, program="night")) is None
    assert town.crm.ask(PointsLedger(customer="nobody")) == ()
    assert town.crm.ask(PointsLedger(customer=ANNA, program="night")) == ()


def test_a_ledger_tells_each_posting_and_adds_up_to_the_balance() -> None:
    town = shop_week()

    postings = town.crm.ask(PointsLedger(customer=ANNA))

    assert [(one.order, one.refund, one.points, one.balance) for one in postings] == [
        ("o-1", None, 45, 45),
        ("o-2", None, 40, 85),
        ("o-3", None, 9, 94),
        ("o-1", "r-1", -11, 83),
        ("o-2", "r-1", -40, 43),
    ]
    assert [one.at for one in postings][:1] == [FRIDAY]
    assert postings[-1].at == MONDAY
    for one in postings:
        event = town.events()[(one.position or 0) - 1].event
        assert getattr(event, "order", None) == one.order


def test_a_ledger_says_why() -> None:
    why = [one.why for one in shop_week().crm.ask(PointsLedger(customer=ANNA))]

    assert why[0] == "45.00 CNY paid for goods: 45 by earning (rules 1), rounded down: 45"
    assert why[2] == "9.99 USD paid for goods: 999/100 by earning (rules 1), rounded down: 9"
    assert why[3] == (
        "refund r-1 left 34.50 CNY paid for goods, by earning (rules 1), rounded down: 34 of 45"
    )


def test_points_before_they_are_rounded_are_told_as_a_fraction() -> None:
    town = tell(memory_core(), [*earning(giving(7, per=3)), PLACE, DELIVER])

    (posting,) = town.crm.ask(PointsLedger(customer=ANNA))

    assert posting.points == 233
    assert posting.why == "100.00 CNY paid for goods: 700/3 by earning (rules 1), rounded down: 233"


def test_what_no_order_earned_is_told_by_its_occasion() -> None:
    birthday = AwardPoints(
        program=PROGRAM,
        customer=ANNA,
        at=NOON,
        lot=LotId("birthday-2024"),
        on="birthday",
        evaluation=Evaluation(points=50, desired=50, exact_numerator=50, exact_denominator=1),
    )
    town = tell(memory_core(), [birthday])

    (posting,) = town.crm.ask(PointsLedger(customer=ANNA))

    assert (posting.lot, posting.order, posting.points) == ("birthday-2024", None, 50)
    assert posting.why == "birthday: 50 points"


def test_each_refund_is_told_with_what_it_left() -> None:
    told = [*earning(giving(1)), PLACE, DELIVER]
    parts = [refund(30_50), refund(30_00, SECOND)]
    town = tell(memory_core(), [*told, *parts])

    assert [(one.points, one.balance) for one in town.crm.ask(PointsLedger(customer=ANNA))] == [
        (100, 100),
        (-31, 69),
        (-30, 39),
    ]


def test_a_refund_that_happened_before_its_order_was_delivered_is_told_without_a_rule() -> None:
    early = evolve(REFUND, at=DELIVER.at - minutes(1))
    town = tell(memory_core(), [*earning(giving(1)), PLACE, DELIVER, early])

    (posting,) = town.crm.ask(PointsLedger(customer=ANNA), as_of=early.at)

    assert posting.why == "refund r-1 left 60 points to an order earned elsewhere or later"


def test_an_order_that_earns_nothing_is_told_all_the_same() -> None:
    rules = earning(giving(1, per=1_000))
    town = tell(memory_core(), [*rules, evolve(PLACE, customer=BO), DELIVER])

    (posting,) = town.crm.ask(PointsLedger(customer=BO))
    balance = town.crm.ask(PointsBalance(customer=BO))

    assert (posting.points, posting.balance) == (0, 0)
    assert balance is not None
    assert balance.balance == 0


def test_an_order_in_a_currency_without_a_rule_opens_no_account() -> None:
    town = tell(memory_core(), [*earning(giving(1), "USD"), PLACE, DELIVER])

    assert town.crm.ask(PointsBalance(customer=ANNA)) is None


def test_an_occasion_that_the_host_tells_earns_in_its_transaction() -> None:
    cake = Rule(rule=RuleId("cake"), bonus=50, when=When(on="birthday"))
    told = RecordOccasion(
        program=PROGRAM, customer=ANNA, at=NOON, occasion=OccasionId("2024"), on="birthday"
    )
    friend = TierLadder(levels=(Level(tier="friend", least=50),))
    town = tell(
        memory_core(),
        [
            *earning(RuleSet(groups=(Group(rules=(cake,)),))),
            PublishTierLadder(program=PROGRAM, at=NOON, ladder=friend),
            told,
            told,
        ],
    )

    kinds = [type(one.event).__name__ for one in town.events()]
    assert kinds[3:] == ["LoyaltyAccountOpened", "OccasionRecorded", "PointsEarned", "TierEntered"]
    balance = town.crm.ask(PointsBalance(customer=ANNA))
    assert balance is not None
    assert balance.balance == 50


def test_a_balance_and_its_ledger_tell_what_people_and_other_accounts_did() -> None:
    chen = CustomerId("chen")
    town = tell(
        memory_core(),
        [
            migrate(120),
            adjust(30),
            adjust(-10, adjustment="a-2"),
            give(40),
            evolve(join(), absorbed=BO, survivor=chen),
            evolve(close(), customer=chen),
        ],
    )

    found = [town.crm.ask(PointsBalance(customer=one)) for one in (ANNA, BO, chen)]

    assert [
        one and (one.migrated, one.adjusted, one.transferred, one.forfeited) for one in found
    ] == [
        (120, 20, -40, 0),
        (0, 0, 0, 0),
        (0, 0, 40, 40),
    ]
    assert [one and one.balance for one in found] == [100, 0, 0]
    told = [
        (one.points, one.balance, one.why)
        for whose in (ANNA, BO, chen)
        for one in town.crm.ask(PointsLedger(customer=whose))
    ]
    assert told == [
        (120, 120, "brought along as old-system/1"),
        (30, 150, "adjusted: ticket-12, approved by lead:1"),
        (-10, 140, "adjusted: ticket-12, approved by lead:1"),
        (-40, 100, "given to bo"),
        (40, 40, "given by anna"),
        (-40, 0, "merged into the account of chen"),
        (40, 40, "the account of bo was taken over"),
        (-40, 0, "closed: left"),
    ]
