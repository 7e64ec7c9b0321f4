"""
What holds of a core whatever it was told: laws to check after any history of a service's own.

Each raises `AssertionError` with what it saw.
"""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Final

from attrs import frozen

from regulars.application.balances import Balance, ExpirySchedule, PointsBalance
from regulars.application.crm import Crm
from regulars.application.events import moment
from regulars.application.explaining import ExplainBalance
from regulars.application.liability import Liability
from regulars.application.postings import PointsLedger
from regulars.application.questions import Look, Question
from regulars.domain.coupon import CouponRedeemed, CouponRestored
from regulars.domain.discounts import CouponOf
from regulars.domain.lots import NEVER
from regulars.domain.loyalty import LoyaltyAccountOpened
from regulars.domain.refund import RefundIssued
from regulars.domain.validity import midnight
from regulars.domain.values import CustomerId, OrderId, ProgramId

_DEFAULT: Final = ProgramId("default")
_A_YEAR: Final = timedelta(days=365)


def check_laws(crm: Crm) -> None:
    """
    Check every law of this module, over all that was recorded.

    It reads the whole log several times: for once in a while, and for the end of a history.
    """
    last = moment(max((one.occurred_at for one in crm.events()), default=0))
    for program, customers in accounts(crm).items():
        for customer in customers:
            points_add_up(crm, customer, program)
        for at in (last, last + _A_YEAR):
            a_programme_owes_what_its_customers_have(crm, at.date(), program)
    refunds_pay_back_what_was_paid(crm)
    a_coupon_counts_for_one_order(crm)
    views_are_what_the_log_adds_up_to(crm)


def accounts(crm: Crm) -> dict[ProgramId, list[CustomerId]]:
    """Whose accounts there are, by programme."""
    found = defaultdict[ProgramId, list[CustomerId]](list)
    for one in crm.events(types={LoyaltyAccountOpened}):
        if isinstance(one.event, LoyaltyAccountOpened):
            found[one.event.program].append(one.event.customer)
    return dict(found)


def points_add_up(crm: Crm, customer: CustomerId, program: ProgramId = _DEFAULT) -> None:
    """
    An account has what was posted to it, to the point, and its lots explain all of it.

    Nothing of it is below 0, and nobody has points to spend while they owe some.
    """
    held = crm.ask(PointsBalance(customer=customer, program=program))
    postings = crm.ask(PointsLedger(customer=customer, program=program))
    if held is None:
        assert not postings
        return
    assert min(held.available, held.pending, held.reserved, held.debt) >= 0
    assert not (held.available and held.debt)
    assert held.balance == held.available + held.pending + held.reserved - held.debt
    assert held.balance == _told(held)
    assert [one.balance for one in postings] == [*accumulate(one.points for one in postings)]
    assert held.balance == sum(one.points for one in postings)
    schedule = crm.ask(ExpirySchedule(customer=customer, program=program))
    assert sum(one.points for one in schedule) <= held.available
    explained = crm.ask(ExplainBalance(customer=customer, program=program))
    assert (explained.available, explained.pending, explained.held, explained.debt) == (
        held.available,
        held.pending,
        held.reserved,
        held.debt,
    )


def _told(held: Balance) -> int:
    came = held.earned + held.migrated + held.transferred + held.adjusted
    return came - held.reversed - held.expired - held.redeemed - held.forfeited


def a_programme_owes_what_its_customers_have(
    crm: Crm, on: date, program: ProgramId = _DEFAULT
) -> None:
    """What a programme owes at the end of any day is the sum of all balances as of then."""
    end = crm.ask(_EndOfDay(on=on, program=program))
    held = [
        crm.ask(PointsBalance(customer=customer, program=program), as_of=end)
        for customer in accounts(crm).get(program, ())
    ]
    owed = crm.ask(Liability(on=on, program=program))
    found = [one for one in held if one is not None]
    assert (owed.available, owed.pending, owed.reserved, owed.debt) == (
        sum(one.available for one in found),
        sum(one.pending for one in found),
        sum(one.reserved for one in found),
        sum(one.debt for one in found),
    )


@frozen(kw_only=True)
class _EndOfDay(Question[datetime]):
    """The last instant of a day on the clocks of a programme."""

    on: date
    program: ProgramId

    def answer(self, look: Look) -> datetime:
        zone = look.program(self.program).policies_at(NEVER).expiry.zone
        return midnight(self.on + timedelta(days=1), zone) - timedelta.resolution


def refunds_pay_back_what_was_paid(crm: Crm) -> None:
    """The goods of an order are paid back at most once, in however many refunds."""
    back = Counter[OrderId]()
    for one in crm.events(types={RefundIssued}):
        event = one.event
        if isinstance(event, RefundIssued):
            back[event.order] += event.goods
            assert event.amount == event.goods + event.goodwill
            assert event.goods_refunded == back[event.order] <= event.total


def a_coupon_counts_for_one_order(crm: Crm) -> None:
    """A coupon that an order used is used by no other, unless the order was cancelled."""
    used: dict[CouponOf, OrderId] = {}
    for one in crm.events(types={CouponRedeemed, CouponRestored}):
        event = one.event
        if isinstance(event, CouponRedeemed | CouponRestored):
            coupon = CouponOf(program=event.program, offer=event.offer, coupon=event.coupon)
            assert used.setdefault(coupon, event.order) == event.order
            if isinstance(event, CouponRestored):
                del used[coupon]


def views_are_what_the_log_adds_up_to(crm: Crm) -> None:
    """Every view, snapshot and version is what a replay of the log makes of it."""
    verdict = crm.verify()
    assert verdict.sound, verdict
