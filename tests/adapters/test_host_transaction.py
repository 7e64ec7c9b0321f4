from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from threading import Barrier
from typing import Any, cast

import pytest
from attrs import evolve, frozen
from sqlalchemy import Connection, Engine, create_engine, inspect, make_url, text
from sqlalchemy.exc import InvalidRequestError, OperationalError
from sqlalchemy.orm import Session

from regulars import (
    AheadOfLog,
    CompleteOrder,
    GrantConsent,
    NotOurDatabase,
    OrderId,
    PointsBalance,
    RefundId,
    RegisterCustomer,
    Request,
    StorageUnavailable,
    TooFarAhead,
    WithdrawConsent,
    connect,
)
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.host_transaction import HostTransaction
from regulars.adapters.key_ring import create_key_file
from regulars.application.aggregates import CUSTOMER
from regulars.application.crm import Crm
from regulars.application.errors import StaleHistory
from regulars.application.joined import Joined
from regulars.domain.customer import UpdateCustomerDetails
from regulars.domain.personal import Contact, Profile
from regulars.domain.purchase import OrderPlaced
from regulars.domain.refund import IssueRefund
from regulars.domain.values import Refusal
from regulars.testing.pending_events import append, places, run
from tests.domain.examples import ANNA, ORDER, PLACE
from tests.postgres_server import new_database, start

COMPLETE = CompleteOrder(order=ORDER, at=PLACE.at)
REGISTER = RegisterCustomer(customer=ANNA, at=PLACE.at, profile=Profile(occupation="potter"))
TOO_EARLY = IssueRefund(order=OrderId("none"), at=PLACE.at, refund=RefundId("r-1"), amount=1)


class HostFails(Exception):
    """Ends the host's transaction before it is kept."""


@frozen
class Host:
    """A shop that keeps the tabs of its tables beside the log."""

    crm: Crm
    engine: Engine

    def put(self, connection: Connection, tab: str) -> None:
        connection.execute(text("INSERT INTO tabs VALUES (:tab)"), {"tab": tab})

    def tabs(self) -> list[str]:
        with self.engine.connect() as connection:
            return list(connection.scalars(text("SELECT tab FROM tabs ORDER BY tab")))

    def types(self) -> list[str]:
        return [type(one.event).__name__ for one in self.crm.events()]

    def points(self, crm: Crm | Joined | None = None) -> int:
        found = (crm or self.crm).ask(PointsBalance(customer=ANNA))
        return 0 if found is None else found.balance


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return new_database() if request.param == "postgresql" else f"sqlite:///{tmp_path}/shop.db"


def engine_of(url: str, **settings: Any) -> Engine:  # noqa: ANN401 - whatever an engine takes
    made = make_url(url)
    if made.get_backend_name() == "postgresql":
        made = made.set(drivername="postgresql+psycopg")
    return create_engine(made, **settings)


