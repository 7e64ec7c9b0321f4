"""Reactions: the commands that an event leads to in other streams, recorded together with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeAlias, assert_never

from regulars.application.events import Command
from regulars.domain.account_merge import LoyaltyAccountAbsorbed
from regulars.domain.adjustment import PointsAdjusted, PointsMigrated
from regulars.domain.budget import BudgetConsumed, BudgetRestored
from regulars.domain.checkout import Shop
from regulars.domain.loyalty import PointsEarned
from regulars.domain.order import OrderAccepted, OrderCancelled, OrderCompleted, OrderDelivered
from regulars.domain.policies import (
    activate_on_completion,
    earn_on_delivery,
    earn_on_occasion,
    evaluate_tier,
    follow_balance,
    reverse_on_refund,
)
from regulars.domain.policies_accounts import (
    limit_inactivity,
    merge_accounts,
    separate_account,
)
from regulars.domain.policies_benefits import issue_on_term
from regulars.domain.policies_campaigns import issue_on_grant, revoke_on_cancelled_grant
from regulars.domain.policies_coupons import give_back_coupons, take_back_coupons, use_coupons
from regulars.domain.policies_payment import (
    give_points_back,
    hold_on_placing,
    restore_on_refund,
    spend_on_acceptance,
    spend_on_delivery,
)
from regulars.domain.policies_referral import (
    Referrals,
    claw_back_on_refund,
    decide_claim,
    qualify_on_completion,
    reward_both,
    take_back_both,
)
from regulars.domain.policies_rewards import issue_reward, take_back_reward
from regulars.domain.purchase import OrderPlaced
from regulars.domain.records import CustomerMergeReverted, CustomersMerged
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.referral import ReferralClaimed, ReferralClawedBack, ReferralQualified
from regulars.domain.refund import RefundIssued
from regulars.domain.reversal import PointsReversed
from regulars.domain.tiers import TierEntered, TierRenewed, TierUpgraded
from regulars.domain.told_occasions import OccasionRecorded
from regulars.domain.transfer import PointsTransferredIn, PointsTransferredOut
from regulars.domain.values import ProgramId

ReactedTo: TypeAlias = (
    OrderPlaced
    | OrderAccepted
    | OrderDelivered
    | OrderCompleted
    | OrderCancelled
    | RefundIssued
    | BudgetConsumed
    | BudgetRestored
    | ReferralClaimed
    | ReferralQualified
    | ReferralClawedBack
    | OccasionRecorded
    | PointsEarned
    | PointsReversed
    | PointsAdjusted
    | PointsMigrated
    | PointsTransferredIn
    | PointsTransferredOut
    | LoyaltyAccountAbsorbed
    | CustomersMerged
    | CustomerMergeReverted
    | PointsRedeemed
    | RedemptionReversed
    | TierEntered
    | TierUpgraded
    | TierRenewed
)
"""The events that some policy reads."""


class Everything(Shop, Referrals, Protocol):
    """All that some policy looks at."""


def reactions(
    event: ReactedTo, at: datetime, program_id: ProgramId, look: Everything
) -> Sequence[Command]:
    """What the policies ask for after `event`, which `look` has already."""
    match event:
        case OrderPlaced():
            return [*use_coupons(event, at, look), *hold_on_placing(event, at, program_id, look)]
        case OrderAccepted():
            return spend_on_acceptance(event, at, program_id, look)
        case OrderCancelled():
            return [*give_back_coupons(event, at), *give_points_back(event, at, program_id, look)]
        case OrderDelivered():
            return [
                *spend_on_delivery(event, at, program_id, look),
                *earn_on_delivery(event, at, program_id, look),
            ]
        case OrderCompleted():
            return [
                *activate_on_completion(event, at, program_id, look),
                *qualify_on_completion(event, at, program_id, look),
            ]
        case RefundIssued():
            return [
                *restore_on_refund(event, at, program_id, look),
                *reverse_on_refund(event, at, program_id, look),
                *take_back_coupons(event, at),
                *claw_back_on_refund(event, at, program_id, look),
            ]
        case BudgetConsumed():
            return issue_on_grant(event, at)
        case BudgetRestored():
            return revoke_on_cancelled_grant(event, at, look)
        case ReferralClaimed():
            return decide_claim(event, at, program_id, look)
        case ReferralQualified():
            return reward_both(event, at, look)
        case ReferralClawedBack():
            return take_back_both(event, at, program_id, look)
        case OccasionRecorded():
            return (
                *earn_on_occasion(event, at, program_id, look),
                *evaluate_tier(event, at, program_id, look),
            )
        case PointsRedeemed():
            return (*issue_reward(event, at), *follow_balance(event, at, program_id, look))
        case RedemptionReversed():
            return (*take_back_reward(event, at), *follow_balance(event, at, program_id, look))
        case PointsTransferredOut():
            return follow_balance(event, at, program_id, look)
        case PointsReversed():
            return evaluate_tier(event, at, program_id, look)
        case PointsEarned() | LoyaltyAccountAbsorbed():
            return (
                *limit_inactivity(event, at, program_id, look),
                *evaluate_tier(event, at, program_id, look),
            )
        case PointsAdjusted() | PointsMigrated() | PointsTransferredIn():
            return (
                *limit_inactivity(event, at, program_id, look),
                *follow_balance(event, at, program_id, look),
            )
        case CustomersMerged():
            return merge_accounts(event, at, program_id, look)
        case CustomerMergeReverted():
            return separate_account(event, at, program_id, look)
        case TierEntered() | TierUpgraded() | TierRenewed():
            return issue_on_term(event, at, program_id, look)
        case _:
            assert_never(event)
