"""Events to bytes and back: the one place that knows stored names and JSON."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from regulars.application.events import Event
from regulars.domain import customer, loyalty, merchant, order, program, purchase, refund, review

# A stored name and its schema version stand for a class for ever; see CONTRIBUTING.md.
STORED: Final[dict[type[Event], tuple[str, int]]] = {
    customer.CustomerRegistered: ("CustomerRegistered", 1),
    customer.CustomerDetailsUpdated: ("CustomerDetailsUpdated", 1),
    customer.DeliveryAddressAdded: ("DeliveryAddressAdded", 1),
    customer.DeliveryAddressRemoved: ("DeliveryAddressRemoved", 1),
    customer.ConsentGranted: ("ConsentGranted", 1),
    customer.ConsentWithdrawn: ("ConsentWithdrawn", 1),
    merchant.MerchantRegistered: ("MerchantRegistered", 1),
    merchant.MerchantDetailsUpdated: ("MerchantDetailsUpdated", 1),
    merchant.MenuItemPublished: ("MenuItemPublished", 1),
    purchase.OrderPlaced: ("OrderPlaced", 1),
    order.OrderAccepted: ("OrderAccepted", 1),
    order.PreparationStarted: ("PreparationStarted", 1),
    order.OrderReady: ("OrderReady", 1),
    order.OrderPickedUp: ("OrderPickedUp", 1),
    order.OrderDelivered: ("OrderDelivered", 1),
    order.OrderCompleted: ("OrderCompleted", 1),
    order.OrderCancelled: ("OrderCancelled", 1),
    refund.RefundIssued: ("RefundIssued", 1),
    review.ReviewSubmitted: ("ReviewSubmitted", 1),
    program.ProgramDefined: ("ProgramDefined", 1),
    program.EarningRulePublished: ("EarningRulePublished", 1),
    loyalty.LoyaltyAccountOpened: ("LoyaltyAccountOpened", 1),
    loyalty.PointsEarned: ("PointsEarned", 1),
    loyalty.PointsReversed: ("PointsReversed", 1),
}

encode: Final[Callable[[Any], bytes]] = msgspec.json.Encoder(order="sorted").encode
"""The JSON bytes of an event or command, always the same for the same content."""

_DECODERS: Final[dict[tuple[str, int], Callable[[bytes], Event]]] = {
    stored: msgspec.json.Decoder(event).decode for event, stored in STORED.items()
}


class NotStoredSo(Exception):
    """The bytes are no event of that name and version."""


def decode(name: str, schema: int, body: bytes) -> Event:
    """
    The event that `body` holds.

    Raises:
        NotStoredSo: no event is stored under this name and version, or `body` is not one.
    """
    try:
        return _DECODERS[name, schema](body)
    except (KeyError, msgspec.DecodeError):
        # The reason could quote the content, so it stays behind.
        raise NotStoredSo from None
