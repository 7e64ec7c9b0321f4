"""Who may only read reads all there is: an auditor's role, a server that takes nothing."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal

import psycopg
import pytest
from attrs import evolve, frozen
from psycopg.sql import SQL, Identifier
from sqlalchemy import create_engine, make_url

import regulars
from regulars import (
    Actor,
    Contact,
    CustomerProfile,
    DataClass,
    DataOf,
    ExplainBalance,
    Liability,
    MemberCenter,
    OrderId,
    PointsBalance,
    RegisterCustomer,
    SalesReport,
    StorageUnavailable,
    connect,
)
from regulars.adapters.database import Database
from regulars.adapters.dialect import Driver
from regulars.adapters.event_log import SqlLog
from regulars.adapters.key_ring import create_key_file
from regulars.adapters.sqlite import Sqlite
from regulars.application.crm import Crm
from regulars.testing.pending_events import append, run
from tests.adapters.cli_shop import Shop
from tests.application.memory_crm import Ticking
from tests.domain.examples import ANNA, BO, DELIVER, PLACE
from tests.postgres_server import new_database

_roles: Final = count(1)
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
QUESTIONS: Final[tuple[Any, ...]] = (
    PointsBalance(customer=ANNA),
    ExplainBalance(customer=ANNA),
    CustomerProfile(customer=BO, timezone=UTC),
    SalesReport(timezone=UTC),
    MemberCenter(customer=ANNA),
    Liability(on=NOW.date()),
)
CLOCK: Final = Ticking(NOW, tick=timedelta(0))
READ_ONLY: Final = "-cdefault_transaction_read_only=on"


@frozen
class Books:
    """A database under `url`, which an auditor opens by another one and can only read there."""

    url: str
    auditor: str
    keys: Path

    def owner(self, views: Literal["inline", "deferred"] = "inline") -> Crm:
        return connect(self.url, keys=self.keys, views=views, clock=CLOCK)

    def audited(self) -> Crm:
        return connect(self.auditor, keys=self.keys, read_only=True, clock=CLOCK)


def schema_of(url: str) -> str:
    return str(make_url(url).query["options"]).rpartition("=")[2]


def role_that_reads(url: str) -> str:
    """The URL of a role that may select from the tables of this schema, and nothing else."""
    role, schema = Identifier(f"auditor_{next(_roles)}"), Identifier(schema_of(url))
    with closing(psycopg.connect(url, autocommit=True)) as host:
        host.execute(SQL("CREATE ROLE {} LOGIN").format(role))
        host.execute(SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
        host.execute(SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schema, role))
    return make_url(url).set(username=role.as_string().strip('"')).render_as_string()


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    keys = tmp_path / "shop.keys"
    create_key_file(keys)
    if request.param == "sqlite":
        url = auditor = f"sqlite:///{tmp_path}/shop.db"
        connect(url, keys=keys).close()
    else:
        url = new_database()
        connect(url, keys=keys).close()
        auditor = role_that_reads(url)
    return Books(url, auditor, keys)


def shop(crm: Crm, orders: range) -> None:
    crm.execute(
        RegisterCustomer(customer=BO, at=PLACE.at, contact=Contact(name="Bo")), by="web", id="bo"
    )
    for number in orders:
        order = OrderId(f"o-{number}")
        crm.execute(evolve(PLACE, order=order), by="web")
        crm.execute(evolve(DELIVER, order=order), by="courier:9")


def answers(crm: Crm) -> list[object]:
    told = [crm.ask(question) for question in QUESTIONS]
    past = [crm.ask(question, as_of=moment) for question in QUESTIONS for moment in (NOW, 7)]
    return [*told, *past]


@pytest.mark.parametrize("views", ["inline", "deferred"])
def test_a_role_that_may_only_read_gets_the_answers_of_the_owner(
    books: Books, views: Literal["inline", "deferred"]
) -> None:
    with books.owner("inline") as crm:
        shop(crm, range(2))
    with books.owner(views) as crm:
        shop(crm, range(2, 4))  # deferred, they are in no view
        behind = {one.lag for one in regulars.log_status(books.auditor).views}

        with books.audited() as audited:
            found = answers(audited)
            verdict = audited.verify()

        assert (behind != {0}) == (views == "deferred")
        assert {one.lag for one in regulars.log_status(books.auditor).views} == behind
        crm.catch_up()
        assert found == answers(crm)
        assert verdict.sound
        assert verdict.events == crm.verify().events
        assert verdict.boxes_open == 1
        crm.rebuild("sales")


def test_a_log_that_nobody_ever_folded_is_read_all_the_same(books: Books) -> None:
    with books.owner("deferred") as crm:
        shop(crm, range(2))
        with books.audited() as audited:
            found, verdict = answers(audited), audited.verify()
        crm.catch_up()
        assert found == answers(crm)
        assert verdict.sound
        assert {rows for _, rows in verdict.views} == {0}


def test_damaged_rows_are_found_by_who_may_only_read(books: Books) -> None:
    with books.owner() as crm:
        shop(crm, range(2))
    with closing(Database(books.url)) as database, database.transaction():
        database.driver.execute("UPDATE view_sales_1 SET orders = 99")

    with books.audited() as audited:
        (drift,) = audited.verify().drifts

    assert drift.view == "sales"


def test_who_may_only_read_is_refused_whatever_would_be_written(books: Books) -> None:
    with books.owner() as crm:
        shop(crm, range(1))
        head = crm.head()
        engine = create_engine(make_url(books.url).set(drivername=driver_of(books.url)))
        with books.audited() as audited:
            assert audited.read_only
            for write in (
                lambda: audited.execute(PLACE, by="web"),
                lambda: audited.submit(PLACE, by="web").result(10),
                audited.rebuild,
                lambda: audited.publish(()),
                lambda: audited.positions.keep("billing", 1),
                lambda: audited.positions.forget("billing"),
                lambda: audited.reveal(
                    DataOf(customer=BO, data_class=DataClass.CONTACT),
                    purpose="service",
                    actor=Actor(role="customer", id=BO),
                ),
            ):
                refused(write)
            with engine.begin() as connection, audited.joined(connection) as inside:
                refused(lambda: inside.execute(PLACE, by="web"))
                refused(lambda: inside.positions.keep("billing", 1))
            assert audited.positions.kept("billing") == 0
        engine.dispose()
        assert crm.head() == head
        assert crm.ask(PointsBalance(customer=ANNA)) is not None


def driver_of(url: str) -> str:
    return "sqlite" if url.startswith("sqlite") else "postgresql+psycopg"


def refused(write: Callable[[], object]) -> None:
    with pytest.raises(StorageUnavailable, match="was opened to read only"):
        write()


def test_who_may_only_read_follows_the_log(books: Books) -> None:
    with books.owner() as crm:
        shop(crm, range(1))
        with books.audited() as audited, audited.subscribe() as following:
            seen = len(following.page(5))
            crm.execute(evolve(PLACE, order=OrderId("o-9")), by="web")
            assert seen == crm.head() - 1
            assert [type(one.event).__name__ for one in following.page(5)] == ["OrderPlaced"]


def test_the_log_is_looked_after_by_who_may_only_read(books: Books, tmp_path: Path) -> None:
    with books.owner() as crm:
        shop(crm, range(2))
    keys = ("--keys", str(books.keys))
    cli = Shop(tmp_path)

    status = cli.json("log", "status", "--database", books.auditor)
    check = cli.json("log", "check", "--database", books.auditor)
    cli.run("log", "export", str(tmp_path / "log.jsonl"), "--database", books.auditor)
    cli.run("log", "tenants", "--database", books.auditor)
    cli.run("log", "migrate", "--check", "--database", books.auditor)

    assert check["sound"]
    assert check["hash"] == status["hash"]
    for words in (
        ("verify", *keys),
        ("balance", ANNA),
        ("balance", ANNA, "--as-of", "2025-01-01"),
        ("report",),
        ("profile", ANNA),
        ("events",),
    ):
        owner = cli.json(*words, "--database", books.url) if words != ("events",) else None
        found = cli.run(*words, "--json", "--database", books.auditor)
        assert owner is None or owner == cli.json(*words, "--database", books.auditor)
        assert found.output


def _forbidden(_dialect: Sqlite, _driver: Driver) -> bool:
    return False


def test_the_command_line_of_who_may_only_read_leaves_views_behind(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with books.owner("deferred") as crm:
        shop(crm, range(2))
    cli = Shop(tmp_path)
    # Root may write to any file, and so does whoever the tests run as.
    monkeypatch.setattr(Sqlite, "may_write", _forbidden)

    found = cli.json("balance", ANNA, "--database", books.auditor)
    lag = cli.json("log", "status", "--database", books.auditor)["views"][0]["lag"]

    assert lag > 0
    assert found == cli.json("balance", ANNA, "--database", books.url)


def test_a_command_that_writes_is_refused_clearly(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with books.owner() as crm:
        shop(crm, range(1))
    monkeypatch.setattr(Sqlite, "may_write", _forbidden)

    told = Shop(tmp_path).run("rebuild", "--database", books.auditor, status=3)

    assert "was opened to read only" in told.output


def test_nothing_is_made_by_who_may_only_read(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="no such file"):
        connect(f"sqlite:///{tmp_path}/shop.db", keyless=True, read_only=True)
    with pytest.raises(regulars.NotOurDatabase, match="is an empty file"):
        connect("sqlite://", keyless=True, read_only=True)
    with pytest.raises(regulars.NotOurDatabase, match="holds no log"):
        connect(new_database(), keyless=True, read_only=True)
    assert not list(tmp_path.iterdir())


def test_sqlite_itself_refuses_who_opened_it_to_read_only(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    Database(url).close()

    with (
        closing(Database(url, read_only=True)) as database,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        database.driver.execute("DELETE FROM events")


def test_a_server_that_is_set_to_be_read_only_is_not_overruled() -> None:
    made = new_database()
    Database(made).close()
    options = {"options": f"-csearch_path={schema_of(made)} {READ_ONLY}"}
    url = make_url(made).update_query_dict(options).render_as_string(hide_password=False)

    with pytest.raises(
        StorageUnavailable, match=r"default_transaction_read_only\).*read_only=True"
    ):
        connect(url, keyless=True)
    with connect(url, keyless=True, read_only=True) as crm:
        assert crm.head() == 0
    assert regulars.check_log(url).sound


def test_a_server_that_is_set_so_meanwhile_is_not_overruled_either() -> None:
    with closing(Database(new_database())) as database:
        log = SqlLog(database)
        append(log, *run("a", 1))
        database.driver.execute("SET default_transaction_read_only = on")

        for versions in ((2,), (2, 3)):
            with pytest.raises(StorageUnavailable, match="read-only transaction"):
                append(log, *run("a", *versions))
        with pytest.raises(StorageUnavailable, match="read-only"), database.transaction():
            append(log, *run("a", 2))

        database.driver.execute("SET default_transaction_read_only = off")
        assert append(log, *run("a", 2)) == 2
