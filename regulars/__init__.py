"""Turn a first order into a regular: `connect` opens a core, the rest is by theme beside it."""

from regulars.adapters.key_ring import UnusableKeys
from regulars.adapters.log_archive import UnusableArchive
from regulars.adapters.log_backup import Backup, UnusableBackup, back_up, restore
from regulars.adapters.log_export import Archived, export_log
from regulars.adapters.log_import import LogNotEmpty, import_log
from regulars.adapters.log_migration import Migration, migrate, migration_sql
from regulars.adapters.log_status import check_log, log_status
from regulars.adapters.new_file import FileInTheWay
from regulars.adapters.policy_file import UnusablePolicy
from regulars.adapters.portable_document import portable_document
from regulars.adapters.program_file import UnusableProgram
from regulars.adapters.tenants import UnknownTenant
from regulars.application.access_log import Access, AccessLog
from regulars.application.balances import Balance, Expiry, ExpirySchedule, PointsBalance
from regulars.application.batch import Receipt
from regulars.application.certificate import Certificate
from regulars.application.contacts import ContactsShared, ContactTaken
from regulars.application.crm import Crm
from regulars.application.customer import CustomerProfile, Favourite, Summary
from regulars.application.door import Request
from regulars.application.erasure_sinks import ErasureSink
from regulars.application.erasure_subjects import OrderHasCustomer
from regulars.application.erasures import Erasures
from regulars.application.errors import (
    AheadOfLog,
    IdempotencyConflict,
    InvalidId,
    InvalidPersonalData,
    InvalidText,
    MayNotWrite,
    NotOurDatabase,
    OlderFormat,
    StorageUnavailable,
    SubjectErased,
    TooFarAhead,
    UndecodableEvent,
    UnknownView,
    UnusableIndex,
)
from regulars.application.events import Recorded
from regulars.application.explaining import ExplainBalance, ExplainLot, ExplainOrder
from regulars.application.joined import Joined
from regulars.application.key_rotation import (
    CannotRetire,
    CannotRotate,
    KeyEncryptionKeys,
    KeyRotation,
    KeysStatus,
    Rewrapping,
)
from regulars.application.keys import KeyCount
from regulars.application.liability import Liability, PointsOwed
from regulars.application.log_check import LogCheck
from regulars.application.log_status import LogStatus
from regulars.application.lookup import IndexStatus
from regulars.application.member_center import MemberCenter
from regulars.application.number_protection import NumberProtection, ProtectedLine
from regulars.application.portable import ExportDenied, Portable
from regulars.application.ports import Erased, KeyUnavailable, Revealed, Tampered
from regulars.application.positions import Positions
from regulars.application.postings import PointsLedger, Posting
from regulars.application.protecting import Protecting
from regulars.application.queries import AsOf, Query
from regulars.application.questions import Look, Question
from regulars.application.reading import (
    BoxIn,
    Card,
    CardField,
    DataOf,
    LookupDenied,
    Masked,
    NotKept,
    SeveralKept,
)
from regulars.application.replaying import Compared
from regulars.application.report import Report, SalesReport
from regulars.application.retaining import Retaining
from regulars.application.simulating import PointsOffered, Simulate
from regulars.application.subscription import Subscription
from regulars.application.what_if import NoReplay, WhatIf, what_if
from regulars.application.why_not import WhyNot
from regulars.composition import connect
from regulars.domain.actor import Actor, ReinstateActor
from regulars.domain.bank_card import BindBankCard, UnbindBankCard
from regulars.domain.budget import CancelGrant, GrantBenefit
from regulars.domain.campaign import (
    AssignCustomer,
    DraftCampaign,
    EndCampaign,
    LaunchCampaign,
    PauseCampaign,
    ResumeCampaign,
)
from regulars.domain.consents import GrantConsent, WithdrawConsent
from regulars.domain.coupon import IssueCoupon, ReleaseCoupon, ReserveCoupon, RevokeCoupon
from regulars.domain.customer import (
    AddDeliveryAddress,
    RegisterCustomer,
    RemoveDeliveryAddress,
    UpdateCustomerDetails,
)
from regulars.domain.discounts import CouponOf, Discount, PointsPayment
from regulars.domain.keeping import Expired
from regulars.domain.merchant import PublishMenuItem, RegisterMerchant, UpdateMerchantDetails
from regulars.domain.merge import (
    ErasedTogether,
    ErasureInTheWay,
    MergeCustomers,
    NotMerged,
    RevertMerge,
)
from regulars.domain.offer import DefineOffer, EndOffer
from regulars.domain.order import (
    AcceptOrder,
    CancelOrder,
    CompleteOrder,
    MarkDelivered,
    MarkReady,
    PickUpOrder,
    StartPreparing,
)
from regulars.domain.personal import (
    Address,
    Contact,
    Content,
    DataClass,
    Identity,
    Payment,
    Profile,
)
from regulars.domain.program import (
    DefineProgram,
    PublishEarningRules,
    PublishTierBenefits,
    PublishTierLadder,
    SetProgramPolicies,
)
from regulars.domain.protection import AssignCourier, NameParty, Party
from regulars.domain.purchase import Channel, Line, PlaceOrder
from regulars.domain.reading import (
    DEFAULT_POLICY,
    Basis,
    Denial,
    Denied,
    Limit,
    OrderState,
    Reach,
    ReadingPolicy,
    Rule,
)
from regulars.domain.real_name import VerifyRealName
from regulars.domain.records import MergedInto
from regulars.domain.referral import ClaimReferral, ReferralTerms
from regulars.domain.refund import IssueRefund, Returned
from regulars.domain.retention import Retention, Since
from regulars.domain.review import SubmitReview
from regulars.domain.reward_catalogue import PublishRewards
from regulars.domain.rights import (
    AcceptPolicy,
    LiftRestriction,
    ObjectToProcessing,
    RestrictProcessing,
    WithdrawObjection,
)
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.told_occasions import RecordOccasion
from regulars.domain.values import (
    AddressId,
    CampaignId,
    CardId,
    CouponId,
    CustomerId,
    GrantId,
    ItemId,
    MerchantId,
    Money,
    OccasionId,
    OfferId,
    OrderId,
    ProgramId,
    RefundId,
    Refusal,
    ReservationId,
)