@pytest.fixture
def host(url: str, tmp_path: Path) -> Iterator[Host]:
    with connect(url, keys=new_keys(tmp_path), synchronous="NORMAL") as crm:
        engine = engine_of(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE tabs (tab TEXT)"))
        yield Host(crm, engine)
        engine.dispose()


def new_keys(folder: Path) -> Path:
    create_key_file(folder / "shop.keys")
    return folder / "shop.keys"


def test_rows_of_the_host_and_events_are_kept_together(host: Host) -> None:
    with host.engine.begin() as connection, host.crm.joined(connection) as inside:
        host.put(connection, "table 4")
        receipt = inside.execute(PLACE, by="till", id="o-1")
        inside.execute(COMPLETE, by="till")
        assert host.points(inside) == 100
        assert host.types() == []

    assert host.tabs() == ["table 4"]
    assert "PointsEarned" in host.types()
    assert host.points() == 100
    assert host.crm.execute(PLACE, by="till", id="o-1").position == receipt.position
    assert host.crm.verify().sound


def test_what_is_too_far_ahead_is_refused_inside_as_well_and_the_rest_is_kept(host: Host) -> None:
    with host.engine.begin() as connection, host.crm.joined(connection) as inside:
        with pytest.raises(TooFarAhead):
            inside.execute(evolve(PLACE, at=datetime(2999, 1, 1, tzinfo=UTC)), by="till")
        inside.execute(PLACE, by="till")
        host.put(connection, "table 4")

    assert host.tabs() == ["table 4"]
    assert host.types().count("OrderPlaced") == 1


def test_a_snapshot_is_lost_with_the_savepoint_that_the_host_goes_back_to(host: Host) -> None:
    every = CUSTOMER.snapshot_every or 0
    consents = tuple(
        GrantConsent(customer=ANNA, at=PLACE.at, purpose="marketing", policy_version=str(number))
        for number in range(every)
    )
    host.crm.execute(REGISTER, by="till")

    with host.engine.begin() as connection, host.crm.joined(connection) as inside:
        savepoint = connection.begin_nested()
        inside.execute_all([Request(commands=consents, by="till")])
        assert kept(connection) == [(f"customer-{ANNA}", every + 1)]
        savepoint.rollback()
        assert kept(connection) == []
        inside.execute_all([Request(commands=consents[:-1], by="till")])
        assert kept(connection) == [(f"customer-{ANNA}", every)]
        # Nothing stays in memory between the calls: this one begins with the snapshot.
        assert inside.execute(consents[-1], by="till").version == every + 1

    host.crm.execute(WithdrawConsent(customer=ANNA, at=PLACE.at, purpose="marketing"), by="till")
    verdict = host.crm.verify()
    assert (verdict.sound, verdict.snapshots) == (True, 1)


def kept(connection: Connection) -> list[tuple[str, int]]:
    """The streams that have a snapshot, each with its version."""
    rows = connection.execute(text("SELECT stream, version FROM snapshots ORDER BY stream"))
    return [(stream, version) for stream, version in rows]


def test_rows_of_the_host_and_events_are_lost_together(host: Host) -> None:
    def interrupted() -> None:
        with host.engine.begin() as connection, host.crm.joined(connection) as inside:
            inside.execute_all([Request(commands=(PLACE, COMPLETE), by="till")])
            host.put(connection, "table 4")
            raise HostFails

    with pytest.raises(HostFails):
        interrupted()

    assert host.tabs() == []
    assert host.types() == []
    assert host.points() == 0


def test_a_refused_command_leaves_the_rows_of_the_host(host: Host) -> None:
    with host.engine.begin() as connection, host.crm.joined(connection) as inside:
        host.put(connection, "table 4")
        with pytest.raises(Refusal):
            inside.execute(TOO_EARLY, by="till")
        inside.execute(PLACE, by="till")

    assert host.tabs() == ["table 4"]
    assert host.types()[-1] == "OrderPlaced"


def test_an_append_that_the_database_refuses_leaves_the_rows_of_the_host(
    url: str, host: Host
) -> None:
    with closing(Database(url)) as ours:
        with (
            host.engine.begin() as connection,
            closing(HostTransaction(ours, connection)) as joined,
        ):
            host.put(connection, "table 4")
            with pytest.raises(StaleHistory):
                append(SqlLog(joined), *run("a", 1, 3))
            append(SqlLog(joined), *run("a", 1))
            assert list(SqlLog(ours).read()) == []

        assert places(SqlLog(ours).read()) == [("a", 1)]
    assert host.tabs() == ["table 4"]


def test_how_far_a_follower_is_is_kept_with_the_rows_of_the_host(host: Host) -> None:
    host.crm.execute(PLACE, by="till")

    with host.engine.begin() as connection, host.crm.joined(connection) as inside:
        host.put(connection, "table 4")
        inside.positions.keep("billing", 1)
        assert inside.positions.kept("billing") == 1
    with host.engine.connect() as connection:
        transaction = connection.begin()
        with host.crm.joined(connection) as inside:
            host.put(connection, "table 5")
            inside.positions.keep("billing", 2)
            inside.positions.forget("mail")
            with pytest.raises(AheadOfLog):
                inside.positions.keep("billing", host.crm.head() + 1)
            assert inside.positions.kept("billing") == 2
        transaction.rollback()

    assert host.tabs() == ["table 4"]
    assert host.crm.positions.kept("billing") == 1


def test_a_position_that_the_host_follows_up_with_an_event_of_its_own_may_be_kept(
    host: Host,
) -> None:
    with host.engine.begin() as connection, host.crm.joined(connection) as inside:
        receipt = inside.execute(PLACE, by="till")
        inside.positions.keep("billing", receipt.position)

    assert host.crm.positions.kept("billing") == receipt.position


def test_a_statement_that_fails_leaves_the_rows_of_the_host(host: Host) -> None:
    with host.engine.begin() as connection, host.crm.joined(connection) as inside:
        host.put(connection, "table 4")
        connection.execute(text("ALTER TABLE events RENAME TO hidden"))
        with pytest.raises(StorageUnavailable):
            inside.execute(PLACE, by="till", id="o-1")
        connection.execute(text("ALTER TABLE hidden RENAME TO events"))
        assert not inside.execute(PLACE, by="till", id="o-1").repeated

    assert host.tabs() == ["table 4"]


def test_a_repeat_is_known_in_the_transaction_and_new_after_it_was_lost(host: Host) -> None:
    with host.engine.connect() as connection:
        for _ in range(2):
            transaction = connection.begin()
            with host.crm.joined(connection) as inside:
                assert not inside.execute(PLACE, by="till", id="o-1").repeated
                assert inside.execute(PLACE, by="till", id="o-1").repeated
            transaction.rollback()
        with connection.begin(), host.crm.joined(connection) as inside:
            assert not inside.execute(PLACE, by="till", id="o-1").repeated

    assert host.crm.execute(PLACE, by="till", id="o-1").repeated
    assert host.types().count("OrderPlaced") == 1


def test_what_the_host_takes_back_to_a_savepoint_never_was(host: Host) -> None:
    with host.engine.begin() as connection, host.crm.joined(connection) as inside:
        savepoint = connection.begin_nested()
        inside.execute_all(
            [Request(commands=(PLACE,), by="till"), Request(commands=(REGISTER,), by="till")]
        )
        inside.execute(COMPLETE, by="till")
        savepoint.rollback()
        with pytest.raises(Refusal):
            inside.execute(COMPLETE, by="till")
        inside.execute(REGISTER, by="till")
        inside.execute(PLACE, by="till")
        inside.execute(COMPLETE, by="till")

    assert host.points() == 100
    verdict = host.crm.verify()
    assert verdict.sound
    assert verdict.boxes_open == 1


def test_a_session_of_the_host_keeps_its_rows_together_with_events(host: Host) -> None:
    with Session(host.engine) as session:
        with host.crm.joined(session.connection()) as inside:
            inside.execute(PLACE, by="till", id="o-1")
            session.execute(text("INSERT INTO tabs VALUES ('table 4')"))
        session.rollback()
        assert host.types() == host.tabs() == []

        with host.crm.joined(session.connection()) as inside:
            inside.execute(PLACE, by="till", id="o-1")
            session.execute(text("INSERT INTO tabs VALUES ('table 5')"))
        session.commit()

    assert host.tabs() == ["table 5"]
    assert host.types()[-1] == "OrderPlaced"


def test_what_a_session_takes_back_to_a_savepoint_of_its_own_never_was(host: Host) -> None:
    other = evolve(PLACE, order=OrderId("o-2"))
    with Session(host.engine) as session, session.begin(), host.crm.joined(session) as inside:
        with session.begin_nested() as savepoint:
            inside.execute(PLACE, by="till", id="o-1")
            session.execute(text("INSERT INTO tabs VALUES ('table 4')"))
            savepoint.rollback()
        with session.begin_nested():
            inside.execute(other, by="till", id="o-2")
            session.execute(text("INSERT INTO tabs VALUES ('table 5')"))

    assert host.tabs() == ["table 5"]
    orders = [one.event for one in host.crm.events() if isinstance(one.event, OrderPlaced)]
    assert [one.order for one in orders] == ["o-2"]


def test_what_is_joined_to_a_session_ends_with_its_transaction(host: Host) -> None:
    with Session(host.engine) as session, host.crm.joined(session) as inside:
        session.rollback()
        with pytest.raises(RuntimeError, match="has ended"):
            inside.execute(PLACE, by="till", id="o-1")


def test_threads_of_the_host_take_turns_from_their_first_command_to_their_commit(
    host: Host,
) -> None:
    start = Barrier(2)

    def till(name: str) -> None:
        start.wait()
        for number in range(10):
            with host.engine.begin() as connection, host.crm.joined(connection) as inside:
                order = OrderId(f"{name}-{number}")
                inside.execute(evolve(PLACE, order=order), by=name, id=order)
                inside.execute(CompleteOrder(order=order, at=PLACE.at), by=name)
                host.put(connection, order)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(till, name) for name in ("a", "b")]:
            done.result()

    placed = [one.event.order for one in host.crm.events() if isinstance(one.event, OrderPlaced)]
    assert sorted(placed) == host.tabs()
    assert host.points() == 20 * 100
    assert host.crm.verify().sound


