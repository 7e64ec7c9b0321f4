"""Policies of whole accounts: what merges of customers ask of them, and how long they may rest."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from regulars.domain.account_merge import LoyaltyAccountAbsorbed, MergeAccounts, SeparateAccount
from regulars.domain.adjustment import PointsAdjusted, PointsMigrated
from regulars.domain.holders import taker
from regulars.domain.idleness import LimitInactivity
from regulars.domain.loyalty import PointsEarned
from regulars.domain.policies import Present
from regulars.domain.records import CustomerMergeReverted, CustomersMerged
from regulars.domain.transfer import PointsTransferredIn
from regulars.domain.values import ProgramId

Brought: TypeAlias = (
    PointsEarned | PointsAdjusted | PointsMigrated | PointsTransferredIn | LoyaltyAccountAbsorbed
)
"""Whatever brings points to an account."""


def merge_accounts(
    event: CustomersMerged, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[MergeAccounts]:
    """One person has one account; one that is closed takes nothing, and is taken by none."""
    absorbed = look.account(event.customer)
    survivor = taker(look, event.into)
    over = absorbed.closed or absorbed.merged_into is not None
    if over or survivor in {None, event.customer}:
        return []
    return [
        MergeAccounts(
            program=program_id, absorbed=event.customer, survivor=survivor or event.into, at=at
        )
    ]


def separate_account(
    event: CustomerMergeReverted, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[SeparateAccount]:
    """Who is another person after all earns in an account of their own again."""
    into = look.account(event.customer).merged_into
    if into is None or into not in {event.out_of, taker(look, event.out_of)}:
        return []
    return [SeparateAccount(program=program_id, customer=event.customer, at=at)]


def limit_inactivity(
    event: Brought, at: datetime, program_id: ProgramId, look: Present
) -> Sequence[LimitInactivity]:
    """An account to which points came may be idle for as long as the programme says then."""
    if event.program != program_id:
        return []
    account = look.account(event.customer)
    days = look.program().policies_at(max(at, account.as_of)).expiry.inactivity
    if days == account.idleness.days:
        return []
    return [LimitInactivity(program=program_id, customer=event.customer, at=at, days=days)]
