"""A backup that is only looked at stays as it is, and becomes a database once it is written to."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.log_backup import back_up
from regulars.adapters.log_export import export_log
from regulars.adapters.log_status import check_log, log_status
from regulars.adapters.tenants import tenants_of
from regulars.testing.pending_events import append, pending
from tests.adapters.log_files import recorded_in, rows_of, url_of
from tests.application.memory_crm import TENANT
from tests.application.shop_week import WEEK

LOOKS: dict[str, Callable[[str, Path], object]] = {
    "log check": lambda url, _: check_log(url, tenant=TENANT),
    "log status": lambda url, _: log_status(url, tenant=TENANT),
    "log tenants": lambda url, _: tenants_of(url),
    "log export": lambda url, folder: export_log(url, folder / "log.jsonl", tenant=TENANT),
    "log backup": lambda url, folder: back_up(url, folder / "another.db", tenant=TENANT),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop = recorded_in(tmp_path_factory.mktemp("shop") / "shop.db", WEEK)
    path = tmp_path_factory.mktemp("backup") / "saved.db"
    back_up(url_of(shop), path, tenant=TENANT)
    return path


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_backup_that_is_looked_at_stays_as_it_is(
    saved: Path, tmp_path: Path, look: Callable[[str, Path], object]
) -> None:
    before = saved.read_bytes()

    look(url_of(saved), tmp_path)

    assert saved.read_bytes() == before
    assert [*saved.parent.iterdir()] == [saved]


def add_alone(database: Database) -> None:
    append(SqlLog(database, tenant=TENANT), pending("table-7", 1))


def add_together(database: Database) -> None:
    with database.transaction():
        add_alone(database)


@pytest.mark.parametrize("write", [add_alone, add_together])
def test_what_is_written_to_is_written_ahead_from_the_first_write_on(
    saved: Path, tmp_path: Path, write: Callable[[Database], None]
) -> None:
    path = tmp_path / "restored.db"
    path.write_bytes(saved.read_bytes())
    with closing(Database(url_of(path), create=False)) as database:
        assert mode_of(path) == "delete"
        write(database)
        assert mode_of(path) == "wal"

    assert len(rows_of(path)) == len(rows_of(saved)) + 1


def mode_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as other:
        (mode,) = other.execute("PRAGMA journal_mode").fetchone()
    return str(mode)