def test_the_core_beside_it_trusts_nothing_that_a_host_has_committed_past_it(host: Host) -> None:
    host.crm.execute(PLACE, by="till")
    with host.engine.begin() as connection, host.crm.joined(connection) as inside:
        inside.execute(COMPLETE, by="till")

    assert host.crm.execute(COMPLETE, by="till").events == ()
    assert host.points() == 100


def test_a_follower_is_woken_when_the_host_gives_its_connection_back(host: Host) -> None:
    with host.crm.subscribe(poll_seconds=3600) as following:
        following.page(seconds=0)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(following.page, seconds=30)
            with host.engine.begin() as connection, host.crm.joined(connection) as inside:
                inside.execute(PLACE, by="till")
            assert waiting.result(timeout=5)


def test_a_connection_without_a_transaction_is_not_joined(host: Host) -> None:
    with (
        host.engine.connect() as connection,
        pytest.raises(RuntimeError),
        host.crm.joined(connection),
    ):
        pass


def test_a_connection_that_commits_each_statement_is_not_joined(url: str, host: Host) -> None:
    engine = engine_of(url, isolation_level="AUTOCOMMIT")
    with (
        engine.begin() as connection,
        pytest.raises(RuntimeError),
        host.crm.joined(connection),
    ):
        pass
    engine.dispose()


