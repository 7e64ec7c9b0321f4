import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import mkdtemp
from threading import Barrier
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

import regulars
from regulars.adapters import schema
from regulars.adapters.database import Database
from regulars.adapters.dialect import Synchronous
from regulars.adapters.event_log import SqlLog
from regulars.adapters.storage import SqlStorage
from regulars.application.catalogue import VIEWS
from regulars.application.errors import NotOurDatabase, StaleHistory, StorageUnavailable
from regulars.domain.order import CompleteOrder
from regulars.testing.pending_events import append, pending, places, run
from tests.adapters.cli_shop import Shop
from tests.domain.examples import ANNA, ORDER, PLACE
from tests.postgres_server import new_database, start


@pytest.fixture
def url() -> str:
    return new_database()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url, busy_seconds=0.2)
    yield database
    database.close()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path)


def setting(database: Database, name: str) -> str:
    return str(database.driver.execute(f"SHOW {name}").fetchone()[0])


@pytest.mark.parametrize(("synchronous", "said"), [("FULL", "on"), ("NORMAL", "off")])
def test_a_receipt_survives_a_power_cut_unless_the_host_does_without(
    url: str, synchronous: Synchronous, said: str
) -> None:
    with closing(Database(url, synchronous=synchronous)) as database:
        assert setting(database, "synchronous_commit") == said


def test_its_tables_stand_beside_those_of_the_host(url: str) -> None:
    with closing(psycopg.connect(url, autocommit=True)) as host:
        host.execute("CREATE TABLE receipts (tab text)")

    with closing(Database(url)) as database:
        assert append(SqlLog(database), *run("a", 1)) == 1
    with closing(Database(url, create=False)) as again:
        assert places(SqlLog(again).read()) == [("a", 1)]


def test_few_events_cost_few_though_the_server_has_not_counted_them(database: Database) -> None:
    log = SqlLog(database)
    append(log, *run("a", *range(1, 3_001)))

    def looked_at() -> int:
        database.driver.execute("SELECT pg_stat_force_next_flush()")
        # Of all indexes of all tables of this schema: none may be gone through.
        row = database.driver.execute(
            "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE schemaname = current_schema()"
        ).fetchone()
        return int(row[0])

    before = looked_at()
    caused = log.caused_by("command-1", after=5)
    read = looked_at() - before

    assert caused == []
    assert read <= 20


def test_many_who_open_a_new_database_at_once_make_it_once(url: str) -> None:
    start = Barrier(4)

    def opened(_: int) -> int:
        start.wait()
        with closing(Database(url)) as database:
            return SqlLog(database).head()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(opened, range(4))) == [0] * 4


def test_a_database_without_a_log_is_not_made_unless_that_is_asked_for(url: str) -> None:
    with pytest.raises(NotOurDatabase, match="holds no log of regulars"):
        Database(url, create=False)


def test_a_database_of_a_newer_version_is_left_alone(url: str, database: Database) -> None:
    database.driver.execute("UPDATE regulars_log SET format = %s", (schema.FORMAT + 1,))

    with pytest.raises(NotOurDatabase, match="newer version"):
        Database(url)


def test_tables_that_could_not_be_made_leave_none(url: str) -> None:
    with closing(psycopg.connect(url, autocommit=True)) as host:
        host.execute(
            "CREATE FUNCTION events_appended() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NULL; END'"
        )
        with pytest.raises(StorageUnavailable, match="already exists"):
            Database(url)
        left = host.execute("SELECT to_regclass('regulars_log'), to_regclass('events')").fetchone()

    assert left == (None, None)


def test_a_gap_is_refused_behind_a_long_batch_of_the_same_transaction(database: Database) -> None:
    log = SqlLog(database)

    with database.transaction():
        append(log, *run("a", *range(1, 41)))
        with pytest.raises(StaleHistory):
            append(log, *run("a", 42))
        append(log, *run("a", 41))

    assert log.head() == 41


def test_a_writer_waits_for_another_and_gives_up_in_time(url: str, database: Database) -> None:
    with closing(Database(url)) as other, other.transaction():
        with pytest.raises(StorageUnavailable, match="lock timeout"), database.transaction():
            pass
        with database.snapshot():
            assert SqlLog(database).head() == 0

    assert append(SqlLog(database), *run("a", 1)) == 1


