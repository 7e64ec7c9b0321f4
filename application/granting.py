"""Grants of a campaign to a whole audience, round by round."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

from attrs import evolve, frozen

from regulars.application.batch import Receipt
from regulars.application.campaigns import CampaignStanding
from regulars.application.crm import Crm
from regulars.application.door import Request
from regulars.application.tiers import TierAt
from regulars.domain.audience import in_turn
from regulars.domain.budget import BudgetConsumed, GrantBenefit
from regulars.domain.campaign import AssignCustomer, NotInAudience
from regulars.domain.campaign_plan import Plan
from regulars.domain.holdout import variant_of
from regulars.domain.names import within
from regulars.domain.values import CampaignId, CustomerId, GrantId, ProgramId, Refusal

GRANTER: Final = "campaigns"
"""Who asks for the grants of a campaign to its audience."""

_AT_ONCE: Final = 100


@frozen(kw_only=True)
class Round:
    """
    One round of grants: `amount` to each customer, once.

    `name` is a code of its own, as `2026-11`, by which a round that is run again is told from
    the next. `at` is when it is granted.
    """

    program: ProgramId
    campaign: CampaignId
    name: str
    amount: int
    at: datetime


@frozen(kw_only=True)
class Granted:
    """
    What a round came to, in customers.

    `granted` got something, `amount` in all; `cut` are those of them who got less than was meant.
    For `nothing` nothing was left. `held_out` are left alone, `others` are not of the audience,
    and `repeated` had their turn before.
    """

    granted: int = 0
    amount: int = 0
    cut: int = 0
    nothing: int = 0
    held_out: int = 0
    others: int = 0
    repeated: int = 0


class Granting:
    """Carries out rounds of grants on one core."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def run(
        self,
        one: Round,
        customers: Collection[CustomerId] | None = None,
        *,
        progress: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> Granted:
        """
        Grant to some customers, or to those whom the audience names, each once in a round.

        They come in the order of `in_turn`, so that a budget that is too small serves the same
        ones whoever asks. Who is left alone is assigned, to be compared with. Stopped at any time
        and run again, it does what is left, and nothing twice.

        Raises:
            UnknownCampaign: it was not drafted by then.
            CampaignNotRunning: it does not run at that moment.
            Refusal: the amount or an id cannot be. What was granted before stands.
        """
        standing = CampaignStanding(program=one.program, campaign=one.campaign)
        plan = self._crm.ask(standing).plan
        chosen = plan.audience.customers if customers is None else customers
        turns, done = in_turn(one.campaign, plan.seed, chosen), Granted()
        for start in range(0, len(turns), _AT_ONCE):
            some = turns[start : start + _AT_ONCE]
            commands = [
                _command(one, plan, customer, self._tier(one, plan, customer)) for customer in some
            ]
            requests = [Request(commands=(command,), by=GRANTER) for command in commands]
            for command, outcome in zip(commands, self._crm.execute_all(requests), strict=True):
                done = _counted(done, command, outcome)
            progress(start + len(some), len(turns))
        return done

    def _tier(self, one: Round, plan: Plan, customer: CustomerId) -> str | None:
        """The tier that a customer has then, for an audience that asks for one."""
        if not plan.audience.tiers:
            return None
        held = TierAt(customer=customer, program=one.program)
        return self._crm.ask(held, as_of=one.at).tier


def _command(
    one: Round, plan: Plan, customer: CustomerId, tier: str | None
) -> AssignCustomer | GrantBenefit:
    variant = variant_of(
        one.campaign, customer, seed=plan.seed, holdout=plan.holdout, variants=plan.variants
    )
    if variant is None:
        return AssignCustomer(
            program=one.program, campaign=one.campaign, at=one.at, customer=customer, tier=tier
        )
    return GrantBenefit(
        program=one.program,
        campaign=one.campaign,
        at=one.at,
        grant=_grant(one, customer),
        customer=customer,
        amount=one.amount,
        tier=tier,
    )


def _grant(one: Round, customer: CustomerId) -> GrantId:
    """No other round and customer have it: only the name of the round may hold a `/`."""
    return GrantId(f"{one.name}/{within(customer)}")


def _counted(
    done: Granted, command: AssignCustomer | GrantBenefit, outcome: Receipt | Refusal
) -> Granted:
    if isinstance(outcome, NotInAudience):
        return evolve(done, others=done.others + 1)
    if isinstance(outcome, Refusal):
        raise outcome
    if isinstance(command, AssignCustomer):
        return evolve(done, held_out=done.held_out + 1)
    consumed = next((one for one in outcome.events if isinstance(one, BudgetConsumed)), None)
    if consumed is None:
        return evolve(done, repeated=done.repeated + 1)
    if not consumed.amount:
        return evolve(done, nothing=done.nothing + 1)
    return evolve(
        done,
        granted=done.granted + 1,
        amount=done.amount + consumed.amount,
        cut=done.cut + (consumed.amount < consumed.desired),
    )
