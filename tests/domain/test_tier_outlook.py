"""What becomes of a tier if nothing more happens."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from regulars.domain.tier_ladder import Basis, Downgrade, TierLadder, Window
from regulars.domain.tier_outlook import Goal, Outlook, outlook
from tests.domain.fillings import ladders
from tests.domain.story import NOON
from tests.domain.test_tiers import A_DAY, THREE, Member, gains, ladder

YEAR = 365 * A_DAY


def ahead(anna: Member, at: datetime, then: datetime | None = None, balance: int = 0) -> Outlook:
    return outlook(anna.state, anna.asked(at), lambda _: balance, then)


def kinds(found: Outlook) -> list[str]:
    return [type(event).__name__ for event in found.events]


def test_what_is_lacking_is_told_for_the_tier_and_for_the_next() -> None:
    anna = Member(ladder(*THREE, window=Window.ROLLING, days=300))
    anna.earns(210, NOON)
    anna.earns(30, NOON + 200 * A_DAY)

    found = ahead(anna, NOON + 200 * A_DAY)

    assert (found.at, found.tier, kinds(found)) == (NOON + YEAR, None, ["TierDowngraded"])
    assert found.keep == Goal(
        tier="Silver", basis=Basis.EARNED, least=200, value=30, until=NOON + YEAR
    )
    assert found.reach == Goal(tier="Gold", basis=Basis.EARNED, least=300, value=240)
    assert found.keep is not None
    assert found.reach is not None
    assert (found.keep.lacking, found.reach.lacking) == (170, 60)


def test_a_tier_that_was_reached_again_is_kept_without_anything_lacking() -> None:
    anna = Member(ladder(*THREE))
    anna.earns(310, NOON)

    found = ahead(anna, NOON)

    assert (found.tier, kinds(found), found.reach) == ("Gold", ["TierRenewed"], None)
    assert found.keep is not None
    assert found.keep.lacking == 0


def test_who_has_no_tier_is_told_of_the_lowest() -> None:
    by = ladder(("Bronze", 200_00), basis=Basis.SPEND, currency="CNY")
    anna = Member(by)
    anna.earns(1, NOON, spend=150_00)

    found = ahead(anna, NOON)

    assert (found.at, found.tier, found.events, found.keep) == (NOON, None, (), None)
    assert found.reach == Goal(
        tier="Bronze", basis=Basis.SPEND, least=200_00, value=150_00, currency="CNY"
    )


def test_a_tier_is_followed_through_grace_and_loss_to_any_moment() -> None:
    anna = Member(
        ladder(*THREE, window=Window.ROLLING, days=30, grace_months=1, downgrade=Downgrade.ONE_DOWN)
    )
    anna.earns(210, NOON)

    found = ahead(anna, NOON, NOON + YEAR + 40 * A_DAY)

    assert (found.tier, kinds(found)) == ("Bronze", ["TierGraceStarted", "TierDowngraded"])
    assert ahead(anna, NOON, NOON + YEAR).tier == "Silver"


def test_in_the_grace_the_end_is_that_of_the_grace() -> None:
    anna = Member(ladder(*THREE, window=Window.ROLLING, days=30, grace_months=1))
    anna.earns(210, NOON)

    found = ahead(anna, NOON + YEAR + A_DAY)

    assert found.keep is not None
    assert found.keep.until == found.at == datetime.fromisoformat("2025-06-17T12:00:00+00:00")


@pytest.mark.parametrize(
    ("told", "kept_by"),
    [
        ({"downgrade": Downgrade.NONE}, False),
        ({"term_months": None}, False),
        ({"term_months": None, "downgrade": Downgrade.IMMEDIATE}, True),
    ],
    ids=["never lost", "for ever", "lost at once"],
)
def test_a_tier_that_no_end_threatens_asks_for_nothing(
    told: dict[str, Any],
    kept_by: bool,  # noqa: FBT001 - of the table
) -> None:
    anna = Member(ladder(*THREE, **told))
    anna.earns(210, NOON)

    keep = ahead(anna, NOON).keep

    assert (keep is not None) == kept_by
    assert keep is None or (keep.value, keep.until) == (210, None)


def test_a_balance_counts_as_it_will_be() -> None:
    anna = Member(ladder(*THREE, basis=Basis.BALANCE))
    anna.look(NOON, balance=210)

    found = outlook(anna.state, anna.asked(NOON), lambda at: 210 if at < NOON + A_DAY else 90, None)

    assert found.tier is None
    assert found.keep is not None
    assert (found.keep.value, found.keep.lacking) == (90, 110)


def test_a_term_is_judged_by_what_there_is_until_it_ends() -> None:
    anna = Member(ladder(*THREE, basis=Basis.BALANCE))
    anna.look(NOON, balance=210)

    found = outlook(anna.state, anna.asked(NOON), lambda at: 210 if at < NOON + YEAR else 90, None)

    assert found.at == NOON + YEAR
    assert found.keep is not None
    assert found.keep.value == 210


def test_a_tier_that_the_ladder_has_no_more_asks_for_nothing() -> None:
    anna = Member(ladder(*THREE))
    anna.earns(210, NOON)
    anna.publish(ladder(("Copper", 10)))

    found = ahead(anna, NOON)

    assert (found.tier, found.keep, found.reach) == ("Copper", None, None)


def test_without_a_ladder_there_is_nothing_to_tell() -> None:
    anna = Member(ladder(*THREE))
    anna.earns(210, NOON)
    anna.ladders.clear()

    assert ahead(anna, NOON) == Outlook(
        at=NOON + YEAR, tier="Silver", events=(), keep=None, reach=None
    )


def test_the_past_is_no_outlook_but_the_present_is() -> None:
    assert ahead(Member(ladder(*THREE)), NOON, NOON).at == NOON
    with pytest.raises(ValueError, match="lies before"):
        ahead(Member(ladder(*THREE)), NOON, NOON - timedelta(microseconds=1))


@given(ladders.filter(lambda one: one.basis is not Basis.BALANCE), gains)
def test_an_outlook_comes_true_if_nothing_more_happens(by: TierLadder, told: list[Any]) -> None:
    anna = Member(by)
    for points, day, _ in told:
        anna.earns(points, NOON + day * A_DAY)
    now = NOON + max(day for _, day, _ in told) * A_DAY
    found = ahead(anna, now)

    assert anna.at(found.at) == found.tier
    if found.keep is not None and not by.grace_months:
        is_held = (by.height(found.tier) or 0) >= (by.height(found.keep.tier) or 0)
        assert is_held == (found.keep.lacking == 0)
