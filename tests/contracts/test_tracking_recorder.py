from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from eventsourcing.persistence import ProcessRecorder
from eventsourcing.popo import POPOProcessRecorder

from regulars.adapters.database import Database
from regulars.adapters.recorder import Recorder
from regulars.testing.tracking_recorders import TrackingContract
from tests.contracts.broken_promises import failed_by
from tests.contracts.broken_recorders import BROKEN
from tests.postgres_server import new_database


class TestTheirsInMemory(TrackingContract):
    def open(self) -> ProcessRecorder:
        return POPOProcessRecorder()


class TestOurs(TrackingContract):
    database: Database

    @pytest.fixture(autouse=True, params=["sqlite", "postgresql"])
    def store(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
        sqlite = request.param == "sqlite"
        url = f"sqlite:///{tmp_path / 'shop.db'}" if sqlite else new_database()
        with closing(Database(url, synchronous="NORMAL")) as self.database:
            yield

    def open(self) -> ProcessRecorder:
        return Recorder(self.database, tenant="cafe")


@pytest.mark.parametrize("broken", BROKEN)
def test_the_contract_finds_recorders_that_track_badly(broken: type[Recorder]) -> None:
    with ExitStack() as opened:

        class Broken(TrackingContract):
            def open(self) -> ProcessRecorder:
                database = opened.enter_context(closing(Database("sqlite://")))
                return broken(database, tenant="cafe")

        assert any(failed_by(Broken))
