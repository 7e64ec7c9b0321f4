import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from subprocess import run
from time import sleep

import psycopg
import pytest
from sqlalchemy import make_url, text

import regulars
from regulars import NotOurDatabase, OlderFormat, StorageUnavailable
from regulars.adapters.database import Database
from regulars.adapters.log_migration import Migration, migrate, migration_sql
from regulars.adapters.schema import FORMAT
from regulars.application.catalogue import VIEWS
from tests.adapters.older_formats import (
    connected,
    engine_of,
    record_in_first_format,
    record_in_format,
    revisions,
)
from tests.adapters.table_schemas import schema_of
from tests.application.histories import tell
from tests.application.memory_crm import TENANT, sql_core
from tests.application.shop_week import WEEK
from tests.forked import Forked
from tests.postgres_server import new_database

ROOT = Path(__file__).parents[2]
EVERY_REVISION = tuple(revisions(*range(2, FORMAT + 1)))
ALL_OF_IT = Migration(before=1, after=FORMAT, revisions=EVERY_REVISION)
NOTHING = Migration(before=FORMAT, after=FORMAT, revisions=())

IN_THE_WAY = "CREATE TABLE snapshots (note TEXT)"


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    files = (f"sqlite:///{tmp_path}/shop-{number}.db" for number in range(9))
    return new_database if request.param == "postgresql" else lambda: next(files)


@pytest.fixture
def older(new_url: Callable[[], str]) -> str:
    """A database of format 1 with the events of a week."""
    url = new_url()
    record_in_first_format(url)
    return url


@pytest.fixture
def newest(new_url: Callable[[], str]) -> str:
    """A database as it is made today."""
    url = new_url()
    Database(url).close()
    return url


def hash_of(url: str) -> str:
    found = regulars.check_log(url, tenant=TENANT)
    assert found.sound
    assert found.events > len(WEEK)
    return found.hash


def run_script(url: str, script: str) -> None:
    """As somebody would who has no more than the database and its driver."""
    if make_url(url).get_backend_name() == "sqlite":
        with closing(sqlite3.connect(make_url(url).database or "")) as database:
            database.executescript(script)
    else:
        with closing(psycopg.connect(url, autocommit=True)) as database:
            database.execute(script.encode())


def test_an_older_database_tells_its_status_and_is_exported_as_it_is(
    older: str, tmp_path: Path
) -> None:
    tables = schema_of(older)

    status = regulars.log_status(older, tenant=TENANT)
    written = regulars.export_log(older, tmp_path / "log.jsonl", tenant=TENANT)

    assert status.hash == written.hash == hash_of(older)
    assert {view.position for view in status.views} == {0}
    assert schema_of(older) == tables


