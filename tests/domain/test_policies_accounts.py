"""What merges of customers, and closed accounts, mean for points: orders follow the person."""

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from regulars.domain.account_merge import LoyaltyAccountMerged, LoyaltyAccountSeparated
from regulars.domain.customer import RegisterCustomer
from regulars.domain.due import balance
from regulars.domain.holders import holder, lot_of, taker
from regulars.domain.idleness import InactivityLimitSet, LimitInactivity
from regulars.domain.loyalty import PointsEarned
from regulars.domain.merge import MergeCustomers, RevertMerge
from regulars.domain.order import CompleteOrder, MarkDelivered
from regulars.domain.policies_accounts import limit_inactivity
from regulars.domain.program import (
    DefineProgram,
    PublishEarningRules,
    PublishTierLadder,
    SetProgramPolicies,
)
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.redemption import NothingHeld, PointsRedeemed, RedemptionReversed
from regulars.domain.referral import ClaimReferral, ReferralTerms
from regulars.domain.refund import IssueRefund
from regulars.domain.reversal import PointsReversed
from regulars.domain.tier_ladder import Basis, Level, TierLadder, Window
from regulars.domain.tiers import TierEntered
from regulars.domain.validity import Activation, ActivationPolicy, ExpiryPolicy
from regulars.domain.values import CustomerId, LotId, OrderId, ProgramId
from tests.domain.chronicle import PROGRAM, Chronicle, Command, chronicle
from tests.domain.examples import ANNA, BO, PLACE, giving, refund
from tests.domain.points import adjust, award, close, give, join, migrate, release, reserve
from tests.domain.story import NOON, minutes
from tests.domain.test_policies_payment import ACCEPT, CANCEL, PAID
from tests.domain.test_transfer import of_bo

SECOND = OrderId("o-2")
ONE_PERSON = MergeCustomers(
    absorbed=ANNA, survivor=BO, at=NOON + minutes(60), evidence="same-phone"
)
TWO_PEOPLE = RevertMerge(absorbed=ANNA, survivor=BO, at=NOON + minutes(70), evidence="ticket-1")


def town(*commands: Command, policies: ProgramPolicies | None = None) -> Chronicle:
    """A town in which every yuan earns a point, and these things happen."""
    told = chronicle(
        [
            DefineProgram(program=PROGRAM, at=NOON, name="Regulars"),
            PublishEarningRules(program=PROGRAM, at=NOON, rules=giving(1)),
            SetProgramPolicies(program=PROGRAM, at=NOON, policies=policies or ProgramPolicies()),
            *(RegisterCustomer(customer=one, at=NOON) for one in (ANNA, BO)),
        ]
    )
    for command in commands:
        told.tell(command)
    return told


def delivered(order: str = "o-1", minute: int = 40) -> tuple[Command, ...]:
    named = OrderId(order)
    return (
        evolve(PLACE, order=named),
        MarkDelivered(order=named, at=NOON + minutes(minute)),
    )


LATE = NOON + minutes(90)
MUCH_LATER = NOON + minutes(600)


def held(told: Chronicle, whose: CustomerId, at: datetime = MUCH_LATER) -> int:
    return balance(told.account(whose), at).available


def test_orders_of_the_absorbed_earn_for_the_survivor_and_refunds_take_from_there() -> None:
    told = town(*delivered(), ONE_PERSON, *delivered("o-2", minute=80))

    assert (held(told, ANNA), held(told, BO)) == (0, 200)
    told.tell(evolve(refund(40_00), at=NOON + minutes(90)))
    told.tell(evolve(refund(40_00), order=SECOND, at=NOON + minutes(90)))

    assert [event.customer for event in told.all(PointsReversed)] == [BO, BO]
    assert held(told, BO) == 120


def test_who_is_another_person_after_all_earns_for_themselves_again() -> None:
    told = town(*delivered(), ONE_PERSON, TWO_PEOPLE, *delivered("o-2", minute=80))

    assert told.all(LoyaltyAccountSeparated)
    assert (held(told, ANNA), held(told, BO)) == (100, 100)
    told.tell(evolve(refund(100_00), at=NOON + minutes(90)))

    assert (held(told, ANNA), held(told, BO)) == (100, 0)


