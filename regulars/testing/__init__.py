"""
What hosts test with: histories of a shop for services, contracts for adapters, canaries for leaks.

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
    "regulars.testing.crm_laws",
    "regulars.testing.crm_machine",
    "regulars.testing.event_log_machine",
    "regulars.testing.event_log_races",
    "regulars.testing.event_log_reads",
    "regulars.testing.event_logs",
    "regulars.testing.followers",
    "regulars.testing.number_protections",
    "regulars.testing.order_machine",
    "regulars.testing.pending_events",
    "regulars.testing.snapshots",
    "regulars.testing.subscriptions",
    "regulars.testing.tracking_recorders",
    "regulars.testing.view_stores",
)

from regulars.application.batch import Outcome  # noqa: E402 - see above
from regulars.application.events import Command  # noqa: E402 - see above
from regulars.testing.canaries import Canaries, Find  # noqa: E402 - see above
from regulars.testing.canary_people import (  # noqa: E402 - see above
    CanaryPerson,
    canaries_of,
    canary_people,
)
from regulars.testing.contact_indexes import ContactIndexContract  # noqa: E402 - see above
from regulars.testing.crm_laws import check_laws  # noqa: E402 - see above
from regulars.testing.crm_machine import CrmMachine  # noqa: E402 - see above
from regulars.testing.event_log_machine import EventLogMachine, explore  # noqa: E402 - see above
from regulars.testing.event_logs import EventLogContract  # noqa: E402 - see above
from regulars.testing.history_strategies import (  # noqa: E402 - see above
    histories,
    interleaved,
    order_lives,
    told,
)
from regulars.testing.number_protections import NumberProtectionContract  # noqa: E402 - see above
from regulars.testing.order_machine import (  # noqa: E402 - see above
    ANNA,
    BO,
    OrderMachine,
    SetClock,
)
from regulars.testing.order_strategies import (  # noqa: E402 - see above
    order_lines,
    orders,
    partitions,
    refunds,
)
from regulars.testing.program_strategies import (  # noqa: E402 - see above
    offer_terms,
    offers,
    program_policies,
    programs,
    rule_sets,
)
from regulars.testing.snapshots import SnapshotsContract  # noqa: E402 - see above
from regulars.testing.subscriptions import SubscriptionContract  # noqa: E402 - see above
from regulars.testing.view_stores import ViewStoreContract  # noqa: E402 - see above

__all__ = [
    "ANNA",
    "BO",
    "Canaries",
    "CanaryPerson",
    "Command",
    "ContactIndexContract",
    "CrmMachine",
    "EventLogContract",
    "EventLogMachine",
    "Find",
    "NumberProtectionContract",
    "OrderMachine",
    "Outcome",
    "SetClock",
    "SnapshotsContract",
    "SubscriptionContract",
    "ViewStoreContract",
    "canaries_of",
    "canary_people",
    "check_laws",
    "explore",
    "histories",
    "interleaved",
    "offer_terms",
    "offers",
    "order_lines",
    "order_lives",
    "orders",
    "partitions",
    "program_policies",
    "programs",
    "refunds",
    "rule_sets",
    "told",
]
