"""The examples of what a person or another account does to an account, and of its ends."""

from datetime import UTC, datetime
from typing import Final

from regulars.application.events import Event
from regulars.domain.account_merge import (
    LoyaltyAccountAbsorbed,
    LoyaltyAccountMerged,
    LoyaltyAccountSeparated,
)
from regulars.domain.adjustment import PointsAdjusted, PointsMigrated
from regulars.domain.closing import LoyaltyAccountClosed
from regulars.domain.idleness import InactivityLimitSet, LoyaltyAccountWentIdle
from regulars.domain.lots import Allocation
from regulars.domain.merged_account import (
    MergedAward,
    MergedLot,
    MergedRedemption,
    MergedReservation,
)
from regulars.domain.occasions import Standing
from regulars.domain.reward import Reward
from regulars.domain.told_ids import (
    ToldAdjustment,
    ToldMigration,
    ToldOccasion,
    ToldRedemption,
    ToldReservation,
    ToldThere,
    ToldTransfer,
)
from regulars.domain.transfer import PointsTransferredIn, PointsTransferredOut, TransferredLot
from regulars.domain.values import (
    AdjustmentId,
    CustomerId,
    LotId,
    Money,
    OccasionId,
    OrderId,
    RedemptionId,
    RefundId,
    ReservationId,
    TransferId,
)
from regulars.testing.example_ids import ADA, ORDER, PLACED_AT, PROGRAM
from regulars.testing.example_offers import A_COUPON

LOT = LotId(ORDER)
BOB = CustomerId("bob")
LATER = datetime(2026, 3, 31, 12, 30, 0, 654321, tzinfo=UTC)
END = datetime(2027, 3, 15, 16, tzinfo=UTC)
GIVEN = (
    TransferredLot(
        lot=LotId("transfer/ada/gift-1/1"), of=LOT, points=7, awarded_at=PLACED_AT, expires_at=END
    ),
)

ABSORBED = LoyaltyAccountAbsorbed(
    program=PROGRAM,
    customer=BOB,
    absorbed=ADA,
    points=10,
    merged_at=LATER,
    lots=(
        MergedLot(
            lot=LotId("ada/birthday/2026"),
            of=LotId("birthday/2026"),
            points=20,
            left=12,
            expired=1,
            awarded_at=PLACED_AT,
            pending=True,
            activates_at=LATER,
            expires_at=END,
            told_end=END,
            award=MergedAward(
                kept=18,
                amount=2598,
                remaining=2000,
                written_off=2,
                exact_numerator=93528,
                exact_denominator=5000,
                rules_version=2,
                standing=Standing(tier="gold", orders_before=4, recent=(PLACED_AT,)),
                refunds=(RefundId("refund-1"),),
                currency="GBP.3",
                is_order=True,
            ),
        ),
    ),
    debt=4,
    reservations=(
        MergedReservation(
            reservation=ReservationId("ada/basket-1"),
            of=ReservationId("basket-1"),
            points=2,
            allocations=(Allocation(lot=LotId("ada/birthday/2026"), points=2),),
            lapses_at=END,
            order=OrderId("订单-1002"),
            confirmed=True,
        ),
    ),
    redemptions=(
        MergedRedemption(
            redemption=RedemptionId("ada/basket-0"),
            of=RedemptionId("basket-0"),
            points=5,
            allocations=(Allocation(lot=LotId("ada/birthday/2026"), points=5),),
            restored=1,
            reservation=ReservationId("basket-0"),
            brings=(A_COUPON,),
        ),
    ),
    orders=5,
    recent=(PLACED_AT,),
    last=(("birthday", PLACED_AT),),
    told=ToldThere(
        adjustments=(
            ToldAdjustment(
                adjustment=AdjustmentId("ticket-7"),
                points=-9,
                reason="counted-twice",
                approver="lead:4",
                effective_at=PLACED_AT,
                expires_at=END,
            ),
        ),
        migrations=(
            ToldMigration(
                lot=LotId("migrated/17"),
                points=120,
                legacy_ref="points-2019/17",
                expires_at=END,
            ),
        ),
        transfers=(
            ToldTransfer(transfer=TransferId("gift-1"), receiver=CustomerId("chen"), points=7),
        ),
        reservations=(
            ToldReservation(
                reservation=ReservationId("basket-1"),
                points=2,
                lapses_at=END,
                order=OrderId("订单-1002"),
            ),
        ),
        redemptions=(
            ToldRedemption(
                redemption=RedemptionId("basket-0"),
                points=5,
                reward=Reward(kind="item", id="tea", value=Money(minor=250, currency="GBP.3")),
                reservation=ReservationId("basket-0"),
                order=ORDER,
                units=2,
                catalogue=3,
            ),
        ),
        occasions=(ToldOccasion(occasion=OccasionId("2026"), on="birthday"),),
    ),
)

ACCOUNTS: Final[dict[tuple[str, int], Event]] = {
    ("PointsAdjusted", 1): PointsAdjusted(
        program=PROGRAM,
        customer=ADA,
        adjustment=AdjustmentId("ticket-7"),
        points=-9,
        reason="counted-twice",
        approver="lead:4",
        effective_at=PLACED_AT,
        lot=LotId("adjustment/ticket-7"),
        expires_at=END,
        allocations=(Allocation(lot=LOT, points=6),),
        debt_added=3,
    ),
    ("PointsMigrated", 1): PointsMigrated(
        program=PROGRAM,
        customer=ADA,
        lot=LotId("old/17"),
        points=120,
        legacy_ref="points-2019/17",
        expires_at=END,
    ),
    ("PointsTransferredOut", 1): PointsTransferredOut(
        program=PROGRAM,
        customer=ADA,
        transfer=TransferId("gift-1"),
        receiver=BOB,
        points=7,
        lots=GIVEN,
        transferred_at=LATER,
    ),
    ("PointsTransferredIn", 1): PointsTransferredIn(
        program=PROGRAM,
        customer=BOB,
        transfer=TransferId("gift-1"),
        sender=ADA,
        points=7,
        lots=GIVEN,
        transferred_at=LATER,
    ),
    ("LoyaltyAccountMerged", 1): LoyaltyAccountMerged(
        program=PROGRAM, customer=ADA, survivor=BOB, points=10, merged_at=LATER
    ),
    ("LoyaltyAccountAbsorbed", 4): ABSORBED,
    ("LoyaltyAccountSeparated", 1): LoyaltyAccountSeparated(
        program=PROGRAM, customer=ADA, survivor=BOB
    ),
    ("LoyaltyAccountClosed", 1): LoyaltyAccountClosed(
        program=PROGRAM,
        customer=ADA,
        reason="left",
        forfeited=3,
        allocations=(Allocation(lot=LOT, points=3),),
    ),
    ("InactivityLimitSet", 1): InactivityLimitSet(program=PROGRAM, customer=ADA, days=180),
    ("LoyaltyAccountWentIdle", 1): LoyaltyAccountWentIdle(
        program=PROGRAM, customer=ADA, idle_at=END
    ),
}