def test_what_is_joined_ends_with_the_block_and_with_the_transaction(host: Host) -> None:
    with host.engine.connect() as connection:
        with connection.begin(), host.crm.joined(connection) as past:
            pass
        transaction = connection.begin()
        with host.crm.joined(connection) as inside:
            with pytest.raises(RuntimeError):
                past.execute(PLACE, by="till")
            transaction.rollback()
            connection.begin()
            with pytest.raises(RuntimeError):
                inside.execute(PLACE, by="till")
            with pytest.raises(RuntimeError):
                host.points(inside)


def test_what_is_no_connection_of_sqlalchemy_is_not_joined(host: Host) -> None:
    with pytest.raises(TypeError), host.crm.joined(host.engine):
        pass


def test_a_connection_to_another_kind_of_database_is_not_joined(url: str, host: Host) -> None:
    other = new_database() if url.startswith("sqlite") else "sqlite://"
    engine = engine_of(other)
    with engine.begin() as connection, pytest.raises(TypeError), host.crm.joined(connection):
        pass
    engine.dispose()


def never(cursor: object, row: object = None) -> object:
    raise AssertionError(cursor, row)


@pytest.mark.parametrize("with_a_log", [True, False])
def test_a_connection_to_another_database_of_the_same_kind_is_not_joined(
    url: str, host: Host, tmp_path: Path, *, with_a_log: bool
) -> None:
    elsewhere = f"sqlite:///{tmp_path}/other.db" if url.startswith("sqlite") else new_database()
    if with_a_log:
        Database(elsewhere).close()
    engine = engine_of(elsewhere)
    with (
        engine.begin() as connection,
        pytest.raises(NotOurDatabase, match="is not the database that the core") as said,
        host.crm.joined(connection) as inside,
    ):
        inside.execute(PLACE, by="till")

    assert said.value.store.endswith(elsewhere.rpartition("=")[2])
    with engine.begin() as connection:
        tables = inspect(connection).get_table_names()
        assert with_a_log == ("events" in tables)
        assert not with_a_log or not connection.scalar(text("SELECT count(*) FROM events"))
    engine.dispose()
    host.crm.execute(PLACE, by="till")


