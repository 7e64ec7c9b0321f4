"""
Points that one customer gives to another, within one programme; their lots keep their expiry.

Both halves come of one decision on both accounts, at one moment, under one id.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias, assert_never

from attrs import frozen

from regulars.domain import idleness
from regulars.domain.account import Account
from regulars.domain.due import AccountAt
from regulars.domain.ledger_policies import SpendOrder
from regulars.domain.lots import Allocation, PointsDebtSettled
from regulars.domain.names import TRANSFER, named
from regulars.domain.redemption import taken
from regulars.domain.told_ids import ToldTransfer
from regulars.domain.values import CustomerId, LotId, ProgramId, Refusal, TransferId


@frozen(kw_only=True)
class TransferredLot:
    """Points that left the lot `of` of the one account, and are the lot `lot` of the other."""

    lot: LotId
    of: LotId
    points: int
    awarded_at: datetime
    expires_at: datetime | None = None


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class PointsTransferredOut:
    """The customer gave `points` to `receiver`, at `transferred_at`."""

    program: ProgramId
    customer: CustomerId
    transfer: TransferId
    receiver: CustomerId
    points: int
    lots: tuple[TransferredLot, ...]
    transferred_at: datetime


@frozen(kw_only=True)
class PointsTransferredIn:
    """The customer was given `points` by `sender`, at `transferred_at`."""

    program: ProgramId
    customer: CustomerId
    transfer: TransferId
    sender: CustomerId
    points: int
    lots: tuple[TransferredLot, ...]
    transferred_at: datetime


Event: TypeAlias = PointsTransferredOut | PointsTransferredIn


def fold(state: Account, event: Event) -> None:
    """Record in `state` what happened."""
    match event:
        case PointsTransferredOut(lots=lots):
            state.told.transfers[event.transfer] = ToldTransfer(
                transfer=event.transfer, receiver=event.receiver, points=event.points
            )
            state.totals.transferred -= event.points
            state.lots.take([Allocation(lot=one.of, points=one.points) for one in lots])
        case PointsTransferredIn(lots=lots):
            state.totals.transferred += event.points
            for one in lots:
                state.lots.add(
                    one.lot, one.points, awarded_at=one.awarded_at, expires_at=one.expires_at
                )
            idleness.came(state.idleness, state.as_of)
        case _:
            assert_never(event)


@frozen(kw_only=True)
class TransferPoints:
    """Give points of one customer's account to that of another, which it opens if need be."""

    program: ProgramId
    customer: CustomerId
    at: datetime
    transfer: TransferId
    receiver: CustomerId
    points: int
    spend: SpendOrder = SpendOrder.FEFO


@frozen(kw_only=True)
class TransferDiffers(Refusal):
    """Under this id other points were given, or to another customer."""

    transfer: TransferId

    def __str__(self) -> str:
        return f"transfer {self.transfer} was of other points, or to another customer"


def decide(
    command: TransferPoints, sender: Account, giving: AccountAt, taking: AccountAt
) -> Sequence[Event | PointsDebtSettled]:
    """
    Both halves of a transfer between two accounts, as they are now.

    What the receiver owes is paid first.

    Raises:
        ImpossiblePoints: not even one point is to be given.
        NotEnoughPoints: the sender cannot spend so many.
    """
    lots = tuple(
        TransferredLot(
            lot=LotId(named(TRANSFER, command.customer, command.transfer, str(number))),
            of=one.lot,
            points=one.points,
            awarded_at=sender.lots.known[one.lot].awarded_at,
            expires_at=sender.lots.known[one.lot].expires_at,
        )
        for number, one in enumerate(taken(giving, command.points, command.spend), 1)
    )
    return [
        PointsTransferredOut(
            program=command.program,
            customer=command.customer,
            transfer=command.transfer,
            receiver=command.receiver,
            points=command.points,
            lots=lots,
            transferred_at=giving.at,
        ),
        PointsTransferredIn(
            program=command.program,
            customer=command.receiver,
            transfer=command.transfer,
            sender=command.customer,
            points=command.points,
            lots=lots,
            transferred_at=taking.at,
        ),
        *taking.pay([Allocation(lot=one.lot, points=one.points) for one in lots], taking.at),
    ]
