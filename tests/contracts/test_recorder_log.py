from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest
from eventsourcing.persistence import (
    ApplicationRecorder,
)
from eventsourcing.popo import POPOApplicationRecorder
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore
from hypothesis import settings
from sqlalchemy import make_url

from regulars.adapters.database import Database
from regulars.adapters.recorder import Recorder
from regulars.adapters.recorder_log import RecorderLog
from regulars.testing import EventLogContract
from tests.postgres_server import new_database

FEW: Final = settings(max_examples=10, stateful_step_count=15) if settings().derandomize else None


@contextmanager
def in_memory(folder: Path, *, text: bool) -> Iterator[ApplicationRecorder]:  # noqa: ARG001 - needs neither
    yield POPOApplicationRecorder()


@contextmanager
def on_sqlite(folder: Path, *, text: bool) -> Iterator[ApplicationRecorder]:
    store = SQLiteDatastore(str(folder / "es.db"), originator_id_type="text" if text else "uuid")
    with closing(store):
        recorder = SQLiteApplicationRecorder(store)
        recorder.create_table()
        yield recorder


@contextmanager
def on_postgresql(folder: Path, *, text: bool) -> Iterator[ApplicationRecorder]:  # noqa: ARG001 - needs no folder
    url = make_url(new_database())
    with closing(psycopg.connect(url.render_as_string(hide_password=False))) as connection:
        of = connection.info
        store = PostgresDatastore(
            dbname=of.dbname,
            host=of.host,
            port=of.port,
            user=of.user,
            password=of.password,
            pool_size=4,
            schema=str(url.query["options"]).partition("=")[2],
            originator_id_type="text" if text else "uuid",
        )
    with closing(store):
        recorder = PostgresApplicationRecorder(store)
        recorder.create_table()
        yield recorder


@contextmanager
def on_ours(folder: Path, *, text: bool) -> Iterator[ApplicationRecorder]:
    with closing(Database(f"sqlite:///{folder / 'shop.db'}", synchronous="NORMAL")) as database:
        if text:
            yield Recorder(database, tenant="es", id_type=str)
        else:
            yield Recorder(database, tenant="es")


class TestRecorderLog(EventLogContract):
    exploring = FEW
    recorder: ApplicationRecorder
    text: bool

    @pytest.fixture(autouse=True, params=[False, True], ids=["uuid", "text"])
    def kind(self, request: pytest.FixtureRequest) -> None:
        self.text = request.param

    @pytest.fixture(autouse=True, params=[in_memory, on_sqlite, on_postgresql, on_ours])
    def store(self, request: pytest.FixtureRequest, kind: None, tmp_path: Path) -> Iterator[None]:  # noqa: ARG002 - comes first
        with request.param(tmp_path, text=self.text) as self.recorder:
            yield

    def open(self, tenant: str) -> RecorderLog:
        return RecorderLog(self.recorder, tenant=tenant, text_ids=self.text)
