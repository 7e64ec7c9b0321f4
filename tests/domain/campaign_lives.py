"""The lives that campaigns lead, for histories to be told of them."""

from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from regulars.domain.budget import Budget, CancelGrant, GrantBenefit
from regulars.domain.campaign import (
    DraftCampaign,
    EndCampaign,
    LaunchCampaign,
    PauseCampaign,
    ResumeCampaign,
)
from regulars.domain.campaign_plan import Plan
from regulars.domain.holdout import Variant
from regulars.domain.values import CampaignId, CustomerId, GrantId, ProgramId


def campaign_lives(
    program: ProgramId, customer: CustomerId, at: datetime
) -> SearchStrategy[list[Any]]:
    """A campaign from its draft to some point of its life."""
    of: dict[str, Any] = {"program": program, "campaign": CampaignId("lunch"), "at": at}
    plan = Plan(variants=(Variant(name="mail"),), budget=Budget(total=50))
    grant = GrantId("g-1")
    life = [
        DraftCampaign(**of, plan=plan),
        LaunchCampaign(**of),
        GrantBenefit(**of, grant=grant, customer=customer, amount=80),
        CancelGrant(**of, grant=grant),
        PauseCampaign(**of),
        ResumeCampaign(**of),
        EndCampaign(**of),
    ]
    return st.integers(0, len(life)).map(lambda count: life[:count])
