"""The catalogue of a programme: what points can be spent on, and for how many."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import Final

from attrs import frozen

from regulars.domain.publication import latest
from regulars.domain.rule_flaws import Flaw, Place
from regulars.domain.values import MOST_MINOR, Money, OfferId, ProgramId, RewardId, is_currency

MOST_PRICE: Final = 10**9
"""The most points that one reward costs."""


class RewardKind(Enum):
    """
    What a customer has of a reward.

    A `DISH` is a coupon for items of a merchant, free with the next order that uses it, and a
    `COUPON` one of any offer. `CASH` is money of exactly its value, also as payment of an order.
    A `GIFT` is handed over and a `DONATION` made by the host.
    """

    DISH = "dish"
    COUPON = "coupon"
    GIFT = "gift"
    CASH = "cash"
    DONATION = "donation"


_COUPONS: Final = (RewardKind.DISH, RewardKind.COUPON)


@frozen(kw_only=True)
class PricedReward:
    """A reward for exactly so many points; `value` is what one is worth, `offer` whose coupon."""

    reward: RewardId
    kind: RewardKind
    points: int
    value: Money | None = None
    offer: OfferId | None = None


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class RewardsPublished:
    """From `effective_from` on points are spent on these rewards; None means since ever."""

    program: ProgramId
    version: int
    rewards: tuple[PricedReward, ...]
    effective_from: datetime | None = None

    def reward(self, reward: RewardId) -> PricedReward | None:
        """The reward of that id; None if the catalogue has none."""
        return next((one for one in self.rewards if one.reward == reward), None)

    def cash(self, currency: str) -> PricedReward | None:
        """What points are worth in a currency; None if the catalogue does not say."""
        return next((one for one in self.rewards if _cash(one) == currency), None)


def _cash(one: PricedReward) -> str | None:
    is_cash = one.kind is RewardKind.CASH
    return one.value.currency if is_cash and one.value is not None else None


@frozen(kw_only=True)
class PublishRewards:
    """Let points be spent on these rewards, and no others, from `effective_from` on."""

    program: ProgramId
    at: datetime
    rewards: tuple[PricedReward, ...]
    effective_from: datetime | None = None


def publish(
    command: PublishRewards, before: Sequence[RewardsPublished]
) -> Sequence[RewardsPublished]:
    """The catalogue to record; nothing if it is the latest of its moment already."""
    known = latest(before, command.effective_from)
    if known is not None and known.rewards == command.rewards:
        return []
    return [
        RewardsPublished(
            program=command.program,
            version=len(before) + 1,
            rewards=command.rewards,
            effective_from=command.effective_from,
        )
    ]


def catalogue_flaw(rewards: Sequence[PricedReward]) -> Flaw | None:
    """The first flaw of a catalogue; None if points can be spent by it."""
    found = next(_flaws(rewards), None)
    return None if found is None else Flaw(place=("rewards", *found[0]), why=found[1])


def _flaws(rewards: Sequence[PricedReward]) -> Iterator[tuple[Place, str]]:
    ids = set[RewardId]()
    currencies = set[str | None]([None])
    for place, one in enumerate(rewards):
        yield from (((place, *inner), why) for inner, why in _flaws_of(one))
        if one.reward in ids:
            yield (place, "id"), "is that of another reward"
        ids.add(one.reward)
        currency = _cash(one)
        if currency is not None and currency in currencies:
            yield (place, "value"), "is told twice: points have one worth in a currency"
        currencies.add(currency)


def _flaws_of(one: PricedReward) -> Iterator[tuple[Place, str]]:
    if not one.reward.strip():
        yield ("id",), "is blank"
    if not 1 <= one.points <= MOST_PRICE:
        yield ("points",), f"must be from 1 to {MOST_PRICE}"
    if (one.offer is not None) != (one.kind in _COUPONS):
        yield ("offer",), "is what a dish or a coupon needs, and nothing else has"
    if one.value is None:
        if one.kind is RewardKind.CASH:
            yield ("value",), "is what cash needs"
        return
    if not is_currency(one.value.currency):
        yield ("currency",), "is no currency code such as USD"
    if not 1 <= one.value.minor <= MOST_MINOR:
        yield ("value",), f"must be from 1 to {MOST_MINOR} minor units"
