"""Points: the balance of every account, the postings that made it, and why each is what it is."""

from collections.abc import Iterable
from typing import Final

from attrs import define

from regulars.application.events import Happened
from regulars.application.movements import MOVERS, Mover, movement
from regulars.application.views import Key, View
from regulars.domain.adjustment import PointsAdjusted, PointsMigrated
from regulars.domain.closing import LoyaltyAccountClosed
from regulars.domain.lots import PointsExpired
from regulars.domain.loyalty import LoyaltyAccountOpened, PointsEarned
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.reversal import PointsReversed


@define
class AccountTotals:
    """
    One account's row: points by what became of them. `opened_at` in microseconds.

    `transferred` is what came from other accounts less what went there, merges included, and
    `adjusted` what persons put in less what they took out.
    """

    program: str
    customer: str
    opened_at: int | None = None
    earned: int = 0
    reversed: int = 0
    expired: int = 0
    redeemed: int = 0
    migrated: int = 0
    adjusted: int = 0
    transferred: int = 0
    forfeited: int = 0
    balance: int = 0


def _account_parts(recorded: Happened) -> Iterable[tuple[Key, Happened]]:
    match recorded.event:
        case event if isinstance(
            event, LoyaltyAccountOpened | PointsEarned | PointsReversed | Mover
        ):
            return (((event.program, event.customer), recorded),)
        case _:
            return ()


def _account_fold(row: AccountTotals, recorded: Happened) -> None:
    match recorded.event:
        case LoyaltyAccountOpened():
            row.opened_at = recorded.occurred_at
        case PointsEarned(points=points):
            row.earned += points
            row.balance += points
        case PointsReversed(points=points, written_off=forgiven):
            row.reversed += points - forgiven
            row.balance -= points - forgiven
        case event if isinstance(event, Mover):
            _account_fold_moved(row, event)
        case _:
            pass


def _account_fold_moved(row: AccountTotals, event: Mover) -> None:
    points = movement(event).points
    row.balance += points
    match event:
        case PointsExpired():
            row.expired -= points
        case PointsRedeemed() | RedemptionReversed():
            row.redeemed -= points
        case PointsMigrated():
            row.migrated += points
        case PointsAdjusted():
            row.adjusted += points
        case LoyaltyAccountClosed():
            row.forfeited -= points
        case _:
            row.transferred += points


ACCOUNTS: Final[View[AccountTotals, Happened]] = View(
    name="accounts",
    version=3,
    row=AccountTotals,
    key=("program", "customer"),
    reads=frozenset({LoyaltyAccountOpened, PointsEarned, PointsReversed, *MOVERS}),
    parts=_account_parts,
    fold=_account_fold,
    indexes=("customer",),
)


@define
class LedgerEntry:
    """
    One posting's row, by the position of its event.

    `points` are added to the balance, below zero when taken back. `base` is what the points were
    computed on, in minor units of `currency`. Of a reversal, `base` is what remained paid for.
    `exact` is what `rules`, by name, gave before it was rounded down, a fraction in words.
    `written_off` are points that a refund forgave. `what` tells what was neither earned nor
    reversed: see `movement`.
    """

    position: int
    program: str = ""
    customer: str = ""
    lot: str | None = None
    order_id: str | None = None
    refund_id: str | None = None
    redemption: str | None = None
    what: str | None = None
    points: int = 0
    base: int = 0
    currency: str | None = None
    rules_version: int | None = None
    rules: str | None = None
    exact: str | None = None
    occasion: str | None = None
    kept: int = 0
    written_off: int = 0
    occurred_at: int = 0


def _ledger_parts(recorded: Happened) -> Iterable[tuple[Key, Happened]]:
    return (((recorded.position,), recorded),)


def _ledger_fold(row: LedgerEntry, recorded: Happened) -> None:
    row.occurred_at = recorded.occurred_at
    match recorded.event:
        case PointsEarned() as earned:
            row.program = earned.program
            row.customer = earned.customer
            row.lot = earned.lot
            row.occasion = earned.on
            row.order_id = earned.order
            row.points = row.kept = earned.points
            row.base = earned.evaluation.amount
            row.currency = earned.currency
            row.rules_version = earned.rules_version
            row.rules = ", ".join(dict.fromkeys(step.rule for step in earned.evaluation.steps))
            row.exact = str(earned.evaluation.exact)
        case PointsReversed() as taken:
            row.program = taken.program
            row.customer = taken.customer
            row.lot = taken.lot
            row.order_id = taken.order
            row.refund_id = taken.refund
            row.points = taken.written_off - taken.points
            row.base = taken.remaining
            row.kept = taken.kept
            row.written_off = taken.written_off
        case event if isinstance(event, Mover):
            moved = movement(event)
            row.program = event.program
            row.customer = event.customer
            row.lot = moved.lot
            row.order_id = moved.order
            row.refund_id = moved.refund
            row.redemption = moved.redemption
            row.points = moved.points
            row.what = moved.what
        case _:
            pass


LEDGER: Final[View[LedgerEntry, Happened]] = View(
    name="ledger",
    version=3,
    row=LedgerEntry,
    key=("position",),
    reads=frozenset({PointsEarned, PointsReversed, *MOVERS}),
    parts=_ledger_parts,
    fold=_ledger_fold,
    indexes=("customer",),
)
