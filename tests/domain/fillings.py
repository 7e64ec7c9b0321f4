"""
What Hypothesis draws for a field, by its type or its name.

Personal values are boxes, as the domain sees them (`SEALED`), or as a host brings them (`PLAIN`).
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import NoneType
from typing import Any, Final, TypeAlias, get_args

from attrs import evolve, fields
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from regulars.domain.actor import Actor, Look
from regulars.domain.benefits import Benefit, BenefitId, BenefitKind
from regulars.domain.budget import Budget, Cut
from regulars.domain.campaign_plan import Plan
from regulars.domain.care_plan import CarePlan
from regulars.domain.consents import GrantConsent
from regulars.domain.coupon import AtCheckout
from regulars.domain.discounts import CouponOf, Discount, OnReturn, PointsPayment
from regulars.domain.due import Expiring
from regulars.domain.earning import Evaluation
from regulars.domain.earning_rules import (
    EarningLine,
    Group,
    Occasion,
    Rule,
    RuleId,
    RuleSet,
)
from regulars.domain.evidence import DestroyedKey, Purged, Traces
from regulars.domain.holdout import Variant
from regulars.domain.ledger_policies import (
    ReturnPolicy,
    SpendOrder,
)
from regulars.domain.lots import Allocation
from regulars.domain.merged_account import MergedLot, MergedRedemption, MergedReservation
from regulars.domain.occasions import Standing
from regulars.domain.offer_limits import Limits
from regulars.domain.offer_terms import Basket, Kind, Reason, Rejection, Scope, Terms
from regulars.domain.order import CancelOrder
from regulars.domain.personal import (
    Address,
    Contact,
    Content,
    DataClass,
    Identity,
    Payment,
    Profile,
    Sealed,
)
from regulars.domain.program import TierLadderPublished
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.protection import Party
from regulars.domain.purchase import Channel, Line
from regulars.domain.reading import Limit
from regulars.domain.real_name import VerifyRealName
from regulars.domain.referral import NoReferral, ReferralTerms
from regulars.domain.refund import IssueRefund, LineRefund, Returned
from regulars.domain.reward import Reward
from regulars.domain.reward_catalogue import PricedReward, RewardKind
from regulars.domain.rights import AcceptPolicy, LiftRestriction, RestrictProcessing
from regulars.domain.scene import Scene
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.subject_request import Right
from regulars.domain.tier_ladder import Basis, Downgrade, Level, TierLadder, Window
from regulars.domain.tiers import Assessment
from regulars.domain.told_ids import NOTHING_TOLD, ToldThere
from regulars.domain.transfer import TransferredLot
from regulars.domain.validity import (
    Activation,
    ActivationPolicy,
    Counted,
    ExpiryPolicy,
    Period,
)
from regulars.domain.values import (
    AddressId,
    AdjustmentId,
    CampaignId,
    CardId,
    CouponId,
    CustomerId,
    ErasureId,
    GrantId,
    ItemId,
    LotId,
    MerchantId,
    Money,
    OccasionId,
    OfferId,
    OrderId,
    ProgramId,
    RedemptionId,
    RefundId,
    ReservationId,
    RewardId,
    SubjectRequestId,
    TransferId,
)
from regulars.testing.program_strategies import rates, return_policies
from tests.domain.chronicle import PROGRAM

Filling: TypeAlias = Mapping[object, SearchStrategy[Any]]
"""What to draw for a field, by its type; a name in place of a type goes before it."""

customer_ids = st.sampled_from([CustomerId(name) for name in ("anna", "bo", "chen")])
merchant_ids = st.sampled_from([MerchantId(name) for name in ("noodles", "grocer")])
order_ids = st.sampled_from([OrderId(f"o-{number}") for number in range(1, 5)])
refund_ids = st.sampled_from([RefundId(f"r-{number}") for number in range(1, 6)])
item_ids = st.sampled_from([ItemId(name) for name in ("soup", "rice", "tea")])
address_ids = st.sampled_from([AddressId(name) for name in ("home", "office")])
card_ids = st.sampled_from([CardId(name) for name in ("red", "blue")])
request_ids = st.sampled_from([SubjectRequestId(f"q-{number}") for number in range(1, 4)])
erasure_ids = st.sampled_from([ErasureId(f"e-{number}") for number in range(1, 4)])
program_ids = st.sampled_from([PROGRAM, ProgramId("night")])

words = st.sampled_from(["marketing", "sms", "card", "北京", "null", "1e5", "a/b"]) | st.text(
    st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=12
).filter(lambda text: bool(text.strip()))
currencies = st.sampled_from(["CNY", "USD", "JPY", "KWD", "CLF", "GBP.3", "JPY.2"])
amounts = st.sampled_from([0, 1, 99, 100, 999, 1000, 3000, 10_500]) | st.integers(0, 10**7)
moments = st.sampled_from(
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2023, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2024, 2, 29, tzinfo=UTC),
    ]
) | st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - `timezones` makes them aware
rules = st.builds(
    RuleSet,
    groups=rates.map(lambda rate: (Group(rules=(Rule(rule=RuleId("earning"), rate=rate),)),)),
)
"""Sets of one rule, as most programmes have."""

flawed_rules = rules | st.just(RuleSet(groups=(Group(rules=()),)))
policies = st.builds(
    ProgramPolicies,
    activation=st.builds(
        ActivationPolicy, activation=st.sampled_from(Activation), days=st.integers(0, 30)
    ),
    expiry=st.builds(
        ExpiryPolicy,
        months=st.none() | st.integers(0, 24),
        period=st.none() | st.sampled_from(Period),
        counted=st.sampled_from(Counted),
    ),
)
ladders = st.builds(
    TierLadder,
    levels=st.lists(st.integers(0, 200), min_size=1, max_size=3, unique=True).map(
        lambda leasts: tuple(
            Level(tier=f"tier-{at}", least=least) for at, least in enumerate(sorted(leasts))
        )
    ),
    basis=st.sampled_from([Basis.EARNED, Basis.ORDERS, Basis.BALANCE]),
    window=st.sampled_from([Window.LIFETIME, Window.CALENDAR_YEAR, Window.ANNIVERSARY]),
    term_months=st.none() | st.just(12),
    grace_months=st.integers(0, 2),
    downgrade=st.sampled_from([Downgrade.NONE, Downgrade.ONE_DOWN, Downgrade.REQUALIFY]),
)
benefits = st.builds(
    Benefit,
    benefit=words.map(BenefitId),
    kind=st.just(BenefitKind.PRIORITY_DELIVERY),
    tiers=st.sampled_from([("silver",), ("silver", "gold")]),
)
published_ladders = st.builds(
    TierLadderPublished,
    program=program_ids,
    version=st.just(1),
    ladder=ladders,
    effective_from=st.none() | moments,
)
standings = st.builds(
    Standing, tier=st.none() | words, orders_before=amounts, recent=st.tuples(moments) | st.just(())
)
evaluations = st.builds(
    Evaluation,
    points=amounts,
    desired=amounts,
    exact_numerator=amounts,
    exact_denominator=st.integers(1, 9),
    amount=amounts,
    steps=st.just(()),
    passed=st.just(()),
)
occasions = st.builds(
    Occasion,
    at=moments,
    currency=currencies,
    lines=amounts.map(lambda paid: (EarningLine(line=1, gross=paid, net=paid),)),
)
occasion_ids = st.sampled_from([OccasionId(str(year)) for year in (2024, 2025)])
lot_ids = st.sampled_from([LotId(f"o-{number}") for number in range(1, 5)])
reservation_ids = st.sampled_from([ReservationId(f"h-{number}") for number in range(1, 4)])
redemption_ids = st.sampled_from([RedemptionId(f"s-{number}") for number in range(1, 4)])
allocations = st.builds(Allocation, lot=lot_ids, points=amounts)
rewards = st.builds(
    Reward,
    kind=st.sampled_from(["payment", "coupon"]),
    id=st.none() | words,
    value=st.none() | st.builds(Money, minor=amounts, currency=currencies),
)
reward_ids = st.sampled_from([RewardId("mug"), RewardId("card")])
priced_rewards = st.builds(
    PricedReward,
    reward=reward_ids,
    kind=st.sampled_from([RewardKind.GIFT, RewardKind.DONATION]),
    points=st.integers(0, 500),
)
lines = st.lists(
    st.builds(
        Line,
        line=st.just(0),
        item=item_ids,
        quantity=st.integers(0, 9),
        name=st.none() | words,
        category=st.none() | words,
        unit_price=st.none() | amounts,
    ),
    max_size=3,
).map(lambda drawn: tuple(evolve(line, line=place) for place, line in enumerate(drawn, 1)))
actors = st.builds(
    Actor, role=st.sampled_from(["support", "privacy_officer"]), id=st.sampled_from(["a-1", "a-2"])
)
looks = st.builds(
    Look,
    subject=st.sampled_from(["customer/anna", "order/o-1"]),
    data_class=st.sampled_from(DataClass).map(lambda one: one.value),
    outcome=st.sampled_from(["revealed", "masked", "erased", "denied"]),
    denial=st.none() | st.just("purpose"),
)
offer_ids = st.sampled_from([OfferId(name) for name in ("spring", "card")])
coupon_ids = st.sampled_from([CouponId(f"c-{number}") for number in range(1, 4)])
counts = st.none() | st.integers(0, 3)
terms = st.builds(
    Terms,
    kind=st.sampled_from(Kind),
    currency=currencies,
    value=st.integers(0, 9_999),
    at_least=amounts,
    most=st.none() | amounts,
    whole=st.booleans(),
    scope=st.builds(Scope, items=st.sampled_from([(), (ItemId("tea"),)])),
    exclusive=st.booleans(),
    on_return=st.sampled_from(OnReturn),
)
limits = st.builds(
    Limits,
    since=st.none() | moments,
    until=st.none() | moments,
    inactive_days=st.integers(0, 2),
    valid_days=st.none() | st.integers(0, 40),
    per_customer=counts,
    total=counts,
    reservation_required=st.booleans(),
    restore_grace_days=st.integers(0, 7),
    max_restores=counts,
)
scenes = st.builds(Scene, hours=st.sampled_from([(), (12,)]), first_order=st.booleans())
carts = st.builds(
    Basket,
    orders_before=st.none() | st.integers(0, 1),
    currency=currencies,
    lines=lines.map(lambda drawn: tuple(evolve(one, unit_price=one.quantity) for one in drawn)),
    delivery_fee=amounts,
)
campaign_ids = st.sampled_from([CampaignId(name) for name in ("lunch", "dinner")])
grant_ids = st.sampled_from([GrantId(f"g-{number}") for number in range(1, 4)])
plans = st.builds(
    Plan,
    variants=st.sampled_from([(), (Variant(name="a"), Variant(name="b", weight=2))]),
    holdout=st.integers(0, 10_001),
    budget=st.builds(
        Budget,
        total=st.none() | amounts,
        per_customer=st.none() | amounts,
        cut=st.sampled_from(Cut),
    ),
    starts_at=st.none() | moments,
    ends_at=st.none() | moments,
)
care_plans = st.builds(
    CarePlan, holidays=st.sampled_from([(), ("spring",)]), remind_days=st.none() | st.just(3)
)
referral_terms = st.builds(
    ReferralTerms,
    currency=currencies,
    at_least=amounts,
    claw_back_days=st.integers(0, 40),
)
rejections = st.builds(Rejection, reason=st.sampled_from(Reason), needed=counts, found=counts)
coupons_of = st.builds(CouponOf, program=program_ids, offer=offer_ids, coupon=coupon_ids)
allocations = st.builds(Allocation, lot=lot_ids, points=amounts)
returned = st.builds(Returned, line=st.integers(1, 3), quantity=st.integers(0, 9))
line_refunds = st.builds(
    LineRefund,
    line=st.integers(1, 3),
    quantity=st.integers(1, 9),
    gross=amounts,
    discount=amounts,
    points=amounts,
    cash=amounts,
)
boxes = st.builds(Sealed, st.binary(min_size=1, max_size=12))
destroyed_keys = st.builds(
    DestroyedKey,
    subject=words,
    data_class=st.sampled_from(DataClass),
    version=st.integers(1, 9),
    kek=words,
)
subjects = st.builds(Subject, kind=st.sampled_from(SubjectKind), id=st.sampled_from(["s-1", "s-2"]))
purged = st.builds(Purged, place=words, entries=amounts)

adjustment_ids = st.sampled_from([AdjustmentId(f"a-{number}") for number in (1, 2)])
transfer_ids = st.sampled_from([TransferId(f"t-{number}") for number in (1, 2)])
transferred = st.builds(
    TransferredLot, lot=lot_ids, of=lot_ids, points=amounts, awarded_at=moments, expires_at=moments
)
merged_lots = st.builds(
    MergedLot,
    lot=lot_ids,
    of=lot_ids,
    points=amounts,
    left=amounts,
    expired=amounts,
    awarded_at=moments,
    pending=st.booleans(),
)

_FILLING: Final[Filling] = {
    AddressId: address_ids,
    AdjustmentId: adjustment_ids,
    TransferId: transfer_ids,
    tuple[TransferredLot, ...]: st.lists(transferred, max_size=2).map(tuple),
    tuple[MergedLot, ...]: st.lists(merged_lots, max_size=2).map(tuple),
    tuple[MergedReservation, ...]: st.just(()),
    tuple[MergedRedemption, ...]: st.just(()),
    ToldThere: st.just(NOTHING_TOLD),
    tuple[datetime, ...]: st.lists(moments, max_size=2).map(tuple),
    tuple[OccasionId, ...]: st.lists(occasion_ids, max_size=2).map(tuple),
    tuple[tuple[str, datetime], ...]: st.lists(st.tuples(words, moments), max_size=2).map(tuple),
    CardId: card_ids,
    CampaignId: campaign_ids,
    CouponId: coupon_ids,
    GrantId: grant_ids,
    Plan: plans,
    Scene: scenes,
    CarePlan: care_plans,
    ReferralTerms: referral_terms,
    NoReferral: st.sampled_from(NoReferral),
    tuple[str, ...]: st.sampled_from([(), ("card",)]),
    CustomerId: customer_ids,
    ErasureId: erasure_ids,
    Right: st.sampled_from(Right),
    SubjectRequestId: request_ids,
    ItemId: item_ids,
    LotId: lot_ids,
    tuple[Expiring, ...]: st.lists(
        st.builds(Expiring, lot=lot_ids, points=amounts, expires_at=moments), max_size=2
    ).map(tuple),
    tuple[Allocation, ...]: st.lists(allocations, max_size=2).map(tuple),
    OccasionId: occasion_ids,
    MerchantId: merchant_ids,
    OfferId: offer_ids,
    OrderId: order_ids,
    ProgramId: program_ids,
    RedemptionId: redemption_ids,
    RefundId: refund_ids,
    ReservationId: reservation_ids,
    RewardId: reward_ids,
    NoneType: st.none(),
    bool: st.booleans(),
    datetime: moments,
    int: amounts,
    str: words,
    Channel: st.sampled_from(Channel),
    Actor: actors,
    Limit: st.builds(Limit, role=st.just("support"), reads=st.integers(1, 4), seconds=amounts),
    tuple[Look, ...]: st.lists(looks, max_size=3).map(tuple),
    Party: st.sampled_from(Party),
    RuleSet: rules,
    ProgramPolicies: policies,
    TierLadder: ladders,
    tuple[Benefit, ...]: st.lists(benefits, max_size=2, unique_by=lambda one: one.benefit).map(
        tuple
    ),
    tuple[TierLadderPublished, ...]: st.lists(published_ladders, max_size=2).map(tuple),
    Evaluation: evaluations,
    Assessment: st.builds(
        Assessment,
        ladder=st.just(1),
        basis=st.sampled_from(Basis),
        at=moments,
        value=amounts,
        since=st.none() | moments,
        evidence=st.just(()),
    ),
    Occasion: occasions,
    Standing: standings,
    ReturnPolicy: return_policies,
    Reward: rewards,
    PricedReward: priced_rewards,
    tuple[PricedReward, ...]: st.lists(priced_rewards, max_size=2).map(tuple),
    SpendOrder: st.sampled_from(SpendOrder),
    tuple[Allocation, ...]: st.lists(allocations, max_size=2).map(tuple),
    tuple[LotId, ...]: st.lists(lot_ids, max_size=2).map(tuple),
    Money: st.builds(Money, minor=amounts, currency=currencies),
    DataClass: st.sampled_from(DataClass),
    Traces: st.sampled_from(Traces),
    Subject: subjects,
    tuple[DataClass, ...]: st.lists(st.sampled_from(DataClass), max_size=3, unique=True).map(tuple),
    tuple[DestroyedKey, ...]: st.lists(destroyed_keys, max_size=2).map(tuple),
    tuple[Purged, ...]: st.lists(purged, max_size=2).map(tuple),
    tuple[Line, ...]: lines,
    tuple[CustomerId, ...]: st.lists(customer_ids, max_size=2, unique=True).map(tuple),
    tuple[tuple[str, str | None], ...]: st.lists(
        st.tuples(words, st.none() | words), max_size=2
    ).map(tuple),
    tuple[str, ...]: st.lists(words, max_size=2).map(tuple),
    tuple[Discount, ...]: st.just(()),  # those that add up are drawn in carts.py
    PointsPayment: st.nothing(),
    tuple[CouponOf, ...]: st.lists(coupons_of, max_size=2).map(tuple),
    "brings": st.just(()),  # a coupon needs its offer
    "takes_back": st.just(()),
    Terms: terms,
    Limits: limits,
    Basket: carts,
    "person": st.just(()),  # told where it is decided
    AtCheckout: st.nothing(),  # orders alone have it, and make it
    Reason: st.sampled_from(Reason),
    Rejection: rejections,
    tuple[Returned, ...]: st.lists(returned, max_size=2).map(tuple),
    tuple[LineRefund, ...]: st.lists(line_refunds, max_size=2).map(tuple),
    tuple[tuple[str, str], ...]: st.lists(st.tuples(words, words), max_size=2).map(tuple),
    "currency": currencies,
    "grace_seconds": st.integers(0, 604_800),
    "rules_version": st.just(1),
    "on": st.sampled_from(["order", "birthday"]),
    "purpose": st.sampled_from(["marketing", "analytics"]),
    "stars": st.none() | st.integers(1, 5),
    "dish_stars": st.none() | st.integers(1, 5),
    "delivery_stars": st.none() | st.integers(1, 5),
}
SEALED: Final[Filling] = {
    **_FILLING,
    Sealed: boxes,
    Address: st.nothing(),
    Contact: st.nothing(),
    Content: st.nothing(),
    Identity: st.nothing(),
    Payment: st.nothing(),
    Profile: st.nothing(),
}
PLAIN: Final[Filling] = {
    **_FILLING,
    Sealed: st.nothing(),
    Address: st.builds(Address, text=words),
    Contact: st.builds(Contact, name=words, phone=st.none() | words, email=st.none() | words),
    Content: st.builds(Content, text=words),
    Identity: st.builds(Identity, real_name=words, document_number=st.none() | words),
    Payment: st.builds(
        Payment, card_tail=st.from_regex(r"[0-9]{4}", fullmatch=True), issuer=st.none() | words
    ),
    Profile: st.builds(
        Profile,
        birth_date=st.none() | st.dates(date(1920, 1, 1), date(2010, 12, 31)),
        gender=st.none() | words,
        occupation=st.none() | words,
    ),
}
ANYTHING: Final[Filling] = {
    **SEALED,
    int: amounts | st.sampled_from([-1, 10**12 + 1]),
    RuleSet: flawed_rules,
    Evaluation: evaluations | evaluations.map(lambda one: evolve(one, points=-1)),
    "currency": currencies | st.just("dollars"),
    "grace_seconds": st.sampled_from([-1, 0, 1_800, 604_801]),
    "stars": st.none() | st.integers(0, 6),
}
"""As `SEALED`, with what the aggregates refuse."""


_CODES: Final = st.sampled_from(["sms", "analytics", "ticket-1"])
_CODED: Final[dict[type[Any], tuple[str, ...]]] = {
    GrantConsent: ("channel", "policy_version", "evidence_ref"),
    VerifyRealName: ("method", "evidence"),
    AcceptPolicy: ("policy_version",),
    RestrictProcessing: ("reason",),
    LiftRestriction: ("reason",),
    CancelOrder: ("reason",),
    IssueRefund: ("reason",),
}
"""Fields that the door takes codes in."""


def built(kind: type[Any], filling: Filling, **fixed: object) -> SearchStrategy[Any]:
    """Values of one attrs class, each field filled by name or type, or `fixed`."""
    coded: Filling = {name: _coded(kind, name) for name in _CODED.get(kind, ())}
    drawn = {spec.name: _fill(spec.name, spec.type, {**filling, **coded}) for spec in fields(kind)}
    return st.builds(kind, **drawn | {name: st.just(value) for name, value in fixed.items()})


def _coded(kind: type[Any], name: str) -> SearchStrategy[Any]:
    optional = next(spec for spec in fields(kind) if spec.name == name).default is None
    return st.none() | _CODES if optional else _CODES


def _fill(name: str, annotation: object, filling: Filling) -> SearchStrategy[Any]:
    for known in (name, annotation):
        if known in filling:
            return filling[known]
    choices = [_fill(name, choice, filling) for choice in get_args(annotation)]
    if not choices:
        message = f"nothing fills the field {name} of type {annotation}"
        raise TypeError(message)
    return st.one_of(choices)
