"""The state of a loyalty account: its lots, what is held, what is owed, and what refunds need."""

from datetime import datetime
from typing import Final

from attrs import Factory, define, frozen

from regulars.domain.discounts import CouponOf
from regulars.domain.empty import empty
from regulars.domain.holding import Reservation
from regulars.domain.idleness import Idleness
from regulars.domain.lots import Allocation, Lots
from regulars.domain.merged_account import Came
from regulars.domain.occasions import NEWCOMER, Standing
from regulars.domain.patronage import Patronage
from regulars.domain.tiers import TierStanding
from regulars.domain.told_ids import ToldIds
from regulars.domain.told_occasions import ToldOccasions
from regulars.domain.values import (
    BEGINNING,
    CustomerId,
    LotId,
    ProgramId,
    RedemptionId,
    RefundId,
    Refusal,
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
    brings: tuple[CouponOf, ...] = ()


@define
class Totals:
    """
    What became of an account's points, all in all, since it was opened.

    `transferred` is what came from other accounts less what went there, merges included, and
    `adjusted` what persons put in less what they took out. `reversed` is what refunds took,
    `redeemed` what was spent and did not come back, `forfeited` what went when it was closed.
    """

    opened_at: datetime | None = None
    earned: int = 0
    migrated: int = 0
    transferred: int = 0
    adjusted: int = 0
    reversed: int = 0
    expired: int = 0
    redeemed: int = 0
    forfeited: int = 0


@define
class Account:
    """
    The state of one loyalty account, written by `fold` of `regulars.domain.loyalty` alone.

    `as_of` is the latest moment of its events: no decision is dated before it. `told` are the
    ids of what it was told, also of what is over. `came` tells what came with accounts that were
    merged into this one, also if it is not here any more. `successors` are the accounts that this
    one was merged into, one after another, and `merged_into` the one that it is merged into now;
    `went` are the lots that went there.
    """

    program: ProgramId = _NO_PROGRAM
    customer: CustomerId = _NOBODY
    opened: bool = False
    closed: bool = False
    as_of: datetime = BEGINNING
    debt: int = 0
    lots: Lots = Factory(Lots)
    awards: dict[LotId, Award] = empty(dict[LotId, Award])
    refunds: set[tuple[LotId, RefundId]] = empty(set[tuple[LotId, RefundId]])
    held: dict[ReservationId, Reservation] = empty(dict[ReservationId, Reservation])
    redemptions: dict[RedemptionId, Redemption] = empty(dict[RedemptionId, Redemption])
    patronage: Patronage = Factory(Patronage)
    occasions: ToldOccasions = Factory(ToldOccasions)
    tier: TierStanding = Factory(TierStanding)
    totals: Totals = Factory(Totals)
    idleness: Idleness = Factory(Idleness)
    told: ToldIds = Factory(ToldIds)
    merged_into: CustomerId | None = None
    successors: list[CustomerId] = empty(list[CustomerId])
    went: set[LotId] = empty(set[LotId])
    came: Came = Factory(Came)


@frozen(kw_only=True)
class NoAccount(Refusal):
    """The customer has no account in the programme."""

    customer: CustomerId

    def __str__(self) -> str:
        return f"customer {self.customer} has no loyalty account in this programme"


@frozen(kw_only=True)
class AccountClosed(Refusal):
    """The account was closed, for good."""

    customer: CustomerId

    def __str__(self) -> str:
        return f"the loyalty account of customer {self.customer} is closed"


@frozen(kw_only=True)
class AccountMerged(Refusal):
    """The account was merged into that of another customer, who is the one to name instead."""

    customer: CustomerId
    into: CustomerId

    def __str__(self) -> str:
        return (
            f"the loyalty account of customer {self.customer} was merged into that of"
            f" {self.into}: name that one instead"
        )


def require_open(state: Account) -> None:
    """
    Refuse what is to change an account whose life is over.

    Raises:
        AccountClosed: it was closed.
        AccountMerged: it was merged into another, and names whose.
    """
    if state.closed:
        raise AccountClosed(customer=state.customer)
    if state.merged_into is not None:
        raise AccountMerged(customer=state.customer, into=state.merged_into)
