"""Events to bytes and back: the one place that knows stored names and JSON."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import msgspec

from regulars.adapters.older_events import UPCASTERS
from regulars.adapters.upcasting import Chain, Payload, Stored, Upcaster
from regulars.application.events import Event, Retired
from regulars.domain import (
    account_merge,
    actor,
    adjustment,
    bank_card,
    budget,
    campaign,
    care_plan,
    closing,
    consents,
    coupon,
    customer,
    erasure,
    expiry_notice,
    holding,
    idleness,
    lots,
    loyalty,
    merchant,
    offer,
    order,
    program,
    protection,
    purchase,
    real_name,
    records,
    redemption,
    referral,
    refund,
    reminders,
    reversal,
    review,
    reward_catalogue,
    rights,
    subject,
    subject_request,
    tiers,
    told_occasions,
    transfer,
)

# A stored name and its schema version stand for a class for ever; see CONTRIBUTING.md.
STORED: Final[dict[type[Event], Stored]] = {
    customer.CustomerRegistered: ("CustomerRegistered", 1),
    customer.CustomerDetailsUpdated: ("CustomerDetailsUpdated", 1),
    customer.DeliveryAddressAdded: ("DeliveryAddressAdded", 1),
    customer.DeliveryAddressRemoved: ("DeliveryAddressRemoved", 1),
    consents.ConsentGranted: ("ConsentGranted", 2),
    consents.ConsentWithdrawn: ("ConsentWithdrawn", 1),
    bank_card.BankCardBound: ("BankCardBound", 1),
    bank_card.BankCardUnbound: ("BankCardUnbound", 1),
    real_name.RealNameVerified: ("RealNameVerified", 1),
    rights.PrivacyPolicyAccepted: ("PrivacyPolicyAccepted", 1),
    rights.ProcessingObjected: ("ProcessingObjected", 1),
    rights.ObjectionWithdrawn: ("ObjectionWithdrawn", 1),
    rights.ProcessingRestricted: ("ProcessingRestricted", 1),
    rights.RestrictionLifted: ("RestrictionLifted", 1),
    rights.PersonalDataExported: ("PersonalDataExported", 1),
    records.CustomersMerged: ("CustomersMerged", 1),
    records.CustomerAbsorbed: ("CustomerAbsorbed", 1),
    records.CustomerMergeReverted: ("CustomerMergeReverted", 1),
    records.CustomerSeparated: ("CustomerSeparated", 1),
    merchant.MerchantRegistered: ("MerchantRegistered", 1),
    merchant.MerchantDetailsUpdated: ("MerchantDetailsUpdated", 1),
    merchant.MenuItemPublished: ("MenuItemPublished", 1),
    reminders.CareReminderRaised: ("CareReminderRaised", 1),
    purchase.OrderPlaced: ("OrderPlaced", 3),
    order.OrderAccepted: ("OrderAccepted", 1),
    order.PreparationStarted: ("PreparationStarted", 1),
    order.OrderReady: ("OrderReady", 1),
    order.OrderPickedUp: ("OrderPickedUp", 1),
    order.OrderDelivered: ("OrderDelivered", 1),
    order.OrderCompleted: ("OrderCompleted", 1),
    order.OrderCancelled: ("OrderCancelled", 2),
    refund.RefundIssued: ("RefundIssued", 2),
    review.ReviewSubmitted: ("ReviewSubmitted", 1),
    protection.PartyNamed: ("PartyNamed", 1),
    protection.CourierAssigned: ("CourierAssigned", 1),
    protection.OrderRedirected: ("OrderRedirected", 1),
    protection.VirtualNumberAssigned: ("VirtualNumberAssigned", 1),
    protection.VirtualNumberRevoked: ("VirtualNumberRevoked", 1),
    protection.OrderChatOpened: ("OrderChatOpened", 1),
    protection.OrderChatClosed: ("OrderChatClosed", 1),
    protection.AddressHidden: ("AddressHidden", 1),
    program.ProgramDefined: ("ProgramDefined", 1),
    program.EarningRulesPublished: ("EarningRulesPublished", 1),
    program.ProgramPoliciesSet: ("ProgramPoliciesSet", 2),
    program.TierLadderPublished: ("TierLadderPublished", 1),
    reward_catalogue.RewardsPublished: ("RewardsPublished", 1),
    care_plan.CarePlanSet: ("CarePlanSet", 1),
    program.TierBenefitsPublished: ("TierBenefitsPublished", 1),
    loyalty.LoyaltyAccountOpened: ("LoyaltyAccountOpened", 1),
    told_occasions.OccasionRecorded: ("OccasionRecorded", 1),
    loyalty.PointsEarned: ("PointsEarned", 2),
    reversal.PointsReversed: ("PointsReversed", 2),
    lots.PointsActivated: ("PointsActivated", 1),
    lots.PointsExpired: ("PointsExpired", 1),
    lots.PointsDebtSettled: ("PointsDebtSettled", 1),
    expiry_notice.PointsExpiryNoticeIssued: ("PointsExpiryNoticeIssued", 1),
    holding.PointsReserved: ("PointsReserved", 1),
    holding.PointsReservationConfirmed: ("PointsReservationConfirmed", 1),
    holding.PointsReservationReleased: ("PointsReservationReleased", 1),
    redemption.PointsRedeemed: ("PointsRedeemed", 2),
    redemption.RedemptionReversed: ("RedemptionReversed", 2),
    adjustment.PointsAdjusted: ("PointsAdjusted", 1),
    adjustment.PointsMigrated: ("PointsMigrated", 1),
    transfer.PointsTransferredOut: ("PointsTransferredOut", 1),
    transfer.PointsTransferredIn: ("PointsTransferredIn", 1),
    account_merge.LoyaltyAccountMerged: ("LoyaltyAccountMerged", 1),
    account_merge.LoyaltyAccountAbsorbed: ("LoyaltyAccountAbsorbed", 4),
    account_merge.LoyaltyAccountSeparated: ("LoyaltyAccountSeparated", 1),
    closing.LoyaltyAccountClosed: ("LoyaltyAccountClosed", 1),
    idleness.InactivityLimitSet: ("InactivityLimitSet", 1),
    idleness.LoyaltyAccountWentIdle: ("LoyaltyAccountWentIdle", 1),
    tiers.TierEntered: ("TierEntered", 1),
    tiers.TierUpgraded: ("TierUpgraded", 1),
    tiers.TierRenewed: ("TierRenewed", 1),
    tiers.TierGraceStarted: ("TierGraceStarted", 1),
    tiers.TierDowngraded: ("TierDowngraded", 1),
    erasure.ErasureRequested: ("ErasureRequested", 2),
    erasure.CustomerErased: ("CustomerErased", 1),
    erasure.LegalHoldPlaced: ("LegalHoldPlaced", 1),
    erasure.LegalHoldReleased: ("LegalHoldReleased", 1),
    erasure.NewLifeAuthorised: ("NewLifeAuthorised", 1),
    subject.SubjectErasureRequested: ("SubjectErasureRequested", 2),
    subject.SubjectErasureCompleted: ("SubjectErasureCompleted", 1),
    subject.SubjectHoldPlaced: ("SubjectHoldPlaced", 1),
    subject.SubjectHoldReleased: ("SubjectHoldReleased", 1),
    subject.SubjectLifeAuthorised: ("SubjectLifeAuthorised", 1),
    actor.AccessRecorded: ("AccessRecorded", 1),
    actor.ActorSuspended: ("ActorSuspended", 1),
    actor.WriteRefused: ("WriteRefused", 1),
    actor.ActorReinstated: ("ActorReinstated", 1),
    offer.OfferDefined: ("OfferDefined", 2),
    offer.OfferEnded: ("OfferEnded", 1),
    coupon.CouponIssued: ("CouponIssued", 1),
    coupon.CouponReserved: ("CouponReserved", 1),
    coupon.CouponReservationReleased: ("CouponReservationReleased", 1),
    coupon.CouponRedeemed: ("CouponRedeemed", 1),
    coupon.CouponRejected: ("CouponRejected", 1),
    coupon.CouponRestored: ("CouponRestored", 1),
    coupon.CouponExpired: ("CouponExpired", 1),
    coupon.CouponRevoked: ("CouponRevoked", 1),
    campaign.CampaignDrafted: ("CampaignDrafted", 2),
    campaign.CampaignLaunched: ("CampaignLaunched", 1),
    campaign.CampaignPaused: ("CampaignPaused", 1),
    campaign.CampaignResumed: ("CampaignResumed", 1),
    campaign.CampaignEnded: ("CampaignEnded", 1),
    campaign.CustomerAssigned: ("CustomerAssigned", 1),
    budget.BudgetConsumed: ("BudgetConsumed", 2),
    budget.BudgetExhausted: ("BudgetExhausted", 1),
    budget.BudgetRestored: ("BudgetRestored", 1),
    referral.ReferralClaimed: ("ReferralClaimed", 2),
    referral.ReferralAccepted: ("ReferralAccepted", 1),
    referral.ReferralRejected: ("ReferralRejected", 1),
    referral.ReferralQualified: ("ReferralQualified", 2),
    referral.ReferralClawedBack: ("ReferralClawedBack", 1),
    subject_request.SubjectRequestReceived: ("SubjectRequestReceived", 1),
    subject_request.SubjectRequestExtended: ("SubjectRequestExtended", 1),
    subject_request.SubjectRequestAnswered: ("SubjectRequestAnswered", 1),
}


encode: Final[Callable[[Any], bytes]] = msgspec.json.Encoder(order="sorted").encode
"""The JSON bytes of an event or command, always the same for the same content."""

_payload: Final = msgspec.json.Decoder(Payload).decode
_RETIRED: Final = (Retired(),)
_UNREADABLE: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    msgspec.MsgspecError,
)
"""What arises where bytes are no JSON object, or not the one that an upcaster was made for."""


class NotStoredSo(Exception):
    """The bytes are no event of that name and version."""


class Codec:
    """
    Events to stored bodies and back, each class under its current name and version.

    Raises:
        BrokenChain: the upcasters do not lead every older version to current ones.
    """

    def __init__(
        self, stored: Mapping[type[Event], Stored], upcasters: Sequence[Upcaster] = ()
    ) -> None:
        self.stored = stored
        self.chain = Chain(stored.values(), upcasters)
        self._decoders: dict[Stored, Callable[[bytes], Event]] = {
            names: msgspec.json.Decoder(event).decode for event, names in stored.items()
        }

    def encode(self, event: Event) -> tuple[str, int, bytes]:
        """The name, the schema version and the body under which `event` is stored."""
        name, schema = self.stored[type(event)]
        return name, schema, encode(event)

    def decode(self, name: str, schema: int, body: bytes) -> Sequence[Event | Retired]:
        """
        What a stored event means now: one event of a current version, any number of an older one.

        Where it means nothing any more, `Retired` holds its place; there is always at least one.

        Raises:
            NotStoredSo: nothing is stored under this name and version, or `body` is not that.
        """
        try:
            return (self._decoders[name, schema](body),)
        except KeyError:
            return self._upcast(name, schema, body)
        except (msgspec.DecodeError, RecursionError):
            # The reason could quote the content, so it stays behind.
            raise NotStoredSo from None

    def _upcast(self, name: str, schema: int, body: bytes) -> Sequence[Event | Retired]:
        try:
            turned = self.chain.run((name, schema), _payload(body))
            # Bytes once more, so that one decoder says what a current event may hold.
            return [self._decoders[one, of](encode(to)) for one, of, to in turned] or _RETIRED
        except _UNREADABLE:
            raise NotStoredSo from None

    def names(self, types: Collection[type[Event]]) -> frozenset[str]:
        """The names under which events of these classes, and older ones that became them, stand."""
        return frozenset(
            name for kind in types for name, _ in self.chain.origins(self.stored[kind])
        )


CODEC: Final = Codec(STORED, UPCASTERS)
"""How this version of the product reads and writes."""