def test_what_was_merged_by_another_word_stays_merged() -> None:
    told = town(*delivered(), evolve(join(NOON + minutes(50)), survivor=CustomerId("chen")))

    told.tell(ONE_PERSON)
    told.tell(TWO_PEOPLE)

    assert len(told.all(LoyaltyAccountMerged)) == 1
    assert told.all(LoyaltyAccountSeparated) == []


def test_who_is_merged_into_an_account_that_went_on_goes_on_with_it() -> None:
    chen = CustomerId("chen")
    told = town(*delivered(), evolve(award("o-9", 5_00), customer=BO))
    told.tell(evolve(join(NOON + minutes(50)), absorbed=BO, survivor=chen))

    told.tell(ONE_PERSON)

    assert [event.survivor for event in told.all(LoyaltyAccountMerged)] == [chen, chen]
    assert held(told, chen) == 105


def test_no_two_accounts_are_merged_into_each_other() -> None:
    back = evolve(join(NOON + minutes(50)), absorbed=BO, survivor=ANNA)
    told = town(*delivered(), back, ONE_PERSON)

    assert [event.survivor for event in told.all(LoyaltyAccountMerged)] == [ANNA]


@pytest.mark.parametrize("whose", [ANNA, BO])
def test_a_closed_account_is_left_out_of_a_merge(whose: CustomerId) -> None:
    told = town(award("o-8", 5_00), evolve(award("o-9", 5_00), customer=BO))
    told.tell(evolve(close(NOON + minutes(30)), customer=whose))

    told.tell(ONE_PERSON)

    assert told.all(LoyaltyAccountMerged) == []


def test_an_order_of_who_closed_their_account_is_delivered_and_paid_back_all_the_same() -> None:
    told = town(*delivered(), close(NOON + minutes(50)), *delivered("o-2", minute=60))

    told.tell(evolve(refund(40_00), at=NOON + minutes(90)))
    told.tell(CompleteOrder(order=OrderId("o-1"), at=NOON + minutes(99)))

    assert len(told.all(PointsEarned)) == 1
    assert told.all(PointsReversed) == []


def test_points_that_wait_for_the_completion_wait_in_the_survivors_account() -> None:
    waiting = ProgramPolicies(activation=ActivationPolicy(activation=Activation.COMPLETION))
    told = town(*delivered(), ONE_PERSON, policies=waiting)
    assert held(told, BO) == 0

    told.tell(CompleteOrder(order=OrderId("o-1"), at=NOON + minutes(99)))

    assert held(told, BO) == 100


def test_points_that_were_held_for_an_order_are_spent_and_given_back_by_the_survivor() -> None:
    told = town(award("before", 300_00), PAID, ACCEPT, ONE_PERSON)

    told.tell(MarkDelivered(order=PAID.order, at=NOON + minutes(80)))
    told.tell(
        IssueRefund(
            order=PAID.order, at=NOON + minutes(90), refund=refund(1).refund, amount=PAID.total
        )
    )

    assert [event.customer for event in told.all(PointsRedeemed)] == [BO]
    assert [event.points for event in told.all(RedemptionReversed)] == [300]


def test_a_cancelled_order_frees_its_points_for_the_survivor() -> None:
    told = town(award("before", 300_00), PAID, ONE_PERSON)

    told.tell(evolve(CANCEL, at=NOON + minutes(80)))

    assert held(told, BO) == 300


def test_an_order_under_the_old_id_is_paid_by_the_survivors_points() -> None:
    told = town(evolve(award("before", 300_00), customer=BO), ONE_PERSON)

    told.tell(evolve(PAID, at=NOON + minutes(80)))

    assert balance(told.account(BO), MUCH_LATER).reserved == 300


def test_nobody_is_new_who_ordered_under_another_id() -> None:
    claim = ClaimReferral(
        program=PROGRAM,
        referee=ANNA,
        at=NOON + minutes(90),
        referrer=CustomerId("chen"),
        terms=ReferralTerms(),
    )
    told = town(*delivered(), ONE_PERSON, claim)

    assert [type(fact.event).__name__ for fact in told.facts[-1:]] == ["ReferralRejected"]


