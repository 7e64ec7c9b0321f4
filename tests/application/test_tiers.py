"""Tiers asked for: which, why, what becomes of them and what they bring, as of any moment."""

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from regulars.application.tiers import (
    Because,
    Counted,
    OrderBenefits,
    Privileges,
    ProjectedTier,
    TierAt,
    TierBenefits,
    TierHeld,
)
from regulars.domain.benefits import offered
from regulars.domain.order import MarkDelivered
from regulars.domain.program import (
    DefineProgram,
    PublishEarningRules,
    PublishTierBenefits,
    PublishTierLadder,
)
from regulars.domain.purchase import PlaceOrder
from regulars.domain.refund import IssueRefund
from regulars.domain.tier_ladder import Basis, Level, TierLadder
from regulars.domain.tier_outlook import Goal
from regulars.domain.tiers import Assessment, Evidence
from regulars.domain.values import BEGINNING, CustomerId, LotId, OrderId, RefundId
from tests.application.histories import tell
from tests.application.memory_crm import Parts, memory_core
from tests.domain.chronicle import PROGRAM, Command
from tests.domain.examples import ANNA, PLACE, giving
from tests.domain.story import NOON
from tests.domain.test_benefits import DELIVERY, FIRST

A_DAY = timedelta(days=1)
YEAR = 365 * A_DAY
LADDER = TierLadder(
    levels=(Level(tier="silver", least=100), Level(tier="gold", least=250)), grace_months=1
)
NOBODY = CustomerId("nobody")


def bought(number: int, at: datetime, customer: CustomerId | None = ANNA) -> list[Command]:
    """An order of ¥100, delivered at once."""
    order = OrderId(f"o-{number}")
    return [
        evolve(PLACE, order=order, at=at, customer=customer),
        MarkDelivered(order=order, at=at),
    ]


def club(*more: Command) -> Parts:
    """Anna is silver from Noon on, by two orders, of which a part of one went back."""
    return tell(
        memory_core(),
        [
            DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars"),
            PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=giving(1)),
            PublishTierLadder(program=PROGRAM, at=BEGINNING, ladder=LADDER),
            PublishTierBenefits(program=PROGRAM, at=BEGINNING, benefits=(DELIVERY, FIRST)),
            *bought(1, NOON),
            *bought(2, NOON + A_DAY),
            IssueRefund(
                order=OrderId("o-2"), at=NOON + A_DAY, refund=RefundId("r-1"), amount=60_00
            ),
            *more,
        ],
    )


def test_a_tier_is_told_with_its_evidence() -> None:
    town = club()
    entered = next(one for one in town.events() if type(one.event).__name__ == "TierEntered")
    earned = next(one for one in town.events() if type(one.event).__name__ == "PointsEarned")

    assert town.crm.ask(TierAt(customer=ANNA), as_of=NOON + 2 * A_DAY) == TierHeld(
        program=PROGRAM,
        customer=ANNA,
        at=NOON + 2 * A_DAY,
        tier="silver",
        since=NOON,
        ends=NOON + YEAR,
        because=Because(
            currency=None,
            what="TierEntered",
            position=entered.position,
            least=100,
            assessment=Assessment(
                ladder=1,
                basis=Basis.EARNED,
                at=NOON,
                value=100,
                evidence=(Evidence(lot=LotId("o-1"), value=100),),
            ),
            evidence=(Counted(lot=LotId("o-1"), value=100, events=(earned.position,)),),
        ),
    )


def test_a_term_that_ended_counts_before_anybody_records_it() -> None:
    town = club()
    positions = [
        one.position
        for one in town.events()
        if type(one.event).__name__ in {"PointsEarned", "PointsReversed"}
    ]

    found = town.crm.ask(TierAt(customer=ANNA), as_of=NOON + YEAR)

    assert (found.tier, found.since) == ("silver", NOON + YEAR)
    assert found.because is not None
    assert (found.because.what, found.because.position) == ("TierRenewed", None)
    assert [one.events for one in found.because.evidence] == [
        (positions[0],),
        (positions[1], positions[2]),
    ]
    assert [one.value for one in found.because.evidence] == [100, 40]


