import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.domain.order import OrderAccepted
from regulars.domain.values import OrderId
from regulars.testing.pending_events import append, pending
from tests.postgres_server import new_database

pytest.importorskip("resource", reason="the system does not tell what a process takes")

EVENTS: Final = 10_000
LONG: Final = OrderAccepted(order=OrderId("o" * 4_000))
WHOLE: Final = EVENTS * 4_000
"""The bytes that the stream takes, all at once."""

READ: Final = """
import sys
from resource import RUSAGE_SELF, getrusage

from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog

_, url, way = sys.argv
read = getattr(SqlLog(Database(url)), way)
list(read("short"))
before = getrusage(RUSAGE_SELF).ru_maxrss
events = sum(1 for _ in read("long"))
print(events, getrusage(RUSAGE_SELF).ru_maxrss - before)
"""
UNIT: Final = 1 if sys.platform == "darwin" else 1_024


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    file = f"sqlite:///{tmp_path / 'shop.db'}"
    url = file if request.param == "sqlite" else new_database()
    with closing(Database(url, synchronous="NORMAL")) as database:
        log = SqlLog(database)
        for first in range(1, EVENTS, 500):
            append(log, *(pending("long", first + more, LONG) for more in range(500)))
    return url


# What a driver keeps outside of Python is seen by the system alone.
@pytest.mark.parametrize("way", ["facts", "stream"])
def test_a_long_stream_is_read_in_a_fraction_of_the_memory_that_it_takes(
    url: str, way: str
) -> None:
    told = subprocess.run(
        [sys.executable, "-c", READ, url, way], check=True, capture_output=True, text=True
    ).stdout
    events, more = map(int, told.split())

    assert events == EVENTS
    assert more * UNIT < WHOLE // 4