__all__ = [
    "DEFAULT_POLICY",
    "AcceptOrder",
    "AcceptPolicy",
    "Access",
    "AccessLog",
    "Actor",
    "AddDeliveryAddress",
    "Address",
    "AddressId",
    "AheadOfLog",
    "Archived",
    "AsOf",
    "AssignCourier",
    "AssignCustomer",
    "Backup",
    "Balance",
    "Basis",
    "BindBankCard",
    "BoxIn",
    "CampaignId",
    "CancelGrant",
    "CancelOrder",
    "CannotRetire",
    "CannotRotate",
    "Card",
    "CardField",
    "CardId",
    "Certificate",
    "Channel",
    "ClaimReferral",
    "Compared",
    "CompleteOrder",
    "Contact",
    "ContactTaken",
    "ContactsShared",
    "Content",
    "CouponId",
    "CouponOf",
    "Crm",
    "CustomerId",
    "CustomerProfile",
    "DataClass",
    "DataOf",
    "DefineOffer",
    "DefineProgram",
    "Denial",
    "Denied",
    "Discount",
    "DraftCampaign",
    "EndCampaign",
    "EndOffer",
    "Erased",
    "ErasedTogether",
    "ErasureInTheWay",
    "ErasureSink",
    "Erasures",
    "Expired",
    "Expiry",
    "ExpirySchedule",
    "ExplainBalance",
    "ExplainLot",
    "ExplainOrder",
    "ExportDenied",
    "Favourite",
    "FileInTheWay",
    "GrantBenefit",
    "GrantConsent",
    "GrantId",
    "IdempotencyConflict",
    "Identity",
    "IndexStatus",
    "InvalidId",
    "InvalidPersonalData",
    "InvalidText",
    "IssueCoupon",
    "IssueRefund",
    "ItemId",
    "Joined",
    "KeyCount",
    "KeyEncryptionKeys",
    "KeyRotation",
    "KeyUnavailable",
    "KeysStatus",
    "LaunchCampaign",
    "Liability",
    "LiftRestriction",
    "Limit",
    "Line",
    "LogCheck",
    "LogNotEmpty",
    "LogStatus",
    "Look",
    "LookupDenied",
    "MarkDelivered",
    "MarkReady",
    "Masked",
    "MayNotWrite",
    "MemberCenter",
    "MerchantId",
    "MergeCustomers",
    "MergedInto",
    "Migration",
    "Money",
    "NameParty",
    "NoReplay",
    "NotKept",
    "NotMerged",
    "NotOurDatabase",
    "NumberProtection",
    "ObjectToProcessing",
    "OccasionId",
    "OfferId",
    "OlderFormat",
    "OrderHasCustomer",
    "OrderId",
    "OrderState",
    "Party",
    "PauseCampaign",
    "Payment",
    "PickUpOrder",
    "PlaceOrder",
    "PointsBalance",
    "PointsLedger",
    "PointsOffered",
    "PointsOwed",
    "PointsPayment",
    "Portable",
    "Positions",
    "Posting",
    "Profile",
    "ProgramId",
    "ProtectedLine",
    "Protecting",
    "PublishEarningRules",
    "PublishMenuItem",
    "PublishRewards",
    "PublishTierBenefits",
    "PublishTierLadder",
    "Query",
    "Question",
    "Reach",
    "ReadingPolicy",
    "Receipt",
    "RecordOccasion",
    "Recorded",
    "ReferralTerms",
    "RefundId",
    "Refusal",
    "RegisterCustomer",
    "RegisterMerchant",
    "ReinstateActor",
    "ReleaseCoupon",
    "RemoveDeliveryAddress",
    "Report",
    "Request",
    "ReservationId",
    "ReserveCoupon",
    "RestrictProcessing",
    "ResumeCampaign",
    "Retaining",
    "Retention",
    "Returned",
    "Revealed",
    "RevertMerge",
    "RevokeCoupon",
    "Rewrapping",
    "Rule",
    "SalesReport",
    "SetProgramPolicies",
    "SeveralKept",
    "Simulate",
    "Since",
    "StartPreparing",
    "StorageUnavailable",
    "Subject",
    "SubjectErased",
    "SubjectKind",
    "SubmitReview",
    "Subscription",
    "Summary",
    "Tampered",
    "TooFarAhead",
    "UnbindBankCard",
    "UndecodableEvent",
    "UnknownTenant",
    "UnknownView",
    "UnusableArchive",
    "UnusableBackup",
    "UnusableIndex",
    "UnusableKeys",
    "UnusablePolicy",
    "UnusableProgram",
    "UpdateCustomerDetails",
    "UpdateMerchantDetails",
    "VerifyRealName",
    "WhatIf",
    "WhyNot",
    "WithdrawConsent",
    "WithdrawObjection",
    "back_up",
    "check_log",
    "connect",
    "export_log",
    "import_log",
    "log_status",
    "migrate",
    "migration_sql",
    "portable_document",
    "restore",
    "what_if",
]
