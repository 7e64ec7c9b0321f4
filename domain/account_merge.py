"""
Two accounts of one programme that become one: everything of the absorbed goes to the survivor.

So refunds, restorations and captures of what the absorbed had are decided in the survivor's
account. What goes there does not come back when the two are separated.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias, assert_never

from attrs import evolve, frozen

from regulars.domain import idleness, patronage, told_ids
from regulars.domain.account import Account, Award, Redemption
from regulars.domain.due import AccountAt
from regulars.domain.gains import Gain
from regulars.domain.holding import Reservation
from regulars.domain.ledger_policies import SpendOrder
from regulars.domain.lots import NEVER, Allocation, Lots, PointsDebtSettled
from regulars.domain.merged_account import (
    MergedAward,
    MergedLot,
    MergedRedemption,
    MergedReservation,
)
from regulars.domain.merged_names import Meeting
from regulars.domain.patronage import Patronage
from regulars.domain.tiers import TierStanding
from regulars.domain.told_ids import NOTHING_TOLD, ToldIds, ToldThere
from regulars.domain.values import (
    CustomerId,
    LotId,
    ProgramId,
    RedemptionId,
    RefundId,
    ReservationId,
)


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class LoyaltyAccountMerged:
    """All of the account went to that of `survivor`: `points`, less what was owed."""

    program: ProgramId
    customer: CustomerId
    survivor: CustomerId
    points: int
    merged_at: datetime


@frozen(kw_only=True)
class LoyaltyAccountAbsorbed:
    """
    All of the account of `absorbed` came to this one: `points`, less what it owed (`debt`).

    `orders` had earned there, the last of them at `recent`; the last occasion of each name was at
    `last`, and `told` is what was told under ids.
    """

    program: ProgramId
    customer: CustomerId
    absorbed: CustomerId
    points: int
    merged_at: datetime
    lots: tuple[MergedLot, ...] = ()
    debt: int = 0
    reservations: tuple[MergedReservation, ...] = ()
    redemptions: tuple[MergedRedemption, ...] = ()
    orders: int = 0
    recent: tuple[datetime, ...] = ()
    last: tuple[tuple[str, datetime], ...] = ()
    told: ToldThere = NOTHING_TOLD


@frozen(kw_only=True)
class LoyaltyAccountSeparated:
    """The account is one of its own again, with what it earns from now on."""

    program: ProgramId
    customer: CustomerId
    survivor: CustomerId


Event: TypeAlias = LoyaltyAccountMerged | LoyaltyAccountAbsorbed | LoyaltyAccountSeparated


def fold(state: Account, event: Event) -> None:
    """Record in `state` what happened."""
    match event:
        case LoyaltyAccountMerged():
            _leave(state, event)
        case LoyaltyAccountSeparated():
            state.merged_into = None
        case LoyaltyAccountAbsorbed():
            _absorb(state, event)
            idleness.came(state.idleness, state.as_of)
        case _:
            assert_never(event)


def _leave(state: Account, event: LoyaltyAccountMerged) -> None:
    state.program, state.customer = event.program, event.customer
    state.merged_into = event.survivor
    state.successors.append(event.survivor)
    state.totals.transferred -= event.points
    state.went.update(state.lots.known)
    state.lots, state.debt = Lots(), 0
    state.awards = {}
    state.held, state.redemptions = {}, {}
    state.patronage, state.tier = Patronage(), TierStanding()
    state.idleness.since = None


def _absorb(state: Account, event: LoyaltyAccountAbsorbed) -> None:
    state.debt += event.debt
    state.totals.transferred += event.points
    for lot in event.lots:
        state.came.lots[event.absorbed, lot.of] = lot.lot
        state.went.discard(lot.lot)
        state.lots.add(
            lot.lot,
            lot.points,
            left=lot.left,
            expired=lot.expired,
            awarded_at=lot.awarded_at,
            activates_at=lot.activates_at,
            expires_at=lot.expires_at,
            pending=lot.pending,
        )
        if lot.told_end is not None:
            state.lots.tell({lot.lot: lot.told_end})
        if lot.award is not None:
            _award(state, lot, lot.award)
    for held in event.reservations:
        state.came.reservations[event.absorbed, held.of] = held.reservation
        state.held[held.reservation] = Reservation(
            points=held.points,
            allocations=held.allocations,
            lapses_at=held.lapses_at,
            order=held.order,
            confirmed=held.confirmed,
        )
    for spent in event.redemptions:
        state.came.redemptions[event.absorbed, spent.of] = spent.redemption
        state.redemptions[spent.redemption] = Redemption(
            points=spent.points,
            allocations=spent.allocations,
            restored=spent.restored,
            reservation=spent.reservation,
            brings=spent.brings,
        )
    told_ids.join(state.told, event.told)
    patronage.join(state.patronage, event.orders, event.recent)
    for on, at in event.last:
        state.occasions.last[on] = max(at, state.occasions.last.get(on, at))


def _award(state: Account, lot: MergedLot, award: MergedAward) -> None:
    state.awards[lot.lot] = Award(
        kept=award.kept,
        amount=award.amount,
        remaining=award.remaining,
        written_off=award.written_off,
        exact_numerator=award.exact_numerator,
        exact_denominator=award.exact_denominator,
        rules_version=award.rules_version,
        standing=award.standing,
    )
    state.refunds.update((lot.lot, refund) for refund in award.refunds)
    gain = Gain(
        at=lot.awarded_at,
        points=award.kept,
        spend=award.remaining,
        currency=award.currency,
        is_order=award.is_order,
    )
    state.tier.gains.add(lot.lot, gain)


@frozen(kw_only=True)
class MergeAccounts:
    """Let the account of `survivor` take over everything of that of `absorbed`."""

    program: ProgramId
    absorbed: CustomerId
    survivor: CustomerId
    at: datetime


@frozen(kw_only=True)
class SeparateAccount:
    """Let a customer whose account was merged earn in one of their own again."""

    program: ProgramId
    customer: CustomerId
    at: datetime


def separate(command: SeparateAccount, state: Account) -> Sequence[LoyaltyAccountSeparated]:
    """The separation to record; nothing if the account is one of its own."""
    if state.merged_into is None:
        return []
    return [
        LoyaltyAccountSeparated(
            program=command.program, customer=command.customer, survivor=state.merged_into
        )
    ]


def decide(
    command: MergeAccounts,
    absorbed: Account,
    survivor: Account,
    leaving: AccountAt,
    taking: AccountAt,
) -> Sequence[Event | PointsDebtSettled]:
    """
    Both halves of a merge of two accounts, as they are now.

    What one of them owes is paid by the points of the other. Who had no account brings nothing.
    """
    if not absorbed.opened:
        return [_went(command, 0, leaving.at)]
    told = absorbed.told
    both = Meeting(command.absorbed, absorbed, command.survivor, survivor)
    names, held, spent = both.lots(), both.reservations(), both.redemptions()
    reservations = {one: name for one, name in held.items() if leaving.holds(one)}
    redemptions = {one: name for one, name in spent.items() if one in absorbed.redemptions}
    came = LoyaltyAccountAbsorbed(
        program=command.program,
        customer=command.survivor,
        absorbed=command.absorbed,
        points=leaving.available + leaving.pending + leaving.reserved - leaving.debt,
        merged_at=taking.at,
        lots=_lots(absorbed, leaving, names),
        debt=leaving.debt,
        reservations=tuple(
            MergedReservation(
                reservation=reservations[one],
                of=one,
                points=held.points,
                allocations=_renamed(held.allocations, names),
                lapses_at=held.lapses_at,
                order=held.order,
                confirmed=held.confirmed,
            )
            for one, held in absorbed.held.items()
            if one in reservations
        ),
        redemptions=tuple(
            MergedRedemption(
                redemption=redemptions[one],
                of=one,
                points=spent.points,
                allocations=_renamed(spent.allocations, names),
                restored=spent.restored,
                reservation=spent.reservation,
                brings=spent.brings,
            )
            for one, spent in absorbed.redemptions.items()
        ),
        orders=absorbed.patronage.orders,
        recent=tuple(absorbed.patronage.recent),
        last=tuple(sorted(absorbed.occasions.last.items())),
        told=_told(told, reservations, redemptions),
    )
    return [_went(command, came.points, leaving.at), came, *_paid(came, taking)]


def _told(
    told: ToldIds,
    reservations: dict[ReservationId, ReservationId],
    redemptions: dict[RedemptionId, RedemptionId],
) -> ToldThere:
    """What was told, under its own ids and under what these are called now."""
    return ToldThere(
        adjustments=tuple(told.adjustments.values()),
        migrations=tuple(told.migrations.values()),
        transfers=tuple(told.transfers.values()),
        reservations=(
            *told.reservations.values(),
            *(
                evolve(told.reservations[of], reservation=name)
                for of, name in reservations.items()
                if name != of
            ),
        ),
        redemptions=(
            *told.redemptions.values(),
            *(
                evolve(told.redemptions[of], redemption=name)
                for of, name in redemptions.items()
                if name != of
            ),
        ),
        occasions=tuple(told.occasions.values()),
    )


def _went(command: MergeAccounts, points: int, at: datetime) -> LoyaltyAccountMerged:
    return LoyaltyAccountMerged(
        program=command.program,
        customer=command.absorbed,
        survivor=command.survivor,
        points=points,
        merged_at=at,
    )


def _lots(
    absorbed: Account, leaving: AccountAt, names: dict[LotId, LotId]
) -> tuple[MergedLot, ...]:
    refunds: dict[LotId, list[RefundId]] = defaultdict(list)
    for lot, refund in sorted(absorbed.refunds):
        refunds[lot].append(refund)
    return tuple(
        MergedLot(
            lot=names[one],
            of=one,
            points=lot.points,
            left=leaving.left(one),
            expired=leaving.expired(one),
            awarded_at=lot.awarded_at,
            pending=leaving.is_pending(one),
            activates_at=lot.activates_at,
            expires_at=leaving.expires_at(one)
            if leaving.is_past(one, leaving.at)
            else lot.expires_at,
            told_end=lot.told_end,
            award=_merged_award(absorbed, one, tuple(refunds[one])),
        )
        for one, lot in absorbed.lots.known.items()
    )


def _merged_award(
    absorbed: Account, lot: LotId, refunds: tuple[RefundId, ...]
) -> MergedAward | None:
    award = absorbed.awards.get(lot)
    if award is None:
        return None
    gain = absorbed.tier.gains.of[lot]
    return MergedAward(
        kept=award.kept,
        amount=award.amount,
        remaining=award.remaining,
        written_off=award.written_off,
        exact_numerator=award.exact_numerator,
        exact_denominator=award.exact_denominator,
        rules_version=award.rules_version,
        standing=award.standing,
        refunds=refunds,
        currency=gain.currency,
        is_order=gain.is_order,
    )


def _renamed(
    allocations: Sequence[Allocation], names: dict[LotId, LotId]
) -> tuple[Allocation, ...]:
    return tuple(Allocation(lot=names[one.lot], points=one.points) for one in allocations)


def _paid(came: LoyaltyAccountAbsorbed, taking: AccountAt) -> Sequence[PointsDebtSettled]:
    """What the points of one of the two pay of what the other owed."""
    taking.debt += came.debt
    if not taking.debt:
        return []
    usable = [
        (one.expires_at or NEVER, Allocation(lot=one.lot, points=one.left))
        for one in came.lots
        if not one.pending and (one.expires_at is None or one.expires_at > taking.at)
    ]
    usable.sort(key=lambda one: one[0])
    own = taking.usable(SpendOrder.FEFO)
    return taking.pay([*own, *(allocation for _, allocation in usable)], taking.at)
