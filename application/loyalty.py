"""Points: the balance of every account, the postings that made it, and why each is what it is."""

from collections.abc import Iterable
from typing import Final, assert_never

from attrs import define

from regulars.application.events import Happened
from regulars.application.views import Key, View
from regulars.domain.lots import PointsExpired
from regulars.domain.loyalty import LoyaltyAccountOpened, PointsEarned
from regulars.domain.redemption import PointsRedeemed, RedemptionReversed
from regulars.domain.reversal import PointsReversed


@define
class AccountTotals:
    """One account's row: points by what became of them. `opened_at` in microseconds."""

    program: str
    customer: str
    opened_at: int | None = None
    earned: int = 0
    reversed: int = 0
    expired: int = 0
    redeemed: int = 0
    balance: int = 0


def _account_parts(recorded: Happened) -> Iterable[tuple[Key, Happened]]:
    match recorded.event:
        case (
            LoyaltyAccountOpened(program=program, customer=customer)
            | PointsEarned(program=program, customer=customer)
            | PointsReversed(program=program, customer=customer)
            | PointsExpired(program=program, customer=customer)
            | PointsRedeemed(program=program, customer=customer)
            | RedemptionReversed(program=program, customer=customer)
        ):
            return (((program, customer), recorded),)
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
        case PointsExpired(points=points):
            row.expired += points
            row.balance -= points
        case PointsRedeemed(points=points):
            row.redeemed += points
            row.balance -= points
        case RedemptionReversed(points=points):
            row.redeemed -= points
            row.balance += points
        case _:
            pass


ACCOUNTS: Final[View[AccountTotals, Happened]] = View(
    name="accounts",
    version=2,
    row=AccountTotals,
    key=("program", "customer"),
    reads=frozenset(
        {
            LoyaltyAccountOpened,
            PointsEarned,
            PointsReversed,
            PointsExpired,
            PointsRedeemed,
            RedemptionReversed,
        }
    ),
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
    reversed: spent, given back, expired.
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
        case PointsExpired() | PointsRedeemed() | RedemptionReversed() as moved:
            _ledger_fold_moved(row, moved)
        case _:
            pass


def _ledger_fold_moved(
    row: LedgerEntry, moved: PointsExpired | PointsRedeemed | RedemptionReversed
) -> None:
    row.program = moved.program
    row.customer = moved.customer
    match moved:
        case PointsExpired():
            row.lot = moved.lot
            row.points = -moved.points
            row.what = "expired"
        case PointsRedeemed(reward=reward):
            row.redemption = moved.redemption
            row.order_id = moved.order
            row.points = -moved.points
            row.what = f"spent on {reward.kind}{'' if reward.id is None else f' {reward.id}'}"
        case RedemptionReversed():
            row.redemption = moved.redemption
            row.refund_id = moved.refund
            row.points = moved.points
            row.what = f"refund {moved.refund} gave back what was spent"
        case _:
            assert_never(moved)


LEDGER: Final[View[LedgerEntry, Happened]] = View(
    name="ledger",
    version=2,
    row=LedgerEntry,
    key=("position",),
    reads=frozenset(
        {PointsEarned, PointsReversed, PointsExpired, PointsRedeemed, RedemptionReversed}
    ),
    parts=_ledger_parts,
    fold=_ledger_fold,
    indexes=("customer",),
)
