"""The followers that docs/following.md shows keep everything exactly once."""

import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random
from runpy import run_path
from threading import Event
from time import monotonic, sleep
from typing import Any, TypeAlias

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text

from regulars import Crm, StorageUnavailable, connect, log_status
from tests.acceptance.till import record
from tests.postgres_server import new_database

PAGE = Path(__file__).parents[2] / "docs" / "following.md"


class Crash(Exception):
    """Ends the follower in the middle of its work."""


Bill: TypeAlias = Callable[[Crm, Engine, Event], None]
Follow: TypeAlias = Callable[[Crm, sqlite3.Connection, Event], None]


class Fragile(sqlite3.Connection):
    """A connection of a host that may crash before it keeps a checkpoint."""

    chance = Random(3)  # noqa: S311 - no secret

    def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        if sql.startswith("INSERT INTO followed") and self.chance.random() < 0.5:
            raise Crash
        return super().execute(sql, parameters)  # type: ignore[arg-type]  # whatever a host binds


def shown(number: int, folder: Path) -> dict[str, Any]:
    """What one of the page's pieces of code defines."""
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    script = folder / "follower.py"
    script.write_text(blocks[number])
    return run_path(str(script))


@pytest.fixture
def follow(tmp_path: Path) -> Follow:
    found: Follow = shown(0, tmp_path)["follow"]
    return found


@pytest.fixture
def bill(tmp_path: Path) -> Bill:
    found: Bill = shown(1, tmp_path)["bill"]
    return found


def receipts(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as host:
        if not host.execute("SELECT 1 FROM sqlite_master WHERE name = 'receipts'").fetchone():
            return []
        return [order for (order,) in host.execute("SELECT order_id FROM receipts")]


def test_the_follower_that_the_page_shows_keeps_everything_once_however_often_it_crashes(
    tmp_path: Path, follow: Follow
) -> None:
    orders = [f"till-{number}" for number in range(60)]
    stopping = Event()

    def keep_following(crm: Crm) -> int:
        crashes = 0
        while not stopping.is_set():
            with closing(sqlite3.connect(tmp_path / "host.db", factory=Fragile)) as host:
                try:
                    follow(crm, host, stopping)
                except Crash:
                    crashes += 1
        return crashes

    with connect(f"sqlite:///{tmp_path / 'shop.db'}") as crm, ThreadPoolExecutor(1) as pool:
        following = pool.submit(keep_following, crm)
        try:
            record(crm, "till", len(orders), 3)
            end = monotonic() + 30
            while monotonic() < end and sorted(receipts(tmp_path / "host.db")) != sorted(orders):
                sleep(0.02)
        finally:
            stopping.set()
        assert following.result() > 0
    assert receipts(tmp_path / "host.db") == orders


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_the_follower_beside_the_log_keeps_everything_once_however_often_it_crashes(
    tmp_path: Path, bill: Bill, store: str
) -> None:
    url = new_database() if store == "postgresql" else f"sqlite:///{tmp_path / 'shop.db'}"
    driver = "postgresql+psycopg" if store == "postgresql" else "sqlite"
    engine = create_engine(make_url(url).set(drivername=driver))
    chance = Random(3)  # noqa: S311 - no secret
    orders = [f"till-{number}" for number in range(30)]
    stopping = Event()

    @event.listens_for(engine, "commit")
    def crash(_connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction] - it listens
        if chance.random() < 0.5:
            raise Crash

    def bills() -> list[str]:
        with engine.connect() as connection:
            if not inspect(connection).has_table("bills"):
                return []
            return list(connection.scalars(text("SELECT order_id FROM bills")))

    def keep_billing(crm: Crm) -> int:
        crashes = 0
        while not stopping.is_set():
            try:
                bill(crm, engine, stopping)
            except (Crash, StorageUnavailable):
                crashes += 1
        return crashes

    with connect(url, keyless=True) as crm, ThreadPoolExecutor(1) as pool:
        billing = pool.submit(keep_billing, crm)
        try:
            record(crm, "till", len(orders), 3)
            end = monotonic() + 60
            while monotonic() < end and crm.positions.kept("billing") < crm.head():
                sleep(0.02)
        finally:
            stopping.set()
        assert billing.result() > 0
        status = log_status(url)
    assert bills() == orders
    assert [(one.follower, one.lag) for one in status.followers] == [("billing", 0)]
    engine.dispose()