def test_a_tier_in_grace_is_held_to_its_end() -> None:
    strict = evolve(LADDER, levels=(Level(tier="silver", least=300),))
    town = club(
        PublishTierLadder(program=PROGRAM, at=NOON + 2 * A_DAY, ladder=strict),
        *bought(3, NOON + YEAR + A_DAY),
        *bought(4, NOON + 2 * YEAR),
    )

    grace = town.crm.ask(TierAt(customer=ANNA), as_of=NOON + YEAR + A_DAY)
    after = town.crm.ask(TierAt(customer=ANNA), as_of=NOON + 2 * YEAR)

    assert (grace.tier, grace.in_grace) == ("silver", True)
    assert grace.ends == datetime.fromisoformat("2025-06-17T12:00:00+00:00")
    assert grace.because is not None
    assert (grace.because.what, grace.because.least) == ("TierGraceStarted", 300)
    assert (after.tier, after.in_grace) == ("silver", False)


def test_a_tier_that_was_lost_is_none_with_a_reason() -> None:
    strict = TierLadder(levels=(Level(tier="silver", least=300),))
    town = club(PublishTierLadder(program=PROGRAM, at=NOON + 2 * A_DAY, ladder=strict))

    found = town.crm.ask(TierAt(customer=ANNA))

    assert (found.tier, found.since, found.ends) == (None, NOON + YEAR, None)
    assert found.because is not None
    assert (found.because.least, found.because.assessment.ladder) == (None, 2)
    assert found.because.assessment.value == 140


def test_who_never_had_a_tier_has_none_and_no_reason() -> None:
    town = club()

    found = town.crm.ask(TierAt(customer=NOBODY), as_of=NOON)

    assert found == TierHeld(program=PROGRAM, customer=NOBODY, at=NOON)
    assert town.crm.ask(TierAt(customer=ANNA), as_of=NOON - A_DAY).tier is None


def test_a_tier_as_of_a_position_is_that_of_its_moment() -> None:
    town = club()
    entered = next(one for one in town.events() if type(one.event).__name__ == "TierEntered")

    held = [
        town.crm.ask(TierAt(customer=ANNA), as_of=entered.position + more).tier for more in (-1, 0)
    ]

    assert held == [None, "silver"]


def test_an_outlook_tells_what_is_lacking() -> None:
    town = club()

    found = town.crm.ask(ProjectedTier(customer=ANNA), as_of=NOON + 2 * A_DAY)

    assert (found.at, found.tier) == (NOON + YEAR, "silver")
    assert found.keep == Goal(
        tier="silver", basis=Basis.EARNED, least=100, value=140, until=NOON + YEAR
    )
    assert found.reach == Goal(tier="gold", basis=Basis.EARNED, least=250, value=140)
    with pytest.raises(ValueError, match="lies before"):
        town.crm.ask(ProjectedTier(customer=ANNA, at=NOON), as_of=NOON + A_DAY)


def test_an_order_has_the_benefits_of_the_tier_at_which_it_was_placed() -> None:
    late = evolve(PLACE, order=OrderId("late"), at=NOON + YEAR)
    unknown: PlaceOrder = evolve(PLACE, order=OrderId("unknown"), customer=None, at=NOON)
    town = club(*bought(3, NOON + 3 * A_DAY), *bought(4, NOON + 4 * A_DAY), late, unknown)
    gold = Privileges(
        tier="gold",
        benefits=(DELIVERY, FIRST),
        offered=offered([DELIVERY]),
        first=True,
    )

    orders = ("o-4", "late", "unknown", "never placed")
    assert [town.crm.ask(OrderBenefits(order=OrderId(one))) for one in orders] == [
        gold,
        gold,
        Privileges(tier=None),
        Privileges(tier=None),
    ]
    assert town.crm.ask(OrderBenefits(order=OrderId("o-1"))).tier == "silver"
    assert town.crm.ask(OrderBenefits(order=OrderId("o-1"))).benefits == ()
    assert town.crm.ask(TierBenefits(customer=ANNA), as_of=NOON + 5 * A_DAY) == gold
