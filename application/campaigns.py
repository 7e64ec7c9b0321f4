"""Campaigns: how they stand at a moment, and what came of them."""

from collections import Counter
from datetime import datetime
from fractions import Fraction
from typing import Final

from attrs import Factory, define, frozen

from regulars.application.aggregates import CAMPAIGN, campaign_stream
from regulars.application.events import Event, moment
from regulars.application.questions import Look, Question
from regulars.domain.campaign import Campaign, CampaignEnded, CustomerAssigned, UnknownCampaign
from regulars.domain.campaign_plan import Phase, Plan
from regulars.domain.campaign_result import Arm, CampaignResult
from regulars.domain.empty import empty
from regulars.domain.order import OrderCancelled
from regulars.domain.purchase import OrderPlaced
from regulars.domain.values import CampaignId, CustomerId, OrderId, ProgramId

_DEFAULT: Final = ProgramId("default")
_ORDERS: Final[frozenset[type[Event]]] = frozenset({OrderPlaced, OrderCancelled})


@frozen(kw_only=True)
class CampaignStatus:
    """
    A campaign at a moment. `assigned` counts customers by variant, None for those left alone.

    `granted` is what its grants gave that stand, in the unit of its budget, `grants` how many that
    is, and `cut` how many of all got less than was asked for. `left` is None without a total.
    """

    program: ProgramId
    campaign: CampaignId
    plan: Plan
    phase: Phase
    assigned: dict[str | None, int]
    granted: int
    grants: int
    cut: int

    @property
    def left(self) -> int | None:
        """What is left of the budget."""
        total = self.plan.budget.total
        return None if total is None else total - self.granted


@frozen(kw_only=True)
class CampaignStanding(Question[CampaignStatus]):
    """
    How a campaign stands.

    Raises:
        UnknownCampaign: it was not drafted by then.
    """

    campaign: CampaignId
    program: ProgramId = _DEFAULT

    def answer(self, look: Look) -> CampaignStatus:
        """Where it is in its life, whom it has, and what is left of its budget."""
        told, plan = _told(look, self.program, self.campaign)
        pool = told.state.pool
        stand = [one for one in pool.grants.values() if one.grant not in pool.cancelled]
        return CampaignStatus(
            program=self.program,
            campaign=self.campaign,
            plan=plan,
            phase=told.state.phase_at(look.at),
            assigned=dict(Counter(variant for variant, _ in told.variants.values())),
            granted=pool.used,
            grants=sum(one.amount > 0 for one in stand),
            cut=sum(one.amount < one.desired for one in pool.grants.values()),
        )


@frozen(kw_only=True)
class CampaignOutcome(Question[CampaignResult]):
    """
    What a campaign brought: those it assigned to be treated against those it left alone.

    Whoever was assigned counts, also who was granted nothing. Orders count that a customer placed
    from their assignment on and before the campaign ended, and that were not cancelled. `margin`
    is that of one order. Without a `cost` it is what the grants gave, in the unit of the budget.
    Costs a pass over the orders of the log.

    Raises:
        UnknownCampaign: it was not drafted by then.
    """

    campaign: CampaignId
    margin: Fraction
    cost: Fraction | None = None
    program: ProgramId = _DEFAULT

    def answer(self, look: Look) -> CampaignResult:
        """The result, by all that is told of the campaign and of orders."""
        told, _ = _told(look, self.program, self.campaign)
        placed = _placed(told, look)
        sides = {True: Arm(), False: Arm()}
        for customer, (variant, _) in told.variants.items():
            side, orders = sides[variant is not None], placed.get(customer, 0)
            sides[variant is not None] = Arm(
                customers=side.customers + 1,
                buyers=side.buyers + (orders > 0),
                orders=side.orders + orders,
            )
        pool = told.state.pool
        granted = {
            one.customer
            for one in pool.grants.values()
            if one.amount and one.grant not in pool.cancelled
        }
        return CampaignResult(
            treated=sides[True],
            granted=len(granted),
            held_out=sides[False],
            cost=Fraction(pool.used) if self.cost is None else self.cost,
            margin=self.margin,
        )


@define
class _Told:
    """What is told of a campaign; it is over from `ends` on, if that is known."""

    state: Campaign = Factory(Campaign)
    variants: dict[CustomerId, tuple[str | None, datetime]] = empty(
        dict[CustomerId, tuple[str | None, datetime]]
    )
    ends: datetime | None = None


def _told(look: Look, program: ProgramId, campaign: CampaignId) -> tuple[_Told, Plan]:
    told = _Told()
    for one in look.events(campaign_stream(program, campaign)):
        when = moment(one.occurred_at)
        CAMPAIGN.hindsight(told.state, one.event, when)
        if isinstance(one.event, CustomerAssigned):
            told.variants[one.event.customer] = (one.event.variant, when)
        elif isinstance(one.event, CampaignEnded):
            told.ends = when
    plan = told.state.plan
    if plan is None:
        raise UnknownCampaign(campaign=campaign)
    told.ends = min((one for one in (told.ends, plan.ends_at) if one is not None), default=None)
    return told, plan


def _placed(told: _Told, look: Look) -> Counter[CustomerId]:
    """How many orders count of each customer."""
    placed: dict[OrderId, CustomerId] = {}
    cancelled = set[OrderId]()
    for one in look.everywhere(_ORDERS):
        if isinstance(one.event, OrderCancelled):
            cancelled.add(one.event.order)
        elif isinstance(one.event, OrderPlaced) and one.event.customer is not None:
            assigned = told.variants.get(one.event.customer)
            when = moment(one.occurred_at)
            if assigned is None or when < assigned[1]:
                continue
            if told.ends is None or when < told.ends:
                placed[one.event.order] = one.event.customer
    return Counter(customer for order, customer in placed.items() if order not in cancelled)
