"""The tables of a programme's file that say what points can be spent on, as rewards."""

from typing import Annotated

import msgspec

from regulars.adapters.program_rules import Moment, WrongRules, minor_units
from regulars.domain.reward_catalogue import PricedReward, RewardKind, catalogue_flaw
from regulars.domain.rule_flaws import Place
from regulars.domain.values import Money, OfferId, RewardId


class _Reward(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    kind: RewardKind
    points: int
    offer: str | None = None
    value: str | None = None
    currency: str | None = None

    def reward(self, place: Place) -> PricedReward:
        return PricedReward(
            reward=RewardId(self.id),
            kind=self.kind,
            points=self.points,
            value=self._worth(place),
            offer=None if self.offer is None else OfferId(self.offer),
        )

    def _worth(self, place: Place) -> Money | None:
        if self.value is None and self.currency is None:
            return None
        if self.value is None or self.currency is None:
            raise WrongRules(place, "needs both a value and a currency, or neither")
        minor = minor_units(self.value, (*place, "value"), self.currency)
        return Money(minor=minor, currency=self.currency)


class Rewards(msgspec.Struct, forbid_unknown_fields=True):
    """A table `[[catalogue]]`: a version of the catalogue."""

    rewards: Annotated[list[_Reward], msgspec.Meta(min_length=1)]
    effective_from: Moment | None = None

    def catalogue(self) -> tuple[PricedReward, ...]:
        """
        The rewards that the table says.

        Raises:
            WrongRules: they cannot be; the place is one in this table.
        """
        told = tuple(one.reward(("rewards", at)) for at, one in enumerate(self.rewards))
        found = catalogue_flaw(told)
        if found is not None:
            raise WrongRules(found.place, found.why)
        return told
