"""The state of a loyalty account: its lots, what is held, what is owed, and what refunds need."""

from datetime import datetime
from typing import Final

from attrs import Factory, define

from regulars.domain.holding import Reservation
from regulars.domain.lots import Allocation, Lots
from regulars.domain.occasions import NEWCOMER, Standing
from regulars.domain.patronage import Patronage
from regulars.domain.tiers import TierStanding
from regulars.domain.told_occasions import ToldOccasions
from regulars.domain.values import (
    BEGINNING,
    CustomerId,
    LotId,
    ProgramId,
    RedemptionId,
    RefundId,
    ReservationId,
)

_NO_PROGRAM: Final = ProgramId("")
_NOBODY: Final = CustomerId("")


@define
class Award:
    """
    What is kept of one award, and what a refund is judged by.

    `amount` is what the rules looked at when it was made, `remaining` what of it the refunds
    left, in minor units; `exact_numerator / exact_denominator` the points before rounding.
    `written_off` is what refunds should have taken and forgave.
    """

    kept: int
    amount: int = 0
    remaining: int = 0
    written_off: int = 0
    exact_numerator: int = 0
    exact_denominator: int = 1
    rules_version: int | None = None
    standing: Standing = NEWCOMER


@define
class Redemption:
    """What was spent at once, in the order of spending, and how much of it came back."""

    points: int
    allocations: tuple[Allocation, ...]
    restored: int = 0
    reservation: ReservationId | None = None


@define
class Totals:
    """
    What became of an account's points, all in all, since it was opened.

    `reversed` is what refunds took, `redeemed` what was spent and did not come back.
    """

    opened_at: datetime | None = None
    earned: int = 0
    reversed: int = 0
    expired: int = 0
    redeemed: int = 0


@define
class Account:
    """
    The state of one loyalty account, written by `fold` of `regulars.domain.loyalty` alone.

    `as_of` is the latest moment of its events: no decision is dated before it. `reserved` tells
    how many points each reservation was for, those of `held` and those that are over.
    """

    program: ProgramId = _NO_PROGRAM
    customer: CustomerId = _NOBODY
    opened: bool = False
    closed: bool = False
    as_of: datetime = BEGINNING
    debt: int = 0
    lots: Lots = Factory(Lots)
    awards: dict[LotId, Award] = Factory(dict[LotId, Award])
    refunds: set[tuple[LotId, RefundId]] = Factory(set[tuple[LotId, RefundId]])
    held: dict[ReservationId, Reservation] = Factory(dict[ReservationId, Reservation])
    reserved: dict[ReservationId, int] = Factory(dict[ReservationId, int])
    redemptions: dict[RedemptionId, Redemption] = Factory(dict[RedemptionId, Redemption])
    patronage: Patronage = Factory(Patronage)
    occasions: ToldOccasions = Factory(ToldOccasions)
    tier: TierStanding = Factory(TierStanding)
    totals: Totals = Factory(Totals)