def test_no_log_is_imported_into_an_older_database(older: str, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    regulars.export_log(older, file, tenant=TENANT)

    with pytest.raises(OlderFormat, match="regulars log migrate"):
        regulars.import_log(older, file, tenant=TENANT)


@pytest.mark.parametrize("number", range(1, FORMAT))
def test_an_older_database_keeps_its_log_and_becomes_as_a_new_one(
    new_url: Callable[[], str], newest: str, number: int
) -> None:
    older = new_url()
    record_in_format(number, older)
    before = hash_of(older)

    assert migrate(older) == Migration(
        before=number, after=FORMAT, revisions=EVERY_REVISION[number - 1 :]
    )

    assert schema_of(older) == schema_of(newest)
    assert hash_of(older) == before
    with closing(Database(older, create=False)) as database:
        shop = sql_core(database)
        shop.projector.rebuild(VIEWS)
        tell(shop, WEEK[:1])
        assert shop.crm.verify().sound


def test_an_older_database_is_not_opened_and_says_what_to_do(older: str) -> None:
    before = schema_of(older)

    with pytest.raises(OlderFormat, match="regulars log migrate") as refused:
        regulars.connect(older, keys="none.keys")

    assert (refused.value.found, refused.value.needed) == (1, FORMAT)
    assert schema_of(older) == before


def test_what_is_migrated_is_not_migrated_again(older: str) -> None:
    migrate(older)
    before = schema_of(older)

    assert migrate(older) == NOTHING
    assert schema_of(older) == before


def test_of_many_who_migrate_at_once_one_does_it_behind_the_writer(older: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        with closing(Database(older, create=False, older=True)) as busy, busy.transaction():
            migrating = [threads.submit(migrate, older) for _ in range(4)]
            sleep(0.3)  # by now they have seen the older format, and wait
            assert not any(one.done() for one in migrating)
        done = [one.result() for one in migrating]

    assert sorted(done, key=lambda one: one.before) == [ALL_OF_IT, NOTHING, NOTHING, NOTHING]


def test_a_table_in_the_way_leaves_the_older_format_whole(older: str) -> None:
    with connected(older) as host:
        host.execute(text(IN_THE_WAY))
    before = schema_of(older), hash_of(older)

    with pytest.raises(StorageUnavailable, match="already exists"):
        migrate(older)

    assert (schema_of(older), hash_of(older)) == before
    with connected(older) as host:
        host.execute(text("DROP TABLE snapshots"))
    assert migrate(older) == ALL_OF_IT


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system kills in other ways")
def test_who_is_killed_midway_leaves_the_older_format_whole(older: str) -> None:
    before = schema_of(older), hash_of(older)
    script = f"""\
import os, signal
from regulars.adapters.database import Database
from regulars.adapters.migrations import run
database = Database({older!r}, create=False, older=True)
with database.transaction():
    run(database.connection, {EVERY_REVISION!r})
    assert database.dialect.format(database.driver) == {FORMAT}
    os.kill(os.getpid(), signal.SIGKILL)
"""
    with Forked("-c", script) as killed:
        assert killed.wait() == -signal.SIGKILL

    assert (schema_of(older), hash_of(older)) == before
    assert migrate(older) == ALL_OF_IT


def test_a_newer_database_is_left_alone(newest: str) -> None:
    mark = "PRAGMA user_version = 99"
    if make_url(newest).get_backend_name() == "postgresql":
        mark = "UPDATE regulars_log SET format = 99"
    with connected(newest) as host:
        host.execute(text(mark))

    for attempt in (migrate, migration_sql):
        with pytest.raises(NotOurDatabase, match="newer version"):
            attempt(newest)


def test_what_is_none_of_ours_is_not_migrated(new_url: Callable[[], str]) -> None:
    url = new_url()
    with connected(url) as host:
        host.execute(text("CREATE TABLE receipts (tab TEXT)"))

    with pytest.raises(NotOurDatabase):
        migrate(url)
    engine = engine_of(url)
    with engine.begin() as connection, pytest.raises(NotOurDatabase):
        migrate(connection)
    engine.dispose()


def test_a_check_tells_what_would_be_done_and_does_nothing(older: str) -> None:
    before = schema_of(older)

    assert migrate(older, check=True) == ALL_OF_IT
    assert schema_of(older) == before


def test_the_sql_does_the_same_in_other_hands(older: str, newest: str) -> None:
    script = migration_sql(older)
    before = hash_of(older)

    run_script(older, script)

    assert (schema_of(older), hash_of(older)) == (schema_of(newest), before)
    with pytest.raises((sqlite3.Error, psycopg.Error), match="already exists"):
        run_script(older, script)
    assert schema_of(older) == schema_of(newest)
    assert migration_sql(older).startswith("-- ")
    run_script(older, migration_sql(older))


def test_the_sql_looks_for_no_tables_but_those_it_was_made_for() -> None:
    url, elsewhere = new_database(), new_database()
    record_in_first_format(url)
    record_in_first_format(elsewhere)
    before = schema_of(elsewhere)

    run_script(elsewhere, migration_sql(url))

    assert schema_of(elsewhere) == before
    assert migrate(url) == NOTHING


def test_a_transaction_of_the_host_keeps_or_loses_it(older: str, newest: str) -> None:
    before = schema_of(older)
    engine = engine_of(older)
    with engine.connect() as connection:
        with pytest.raises(RuntimeError, match="no transaction is begun"):
            migrate(connection)
        with connection.begin() as host:
            assert migrate(connection, check=True) == ALL_OF_IT
            assert migrate(connection) == ALL_OF_IT
            host.rollback()
        assert schema_of(older) == before

        with connection.begin():
            connection.execute(text("CREATE TABLE tabs (tab TEXT)"))
            assert migrate(connection) == ALL_OF_IT
            assert migrate(connection) == NOTHING
            connection.execute(text("DROP TABLE tabs"))
    engine.dispose()

    assert schema_of(older) == schema_of(newest)


def test_a_backup_of_an_older_database_is_made_and_restored_as_it_is(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    record_in_first_format(url)
    before = schema_of(url), hash_of(url)

    regulars.back_up(url, tmp_path / "saved.db", tenant=TENANT)
    migrate(url)
    regulars.restore(url, tmp_path / "saved.db", tenant=TENANT, replace=True)

    assert (schema_of(url), hash_of(url)) == before


def test_the_core_works_without_alembic_and_migrating_says_what_to_install(tmp_path: Path) -> None:
    record_in_first_format(f"sqlite:///{tmp_path}/shop.db")
    script = """\
import sys, regulars
with regulars.connect("sqlite:///new.db") as crm:
    print(crm.verify().sound, "alembic" in sys.modules, regulars.migrate("sqlite:///new.db").before)
sys.modules["alembic"] = None
try:
    regulars.migrate("sqlite:///shop.db")
except regulars.StorageUnavailable as told:
    print(told.why)
"""
    command = [sys.executable, "-c", script]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)

    assert done.stdout.splitlines() == [
        f"True False {FORMAT}",
        "cannot be migrated without Alembic: install regulars[migrate]",
    ], done.stderr
