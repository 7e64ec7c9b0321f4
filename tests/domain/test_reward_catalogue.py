import pytest
from attrs import evolve

from regulars.domain.reward_catalogue import (
    MOST_PRICE,
    PricedReward,
    PublishRewards,
    RewardKind,
    RewardsPublished,
    catalogue_flaw,
    publish,
)
from regulars.domain.rule_flaws import spelled
from regulars.domain.values import MOST_MINOR, Money, OfferId, RewardId
from tests.domain.chronicle import PROGRAM
from tests.domain.story import NOON

MUG = PricedReward(reward=RewardId("mug"), kind=RewardKind.GIFT, points=200)
TEA = PricedReward(
    reward=RewardId("tea"), kind=RewardKind.DISH, points=30, offer=OfferId("free-tea")
)
CASH = PricedReward(
    reward=RewardId("cash"),
    kind=RewardKind.CASH,
    points=1,
    value=Money(minor=2_00, currency="CNY"),
)


def test_a_catalogue_that_points_can_be_spent_by_has_no_flaw() -> None:
    dollars = evolve(CASH, reward=RewardId("usd"), value=Money(minor=30, currency="USD"))

    assert catalogue_flaw([]) is None
    assert catalogue_flaw([MUG, TEA, CASH, dollars, evolve(MUG, reward=RewardId("2"))]) is None


@pytest.mark.parametrize("minor", [1, MOST_MINOR])
@pytest.mark.parametrize("points", [1, MOST_PRICE])
def test_a_price_and_a_worth_may_go_as_far_as_their_bounds(points: int, minor: int) -> None:
    worth = Money(minor=minor, currency="CNY")

    assert catalogue_flaw([evolve(MUG, points=points, value=worth)]) is None


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        (evolve(MUG, reward=RewardId(" ")), "id"),
        (evolve(MUG, points=0), "points"),
        (evolve(MUG, points=MOST_PRICE + 1), "points"),
        (evolve(MUG, offer=OfferId("spring")), "offer"),
        (evolve(TEA, offer=None), "offer"),
        (evolve(CASH, value=None), "value"),
        (evolve(CASH, value=Money(minor=0, currency="CNY")), "value"),
        (evolve(MUG, value=Money(minor=MOST_MINOR + 1, currency="CNY")), "value"),
        (evolve(MUG, value=Money(minor=1, currency="yuan")), "currency"),
        (evolve(MUG, reward=TEA.reward), "id"),
        (evolve(CASH, reward=RewardId("more"), points=2), "value"),
    ],
)
def test_a_reward_that_cannot_be_spent_on_is_told_by_its_place(
    wrong: PricedReward, place: str
) -> None:
    found = catalogue_flaw([TEA, CASH, wrong])

    assert found is not None
    assert spelled(found.place) == f"rewards[2].{place}"


def test_a_catalogue_tells_what_it_has() -> None:
    published = RewardsPublished(program=PROGRAM, version=1, rewards=(MUG, CASH))

    assert published.reward(MUG.reward) == MUG
    assert published.reward(TEA.reward) is None
    assert published.cash("CNY") == CASH
    assert published.cash("USD") is None


def test_a_catalogue_is_published_once_and_its_versions_count_up() -> None:
    command = PublishRewards(program=PROGRAM, at=NOON, rewards=(MUG,))
    dearer = evolve(command, rewards=(evolve(MUG, points=300),))
    later = evolve(command, effective_from=NOON)
    told: list[RewardsPublished] = []
    for one in (command, command, dearer, dearer, later, later, dearer, command):
        told += publish(one, told)

    assert [(one.version, one.rewards[0].points, one.effective_from) for one in told] == [
        (1, 200, None),
        (2, 300, None),
        (3, 200, NOON),
        (4, 200, None),
    ]
