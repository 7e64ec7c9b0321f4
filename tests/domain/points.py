"""Anna's account in the examples of lots and refunds: what she earns, spends and is paid back."""

from datetime import date, datetime, timedelta
from typing import Final

from regulars.domain.account_merge import MergeAccounts
from regulars.domain.adjustment import AdjustPoints, MigratePoints
from regulars.domain.closing import CloseAccount
from regulars.domain.earning import evaluate
from regulars.domain.earning_rules import EarningLine, Group, Occasion, Rate, Rule, RuleId, RuleSet
from regulars.domain.idleness import LimitInactivity
from regulars.domain.ledger_policies import USUAL_RETURNS, ReturnPolicy, SpendOrder
from regulars.domain.loyalty import AwardPoints
from regulars.domain.redemption import (
    CapturePoints,
    RedeemPoints,
    ReleasePoints,
    ReservePoints,
    ReverseRedemption,
)
from regulars.domain.reversal import ReversePoints
from regulars.domain.reward import Reward
from regulars.domain.transfer import TransferPoints
from regulars.domain.validity import midnight
from regulars.domain.values import (
    AdjustmentId,
    LotId,
    OrderId,
    RedemptionId,
    RefundId,
    ReservationId,
    TransferId,
)
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, BO
from tests.domain.story import NOON

SOUP: Final = Reward(kind="item", id="soup")


def day(text: str, hour: int = 0) -> datetime:
    """A moment of a day in Shanghai."""
    return midnight(date.fromisoformat(text), "Asia/Shanghai") + timedelta(hours=hour)


def rule(points: int, per: int = 1, *, bonus: int = 0, delivery: bool = False) -> RuleSet:
    """So many points for each `per` yuan of goods, of the delivery fee too, and a bonus."""
    rate = Rate(points=points, per_numerator=per)
    goods = Rule(rule=RuleId("goods"), rate=rate, bonus=bonus)
    return RuleSet(groups=(Group(rules=(goods,)),), delivery=delivery)


def bought(paid: int, price: int | None = None, at: datetime = NOON) -> Occasion:
    """An order of one line for which so much is paid, or still paid, in fen."""
    gross = paid if price is None else price
    return Occasion(at=at, lines=(EarningLine(line=1, gross=gross, net=paid),))


def award(
    lot: str,
    paid: int,
    at: datetime = NOON,
    *,
    rules: RuleSet | None = None,
    pending: bool = False,
    activates_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> AwardPoints:
    """An order that earns a point for each yuan, unless by other rules."""
    return AwardPoints(
        program=PROGRAM,
        customer=ANNA,
        at=at,
        lot=LotId(lot),
        order=OrderId(lot),
        evaluation=evaluate(rules or rule(1), bought(paid)),
        currency="CNY",
        rules_version=1,
        pending=pending,
        activates_at=activates_at,
        expires_at=expires_at,
    )


def refunded(
    lot: str,
    remaining: int,
    at: datetime = NOON,
    *,
    price: int | None = None,
    refund: str = "r-1",
    rules: RuleSet | None = None,
    policy: ReturnPolicy = USUAL_RETURNS,
) -> ReversePoints:
    """A refund of that order, after which so much of it is still paid."""
    return ReversePoints(
        program=PROGRAM,
        customer=ANNA,
        at=at,
        lot=LotId(lot),
        order=OrderId(lot),
        refund=RefundId(refund),
        remaining=bought(remaining, price),
        rules=rules or rule(1),
        rules_version=1,
        policy=policy,
    )


def redeem(
    points: int,
    at: datetime = NOON,
    redemption: str = "s-1",
    spend: SpendOrder = SpendOrder.FEFO,
) -> RedeemPoints:
    return RedeemPoints(
        program=PROGRAM,
        customer=ANNA,
        at=at,
        redemption=RedemptionId(redemption),
        points=points,
        reward=SOUP,
        spend=spend,
    )


def reserve(
    points: int,
    at: datetime = NOON,
    reservation: str = "h-1",
    lapses_at: datetime | None = None,
    spend: SpendOrder = SpendOrder.FEFO,
) -> ReservePoints:
    return ReservePoints(
        program=PROGRAM,
        customer=ANNA,
        at=at,
        reservation=ReservationId(reservation),
        points=points,
        lapses_at=lapses_at,
        spend=spend,
    )


def capture(
    at: datetime = NOON, reservation: str = "h-1", redemption: str = "s-1"
) -> CapturePoints:
    return CapturePoints(
        program=PROGRAM,
        customer=ANNA,
        at=at,
        reservation=ReservationId(reservation),
        redemption=RedemptionId(redemption),
        reward=SOUP,
    )


def release(at: datetime = NOON, reservation: str = "h-1") -> ReleasePoints:
    return ReleasePoints(
        program=PROGRAM, customer=ANNA, at=at, reservation=ReservationId(reservation)
    )


def undo(
    refunded: int,
    whole: int,
    at: datetime = NOON,
    *,
    redemption: str = "s-1",
    refund: str = "r-1",
    policy: ReturnPolicy = USUAL_RETURNS,
) -> ReverseRedemption:
    return ReverseRedemption(
        program=PROGRAM,
        customer=ANNA,
        at=at,
        redemption=RedemptionId(redemption),
        refund=RefundId(refund),
        refunded=refunded,
        whole=whole,
        policy=policy,
    )


def adjust(
    points: int,
    at: datetime = NOON,
    adjustment: str = "a-1",
    *,
    expires_at: datetime | None = None,
    owed: bool = False,
    spend: SpendOrder = SpendOrder.FEFO,
) -> AdjustPoints:
    return AdjustPoints(
        program=PROGRAM,
        customer=ANNA,
        at=at,
        adjustment=AdjustmentId(adjustment),
        points=points,
        reason="ticket-12",
        approver="lead:1",
        expires_at=expires_at,
        owed=owed,
        spend=spend,
    )


def migrate(
    points: int, at: datetime = NOON, lot: str = "migrated/1", expires_at: datetime | None = None
) -> MigratePoints:
    return MigratePoints(
        program=PROGRAM,
        customer=ANNA,
        at=at,
        lot=LotId(lot),
        points=points,
        legacy_ref="old-system/1",
        expires_at=expires_at,
    )


def limit(days: int | None, at: datetime = NOON) -> LimitInactivity:
    return LimitInactivity(program=PROGRAM, customer=ANNA, at=at, days=days)


def close(at: datetime = NOON) -> CloseAccount:
    return CloseAccount(program=PROGRAM, customer=ANNA, at=at, reason="left")


def give(
    points: int,
    at: datetime = NOON,
    transfer: str = "t-1",
    spend: SpendOrder = SpendOrder.FEFO,
) -> TransferPoints:
    """Anna gives points to Bo."""
    return TransferPoints(
        program=PROGRAM,
        customer=ANNA,
        at=at,
        transfer=TransferId(transfer),
        receiver=BO,
        points=points,
        spend=spend,
    )


def join(at: datetime = NOON) -> MergeAccounts:
    """Anna's account goes into Bo's."""
    return MergeAccounts(program=PROGRAM, absorbed=ANNA, survivor=BO, at=at)