def test_positions_follow_the_commits_without_a_gap_whatever_is_refused(
    url: str, database: Database
) -> None:
    log = SqlLog(database)
    append(log, *run("a", 1, 2))
    with pytest.raises(StaleHistory):
        append(log, *run("b", 1), *run("a", 2))
    with closing(Database(url)) as other:
        assert append(SqlLog(other), *run("b", 1)) == 3

    assert append(log, *run("a", 3)) == 4
    assert [one.position for one in log.read()] == [1, 2, 3, 4]


def test_a_position_is_not_given_twice(database: Database) -> None:
    log = SqlLog(database)
    append(log, *run("a", 1, 2))
    database.driver.execute("DELETE FROM events WHERE position = 2")

    assert append(log, *run("a", 2)) == 3


def test_a_batch_of_any_size_is_one(database: Database) -> None:
    log = SqlLog(database)

    assert append(log, *(pending("a", version) for version in range(1, 2_503))) == 2_502
    with pytest.raises(StaleHistory):
        append(log, *(pending("b", version) for version in [*range(1, 1_502), 1_600]))

    assert log.head() == 2_502
    assert len(list(log.stream("a"))) == 2_502
    assert list(log.stream("b")) == []


def test_what_went_wrong_inside_is_not_kept_in_silence(database: Database) -> None:
    log = SqlLog(database)

    def swallowing() -> None:
        with database.transaction():
            append(log, *run("a", 1))
            with pytest.raises(DBAPIError):
                database.connection.execute(text("SELECT 1 / 0"))

    with pytest.raises(StorageUnavailable, match="a statement of the transaction failed"):
        swallowing()

    assert log.head() == 0


def test_what_the_server_says_comes_without_the_values(database: Database) -> None:
    def failing() -> None:
        with database.transaction():
            database.driver.execute("SELECT CAST(%s AS integer)", ("the-secret-of-ada",))

    with pytest.raises(StorageUnavailable) as told:
        failing()

    assert "secret" not in str(told.value)
    assert "secret" not in repr(told.value.__cause__)


def test_a_url_is_told_without_its_password(url: str) -> None:
    secret = url.replace("postgres:@", "postgres:hunter2@")

    with closing(Database(secret)) as database:
        assert "hunter2" not in database.name


def test_a_server_that_goes_and_comes_back_is_gone_only_meanwhile(tmp_path: Path) -> None:
    folder = Path(mkdtemp(prefix="pg-"))
    server = start(folder, then_delete=False)
    with regulars.connect(server.url, keys=tmp_path / "shop.keys") as crm:
        first = crm.execute(PLACE, by="checkout", id="r-1")
        server.stop()
        with pytest.raises(regulars.StorageUnavailable):
            crm.execute(CompleteOrder(order=ORDER, at=PLACE.at), by="checkout", id="r-2")
        with pytest.raises(regulars.StorageUnavailable):
            crm.ask(regulars.PointsBalance(customer=ANNA))
        server = start(folder, then_delete=True)
        second = crm.execute(CompleteOrder(order=ORDER, at=PLACE.at), by="checkout", id="r-2")

        assert crm.execute(PLACE, by="checkout", id="r-1").position == first.position
        assert second.position > first.position
        assert crm.verify().sound
    server.stop()


def test_keys_are_named_where_no_file_is_beside_the_database(url: str, tmp_path: Path) -> None:
    with pytest.raises(regulars.UnusableKeys, match="REGULARS_KEYS"):
        regulars.connect(url, environment={})

    with regulars.connect(url, keys=tmp_path / "shop.keys", environment={}) as crm:
        crm.execute(PLACE, by="checkout")
        profile = crm.ask(regulars.PointsBalance(customer=ANNA))

    assert profile is None


def test_the_command_line_tells_the_same_on_either_database(url: str, shop: Shop) -> None:
    files = shop.history()

    def told(database: str, command: str, *more: str, status: int = 0) -> object:
        keys = ("--keys", "shop.keys") if command in {"import", "verify"} else ()
        found = shop.json(command, *more, "--database", database, *keys, status=status)
        return {name: found[name] for name in found if name not in {"database", "seconds"}}

    for command, more, status in (
        ("import", (files, "--timezone", "UTC"), 0),
        ("report", (), 0),
        ("balance", ("ada", "--explain"), 0),
        ("verify", (), 0),
        ("rebuild", (), 0),
        ("import", (files, "--timezone", "UTC"), 0),
    ):
        here = told("sqlite:///shop.db", command, *more, status=status)
        assert told(url, command, *more, status=status) == here


