"""What is told of a tier in full: since when, until when, and by what it was counted."""

from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from regulars.domain.tier_ladder import A_MOMENT, Basis, Downgrade, TierLadder, Window
from regulars.domain.tiers import (
    Assessment,
    Evidence,
    TierDowngraded,
    TierEntered,
    TierGraceStarted,
    TierRenewed,
    TierUpgraded,
    lose,
)
from regulars.domain.values import LotId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.story import NOON
from tests.domain.test_tiers import A_DAY, THREE, Member, ladder

OF: dict[str, Any] = {"program": PROGRAM, "customer": ANNA}
YEAR = 365 * A_DAY
NEXT = NOON + YEAR


def rolling(days: int, **told: Any) -> TierLadder:  # noqa: ANN401 - by name
    return ladder(*THREE, window=Window.ROLLING, days=days, **told)


def counted(at: datetime, days: int, *values: int) -> Assessment:
    """By the first ladder, what the lots came to that began within so many days."""
    return Assessment(
        ladder=1,
        basis=Basis.EARNED,
        at=at,
        value=sum(values),
        since=at - days * A_DAY,
        evidence=tuple(
            Evidence(lot=LotId(f"o-{number}"), value=value) for number, value in enumerate(values)
        ),
    )


def test_a_tier_that_is_won_twice_and_lost_after_its_grace_is_told_in_full() -> None:
    anna = Member(rolling(30, grace_months=1))
    later = NOON + A_DAY
    end, over = later + YEAR, datetime(2025, 6, 18, 12, tzinfo=UTC)

    anna.earns(150, NOON)
    anna.earns(100, later)
    anna.look(end)
    anna.look(over)

    assert anna.told == [
        TierEntered(
            **OF,
            tier="Bronze",
            valid_from=NOON,
            valid_to=NEXT,
            assessment=counted(NOON, 30, 150),
        ),
        TierUpgraded(
            **OF,
            left="Bronze",
            tier="Silver",
            valid_from=later,
            valid_to=end,
            assessment=counted(later, 30, 150, 100),
        ),
        TierGraceStarted(
            **OF,
            tier="Silver",
            valid_from=end,
            until=over,
            assessment=counted(end - A_MOMENT, 30),
        ),
        TierDowngraded(
            **OF,
            left="Silver",
            tier=None,
            valid_from=over,
            valid_to=None,
            assessment=counted(over - A_MOMENT, 30),
        ),
    ]


def test_a_tier_that_is_held_for_another_term_is_told_in_full() -> None:
    anna = Member(rolling(400, grace_months=1))
    anna.earns(150, NOON)

    anna.look(NEXT)

    assert anna.told[1:] == [
        TierRenewed(
            **OF,
            tier="Bronze",
            valid_from=NEXT,
            valid_to=NEXT + YEAR,
            assessment=counted(NEXT - A_MOMENT, 400, 150),
        )
    ]


def test_a_lower_ladder_lifts_at_the_end_of_a_term() -> None:
    anna = Member(rolling(400))
    anna.earns(150, NOON)
    anna.publish(ladder(("Bronze", 10), ("Silver", 150)))

    anna.look(NEXT)

    assert anna.told[1:] == [
        TierUpgraded(
            **OF,
            left="Bronze",
            tier="Silver",
            valid_from=NEXT,
            valid_to=NEXT + YEAR,
            assessment=evolve(counted(NEXT - A_MOMENT, 0, 150), ladder=2, since=None),
        )
    ]


def test_a_tier_that_is_lost_at_once_gives_way_to_the_one_that_is_reached() -> None:
    anna = Member(rolling(30, downgrade=Downgrade.IMMEDIATE))
    anna.earns(150, NOON)
    anna.earns(100, NOON + A_DAY)

    month = NOON + 30 * A_DAY
    anna.look(month)

    (lost,) = anna.told[2:]
    assert isinstance(lost, TierDowngraded)
    assert (lost.left, lost.tier) == ("Silver", "Bronze")
    assert (lost.valid_from, lost.valid_to) == (month, month + YEAR)
    assert lost.assessment.evidence == (Evidence(lot=LotId("o-1"), value=100),)


def test_what_is_earned_at_the_end_of_a_term_counts_for_the_next() -> None:
    anna = Member(rolling(30))
    anna.earns(150, NOON)

    anna.earns(150, NEXT)

    assert anna.kinds() == ["TierEntered", "TierDowngraded", "TierEntered"]


def test_a_tier_after_a_grace_has_a_grace_of_its_own_again() -> None:
    anna = Member(rolling(30, grace_months=1, downgrade=Downgrade.ONE_DOWN))
    anna.earns(300, NOON)

    anna.look(NOON + 1_200 * A_DAY)

    assert anna.kinds() == [
        "TierEntered",
        *("TierGraceStarted", "TierDowngraded"),
        *("TierGraceStarted", "TierDowngraded"),
        *("TierGraceStarted", "TierDowngraded"),
    ]


def test_money_counts_as_far_as_it_stayed_paid() -> None:
    spent = ladder(("Bronze", 100_00), basis=Basis.SPEND, currency="CNY", refunds_at_once=True)
    anna = Member(spent)

    assert anna.earns(1, NOON, spend=100_00) == "Bronze"
    assert anna.loses("o-0", 0, NOON + A_DAY) is None


def test_a_refund_takes_no_tier_at_once_unless_the_ladder_says_so() -> None:
    anna = Member(ladder(*THREE, refunds_at_once=True))
    anna.earns(100, NOON)
    lose(anna.state, LotId("o-0"), NOON, 100, 0)

    assert anna.look(NOON + A_DAY) == "Bronze"
    assert anna.look(NOON + A_DAY, refunded=True) is None