def test_a_file_is_the_same_by_whichever_path(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to("shop.db")
    engine = create_engine(f"sqlite:///{tmp_path}/link.db")
    with (
        connect(f"sqlite:///{tmp_path}/shop.db") as crm,
        engine.begin() as connection,
        crm.joined(connection) as inside,
    ):
        inside.execute(PLACE, by="till")
    engine.dispose()


def test_one_in_memory_is_no_other() -> None:
    engine = create_engine("sqlite://")
    with (
        connect("sqlite://") as crm,
        engine.begin() as connection,
        pytest.raises(NotOurDatabase),
        crm.joined(connection),
    ):
        pass
    engine.dispose()


def test_a_server_that_was_started_again_is_still_the_same() -> None:
    folder = Path(mkdtemp(prefix="pg-"))
    server = start(folder, then_delete=False)
    with connect(server.url, keyless=True, views="deferred") as crm:
        crm.execute(PLACE, by="till")
        server.stop()
        server = start(folder, then_delete=True)
        engine = engine_of(server.url)
        with engine.begin() as connection, crm.joined(connection) as inside:
            inside.execute(COMPLETE, by="till")
        engine.dispose()
        assert "OrderCompleted" in {type(one.event).__name__ for one in crm.events()}
    server.stop()


def test_what_a_host_makes_of_rows_is_its_own(url: str, host: Host) -> None:
    with closing(Database(url)) as ours, host.engine.begin() as connection:
        driver = cast("Any", connection.connection.driver_connection)
        before, driver.row_factory = driver.row_factory, never
        with closing(HostTransaction(ours, connection)) as joined:
            append(SqlLog(joined), *run("a", 1))
            assert SqlLog(joined).head() == 1
        assert driver.row_factory is never
        driver.row_factory = before

    assert len(host.types()) == 1


def test_a_transaction_of_sqlite_that_has_read_what_is_past_is_told_to_begin_again(
    tmp_path: Path,
) -> None:
    with connect(f"sqlite:///{tmp_path}/shop.db") as crm:
        engine = engine_of(f"sqlite:///{tmp_path}/shop.db")
        with engine.begin() as connection:
            connection.exec_driver_sql("BEGIN")
            connection.execute(text("SELECT count(*) FROM events")).all()
            crm.execute(PLACE, by="till")
            with (
                crm.joined(connection) as inside,
                pytest.raises(StorageUnavailable, match="begin it again"),
            ):
                inside.execute(COMPLETE, by="till")
        engine.dispose()


@pytest.mark.parametrize(("setting", "number"), [("OFF", 0), ("ON", 1), ("FAST", 2)])
def test_a_token_that_is_replaced_on_a_connection_of_a_host_leaves_the_file(
    tmp_path: Path, setting: str, number: int
) -> None:
    file, secure = tmp_path / "shop.db", text("PRAGMA secure_delete")
    token = text("SELECT token FROM contact_tokens WHERE subject = 'customer/anna'")
    phone, other = Contact(phone="13812345678"), Contact(phone="13912345678")
    with connect(f"sqlite:///{file}", contacts="shared", region="CN") as crm:
        crm.execute(evolve(REGISTER, contact=phone), by="web")
        engine = engine_of(f"sqlite:///{file}")
        with engine.connect() as connection:
            connection.execute(text(f"PRAGMA secure_delete = {setting}")).all()
            connection.rollback()
            with connection.begin():
                old = connection.scalars(token).one()
                with crm.joined(connection) as inside:
                    assert connection.scalar(secure) == 1
                    inside.execute(
                        UpdateCustomerDetails(customer=ANNA, at=PLACE.at, contact=other), by="web"
                    )
                assert connection.scalar(secure) == number
        engine.dispose()

    assert old not in file.read_bytes()


def test_a_connection_that_its_host_closes_inside_is_set_back_by_nobody(tmp_path: Path) -> None:
    with connect(f"sqlite:///{tmp_path}/shop.db") as crm:
        engine = engine_of(f"sqlite:///{tmp_path}/shop.db")
        with engine.connect() as connection:
            transaction = connection.begin()
            with crm.joined(connection) as inside:
                inside.execute(PLACE, by="till")
                connection.invalidate()
            transaction.rollback()
        engine.dispose()

        assert list(crm.events()) == []


def test_a_server_that_is_gone_takes_the_rows_of_the_host_with_it() -> None:
    url = new_database()
    with closing(Database(url)) as ours:
        engine = engine_of(url)
        with engine.connect() as connection:
            transaction = connection.begin()
            backend = connection.scalar(text("SELECT pg_backend_pid()"))
            with closing(HostTransaction(ours, connection)) as joined:
                ours.driver.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
                with pytest.raises(StorageUnavailable):
                    append(SqlLog(joined), *run("a", 1))
            with pytest.raises(OperationalError):
                transaction.commit()
        engine.dispose()
        assert SqlLog(ours).head() == 0


def test_what_the_database_has_given_up_is_over_for_the_host_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    with closing(Database(url)) as ours:
        engine = engine_of(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE tabs (tab TEXT UNIQUE)"))
        with engine.connect() as connection:
            transaction = connection.begin()
            connection.execute(text("INSERT INTO tabs VALUES ('table 4')"))
            with closing(HostTransaction(ours, connection)) as joined:
                # As a full disk may do: the statement fails, and takes the transaction with it.
                given_up = "INSERT OR ROLLBACK INTO tabs VALUES ('table 4')"
                with pytest.raises(StorageUnavailable), joined.transaction():
                    joined.driver.execute(given_up)
            with pytest.raises(InvalidRequestError):
                transaction.commit()
            assert connection.scalar(text("SELECT count(*) FROM tabs")) == 0
        engine.dispose()
