"""
Ids that the product makes itself, and that nobody else may choose.

Names of one kind have several origins. Each origin has a first word of its own, but for the ids of
hosts, as of the orders that earn; so these may not begin with one
(docs/adr/0047-a-name-begins-with-where-it-comes-from.md).
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from regulars.application.errors import ReservedId
from regulars.application.events import Command
from regulars.domain.adjustment import MigratePoints
from regulars.domain.claim import ClaimReward
from regulars.domain.coupon import IssueCoupon
from regulars.domain.holding import HeldForOrder
from regulars.domain.loyalty import AwardPoints
from regulars.domain.names import (
    ADJUSTMENT,
    BENEFIT,
    CAMPAIGN,
    CANCELLED,
    MERGED,
    MIGRATED,
    OCCASION,
    PAYMENT,
    REFERRAL,
    REWARD,
    TRANSFER,
)
from regulars.domain.purchase import PlaceOrder
from regulars.domain.redemption import (
    CapturePoints,
    RedeemPoints,
    ReleasePoints,
    ReservePoints,
    ReverseRedemption,
)
from regulars.domain.refund import IssueRefund
from regulars.domain.told_occasions import RecordOccasion

LOTS: Final = frozenset({ADJUSTMENT, MERGED, MIGRATED, OCCASION, TRANSFER})
"""Points that no order earned: put in by a person, brought, given, or for an occasion."""
REDEMPTIONS: Final = frozenset({MERGED, PAYMENT})
"""What pays for an order is spent and given back as that goes, and by nobody else."""
RESERVATIONS: Final = frozenset({MERGED})
COUPONS: Final = frozenset({BENEFIT, CAMPAIGN, REWARD})
"""What a tier or a grant brings, or points were spent on."""
OCCASIONS: Final = frozenset({REFERRAL})
REFUNDS: Final = frozenset({CANCELLED})
"""A cancelled order gives back the points that it spent, as a refund does."""


class Own(NamedTuple):
    """A field of a command that makes a name known, and the words that it may not begin with."""

    field: str
    words: frozenset[str]


OWN: Final[Mapping[type[Any], tuple[Own, ...]]] = MappingProxyType(
    {
        PlaceOrder: (Own("order", LOTS), Own("brings", COUPONS)),
        IssueRefund: (Own("refund", REFUNDS),),
        AwardPoints: (Own("lot", LOTS),),
        RecordOccasion: (Own("occasion", OCCASIONS),),
        ReservePoints: (Own("reservation", RESERVATIONS),),
        RedeemPoints: (Own("redemption", REDEMPTIONS), Own("brings", COUPONS)),
        CapturePoints: (Own("redemption", REDEMPTIONS),),
        ReverseRedemption: (Own("redemption", frozenset({PAYMENT})),),
        ClaimReward: (Own("redemption", REDEMPTIONS),),
        IssueCoupon: (Own("coupon", COUPONS),),
    }
)


def check_own(command: Command) -> None:
    """
    Refuse an id that would be taken for one of the product's own.

    Raises:
        ReservedId: names the field, and the word that it begins with or lacks.
        HeldForOrder: points are let go of in the name of an order, as only the order itself may.
    """
    if isinstance(command, ReleasePoints) and command.order is not None:
        raise HeldForOrder(reservation=command.reservation, pays_for=command.order)
    if isinstance(command, MigratePoints) and not command.lot.startswith(f"{MIGRATED}/"):
        raise ReservedId(field="lot", word=MIGRATED, lacking=True)
    for own in OWN.get(type(command), ()):
        for name in _names(getattr(command, own.field)):
            word, slash, _ = name.partition("/")
            if slash and word in own.words:
                raise ReservedId(field=own.field, word=word)


def _names(told: Any) -> Iterator[str]:  # noqa: ANN401 - an id, or coupons that have one each
    if isinstance(told, str):
        yield told
    else:
        yield from (one.coupon for one in told)
