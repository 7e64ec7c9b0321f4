from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regulars.domain.rule_flaws import MOST_DAYS, spelled
from regulars.domain.tier_ladder import (
    MOST_MONTHS,
    Basis,
    Downgrade,
    Level,
    TierLadder,
    Window,
    ladder_flaw,
)
from tests.domain.story import NOON

LEVELS = (Level(tier="bronze", least=0), Level(tier="silver", least=100))
MIDNIGHT = datetime(2023, 12, 31, 16, tzinfo=UTC)
"""The beginning of 2024 in Shanghai."""

JANUARY = datetime(2025, 1, 31, 4, tzinfo=UTC)
NEXT = datetime(2024, 12, 31, 16, tzinfo=UTC)


def ladder(levels: tuple[Level, ...] = LEVELS, **told: Any) -> TierLadder:  # noqa: ANN401 - by name
    return TierLadder(levels=levels, **told)


def of_three(bronze: int, silver: int, gold: int) -> TierLadder:
    leasts = {"Bronze": bronze, "Silver": silver, "Gold": gold}
    return ladder(tuple(Level(tier=tier, least=least) for tier, least in leasts.items()))


@pytest.mark.parametrize(
    ("value", "tier"),
    [(99, None), (100, "Bronze"), (199, "Bronze"), (200, "Silver"), (299, "Silver"), (300, "Gold")],
)
def test_wt03_a_threshold_belongs_to_its_tier(value: int, tier: str | None) -> None:
    three = of_three(100, 200, 300)

    assert three.tier(three.reached(value)) == tier


@pytest.mark.parametrize(
    ("total", "current", "tier"),
    [
        (0, 6_000, "Bronze"),
        (0, 15_000, "Silver"),
        (0, 25_000, "Gold"),
        (4_000, 500, "Bronze"),
        (8_000, 3_000, "Silver"),
        (18_000, 3_000, "Gold"),
        (22_000, 5_000, "Gold"),
    ],
)
def test_wt04_the_present_spending_counts_with_what_was_spent_before(
    total: int, current: int, tier: str
) -> None:
    three = of_three(0, 10_000, 20_000)

    assert three.tier(three.reached(total + current)) == tier


@pytest.mark.parametrize(
    ("told", "start", "end"),
    [
        ({}, MIDNIGHT, NEXT),
        ({}, NOON, datetime(2025, 5, 17, 12, tzinfo=UTC)),
        (
            {"term_months": 1},
            datetime(2025, 1, 31, 4, tzinfo=UTC),
            datetime(2025, 2, 28, 4, tzinfo=UTC),
        ),
        ({"term_months": None}, NOON, None),
        ({"window": Window.CALENDAR_YEAR, "term_months": 0}, NOON, NEXT),
        ({"window": Window.CALENDAR_YEAR, "term_months": 0}, MIDNIGHT, NEXT),
        ({"window": Window.CALENDAR_YEAR, "term_months": 12}, MIDNIGHT, NEXT),
        (
            {"window": Window.CALENDAR_YEAR, "term_months": 12},
            NOON,
            datetime(2025, 12, 31, 16, tzinfo=UTC),
        ),
    ],
)
def test_a_term_ends_as_the_clocks_of_the_programme_have_it(
    told: dict[str, Any], start: datetime, end: datetime | None
) -> None:
    assert ladder(**told).term(start) == end


def test_a_window_is_told_by_what_lies_before_it() -> None:
    a_moment = timedelta(microseconds=1)

    assert ladder().counted_from(NOON, NOON) is None
    assert ladder(window=Window.ANNIVERSARY).counted_from(NOON, MIDNIGHT) == MIDNIGHT
    assert ladder(window=Window.ROLLING, days=1).counted_from(NOON, None) == NOON - timedelta(
        days=1
    )
    assert ladder(window=Window.CALENDAR_YEAR).counted_from(NOON, None) == MIDNIGHT - a_moment
    assert ladder(window=Window.CALENDAR_YEAR).counted_from(MIDNIGHT, None) == MIDNIGHT - a_moment


def test_a_tier_stands_as_high_as_its_level() -> None:
    three = of_three(100, 200, 300)

    assert [three.height(tier) for tier in (None, "Bronze", "Gold", "Platinum")] == [0, 1, 3, None]
    assert [three.tier(height) for height in (0, 1, 3)] == [None, "Bronze", "Gold"]


def test_a_grace_ends_as_the_clocks_of_the_programme_have_it() -> None:
    # At 20:00 of UTC it is the next morning in Shanghai, on the last day of the month.
    end = ladder(grace_months=1).grace(datetime(2025, 1, 30, 20, tzinfo=UTC))

    assert ladder(grace_months=1).grace(JANUARY) == datetime(2025, 2, 28, 4, tzinfo=UTC)
    assert (end, end.tzinfo) == (datetime(2025, 2, 27, 20, tzinfo=UTC), UTC)


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ({"levels": ()}, "levels"),
        ({"levels": (Level(tier=" ", least=0),)}, "levels[0].tier"),
        ({"levels": (LEVELS[0], Level(tier="bronze", least=1))}, "levels[1].tier"),
        ({"levels": (Level(tier="bronze", least=-1),)}, "levels[0].least"),
        ({"levels": (LEVELS[0], Level(tier="silver", least=0))}, "levels[1].least"),
        ({"days": 1}, "days"),
        ({"window": Window.ROLLING}, "days"),
        ({"window": Window.ROLLING, "days": MOST_DAYS + 1}, "days"),
        ({"basis": Basis.SPEND}, "currency"),
        ({"basis": Basis.SPEND, "currency": "yuan"}, "currency"),
        ({"currency": "CNY"}, "currency"),
        ({"term_months": 0}, "term_months"),
        ({"term_months": MOST_MONTHS + 1}, "term_months"),
        ({"window": Window.CALENDAR_YEAR, "term_months": -1}, "term_months"),
        ({"grace_months": -1}, "grace_months"),
        ({"grace_months": MOST_MONTHS + 1}, "grace_months"),
        ({"zone": "Nowhere"}, "zone"),
        ({"window": Window.ANNIVERSARY, "downgrade": Downgrade.IMMEDIATE}, "window"),
        ({"window": Window.ANNIVERSARY, "refunds_at_once": True}, "window"),
    ],
)
def test_a_flaw_of_a_ladder_is_told_by_its_place(told: dict[str, Any], place: str) -> None:
    found = ladder_flaw(ladder(**told))

    assert found is not None
    assert spelled(found.place) == place


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"term_months": None},
        {"term_months": 1},
        {"term_months": MOST_MONTHS, "grace_months": MOST_MONTHS},
        {"window": Window.ROLLING, "days": 1},
        {"window": Window.ROLLING, "days": MOST_DAYS},
        {"window": Window.CALENDAR_YEAR, "term_months": 0},
        {"basis": Basis.SPEND, "currency": "CNY", "window": Window.ANNIVERSARY},
    ],
)
def test_a_ladder_that_can_be_climbed_has_no_flaw(told: dict[str, Any]) -> None:
    assert ladder_flaw(ladder(**told)) is None
