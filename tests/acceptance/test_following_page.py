"""The follower that docs/following.md shows keeps everything exactly once."""

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

import pytest

from regulars import Crm, connect
from tests.acceptance.till import record

PAGE = Path(__file__).parents[2] / "docs" / "following.md"


class Crash(Exception):
    """Ends the follower in the middle of its work."""


class Fragile(sqlite3.Connection):
    """A connection of a host that may crash before it keeps a checkpoint."""

    chance = Random(3)  # noqa: S311 - no secret

    def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        if sql.startswith("INSERT INTO followed") and self.chance.random() < 0.5:
            raise Crash
        return super().execute(sql, parameters)  # type: ignore[arg-type]  # whatever a host binds


@pytest.fixture
def follow(tmp_path: Path) -> Callable[[Crm, sqlite3.Connection, Event], None]:
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    script = tmp_path / "follower.py"
    script.write_text(block)
    found: Callable[[Crm, sqlite3.Connection, Event], None] = run_path(str(script))["follow"]
    return found


def receipts(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as host:
        if not host.execute("SELECT 1 FROM sqlite_master WHERE name = 'receipts'").fetchone():
            return []
        return [order for (order,) in host.execute("SELECT order_id FROM receipts")]


def test_the_follower_that_the_page_shows_keeps_everything_once_however_often_it_crashes(
    tmp_path: Path, follow: Callable[[Crm, sqlite3.Connection, Event], None]
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
