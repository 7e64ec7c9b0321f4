"""
The budget of a campaign: how much it grants in all and to each customer, and what is left.

Its campaign decides who may be granted anything (`regulars.domain.campaign`).
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Final, TypeAlias, assert_never
from zoneinfo import ZoneInfo

from attrs import define, frozen

from regulars.domain.caps import Cap, Taken, left
from regulars.domain.empty import empty
from regulars.domain.holdout import Variant
from regulars.domain.validity import is_zone
from regulars.domain.values import (
    MOST_MINOR,
    CampaignId,
    CustomerId,
    GrantId,
    OfferId,
    ProgramId,
    Refusal,
)


class Cut(Enum):
    """What becomes of a grant that is larger than what is left: a part of it, or nothing."""

    PARTIAL = "partial"
    ALL_OR_NOTHING = "all_or_nothing"


@frozen(kw_only=True)
class Budget:
    """
    At most `total` in all and `per_customer` to each; None is no limit.

    `caps` say how much within a day, a week or a month, of the calendar of `zone`, which has to be
    told with them.
    The unit is the campaign's own: minor units of money, points, or coupons.
    """

    total: int | None = None
    per_customer: int | None = None
    cut: Cut = Cut.PARTIAL
    caps: tuple[Cap, ...] = ()
    zone: str = ""


UNLIMITED: Final = Budget()
"""A budget that gives whatever is asked for."""


def is_possible(budget: Budget) -> bool:
    """Whether a budget is one: each cap has a limit, and each limit and the zone can be."""
    limits = [budget.total, budget.per_customer]
    for cap in budget.caps:
        limits += [cap.total, cap.per_customer, cap.times]
        if (cap.total, cap.per_customer, cap.times) == (None, None, None):
            return False
    has_zone = is_zone(budget.zone) or not (budget.caps or budget.zone)
    return has_zone and all(0 <= (limit or 0) <= MOST_MINOR for limit in limits)


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class BudgetConsumed:
    """
    The campaign grants `amount` of the `desired`, which is less where the budget cut it.

    `offer` is the one that a coupon is issued of, under the id of the grant. `on` is the day that
    it counts for in the zone of the budget, None where that has none, and `limit` names the limit
    that cut it, as `total` or `times_week`, None if none did.
    """

    program: ProgramId
    campaign: CampaignId
    grant: GrantId
    customer: CustomerId
    desired: int
    amount: int
    variant: str
    offer: OfferId | None = None
    on: date | None = None
    limit: str | None = None


@frozen(kw_only=True)
class BudgetExhausted:
    """Nothing of the budget is left."""

    program: ProgramId
    campaign: CampaignId


@frozen(kw_only=True)
class BudgetRestored:
    """A grant was cancelled: `amount` is back in the budget. `offer` as in its `BudgetConsumed`."""

    program: ProgramId
    campaign: CampaignId
    grant: GrantId
    customer: CustomerId
    amount: int
    offer: OfferId | None = None


Event: TypeAlias = BudgetConsumed | BudgetExhausted | BudgetRestored


@define
class Pool:
    """
    What was granted of a budget, and not cancelled. `cancelled` ids stay taken.

    `days` has what each customer got on each day, and (None) all of them together.
    """

    grants: dict[GrantId, BudgetConsumed] = empty(dict[GrantId, BudgetConsumed])
    cancelled: set[GrantId] = empty(set[GrantId])
    used: int = 0
    used_by: dict[CustomerId, int] = empty(dict[CustomerId, int])
    days: dict[tuple[CustomerId | None, date], Taken] = empty(
        dict[tuple[CustomerId | None, date], Taken]
    )


def fold(state: Pool, event: Event) -> None:
    """Record in `state` what happened."""
    match event:
        case BudgetConsumed():
            state.grants[event.grant] = event
            _count(state, event, 1)
        case BudgetRestored():
            state.cancelled.add(event.grant)
            _count(state, state.grants[event.grant], -1)
        case BudgetExhausted():
            pass
        case _:
            assert_never(event)


def _count(state: Pool, grant: BudgetConsumed, by: int) -> None:
    customer, amount = grant.customer, by * grant.amount
    state.used += amount
    state.used_by[customer] = state.used_by.get(customer, 0) + amount
    if grant.on is not None and amount:
        for whose in (customer, None):
            taken = state.days.setdefault((whose, grant.on), Taken())
            taken.amount += amount
            taken.times += by


@frozen(kw_only=True)
class GrantBenefit:
    """
    Give a customer `amount` of the budget, under an id of its own.

    Where the variant has an offer, a coupon of it is issued; who is left alone gets nothing.
    `tier` is the one that the customer has then, for a campaign whose audience asks for one. All
    ids of the `person` are told where it is decided.
    """

    program: ProgramId
    campaign: CampaignId
    at: datetime
    grant: GrantId
    customer: CustomerId
    amount: int
    tier: str | None = None
    person: tuple[CustomerId, ...] = ()


@frozen(kw_only=True)
class CancelGrant:
    """Take a grant back: the budget has it again, and its coupon no longer counts."""

    program: ProgramId
    campaign: CampaignId
    at: datetime
    grant: GrantId


Command: TypeAlias = GrantBenefit | CancelGrant


@frozen(kw_only=True)
class HeldOut(Refusal):
    """The customer is one of those who are left alone for comparison."""

    campaign: CampaignId

    def __str__(self) -> str:
        return f"campaign {self.campaign}: the customer is held out"


@frozen(kw_only=True)
class GrantDiffers(Refusal):
    """The id is that of another grant: for somebody else, of another amount, or none at all."""

    campaign: CampaignId
    grant: GrantId

    def __str__(self) -> str:
        return f"campaign {self.campaign}: grant {self.grant} is another one"


@frozen(kw_only=True)
class ImpossibleGrant(Refusal):
    """A grant is of something, and at most of `MOST_MINOR` units."""

    campaign: CampaignId
    amount: int

    def __str__(self) -> str:
        return f"campaign {self.campaign} cannot grant {self.amount}"


def repeat(command: GrantBenefit, state: Pool) -> Sequence[Event]:
    """
    Nothing, for a grant whose id was used before.

    Raises:
        GrantDiffers: it was another grant.
    """
    before = state.grants[command.grant]
    if (before.customer, before.desired) == (command.customer, command.amount):
        return []
    raise GrantDiffers(campaign=command.campaign, grant=command.grant)


def grant(command: GrantBenefit, state: Pool, budget: Budget, variant: Variant) -> Sequence[Event]:
    """
    What the budget gives of a grant, which is nothing where nothing is left.

    Raises:
        ImpossibleGrant: the amount is not above zero, or above `MOST_MINOR`.
    """
    if not 0 < command.amount <= MOST_MINOR:
        raise ImpossibleGrant(campaign=command.campaign, amount=command.amount)
    on = command.at.astimezone(ZoneInfo(budget.zone)).date() if budget.zone else None
    rest, limit = min(_left(budget, state, command, on), default=(command.amount, None))
    amount = min(rest, command.amount)
    if amount == command.amount:
        limit = None
    elif budget.cut is Cut.ALL_OR_NOTHING:
        amount = 0
    consumed = BudgetConsumed(
        program=command.program,
        campaign=command.campaign,
        grant=command.grant,
        customer=command.customer,
        desired=command.amount,
        amount=amount,
        variant=variant.name,
        offer=variant.offer,
        on=on,
        limit=limit,
    )
    if not amount or budget.total != state.used + amount:
        return [consumed]
    return [consumed, BudgetExhausted(program=command.program, campaign=command.campaign)]


def _left(
    budget: Budget, state: Pool, command: GrantBenefit, on: date | None
) -> Iterator[tuple[int, str]]:
    """
    What each limit leaves to the person, with a name for the limit.

    Customers who were merged may have had more than that together, and owe nothing for it.
    """
    ids = frozenset((command.customer, *command.person))
    if budget.total is not None:
        yield budget.total - state.used, "total"
    if budget.per_customer is not None:
        used = sum(state.used_by.get(one, 0) for one in ids)
        yield max(0, budget.per_customer - used), "per_customer"
    if on is not None:
        for cap in budget.caps:
            yield from left(cap, state.days, ids, on)


def cancel(command: CancelGrant, state: Pool) -> Sequence[Event]:
    """
    What a grant gave goes back into the budget; nothing if it did already.

    Raises:
        GrantDiffers: there was no such grant.
    """
    before = state.grants.get(command.grant)
    if before is None:
        raise GrantDiffers(campaign=command.campaign, grant=command.grant)
    if command.grant in state.cancelled:
        return []
    return [
        BudgetRestored(
            program=command.program,
            campaign=command.campaign,
            grant=command.grant,
            customer=before.customer,
            amount=before.amount,
            offer=before.offer,
        )
    ]
