"""A claim: points for a reward of the catalogue, at the price that it has at that moment."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from attrs import frozen

from regulars.domain.discounts import CouponOf
from regulars.domain.names import REWARD, named
from regulars.domain.offer import Offer, UnknownOffer
from regulars.domain.offer_terms import Kind
from regulars.domain.program import Program
from regulars.domain.redemption import RedeemPoints, RedemptionDiffers
from regulars.domain.reward import Reward
from regulars.domain.reward_catalogue import PricedReward, RewardKind, RewardsPublished
from regulars.domain.told_ids import ToldIds
from regulars.domain.values import (
    CouponId,
    CustomerId,
    Money,
    OfferId,
    ProgramId,
    RedemptionId,
    Refusal,
    RewardId,
)


@frozen(kw_only=True)
class ClaimReward:
    """Spend points on `units` of a reward, under a redemption id of its own."""

    program: ProgramId
    customer: CustomerId
    at: datetime
    redemption: RedemptionId
    reward: RewardId
    units: int = 1


Command: TypeAlias = ClaimReward


@frozen(kw_only=True)
class UnknownReward(Refusal):
    """The catalogue in force has no such reward."""

    reward: RewardId

    def __str__(self) -> str:
        return f"reward {self.reward} is not in the catalogue"


@frozen(kw_only=True)
class ImpossibleUnits(Refusal):
    """Of a reward one is claimed at least, and of a dish or a coupon exactly one."""

    reward: RewardId
    units: int

    def __str__(self) -> str:
        return f"{self.units} of reward {self.reward} cannot be claimed at once"


@frozen(kw_only=True)
class NoDish(Refusal):
    """A dish is a coupon of an offer of free items, at the merchants that its scope names."""

    reward: RewardId
    offer: OfferId

    def __str__(self) -> str:
        return f"reward {self.reward}: offer {self.offer} gives no free item of a merchant"


def is_repeat(command: ClaimReward, told: ToldIds) -> bool:
    """
    Whether just this was claimed before, at whatever price.

    Raises:
        RedemptionDiffers: something else was spent under this id.
    """
    known = told.redemptions.get(command.redemption)
    if known is None:
        return False
    claimed = None if known.catalogue is None or known.reward is None else known.reward.id
    if (claimed, known.units) != (command.reward, command.units):
        raise RedemptionDiffers(redemption=command.redemption)
    return True


def priced(
    command: ClaimReward, program: Program, offer: Callable[[OfferId], Offer]
) -> RedeemPoints:
    """
    What a claim asks of the account: to spend exactly the price.

    Raises:
        UnknownReward: nothing of that id is in the catalogue in force.
        ImpossibleUnits: no such number of it can be claimed.
        UnknownOffer: the offer of a dish was never defined.
        NoDish: it gives something else.
    """
    published = program.rewards_at(command.at)
    found = None if published is None else published.reward(command.reward)
    if published is None or found is None:
        raise UnknownReward(reward=command.reward)
    if command.units < 1 or (found.offer is not None and command.units > 1):
        raise ImpossibleUnits(reward=command.reward, units=command.units)
    if found.kind is RewardKind.DISH and found.offer is not None:
        _require_dish(command.reward, found.offer, offer(found.offer))
    return _redeeming(command, published, found, program)


def _redeeming(
    command: ClaimReward, published: RewardsPublished, found: PricedReward, program: Program
) -> RedeemPoints:
    worth = found.value
    if worth is not None:
        worth = Money(minor=worth.minor * command.units, currency=worth.currency)
    return RedeemPoints(
        program=command.program,
        customer=command.customer,
        at=command.at,
        redemption=command.redemption,
        points=found.points * command.units,
        reward=Reward(kind=found.kind.value, id=found.reward, value=worth),
        spend=program.policies_at(command.at).spend_order,
        units=command.units,
        catalogue=published.version,
        brings=_brings(command, found.offer),
    )


def _brings(command: ClaimReward, offer: OfferId | None) -> tuple[CouponOf, ...]:
    if offer is None:
        return ()
    coupon = CouponId(named(REWARD, command.customer, command.redemption))
    return (CouponOf(program=command.program, offer=offer, coupon=coupon),)


def _require_dish(reward: RewardId, offer_id: OfferId, offer: Offer) -> None:
    if offer.defined is None:
        raise UnknownOffer(offer=offer_id)
    terms = offer.defined.terms
    if terms.kind is not Kind.FREE_ITEM or not terms.scope.merchants:
        raise NoDish(reward=reward, offer=offer_id)
