"""
The contracts of the ports, for adapters that a host writes, and canaries to find what leaks.

Needs the extra `testing`.

    class TestMyLog(EventLogContract):
        @pytest.fixture(autouse=True)
        def store(self, tmp_path: Path) -> None:
            self.kept = MyStore(tmp_path)

        def open(self, tenant: str) -> EventLog:
            return MyLog(self.kept, tenant=tenant)
"""

import pytest

# Before they are imported: a broken promise then says what it saw.
pytest.register_assert_rewrite(
    "regulars.testing.contact_indexes",
    "regulars.testing.event_log_machine",
    "regulars.testing.event_log_races",
    "regulars.testing.event_log_reads",
    "regulars.testing.event_logs",
    "regulars.testing.followers",
    "regulars.testing.number_protections",
    "regulars.testing.pending_events",
    "regulars.testing.snapshots",
    "regulars.testing.subscriptions",
    "regulars.testing.tracking_recorders",
    "regulars.testing.view_stores",
)

from regulars.testing.canaries import Canaries, Find  # noqa: E402 - see above
from regulars.testing.canary_people import (  # noqa: E402 - see above
    CanaryPerson,
    canaries_of,
    canary_people,
)
from regulars.testing.contact_indexes import ContactIndexContract  # noqa: E402 - see above
from regulars.testing.event_log_machine import EventLogMachine, explore  # noqa: E402 - see above
from regulars.testing.event_logs import EventLogContract  # noqa: E402 - see above
from regulars.testing.number_protections import NumberProtectionContract  # noqa: E402 - see above
from regulars.testing.snapshots import SnapshotsContract  # noqa: E402 - see above
from regulars.testing.subscriptions import SubscriptionContract  # noqa: E402 - see above
from regulars.testing.view_stores import ViewStoreContract  # noqa: E402 - see above

__all__ = [
    "Canaries",
    "CanaryPerson",
    "ContactIndexContract",
    "EventLogContract",
    "EventLogMachine",
    "Find",
    "NumberProtectionContract",
    "SnapshotsContract",
    "SubscriptionContract",
    "ViewStoreContract",
    "canaries_of",
    "canary_people",
    "explore",
]
