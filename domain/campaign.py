"""
A campaign: whom it treats, whom it leaves alone for comparison, and what it grants.

It is drafted and launched, runs within its time, is paused and resumed, and ended. It decides and
records; nothing is sent.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias, assert_never

from attrs import Factory, define, frozen

from regulars.domain import budget
from regulars.domain.budget import CancelGrant, GrantBenefit, HeldOut, Pool
from regulars.domain.campaign_plan import Phase, Plan, plan_flaw
from regulars.domain.codes import require_code
from regulars.domain.empty import empty
from regulars.domain.holdout import Variant, variant_of
from regulars.domain.values import CampaignId, CustomerId, ProgramId, Refusal


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class CampaignDrafted:
    """A campaign is planned; another draft takes the place of this one until it is launched."""

    program: ProgramId
    campaign: CampaignId
    plan: Plan


@frozen(kw_only=True)
class CampaignLaunched:
    """The plan is fixed, and customers are assigned and granted from now on."""

    program: ProgramId
    campaign: CampaignId


@frozen(kw_only=True)
class CampaignPaused:
    """Nobody is assigned or granted anything until it is resumed."""

    program: ProgramId
    campaign: CampaignId
    reason: str | None = None


@frozen(kw_only=True)
class CampaignResumed:
    """It goes on after a pause."""

    program: ProgramId
    campaign: CampaignId


@frozen(kw_only=True)
class CampaignEnded:
    """Over for good."""

    program: ProgramId
    campaign: CampaignId
    reason: str | None = None


@frozen(kw_only=True)
class CustomerAssigned:
    """The customer belongs to a variant, or to those who are left alone (`variant` None)."""

    program: ProgramId
    campaign: CampaignId
    customer: CustomerId
    variant: str | None = None


Event: TypeAlias = (
    CampaignDrafted
    | CampaignLaunched
    | CampaignPaused
    | CampaignResumed
    | CampaignEnded
    | CustomerAssigned
    | budget.Event
)


@define
class Campaign:
    """
    The state of one campaign, written by `fold` alone. `assigned` are known to it.

    `phase` is what was recorded last. Whether it runs at a moment, `phase_at` tells.
    """

    plan: Plan | None = None
    phase: Phase = Phase.NONE
    assigned: set[CustomerId] = empty(set[CustomerId])
    pool: Pool = Factory(Pool)

    def phase_at(self, at: datetime) -> Phase:
        """Where it is in its life at a moment: nothing has to run for it to begin or to end."""
        if self.plan is None or self.phase in {Phase.DRAFT, Phase.ENDED}:
            return self.phase
        phase = self.plan.phase(at)
        return self.phase if phase is Phase.RUNNING else phase


def fold(state: Campaign, event: Event, at: datetime) -> None:  # noqa: ARG001 - one shape for all folds
    """Record in `state` what happened."""
    match event:
        case CampaignDrafted():
            state.plan = event.plan
            state.phase = Phase.DRAFT
        case CampaignLaunched() | CampaignResumed():
            state.phase = Phase.RUNNING
        case CampaignPaused():
            state.phase = Phase.PAUSED
        case CampaignEnded():
            state.phase = Phase.ENDED
        case CustomerAssigned():
            state.assigned.add(event.customer)
        case _:
            budget.fold(state.pool, event)


@frozen(kw_only=True)
class DraftCampaign:
    """Plan a campaign, or plan it otherwise before it is launched."""

    program: ProgramId
    campaign: CampaignId
    at: datetime
    plan: Plan


@frozen(kw_only=True)
class LaunchCampaign:
    """Fix the plan. What `starts_at` says still holds."""

    program: ProgramId
    campaign: CampaignId
    at: datetime


@frozen(kw_only=True)
class PauseCampaign:
    """Grant nothing until it is resumed. `reason` is a code."""

    program: ProgramId
    campaign: CampaignId
    at: datetime
    reason: str | None = None


@frozen(kw_only=True)
class ResumeCampaign:
    """Go on after a pause."""

    program: ProgramId
    campaign: CampaignId
    at: datetime


@frozen(kw_only=True)
class EndCampaign:
    """Stop it for good. `reason` is a code."""

    program: ProgramId
    campaign: CampaignId
    at: datetime
    reason: str | None = None


@frozen(kw_only=True)
class AssignCustomer:
    """
    Tell to which variant a customer of the audience belongs, or that they are left alone.

    `tier` is the one that the customer has then, for a campaign whose audience asks for one.
    """

    program: ProgramId
    campaign: CampaignId
    at: datetime
    customer: CustomerId
    tier: str | None = None


Command: TypeAlias = (
    DraftCampaign
    | LaunchCampaign
    | PauseCampaign
    | ResumeCampaign
    | EndCampaign
    | AssignCustomer
    | budget.Command
)


@frozen(kw_only=True)
class UnknownCampaign(Refusal):
    """No campaign was drafted under this id."""

    campaign: CampaignId

    def __str__(self) -> str:
        return f"campaign {self.campaign} was never drafted"


@frozen(kw_only=True)
class ImpossiblePlan(Refusal):
    """A plan that cannot be carried out; `field` says why."""

    campaign: CampaignId
    field: str

    def __str__(self) -> str:
        return f"campaign {self.campaign}: {self.field} cannot be so"


@frozen(kw_only=True)
class NotInThatPhase(Refusal):
    """A campaign is launched once, paused while it runs, resumed while it is paused."""

    campaign: CampaignId
    phase: Phase

    def __str__(self) -> str:
        return f"campaign {self.campaign}: not possible, its phase is {self.phase.value}"


@frozen(kw_only=True)
class CampaignNotRunning(Refusal):
    """Nobody is assigned or granted anything before a campaign, in a pause of it, or after it."""

    campaign: CampaignId

    def __str__(self) -> str:
        return f"campaign {self.campaign} does not run"


@frozen(kw_only=True)
class NotInAudience(Refusal):
    """The campaign is for others, or for other tiers."""

    campaign: CampaignId

    def __str__(self) -> str:
        return f"campaign {self.campaign} is not for the customer"


def decide(command: Command, state: Campaign) -> Sequence[Event]:
    """
    The events that `command` leads to.

    Raises:
        Refusal: one of this module's or of `budget`'s, when the command cannot be.
    """
    if isinstance(command, DraftCampaign):
        return _draft(command, state)
    if state.plan is None:
        raise UnknownCampaign(campaign=command.campaign)
    program, campaign = command.program, command.campaign
    match command:
        case LaunchCampaign():
            launched = CampaignLaunched(program=program, campaign=campaign)
            return [launched] if state.phase is Phase.DRAFT else []
        case PauseCampaign(reason=reason):
            require_code("reason", reason)
            paused = CampaignPaused(program=program, campaign=campaign, reason=reason)
            return _turn(state, command.at, Phase.RUNNING, paused)
        case ResumeCampaign():
            resumed = CampaignResumed(program=program, campaign=campaign)
            return _turn(state, command.at, Phase.PAUSED, resumed)
        case EndCampaign(reason=reason):
            require_code("reason", reason)
            ended = CampaignEnded(program=program, campaign=campaign, reason=reason)
            return [] if state.phase_at(command.at) is Phase.ENDED else [ended]
        case AssignCustomer():
            return _assign(command, state, state.plan)
        case GrantBenefit():
            if command.grant in state.pool.grants:
                return budget.repeat(command, state.pool)
            assigned = _assign(command, state, state.plan)
            variant = _variant(command, state.plan)
            if variant is None:
                raise HeldOut(campaign=campaign)
            return [*assigned, *budget.grant(command, state.pool, state.plan.budget, variant)]
        case CancelGrant():
            return budget.cancel(command, state.pool)
        case _:
            assert_never(command)


def _draft(command: DraftCampaign, state: Campaign) -> Sequence[Event]:
    field = plan_flaw(command.plan)
    if field is not None:
        raise ImpossiblePlan(campaign=command.campaign, field=field)
    if command.plan == state.plan:
        return []
    if state.phase not in {Phase.NONE, Phase.DRAFT}:
        raise NotInThatPhase(campaign=command.campaign, phase=state.phase)
    return [CampaignDrafted(program=command.program, campaign=command.campaign, plan=command.plan)]


def _turn(
    state: Campaign, at: datetime, start: Phase, event: CampaignPaused | CampaignResumed
) -> Sequence[Event]:
    phase = state.phase_at(at)
    if phase is start:
        return [event]
    if phase in {Phase.RUNNING, Phase.PAUSED}:
        return []
    raise NotInThatPhase(campaign=event.campaign, phase=phase)


def _assign(command: AssignCustomer | GrantBenefit, state: Campaign, plan: Plan) -> Sequence[Event]:
    assigned = command.customer in state.assigned
    if isinstance(command, AssignCustomer) and assigned:
        return []
    if state.phase_at(command.at) is not Phase.RUNNING:
        raise CampaignNotRunning(campaign=command.campaign)
    if assigned:
        return []
    if not plan.audience.has(command.customer, command.tier):
        raise NotInAudience(campaign=command.campaign)
    variant = _variant(command, plan)
    return [
        CustomerAssigned(
            program=command.program,
            campaign=command.campaign,
            customer=command.customer,
            variant=variant.name if variant else None,
        )
    ]


def _variant(command: AssignCustomer | GrantBenefit, plan: Plan) -> Variant | None:
    return variant_of(
        command.campaign,
        command.customer,
        seed=plan.seed,
        holdout=plan.holdout,
        variants=plan.variants,
    )