def test_a_log_moves_from_one_database_to_the_other_to_the_last_byte(url: str, shop: Shop) -> None:
    shop.run("import", shop.history(), "--timezone", "UTC")
    moved = regulars.export_log("sqlite:///regulars.db", "log.jsonl.gz")
    regulars.import_log(url, "log.jsonl.gz")
    back = regulars.export_log(url, "again.jsonl.gz")

    here, there = regulars.check_log("sqlite:///regulars.db"), regulars.check_log(url)
    assert (there.hash, there.head, there.sound) == (here.hash, here.head, True)
    assert (moved.hash, moved.events) == (back.hash, back.events)
    assert regulars.log_status(url).views == regulars.log_status("sqlite:///regulars.db").views
    with closing(Database(url)) as database:
        assert append(SqlLog(database), *run("new", 1)) == here.head + 1


def test_a_backup_of_another_database_is_left_to_its_own_tools(url: str, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="pg_dump"):
        regulars.back_up(url, tmp_path / "shop.db")


def schema_of(url: str) -> str:
    return str(make_url(url).query["options"]).rpartition("=")[2]


def host_of(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url, autocommit=True)


@pytest.mark.parametrize("table", ["events", "keys", "view_checkpoints"])
def test_tables_of_the_host_are_never_taken_over(url: str, table: str) -> None:
    with closing(host_of(url)) as host:
        host.execute(SQL("CREATE TABLE {} (version integer)").format(Identifier(table)))

        with pytest.raises(NotOurDatabase, match=f"other tables named {table}"):
            Database(url)
        host.execute(SQL("INSERT INTO {} VALUES (1)").format(Identifier(table)))


def test_what_lies_further_down_the_path_is_left_alone(url: str) -> None:
    other = new_database()
    path = make_url(url).update_query_dict(
        {"options": f"-csearch_path={schema_of(url)},{schema_of(other)}"}
    )
    both = path.render_as_string(hide_password=False)
    with closing(Database(other)) as theirs:
        append(SqlLog(theirs), *run("theirs", 1))
    with pytest.raises(NotOurDatabase, match="holds no log"):
        Database(both, create=False)

    with closing(Database(both)) as ours:
        storage = SqlStorage(ours, VIEWS)
        append(storage.log, *run("ours", 1))
        assert places(storage.log.read()) == [("ours", 1)]
        assert all(storage.views.is_empty(view) for view in VIEWS)
    with closing(Database(other)) as theirs:
        assert places(SqlLog(theirs).read()) == [("theirs", 1)]
    with closing(Database(url)) as alone:
        assert places(SqlLog(alone).read()) == [("ours", 1)]


