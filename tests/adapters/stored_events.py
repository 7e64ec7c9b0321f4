"""What every golden body means."""

from regulars.application.events import Event, Retired
from regulars.testing.example_events import EXAMPLES

OLDER: dict[tuple[str, int], list[Event | Retired]] = {}
"""What the golden body of each older name and version has become."""

MEANT: dict[tuple[str, int], list[Event | Retired]] = {
    **{stored: [event] for stored, event in EXAMPLES.items()},
    **OLDER,
}
"""What every golden body means now."""
