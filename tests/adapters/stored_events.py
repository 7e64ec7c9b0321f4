"""What every golden body means."""

from regulars.application.events import Event, Retired
from regulars.domain.customer import ConsentGranted
from regulars.domain.erasure import ErasureRequested
from regulars.domain.personal import DataClass
from regulars.domain.values import ErasureId
from regulars.testing.example_events import ADA, EXAMPLES

OLDER: dict[tuple[str, int], list[Event | Retired]] = {
    ("ConsentGranted", 1): [
        ConsentGranted(customer=ADA, purpose="marketing", channel="sms", policy_version="2026-01")
    ],
    ("ErasureRequested", 1): [
        ErasureRequested(
            customer=ADA,
            erasure=ErasureId("erasure-7"),
            classes=(DataClass.CONTACT, DataClass.ADDRESS),
            restricted=(DataClass.ADDRESS,),
            basis="gdpr-17-1-b",
        )
    ],
}
"""What the golden body of each older name and version has become."""

MEANT: dict[tuple[str, int], list[Event | Retired]] = {
    **{stored: [event] for stored, event in EXAMPLES.items()},
    **OLDER,
}
"""What every golden body means now."""
