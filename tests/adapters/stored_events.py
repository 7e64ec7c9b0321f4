"""What every golden body means."""

from regulars.application.events import Event, Retired
from regulars.domain.customer import ConsentGranted
from regulars.domain.order import OrderCancelled
from regulars.domain.purchase import Channel, OrderPlaced
from regulars.domain.refund import RefundIssued
from regulars.domain.values import RefundId
from regulars.testing.example_events import (
    ADA,
    CAFE,
    EXAMPLES,
    LINES,
    ORDER,
    PLACED_AT,
    box,
)

OLDER: dict[tuple[str, int], list[Event | Retired]] = {
    ("ConsentGranted", 1): [
        ConsentGranted(customer=ADA, purpose="marketing", channel="sms", policy_version="2026-01")
    ],
    ("OrderPlaced", 1): [
        OrderPlaced(
            order=ORDER,
            currency="USD",
            total=2598,
            customer=ADA,
            merchant=CAFE,
            lines=LINES,
            discount=100,
            delivery_fee=299,
            tip=50,
            channel=Channel.DINE_IN,
            payment_method="card",
            region="north",
            extra=box("extra"),
        )
    ],
    ("OrderCancelled", 1): [
        OrderCancelled(
            order=ORDER,
            currency="USD",
            placed_at=PLACED_AT,
            customer=ADA,
            merchant=CAFE,
            lines=LINES,
            reason="sold out",
            late_entry=True,
        )
    ],
    ("RefundIssued", 1): [
        RefundIssued(
            order=ORDER,
            refund=RefundId("refund-1"),
            currency="USD",
            amount=3000,
            goods=2598,
            goodwill=402,
            goods_refunded=2598,
            total=2598,
            placed_at=PLACED_AT,
            customer=ADA,
            merchant=CAFE,
            reason="cold",
            late_entry=True,
        )
    ],
}
"""What the golden body of each older name and version has become."""

MEANT: dict[tuple[str, int], list[Event | Retired]] = {
    **{stored: [event] for stored, event in EXAMPLES.items()},
    **OLDER,
}
"""What every golden body means now."""
