"""What a history of commands leads to over all aggregates, with what the policies ask for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar, cast

from attrs import Factory, define

from regulars.domain import (
    actor,
    campaign,
    claim,
    customer,
    erasure,
    loyalty,
    merchant,
    merge,
    offer,
    order,
    program,
    referral,
    subject_request,
    two_accounts,
)
from regulars.domain.account import Account
from regulars.domain.account_merge import LoyaltyAccountAbsorbed
from regulars.domain.adjustment import PointsAdjusted, PointsMigrated
from regulars.domain.budget import BudgetConsumed, BudgetRestored
from regulars.domain.loyalty import PointsEarned
from regulars.domain.merchant import Merchant
from regulars.domain.merge import Side
from regulars.domain.offer import Offer
from regulars.domain.order import (
    Order,
    OrderAccepted,
    OrderCancelled,
    OrderCompleted,
    OrderDelivered,
)
from regulars.domain.persons import Counting, as_person
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
    claw_back_on_refund,
    decide_claim,
    qualify_on_completion,
    reward_both,
    take_back_both,
)
from regulars.domain.policies_rewards import issue_reward, take_back_reward
from regulars.domain.program import Program
from regulars.domain.purchase import OrderPlaced, PlaceOrder
from regulars.domain.records import CustomerMergeReverted, CustomersMerged, Records, require_own
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.referral import (
    Referral,
    ReferralClaimed,
    ReferralClawedBack,
    ReferralQualified,
)
from regulars.domain.refund import RefundIssued
from regulars.domain.reversal import PointsReversed
from regulars.domain.review import SubmitReview
from regulars.domain.subject import Subject
from regulars.domain.tiers import TierEntered, TierRenewed, TierUpgraded
from regulars.domain.told_occasions import OccasionRecorded
from regulars.domain.transfer import PointsTransferredIn, PointsTransferredOut
from regulars.domain.values import (
    CampaignId,
    CustomerId,
    MerchantId,
    OfferId,
    OrderId,
    ProgramId,
    Refusal,
    SubjectRequestId,
)
from tests.domain.story import (
    AccountStory,
    ActorStory,
    CampaignStory,
    CustomerStory,
    ErasureStory,
    MerchantStory,
    OfferStory,
    OrderStory,
    ProgramStory,
    ReferralStory,
    RequestStory,
    Story,
    account_story,
    actor_story,
    campaign_story,
    customer_story,
    erasure_story,
    merchant_story,
    offer_story,
    order_story,
    program_story,
    referral_story,
    request_story,
)

PROGRAM: Final = ProgramId("default")
"""The programme in which delivered orders earn."""

Command: TypeAlias = (
    customer.Command
    | merchant.Command
    | order.Command
    | program.Command
    | loyalty.Command
    | two_accounts.Command
    | erasure.Command
    | actor.Command
    | merge.Command
    | offer.Command
    | campaign.Command
    | referral.Command
    | claim.Command
    | subject_request.Command
)
Event: TypeAlias = (
    customer.Event
    | merchant.Event
    | order.Event
    | program.Event
    | loyalty.Event
    | erasure.Event
    | actor.Event
    | offer.Event
    | campaign.Event
    | referral.Event
    | subject_request.Event
)
Kind = TypeVar("Kind")


class Fact(NamedTuple):
    """An event, and when it happened."""

    event: Event
    at: datetime


@define
class Chronicle:
    """Every aggregate's story, and all facts in the order in which they became known."""

    customers: dict[CustomerId, CustomerStory] = Factory(lambda: defaultdict(customer_story))
    merchants: dict[MerchantId, MerchantStory] = Factory(lambda: defaultdict(merchant_story))
    orders: dict[OrderId, OrderStory] = Factory(lambda: defaultdict(order_story))
    programs: dict[ProgramId, ProgramStory] = Factory(lambda: defaultdict(program_story))
    accounts: dict[tuple[ProgramId, CustomerId], AccountStory] = Factory(
        lambda: defaultdict(account_story)
    )
    erasures: dict[CustomerId | Subject, ErasureStory] = Factory(lambda: defaultdict(erasure_story))
    actors: dict[actor.Actor, ActorStory] = Factory(lambda: defaultdict(actor_story))
    offers: dict[tuple[ProgramId, OfferId], OfferStory] = Factory(lambda: defaultdict(offer_story))
    campaigns: dict[tuple[ProgramId, CampaignId], CampaignStory] = Factory(
        lambda: defaultdict(campaign_story)
    )
    referrals: dict[tuple[ProgramId, CustomerId], ReferralStory] = Factory(
        lambda: defaultdict(referral_story)
    )
    requests: dict[SubjectRequestId, RequestStory] = Factory(lambda: defaultdict(request_story))
    facts: list[Fact] = Factory(list[Fact])

    def tell(self, command: Command) -> None:
        """
        Record what `command` leads to, here and by way of the policies.

        Raises:
            Refusal: the command cannot be; nothing was recorded.
        """
        place = len(self.facts)
        self._record(command)
        # What the policies add is itself looked at, until nothing more is asked for.
        while place < len(self.facts):
            for asked in self.reactions(*self.facts[place]):
                self._record(asked)
            place += 1

    def program(self) -> Program:
        """As the policies ask for it."""
        return self.programs[PROGRAM].state

    def order(self, order: OrderId) -> Order:
        """As the policies ask for it."""
        return self.orders[order].state

    def account(self, customer: CustomerId) -> Account:
        """As the policies ask for it."""
        return self.accounts[PROGRAM, customer].state

    def referral(self, referee: CustomerId) -> Referral:
        """As the policies ask for it."""
        return self.referrals[PROGRAM, referee].state

    def offer(self, offer: OfferId) -> Offer:
        """As the policies ask for it."""
        return self.offers[PROGRAM, offer].state

    def merchant(self, merchant: MerchantId) -> Merchant:
        """As the policies ask for it."""
        return self.merchants[merchant].state

    def records(self, customer: CustomerId) -> Records:
        """As the policies ask for it."""
        return self.customers[customer].state.records

    def within(self, program: ProgramId) -> "Chronicle":
        """Policies ask for one programme."""
        assert program == PROGRAM
        return self

    def all(self, kind: type[Kind]) -> list[Kind]:
        """The events of one kind, in the order in which they became known."""
        return [fact.event for fact in self.facts if isinstance(fact.event, kind)]

    def recorded(self, command: loyalty.Command | two_accounts.Command) -> list[loyalty.Event]:
        """Record what `command` leads to in accounts, and no policy; the events of it."""
        place = len(self.facts)
        self._record(command)
        return cast("list[loyalty.Event]", [fact.event for fact in self.facts[place:]])

    def _record(self, command: Command) -> None:
        if isinstance(command, merge.Command):
            self.facts += [Fact(event, command.at) for event in self._merged(command)]
            return
        if isinstance(command, two_accounts.Command):
            self._moved(command)
            return
        if isinstance(command, claim.ClaimReward):
            if claim.is_repeat(command, self.account(command.customer).told):
                return
            command = claim.priced(command, self.program(), self.offer)
        if isinstance(command, Counting):
            command = as_person(command, self.records)
        self._require_own(command)
        story = self._story(command)
        events = story.when(command)
        moments = story.moments[len(story.moments) - len(events) :]
        self.facts += map(Fact, events, moments)

    def _story(self, command: Command) -> Story[Any, Any, Any]:
        if isinstance(command, customer.Command):
            return self.customers[command.customer]
        if isinstance(command, merchant.Command):
            return self.merchants[command.merchant]
        if isinstance(command, order.Command):
            return self.orders[command.order]
        if isinstance(command, program.Command):
            return self.programs[command.program]
        if isinstance(command, erasure.Command):
            return self.erasures[command.customer]
        if isinstance(command, loyalty.Command):
            return self.accounts[command.program, command.customer]
        if isinstance(command, offer.Command):
            return self.offers[command.program, command.offer]
        if isinstance(command, referral.Command):
            return self.referrals[command.program, command.referee]
        if isinstance(command, campaign.Command):
            return self.campaigns[command.program, command.campaign]
        if isinstance(command, subject_request.Command):
            return self.requests[command.request]
        assert not isinstance(command, merge.Command | two_accounts.Command | claim.Command), (
            "is decided on several stories"
        )
        return self.actors[command.actor]

    def _merged(self, command: merge.Command) -> Sequence[Event]:
        absorbed, survivor = (
            Side(customer=self.customers[one].state, erasure=self.erasures[one].state)
            for one in (command.absorbed, command.survivor)
        )
        events = merge.decide(command, absorbed, survivor)
        for event in events:
            if isinstance(event, erasure.Event):
                self.erasures[event.customer].hear(event, command.at)
            else:
                self.customers[event.customer].hear(event, command.at)
        return events

    def _moved(self, command: two_accounts.Command) -> None:
        giving, taking = (
            self.accounts[command.program, who(command)].state
            for who in (two_accounts.giver, two_accounts.taker)
        )
        for event in two_accounts.decide(command, giving, taking):
            story = self.accounts[event.program, event.customer]
            at = story.moment(event, command.at, story.state)
            story.hear(event, at)
            self.facts.append(Fact(event, at))

    def _require_own(self, command: Command) -> None:
        """What is personal, or about an erasure, is said of who speaks for themselves."""
        personal = (isinstance(command, PlaceOrder) and command.extra is not None) or (
            isinstance(command, SubmitReview) and command.text is not None
        )
        named = getattr(command, "customer", None)
        if named is not None and (personal or isinstance(command, erasure.Command)):
            require_own(named, self.customers[named].state.records)

    def reactions(self, event: Event, at: datetime) -> Sequence[Command]:
        """What the policies ask for after an event."""
        if isinstance(event, OrderPlaced):
            return [*use_coupons(event, at, self), *hold_on_placing(event, at, PROGRAM, self)]
        if isinstance(event, OrderAccepted):
            return spend_on_acceptance(event, at, PROGRAM, self)
        if isinstance(event, OrderCancelled):
            return [*give_back_coupons(event, at), *give_points_back(event, at, PROGRAM, self)]
        if isinstance(event, OrderCompleted):
            return [
                *activate_on_completion(event, at, PROGRAM, self),
                *qualify_on_completion(event, at, PROGRAM, self),
            ]
        if isinstance(event, ReferralClaimed):
            return decide_claim(event, at, PROGRAM, self)
        if isinstance(event, ReferralQualified):
            return reward_both(event, at, self)
        if isinstance(event, ReferralClawedBack):
            return take_back_both(event, at, PROGRAM, self)
        if isinstance(event, BudgetConsumed):
            return issue_on_grant(event, at)
        if isinstance(event, BudgetRestored):
            return revoke_on_cancelled_grant(event, at, self)
        if isinstance(event, OrderDelivered):
            return [
                *spend_on_delivery(event, at, PROGRAM, self),
                *earn_on_delivery(event, at, PROGRAM, self),
            ]
        if isinstance(event, RefundIssued):
            return [
                *restore_on_refund(event, at, PROGRAM, self),
                *reverse_on_refund(event, at, PROGRAM, self),
                *take_back_coupons(event, at),
                *claw_back_on_refund(event, at, PROGRAM, self),
            ]
        if isinstance(event, OccasionRecorded):
            return (
                *earn_on_occasion(event, at, PROGRAM, self),
                *evaluate_tier(event, at, PROGRAM, self),
            )
        if isinstance(event, PointsRedeemed):
            return [*issue_reward(event, at), *follow_balance(event, at, PROGRAM, self)]
        if isinstance(event, RedemptionReversed):
            return [*take_back_reward(event, at), *follow_balance(event, at, PROGRAM, self)]
        if isinstance(event, PointsTransferredOut):
            return follow_balance(event, at, PROGRAM, self)
        if isinstance(event, PointsReversed):
            return evaluate_tier(event, at, PROGRAM, self)
        if isinstance(event, PointsEarned | LoyaltyAccountAbsorbed):
            return [
                *limit_inactivity(event, at, PROGRAM, self),
                *evaluate_tier(event, at, PROGRAM, self),
            ]
        if isinstance(event, PointsAdjusted | PointsMigrated | PointsTransferredIn):
            return [
                *limit_inactivity(event, at, PROGRAM, self),
                *follow_balance(event, at, PROGRAM, self),
            ]
        if isinstance(event, CustomersMerged):
            return merge_accounts(event, at, PROGRAM, self)
        if isinstance(event, CustomerMergeReverted):
            return separate_account(event, at, PROGRAM, self)
        if isinstance(event, TierEntered | TierUpgraded | TierRenewed):
            return issue_on_term(event, at, PROGRAM, self)
        return ()


def chronicle(commands: Iterable[Command]) -> Chronicle:
    """What became of `commands`, told one after another; those that are refused are passed over."""
    written = Chronicle()
    for command in commands:
        try:
            written.tell(command)
        except Refusal:
            continue
    return written
