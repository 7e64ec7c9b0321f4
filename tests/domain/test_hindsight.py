"""An account and an offer as of moments of the past, whatever was recorded late."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.domain import hindsight
from regulars.domain.account import Account
from regulars.domain.budget import BudgetRestored
from regulars.domain.campaign import Campaign
from regulars.domain.due import AccountBalance, balance
from regulars.domain.holding import PointsReservationReleased
from regulars.domain.lots import Allocation, PointsActivated, PointsDebtSettled, PointsExpired
from regulars.domain.loyalty import Command, Event, RecordDuePoints
from regulars.domain.offer import Offer
from regulars.domain.reversal import PointsReversed
from regulars.domain.values import LotId, RefundId, ReservationId
from tests.domain.account_histories import lives
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.points import award, redeem, refunded
from tests.domain.story import NOON, AccountStory, account_story, campaign_story, offer_story
from tests.domain.test_campaign import CANCEL, DRAFT, GRANT, LAUNCH
from tests.domain.test_offer import DEFINE, ISSUE, REVOKE

HOUR = timedelta(hours=1)


def told(commands: Sequence[Command]) -> AccountStory:
    story = account_story()
    for command in commands:
        story.attempt(command)
    return story


def as_of(when: datetime, story: AccountStory) -> Account:
    state = Account()
    for at, event in zip(story.moments, story.told, strict=True):
        if at <= when:
            hindsight.fold_account(state, event, at)
    return state


def taken_back(lot: str, points: int, *, written_off: int = 0) -> PointsReversed:
    """The refund of an order of which nothing is kept."""
    return PointsReversed(
        program=PROGRAM,
        customer=ANNA,
        lot=LotId(lot),
        refund=RefundId("r-1"),
        points=points,
        remaining=0,
        kept=0,
        written_off=written_off,
    )


def held(available: int, debt: int = 0) -> AccountBalance:
    return AccountBalance(available=available, pending=0, reserved=0, debt=debt)


@settings(max_examples=60)
@given(lives())
def test_of_an_account_of_which_all_is_told_hindsight_is_no_other(
    commands: tuple[Command, ...],
) -> None:
    story = told(commands)

    assert as_of(max(story.moments, default=NOON), story) == story.state


@settings(max_examples=60)
@given(lives(), st.integers(-10, 200))
def test_as_of_any_moment_an_account_owes_or_has_but_never_both(
    commands: tuple[Command, ...], hours: int
) -> None:
    when = NOON + hours * HOUR
    state = as_of(when, told(commands))

    then = balance(state, max(when, state.as_of))
    assert min(then.available, then.pending, then.reserved, then.debt) >= 0
    assert not (then.available and then.debt)
    assert all(0 <= lot.left <= lot.points for lot in state.lots.known.values())


def test_a_refund_that_is_told_late_takes_what_was_there_at_its_own_moment() -> None:
    commands: list[Command] = [
        award("o-1", 10_00),
        redeem(6, NOON + 4 * HOUR),
        refunded("o-1", 0, NOON + 2 * HOUR, price=10_00),
    ]
    story = told(commands)

    balances = [balance(as_of(at, story), at) for at in (NOON + n * HOUR for n in (0, 2, 4))]

    assert balances == [held(10), held(0), held(0, debt=6)]


def test_what_is_earned_pays_what_is_owed_at_once_though_it_is_told_late() -> None:
    commands: list[Command] = [
        award("o-1", 10_00),
        redeem(10),
        refunded("o-1", 0, NOON + HOUR, price=10_00),
        award("o-2", 1_00, NOON + 8 * HOUR),
        award("o-3", 30_00, NOON + 2 * HOUR),
    ]
    story = told(commands)

    balances = [balance(as_of(at, story), at) for at in (NOON + n * HOUR for n in (1, 2, 8))]

    assert balances == [held(0, debt=10), held(20), held(21)]


def test_a_refund_before_its_delivery_is_owed_until_then() -> None:
    commands: list[Command] = [
        award("o-1", 10_00, NOON + HOUR),
        refunded("o-1", 0, NOON, price=10_00),
    ]
    story = told(commands)

    balances = [balance(as_of(at, story), at) for at in (NOON, NOON + HOUR)]

    assert balances == [held(0, debt=10), held(0)]


def test_what_falls_due_of_what_is_not_there_yet_changes_nothing() -> None:
    lot, state = LotId("o-9"), Account()
    early: list[Event] = [
        PointsActivated(program=PROGRAM, customer=ANNA, lot=lot, points=5, activated_at=NOON),
        PointsExpired(program=PROGRAM, customer=ANNA, lot=lot, points=5, expired_at=NOON),
        PointsReservationReleased(
            program=PROGRAM,
            customer=ANNA,
            reservation=ReservationId("h-9"),
            points=5,
            allocations=(),
            released_at=NOON,
        ),
    ]

    for event in early:
        hindsight.fold_account(state, event, NOON)

    assert state == Account()


def test_of_a_coupon_that_was_not_issued_yet_nothing_is_told() -> None:
    early = evolve(REVOKE, at=NOON - HOUR)
    story, then = offer_story().given(DEFINE, ISSUE, early), Offer()

    for event in (story.told[0], story.told[2]):
        hindsight.fold_offer(then, event, NOON)

    assert then == offer_story().given(DEFINE).state
    for event in story.told[1:]:
        hindsight.fold_offer(then, event, NOON)
    assert then == story.state


def test_refunds_before_their_deliveries_are_owed_together_but_for_what_they_forgave() -> None:
    state, early = Account(), taken_back("o-1", 10, written_off=3)

    for event in (early, taken_back("o-2", 5)):
        hindsight.fold_account(state, event, NOON)

    assert (state.debt, state.totals.reversed) == (12, 12)


def test_a_refund_owes_what_it_took_of_lots_that_came_later() -> None:
    story = told(
        [
            award("o-1", 10_00),
            redeem(10),
            award("o-2", 4_00, NOON + 4 * HOUR),
            refunded("o-1", 0, NOON + 2 * HOUR, price=10_00),
        ]
    )

    balances = [balance(as_of(at, story), at) for at in (NOON + n * HOUR for n in (2, 4))]

    assert balances == [held(0, debt=10), held(0, debt=6)]


def test_what_expired_before_its_refund_is_not_owed() -> None:
    story = told([award("o-1", 10_00, expires_at=NOON + HOUR), refunded("o-1", 0, NOON + 2 * HOUR)])

    then = as_of(NOON + 2 * HOUR, story)

    assert balance(then, NOON + 2 * HOUR) == held(0)


def test_of_a_lot_that_paid_a_debt_at_once_only_the_rest_expires() -> None:
    soon = NOON + 3 * HOUR
    story = told(
        [
            award("o-1", 10_00),
            redeem(10),
            award("o-2", 20_00, NOON + 6 * HOUR),
            refunded("o-1", 0, NOON + 2 * HOUR, price=10_00),
            award("o-3", 20_00, NOON + 2 * HOUR, expires_at=soon),
            RecordDuePoints(program=PROGRAM, customer=ANNA, at=NOON + 7 * HOUR),
        ]
    )

    then = as_of(soon, story)

    assert (balance(then, soon), then.totals.expired) == (held(0), 10)


def test_points_that_wait_pay_what_is_owed_once_they_can_be_used_and_no_more() -> None:
    waiting = [award("a", 6_00, pending=True), award("b", 4_00, pending=True)]
    story, state = told(waiting), Account()
    for event in (taken_back("o-9", 8), *story.told):
        hindsight.fold_account(state, event, NOON)
    assert (state.debt, state.lots.pending) == (8, 10)

    for lot, points in (("a", 6), ("b", 4)):
        active = PointsActivated(
            program=PROGRAM, customer=ANNA, lot=LotId(lot), points=points, activated_at=NOON
        )
        hindsight.fold_account(state, active, NOON)
    paid = tuple(Allocation(lot=LotId(lot), points=points) for lot, points in (("a", 6), ("b", 4)))
    settled = PointsDebtSettled(
        program=PROGRAM, customer=ANNA, points=10, allocations=paid, settled_at=NOON
    )
    hindsight.fold_account(state, settled, NOON)

    assert balance(state, NOON) == held(2)


def test_points_that_are_past_as_they_come_pay_nothing() -> None:
    story, state = told([award("o-1", 4_00, expires_at=NOON)]), Account()

    for event in (taken_back("o-9", 10), *story.told):
        hindsight.fold_account(state, event, NOON)

    assert balance(state, NOON) == held(0, debt=10)


def test_of_a_grant_that_was_not_made_yet_nothing_is_told() -> None:
    story, then = campaign_story().given(DRAFT, LAUNCH, GRANT, CANCEL), Campaign()
    made = [event for event in story.told if not isinstance(event, BudgetRestored)]
    (back,) = (event for event in story.told if isinstance(event, BudgetRestored))

    hindsight.fold_campaign(then, back, NOON)
    assert then == Campaign()
    for event in (*made, back):
        hindsight.fold_campaign(then, event, NOON)
    assert then == story.state