def test_what_both_earned_counts_for_the_tier() -> None:
    ladder = TierLadder(
        levels=(Level(tier="silver", least=200),), basis=Basis.EARNED, window=Window.LIFETIME
    )
    told = town(PublishTierLadder(program=PROGRAM, at=NOON, ladder=ladder), *delivered())
    told.tell(evolve(award("o-9", 100_00, NOON + minutes(30)), customer=BO))

    told.tell(ONE_PERSON)

    assert [event.customer for event in told.all(TierEntered)] == [BO]


RESTING = ProgramPolicies(expiry=ExpiryPolicy(inactivity=30))


def test_whatever_brings_points_to_an_account_brings_the_limit_of_the_programme() -> None:
    told = town(*delivered(), give(5, NOON + minutes(50)), policies=RESTING)
    told.tell(evolve(migrate(5, NOON + minutes(51)), customer=CustomerId("chen")))
    told.tell(evolve(adjust(5, NOON + minutes(52)), customer=CustomerId("dai")))

    limits = told.all(InactivityLimitSet)

    assert [(one.customer, one.days) for one in limits] == [
        (who, 30) for who in ("anna", "bo", "chen", "dai")
    ]
    assert held(told, ANNA, NOON + minutes(40) + timedelta(days=30)) == 0


def test_the_limit_of_the_programme_is_asked_for_once_and_ends_with_it() -> None:
    told = town(*delivered(), *delivered("o-2", minute=41), policies=RESTING)
    told.tell(
        SetProgramPolicies(
            program=PROGRAM,
            at=NOON + minutes(50),
            policies=ProgramPolicies(),
            effective_from=NOON + minutes(50),
        )
    )
    for command in delivered("o-3", minute=60):
        told.tell(command)

    assert [one.days for one in told.all(InactivityLimitSet)] == [30, None]


def test_accounts_of_another_programme_are_not_limited_by_this_one() -> None:
    night = evolve(award("o-9", 5_00), program=ProgramId("night"))
    told = town(night, policies=RESTING)
    (earned,) = told.all(PointsEarned)

    assert told.all(InactivityLimitSet) == []
    assert limit_inactivity(earned, NOON, ProgramId("night"), told) == [
        LimitInactivity(program=ProgramId("night"), customer=ANNA, at=NOON, days=30)
    ]


def test_a_chain_of_merges_ends_at_one_account_also_for_what_went_before() -> None:
    chen = CustomerId("chen")
    told = town(*delivered(), join(NOON + minutes(50)))
    told.tell(evolve(join(NOON + minutes(51)), absorbed=BO, survivor=chen))

    assert taker(told, ANNA) == chen
    assert lot_of(told, ANNA, LotId("o-1")) == (chen, "o-1")
    assert lot_of(told, ANNA, LotId("o-7")) is None
    told.tell(evolve(close(NOON + minutes(52)), customer=chen))

    assert taker(told, ANNA) is None
    assert holder(told, ANNA, lambda _account: True) is None


def test_an_order_of_the_absorbed_is_paid_by_what_it_held_under_an_id_that_both_used() -> None:
    theirs = award("o-8", 300_00), reserve(5, reservation="hold"), release(reservation="hold")
    told = town(
        award("before", 300_00),
        reserve(300, reservation="hold"),
        *of_bo(*theirs),
        ONE_PERSON,
    )

    told.tell(evolve(PAID, at=LATE))
    told.tell(MarkDelivered(order=PAID.order, at=LATE))

    (spent,) = told.all(PointsRedeemed)
    assert (spent.customer, spent.reservation) == (BO, "merged/anna/hold")


def test_what_went_with_a_merge_pays_for_no_order_of_who_was_parted_from_it() -> None:
    told = town(award("before", 300_00), reserve(300, reservation="hold"), ONE_PERSON, TWO_PEOPLE)

    with pytest.raises(NothingHeld):
        told.tell(evolve(PAID, at=LATE))


def test_a_refund_takes_from_the_lot_of_its_order_whatever_that_is_called_by_now() -> None:
    theirs = evolve(award("o-1", 50_00), customer=BO)
    told = town(*delivered(), theirs, ONE_PERSON)

    told.tell(evolve(refund(40_00), at=LATE))

    (taken,) = told.all(PointsReversed)
    assert (taken.lot, taken.points) == (LotId("merged/anna/o-1"), 40)
