from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import psycopg
import pytest
from attrs import evolve
from eventsourcing.persistence import (
    ApplicationRecorder,
    OperationalError,
    StoredEvent,
)
from eventsourcing.popo import POPOApplicationRecorder
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore
from hypothesis import settings
from sqlalchemy import make_url

from regulars.adapters.database import Database
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.recorder import Recorder
from regulars.adapters.recorder_log import RecorderLog
from regulars.application.errors import (
    AlreadyRecorded,
    StaleHistory,
    StorageUnavailable,
    UndecodableEvent,
)
from regulars.testing import EventLogContract
from regulars.testing.pending_events import append, pending, places, run
from tests.application.memory_crm import TENANT, core
from tests.domain.examples import DELIVER, PLACE
from tests.postgres_server import new_database

FEW: Final[settings | None] = settings(max_examples=10, stateful_step_count=15)


TOO_LONG_ON_POSTGRESQL: Final = (
    "test_a_long_batch_is_read_back_whole",
    "test_a_reader_finds_what_is_rare_behind_any_number_of_others",
)

Opened: TypeAlias = Callable[..., AbstractContextManager[ApplicationRecorder]]


@contextmanager
def in_memory(folder: Path, *, text: bool) -> Generator[ApplicationRecorder]:  # noqa: ARG001 - needs neither
    yield POPOApplicationRecorder()


@contextmanager
def on_sqlite(folder: Path, *, text: bool) -> Generator[ApplicationRecorder]:
    store = SQLiteDatastore(str(folder / "es.db"), originator_id_type="text" if text else "uuid")
    with closing(store):
        recorder = SQLiteApplicationRecorder(store)
        recorder.create_table()
        yield recorder


@contextmanager
def on_postgresql(folder: Path, *, text: bool) -> Generator[ApplicationRecorder]:  # noqa: ARG001 - needs no folder
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
def on_ours(folder: Path, *, text: bool) -> Generator[ApplicationRecorder]:
    with closing(Database(f"sqlite:///{folder / 'shop.db'}", synchronous="NORMAL")) as database:
        if text:
            yield Recorder(database, tenant="es", id_type=str)
        else:
            yield Recorder(database, tenant="es")


class TestRecorderLog(EventLogContract):
    exploring = FEW
    racing_seconds = 0.05
    recorder: ApplicationRecorder
    text: bool

    @pytest.fixture(
        autouse=True,
        params=[
            (in_memory, False),
            (on_sqlite, False),
            (on_sqlite, True),
            (on_postgresql, False),
            pytest.param((on_ours, False), marks=pytest.mark.slow),  # it goes through us twice
        ],
        ids=["in memory", "sqlite", "sqlite with text ids", "postgresql", "ours"],
    )
    def store(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
        opened, self.text = request.param
        if opened is on_postgresql and request.function.__name__ in TOO_LONG_ON_POSTGRESQL:
            pytest.xfail("that library's PostgreSQL does not come back from so long an insert")
        with opened(tmp_path, text=self.text) as self.recorder:
            yield

    def open(self, tenant: str) -> RecorderLog:
        return RecorderLog(self.recorder, tenant=tenant, text_ids=self.text)


class Overtaken(POPOApplicationRecorder):
    """Another writer is faster, once."""

    first: Callable[[], object] | None = None

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Any:  # noqa: ANN401 - as that library has it
        first, self.first = self.first, None
        if first is not None:
            first()
        return super().insert_events(stored_events, **kwargs)


class Away(POPOApplicationRecorder):
    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Any:  # noqa: ANN401, ARG002 - as that library has it
        raise OperationalError("secret")


def test_who_is_overtaken_by_another_process_is_told_at_what() -> None:
    recorder = Overtaken()
    log, other = RecorderLog(recorder), RecorderLog(recorder)
    mine = pending("a", 1)

    recorder.first = lambda: append(other, *run("a", 1))
    with pytest.raises(StaleHistory):
        append(log, mine)
    recorder.first = lambda: append(other, mine._replace(stream="b"))
    with pytest.raises(AlreadyRecorded):
        append(log, mine._replace(stream="c"))

    assert places(log.read()) == [("a", 1), ("b", 1)]


def test_a_recorder_that_does_not_answer_is_told_in_our_words() -> None:
    with pytest.raises(StorageUnavailable) as told:
        append(RecorderLog(Away()), *run("a", 1))

    assert str(told.value) == "recorder: OperationalError"


def test_what_is_no_event_of_ours_is_named_by_its_place() -> None:
    recorder = POPOApplicationRecorder()
    recorder.insert_events([StoredEvent("theirs", 1, "Poured", b"a cup")])

    with pytest.raises(UndecodableEvent) as unreadable:
        list(RecorderLog(recorder).read())

    assert (unreadable.value.position, unreadable.value.type) == (1, "Poured")


class RecorderStorage(MemoryStorage):
    """Views in memory over a log that is kept elsewhere, and read again by each process."""

    def __init__(self, recorder: ApplicationRecorder) -> None:
        super().__init__(tenant=TENANT)
        self.log: Any = RecorderLog(recorder, tenant=TENANT)

    @contextmanager
    def transaction(self) -> Generator[None]:
        with self._lock:
            yield


@pytest.mark.parametrize("opened", [in_memory, on_sqlite, on_postgresql, on_ours])
def test_commands_are_handled_over_any_recorder(opened: Opened, tmp_path: Path) -> None:
    with opened(tmp_path, text=False) as recorder:
        keys = MemoryKeyStore()
        town = core(RecorderStorage(recorder), keys)
        first = town.crm.execute(PLACE, by="checkout", id="o-1")
        town.crm.execute(DELIVER, by="courier")

        assert town.crm.execute(PLACE, by="checkout", id="o-1") == evolve(first, repeated=True)
        assert town.crm.verify().sound
        again = core(RecorderStorage(recorder), keys)
        again.crm.catch_up()
        assert again.rows() == town.rows()
        assert again.crm.verify().sound
