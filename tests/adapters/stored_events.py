"""What every golden body means."""

from regulars.application.events import Event, Retired
from regulars.domain.customer import ConsentGranted
from regulars.testing.example_events import ADA, EXAMPLES

OLDER: dict[tuple[str, int], list[Event | Retired]] = {
    ("ConsentGranted", 1): [
        ConsentGranted(customer=ADA, purpose="marketing", channel="sms", policy_version="2026-01")
    ],
}
"""What the golden body of each older name and version has become."""

MEANT: dict[tuple[str, int], list[Event | Retired]] = {
    **{stored: [event] for stored, event in EXAMPLES.items()},
    **OLDER,
}
"""What every golden body means now."""