class TooLong(BaseException):
    """What a host raises out of a signal, such as at the end of its patience."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no such signals")
def test_an_exception_in_the_middle_of_a_statement_costs_that_one_alone(url: str) -> None:
    def interrupt(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with closing(Database(url)) as busy, closing(Database(url)) as mine:
            log = SqlLog(mine)
            with busy.transaction():
                signal.setitimer(signal.ITIMER_REAL, 0.2)
                with pytest.raises(TooLong):
                    append(log, *run("a", 1))
            with mine.snapshot():
                assert log.head() == 0
            assert append(log, *run("a", 1)) == 1
            assert append(SqlLog(busy), *run("a", 2)) == 2
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no such signals")
def test_an_exception_while_it_waits_for_another_writer_keeps_no_lock(url: str) -> None:
    def interrupt(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with closing(Database(url, busy_seconds=5)) as busy, closing(Database(url)) as mine:
            with busy.transaction():
                signal.setitimer(signal.ITIMER_REAL, 0.2)
                with pytest.raises(TooLong), mine.transaction():
                    pytest.fail("another writer is at work")
            # Nobody has used it since: the server must not have given it the lock.
            assert append(SqlLog(busy), *run("a", 1)) == 1
            with mine.transaction():
                pass
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no such signals")
@pytest.mark.parametrize("kind", ["snapshot", "transaction"])
def test_an_exception_while_a_statement_is_under_way_is_the_one_that_the_host_gets(
    url: str, kind: str
) -> None:
    def interrupt(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with closing(Database(url)) as database:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(TooLong), getattr(database, kind)():
                database.driver.execute("SELECT pg_sleep(20)")
            assert append(SqlLog(database), *run("a", 1)) == 1
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_server_that_ends_a_new_connection_too_is_gone_only_meanwhile(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Database(url)) as database, closing(host_of(url)) as host:
        prepare = database.dialect.prepare

        def end(made: Database) -> None:
            (number,) = made.driver.execute("SELECT pg_backend_pid()").fetchone()
            host.execute("SELECT pg_terminate_backend(%s, 5000)", (number,))
            prepare(made)

        with pytest.raises(psycopg.Error):
            end(database)
        monkeypatch.setattr(database.dialect, "prepare", end)
        for _ in range(2):
            with pytest.raises(StorageUnavailable, match="terminat"):
                append(SqlLog(database), *run("a", 1))
        monkeypatch.setattr(database.dialect, "prepare", prepare)

        assert append(SqlLog(database), *run("a", 1)) == 1


def test_a_process_with_many_open_files_is_served(url: str) -> None:
    resource = pytest.importorskip("resource")
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < 2_000:
        pytest.skip("the system does not let a process have so many")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2_000, most))
    try:
        with ExitStack() as files:
            for _ in range(1_100):
                files.enter_context(Path(os.devnull).open())
            with closing(Database(url)) as database:
                assert append(SqlLog(database), *run("a", 1)) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))


def test_what_is_closed_stays_closed(url: str) -> None:
    database = Database(url)
    database.close()

    with pytest.raises(StorageUnavailable, match="was closed"):
        append(SqlLog(database), *run("a", 1))


def test_it_settles_how_its_transactions_are_isolated(url: str) -> None:
    isolation = "default_transaction_isolation=serializable"
    options = f"-csearch_path={schema_of(url)} -c{isolation}"
    strict = make_url(url).update_query_dict({"options": options})

    with closing(Database(strict.render_as_string(hide_password=False))) as database:
        assert append(SqlLog(database), *run("a", 1)) == 1


def test_who_follows_listens_where_the_log_is(url: str) -> None:
    spaced = make_url(url).update_query_dict({"options": f"-c search_path={schema_of(url)}"})

    with closing(Database(spaced.render_as_string(hide_password=False))) as database:
        database.wakeup(poll_seconds=1).close()


def test_a_connection_that_the_server_ended_while_idle_is_made_again(url: str) -> None:
    with closing(Database(url)) as database, closing(host_of(url)) as host:
        log = SqlLog(database)
        for version in (1, 2):
            (number,) = database.driver.execute("SELECT pg_backend_pid()").fetchone()
            host.execute("SELECT pg_terminate_backend(%s, 5000)", (number,))
            assert append(log, *run("a", version)) == version


def test_a_log_that_is_gone_is_not_made_anew_in_silence(url: str) -> None:
    with closing(Database(url)) as database, closing(host_of(url)) as host:
        (number,) = database.driver.execute("SELECT pg_backend_pid()").fetchone()
        name = Identifier(schema_of(url))
        host.execute("SELECT pg_terminate_backend(%s, 5000)", (number,))
        host.execute(SQL("DROP SCHEMA {0} CASCADE").format(name))
        host.execute(SQL("CREATE SCHEMA {0}").format(name))

        with pytest.raises(NotOurDatabase, match="holds no log"):
            append(SqlLog(database), *run("a", 1))


@pytest.mark.parametrize(
    "url",
    [
        "postgres:/ada:hunter2@h/db",
        "ada:hunter2@host/db",
        "host=h password=hunter2",
        "postgresql://ada:hunter2/x",
        "postgresql://ada:hunter2@host:abc/db",
        "mysql://h/db?password=hunter2",
        "postgresql:///db?host=/no/such&password=hunter2",
    ],
)
def test_a_password_is_never_told(url: str) -> None:
    with pytest.raises(StorageUnavailable) as told:
        Database(url)

    assert "hunter2" not in str(told.value)


def test_a_name_that_reads_like_a_constraint_misleads_nobody(database: Database) -> None:
    log = SqlLog(database, tenant="event_id")
    append(log, *run("events_id", 1))

    with pytest.raises(StaleHistory):
        append(log, *run("events_id", 1))
