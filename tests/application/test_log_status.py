from datetime import UTC, datetime

from regulars.adapters.log_lines import line_of
from regulars.adapters.memory import MemoryLog
from regulars.adapters.memory_stored_events import MemoryStoredEvents
from regulars.application.events import microseconds
from regulars.application.log_check import check
from regulars.application.log_status import ViewStatus, status
from regulars.domain.order import OrderReady
from regulars.domain.values import OrderId
from regulars.testing.pending_events import pending, run

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
LAST = datetime(2026, 1, 2, tzinfo=UTC)


def log_of_three() -> MemoryStoredEvents:
    log = MemoryLog()
    log.append(run("a", 1), recorded_at=microseconds(LAST))
    log.append(
        [*run("b", 1), pending("b", 2, OrderReady(order=OrderId("b")))],
        recorded_at=microseconds(FIRST),
    )
    return MemoryStoredEvents(log)


def test_a_status_tells_what_there_is_and_since_when() -> None:
    events = log_of_three()

    found = status(events, {}, size=4096, line=line_of)

    assert (found.tenant, found.size, found.head) == ("default", 4096, 3)
    assert (found.events, found.streams) == (3, 2)
    assert found.types == (("OrderAccepted", 2), ("OrderReady", 1))
    assert (found.first, found.last) == (FIRST, LAST)
    assert found.hash == check(events, line=line_of).hash


def test_a_view_is_behind_by_the_events_past_its_position() -> None:
    found = status(log_of_three(), {"sales": 3, "items": 1, "flags": 0}, size=0, line=line_of)

    assert found.views == (
        ViewStatus(view="sales", position=3, lag=0),
        ViewStatus(view="items", position=1, lag=2),
        ViewStatus(view="flags", position=0, lag=3),
    )


def test_a_time_that_is_none_is_left_to_the_check() -> None:
    log = MemoryLog()
    log.append(run("a", 1), recorded_at=2**63 - 1)
    log.append(run("b", 1), recorded_at=microseconds(FIRST))

    found = status(MemoryStoredEvents(log), {}, size=0, line=line_of)

    assert (found.events, found.first, found.last) == (2, FIRST, FIRST)


def test_a_log_without_events_was_never_recorded() -> None:
    found = status(MemoryStoredEvents(MemoryLog()), {"sales": 0}, size=0, line=line_of)

    assert (found.events, found.first, found.last, found.types) == (0, None, None, ())
    assert found.views == (ViewStatus(view="sales", position=0, lag=0),)
