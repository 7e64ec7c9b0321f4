"""What a programme decides about points that were earned: how they are spent, and taken back."""

from enum import Enum
from typing import Final

from attrs import frozen


class SpendOrder(Enum):
    """Which points are spent first: those that expire first, or those that were awarded first."""

    FEFO = "fefo"
    FIFO = "fifo"


class Capture(Enum):
    """
    What spends the points that pay for an order, which are held until then.

    `DELIVERY` spends them when the order counts as a sale, and earns; `ACCEPTANCE` as soon as the
    merchant takes it, or at delivery where nobody told of that.
    """

    DELIVERY = "delivery"
    ACCEPTANCE = "acceptance"


class Reversal(Enum):
    """
    Where the points of a refunded order are taken from.

    `ONLY_PENDING` takes of the order's own while they cannot be used yet, and forgives the rest.
    `WITHIN_BALANCE` takes of the order's own, then of others that can be used, and forgives what
    is lacking; `ALLOW_DEBT` has it owed.
    """

    ONLY_PENDING = "only_pending"
    WITHIN_BALANCE = "within_balance"
    ALLOW_DEBT = "allow_debt"


class Arithmetic(Enum):
    """
    How much a refund takes back (R3 of docs/loyalty.md).

    `RECOMPUTE` leaves what the rest of the order earns. `PRORATE_FLOOR` takes the refunded part
    of the exact points, rounded down for each refund by itself, so that refunds in parts may
    leave some. `FULL_ON_ANY` takes all with the first refund, `NONE` nothing with any.
    """

    RECOMPUTE = "recompute"
    PRORATE_FLOOR = "prorate_floor"
    FULL_ON_ANY = "full_on_any"
    NONE = "none"


class Restore(Enum):
    """Whether a partial refund gives back its part of the points that paid, or only the last."""

    PROPORTIONAL = "proportional"
    FULL_ONLY = "full_only"


@frozen(kw_only=True)
class ReturnPolicy:
    """
    What a refund does to points, those that the order earned and those that paid for it.

    Points that come back after they expired expire again at once; with `reinstate_days` above 0
    they can be used for so many x 24 hours more.
    """

    reversal: Reversal = Reversal.ALLOW_DEBT
    arithmetic: Arithmetic = Arithmetic.RECOMPUTE
    restore: Restore = Restore.PROPORTIONAL
    reinstate_days: int = 0


USUAL_RETURNS: Final = ReturnPolicy()
"""What a refund does in a programme that says nothing about it."""
