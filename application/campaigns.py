"""Campaigns: how they stand at a moment, and what came of them."""

from collections import Counter
from datetime import datetime
from fractions import Fraction
from typing import Final, cast

from attrs import Factory, define, frozen

from regulars.application.aggregates import campaign_stream
from regulars.application.crm import Crm
from regulars.application.events import Event, moment
from regulars.domain import campaign
from regulars.domain.budget import BudgetConsumed
from regulars.domain.campaign import Campaign, CampaignEnded, CustomerAssigned, UnknownCampaign
from regulars.domain.campaign_plan import Phase, Plan
from regulars.domain.campaign_result import Arm, CampaignResult
from regulars.domain.order import OrderCancelled
from regulars.domain.purchase import OrderPlaced
from regulars.domain.values import CampaignId, CustomerId, OrderId, ProgramId

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


@define
class _Told:
    """What was recorded of a campaign by a moment."""

    state: Campaign = Factory(Campaign)
    variants: dict[CustomerId, tuple[str | None, datetime]] = Factory(
        dict[CustomerId, tuple[str | None, datetime]]
    )
    ended_at: datetime | None = None
    cut: int = 0


class Campaigns:
    """The campaigns of one core, by what is in its log, at any moment."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def status(self, program: ProgramId, campaign_id: CampaignId, at: datetime) -> CampaignStatus:
        """
        How a campaign stands at a moment, by all that had occurred by then.

        Raises:
            UnknownCampaign: it was not drafted by then.
            ValueError: the moment has no time zone.
        """
        told, plan = self._told(program, campaign_id, at)
        assigned: dict[str | None, int] = {}
        for variant, _ in told.variants.values():
            assigned[variant] = assigned.get(variant, 0) + 1
        pool = told.state.pool
        return CampaignStatus(
            program=program,
            campaign=campaign_id,
            plan=plan,
            phase=told.state.phase_at(at),
            assigned=assigned,
            granted=pool.used,
            grants=sum(
                one.amount > 0 for one in pool.grants.values() if one.grant not in pool.cancelled
            ),
            cut=told.cut,
        )

    def result(
        self,
        program: ProgramId,
        campaign_id: CampaignId,
        at: datetime,
        *,
        margin: Fraction,
        cost: Fraction | None = None,
    ) -> CampaignResult:
        """
        What a campaign had brought by a moment, by all that had occurred by then.

        Orders count that a customer placed from their assignment on and before the campaign ended,
        and that were not cancelled. `margin` is that of one order. Without a `cost` it is what the
        grants gave, in the unit of the budget. Costs a pass over the orders of the log.

        Raises:
            UnknownCampaign: it was not drafted by then.
            ValueError: the moment has no time zone.
        """
        told, plan = self._told(program, campaign_id, at)
        ends = [one for one in (plan.ends_at, told.ended_at) if one is not None]
        placed = self._placed(told, min(ends, default=None), at)
        sides = {True: Arm(), False: Arm()}
        for customer, (variant, _) in told.variants.items():
            side, orders = sides[variant is not None], placed.get(customer, 0)
            sides[variant is not None] = Arm(
                customers=side.customers + 1,
                buyers=side.buyers + (orders > 0),
                orders=side.orders + orders,
            )
        return CampaignResult(
            treated=sides[True],
            held_out=sides[False],
            cost=Fraction(told.state.pool.used) if cost is None else cost,
            margin=margin,
        )

    def _told(
        self, program: ProgramId, campaign_id: CampaignId, at: datetime
    ) -> tuple[_Told, Plan]:
        told = _Told()
        recorded = self._crm.events(stream=campaign_stream(program, campaign_id), occurred_by=at)
        for one in recorded:
            event, when = cast("campaign.Event", one.event), moment(one.occurred_at)
            campaign.fold(told.state, event, when)
            match event:
                case CustomerAssigned():
                    told.variants[event.customer] = (event.variant, when)
                case CampaignEnded():
                    told.ended_at = when
                case BudgetConsumed():
                    told.cut += event.amount < event.desired
                case _:
                    pass
        if told.state.plan is None:
            raise UnknownCampaign(campaign=campaign_id)
        return told, told.state.plan

    def _placed(self, told: _Told, end: datetime | None, at: datetime) -> Counter[CustomerId]:
        """How many orders count of each customer."""
        placed: dict[OrderId, CustomerId] = {}
        for one in self._crm.events(types=_ORDERS, occurred_by=at):
            if isinstance(one.event, OrderCancelled):
                placed.pop(one.event.order, None)
            elif isinstance(one.event, OrderPlaced) and one.event.customer in told.variants:
                when = moment(one.occurred_at)
                if told.variants[one.event.customer][1] <= when and (end is None or when < end):
                    placed[one.event.order] = one.event.customer
        return Counter(placed.values())
