import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from regulars.adapters.database import Database
from regulars.adapters.database_url import file_url
from regulars.adapters.log_backup import UnusableBackup, back_up, restore
from regulars.adapters.new_file import FileInTheWay
from regulars.adapters.snapshots import SqlSnapshots
from regulars.application.catalogue import VIEWS
from regulars.application.errors import NotOurDatabase, StorageUnavailable
from regulars.domain.customer import RegisterCustomer
from regulars.domain.values import CustomerId
from regulars.testing.snapshots import keep
from tests.adapters.log_files import changed, hash_of, recorded_in, rows_of, url_of, views_of
from tests.application.memory_crm import TENANT, sql_core
from tests.application.shop_week import WEEK
from tests.domain.story import NOON

MANY_PAGES = (
    "INSERT INTO import_findings WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 3000) SELECT 'x', 'x', i, 'x', hex(zeroblob(2000)) FROM n"
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return recorded_in(tmp_path / "shop.db", WEEK)


@pytest.fixture
def saved(shop: Path) -> Path:
    path = shop.with_name("saved.db")
    back_up(url_of(shop), path, tenant=TENANT)
    return path


def left_beside(path: Path) -> set[str]:
    return {other.name for other in path.parent.iterdir()}


def test_a_backup_restored_has_the_same_log_and_its_views_rebuilt_are_equal(
    shop: Path, saved: Path
) -> None:
    before = hash_of(shop), rows_of(shop), views_of(shop)
    shop.unlink()

    restored = restore(url_of(shop), saved, tenant=TENANT)

    assert (hash_of(shop), rows_of(shop), views_of(shop)) == before
    assert restored.hash == before[0]
    with closing(Database(url_of(shop))) as database:
        sql_core(database).projector.rebuild(VIEWS)
        assert sql_core(database).crm.verify().sound
    assert views_of(shop) == before[2]


def test_a_snapshot_that_is_newer_than_the_backup_is_not_there_after_it(
    shop: Path, saved: Path
) -> None:
    with closing(Database(url_of(shop))) as database:
        keep(SqlSnapshots(database, tenant=TENANT), "account-default/anna", 1_000, 1_000)

    restore(url_of(shop), saved, tenant=TENANT, replace=True)

    with closing(Database(url_of(shop))) as database:
        assert SqlSnapshots(database, tenant=TENANT).streams() == []


def test_a_backup_tells_what_it_holds(shop: Path) -> None:
    path = shop.with_name("saved.db")

    told = back_up(url_of(shop), path, tenant=TENANT)

    assert (told.events, told.head) == (len(rows_of(shop)), len(rows_of(shop)))
    assert (told.hash, told.size) == (hash_of(path), path.stat().st_size)
    with closing(sqlite3.connect(shop)) as database:
        ids = database.execute("SELECT DISTINCT kek FROM keys ORDER BY kek").fetchall()
    assert [(name,) for name in told.keys] == ids
    assert len(ids) == 1


def test_others_write_while_a_backup_is_made_of_one_moment(shop: Path) -> None:
    changed(shop, MANY_PAGES)
    before = rows_of(shop)
    written: list[int] = []

    with closing(Database(url_of(shop), busy_seconds=0)) as other:
        crm = sql_core(other).crm

        def register(what: str, done: int, _of: int) -> None:
            if what == "Copying":
                customer = CustomerId(f"new-{len(written)}")
                crm.execute(RegisterCustomer(customer=customer, at=NOON), by="web")
                written.append(done)

        path = shop.with_name("saved.db")
        back_up(url_of(shop), path, tenant=TENANT, told=register)

    assert written == sorted(set(written))
    assert len(written) > 1
    assert rows_of(path) == before
    assert len(rows_of(shop)) == len(before) + len(written)


def test_a_backup_is_one_file_that_can_be_read_where_nothing_can_be_written(saved: Path) -> None:
    assert left_beside(saved) == {"shop.db", "saved.db"}
    assert saved.read_bytes()[18:20] == b"\x01\x01"  # no write-ahead log
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600

    restore(url_of(saved.with_name("copy.db")), saved, tenant=TENANT)

    assert left_beside(saved) == {"shop.db", "saved.db", "copy.db"}


def test_a_live_database_with_its_side_files_can_be_restored_from(shop: Path) -> None:
    copy = shop.with_name("copy.db")
    with closing(Database(url_of(shop))) as database:
        sql_core(database).crm.execute(
            RegisterCustomer(customer=CustomerId("late"), at=NOON), by="web"
        )
        assert shop.with_name("shop.db-wal").stat().st_size

        restore(url_of(copy), shop, tenant=TENANT)

    assert rows_of(copy) == rows_of(shop)


@pytest.mark.parametrize("folder", ["q?dir", "a%41", "no#1", "50 %"])
def test_a_backup_may_stand_under_any_name(shop: Path, folder: str) -> None:
    saved, again = (shop.parent / folder / name for name in ("saved?.db", "again%20.db"))
    saved.parent.mkdir()

    made = back_up(url_of(shop), saved, tenant=TENANT)
    restored = restore(file_url(again).render_as_string(), saved, tenant=TENANT)

    assert made == restored
    assert left_beside(saved) == {saved.name, again.name}


def test_a_file_in_the_way_is_replaced_only_if_that_is_asked_for(shop: Path, saved: Path) -> None:
    with pytest.raises(FileInTheWay):
        back_up(url_of(shop), saved, tenant=TENANT)
    with pytest.raises(FileInTheWay):
        restore(url_of(shop), saved, tenant=TENANT)
    before = rows_of(shop)
    saved.chmod(0o640)
    changed(shop, "DELETE FROM events WHERE position = (SELECT max(position) FROM events)")

    restore(url_of(shop), saved, tenant=TENANT, replace=True)
    back_up(url_of(shop), saved, tenant=TENANT, replace=True)

    assert rows_of(shop) == rows_of(saved) == before
    assert stat.S_IMODE(saved.stat().st_mode) == 0o640


def test_a_database_that_somebody_has_open_is_not_replaced(shop: Path, saved: Path) -> None:
    with closing(Database(url_of(shop))) as database:
        sql_core(database).crm.execute(
            RegisterCustomer(customer=CustomerId("late"), at=NOON), by="web"
        )
        before = rows_of(shop)

        with pytest.raises(UnusableBackup):
            restore(url_of(shop), saved, tenant=TENANT, replace=True)

    assert rows_of(shop) == before
    assert left_beside(shop) == {"shop.db", "saved.db"}


def test_what_a_lost_database_left_behind_does_not_get_into_the_restored_one(
    shop: Path, saved: Path
) -> None:
    before = rows_of(shop)
    with closing(Database(url_of(shop))) as database:
        sql_core(database).crm.execute(
            RegisterCustomer(customer=CustomerId("late"), at=NOON), by="web"
        )
        journal = shop.with_name("shop.db-wal").read_bytes()
    shop.unlink()
    shop.with_name("shop.db-wal").write_bytes(journal)

    restore(url_of(shop), saved, tenant=TENANT)

    assert rows_of(shop) == before


def test_a_database_that_is_damaged_is_replaced(shop: Path, saved: Path) -> None:
    before = rows_of(saved)
    shop.write_bytes(b"no database at all, but longer than the header of one" * 100)

    restore(url_of(shop), saved, tenant=TENANT, replace=True)

    assert rows_of(shop) == before


def test_a_backup_with_a_damaged_page_replaces_nothing(shop: Path, saved: Path) -> None:
    before = rows_of(shop)
    content = bytearray(saved.read_bytes())
    content[4096 * 2 : 4096 * 12] = b"\xff" * 4096 * 10
    saved.write_bytes(content)

    with pytest.raises(UnusableBackup) as refusal:
        restore(url_of(shop), saved, tenant=TENANT, replace=True)

    assert refusal.value.file == str(saved)
    assert rows_of(shop) == before
    assert left_beside(shop) == {"shop.db", "saved.db"}


def test_a_backup_that_is_cut_short_replaces_nothing(shop: Path, saved: Path) -> None:
    before = rows_of(shop)
    saved.write_bytes(saved.read_bytes()[:30_000])

    with pytest.raises(UnusableBackup):
        restore(url_of(shop), saved, tenant=TENANT, replace=True)

    assert rows_of(shop) == before


def test_a_log_that_is_not_sound_is_not_backed_up_and_not_restored(shop: Path, saved: Path) -> None:
    for path in (shop, saved):
        changed(path, "UPDATE events SET body = x'00' WHERE position = 3")

    with pytest.raises(UnusableBackup) as refusal:
        back_up(url_of(shop), shop.with_name("other.db"), tenant=TENANT)
    with pytest.raises(UnusableBackup):
        restore(url_of(shop.with_name("other.db")), saved, tenant=TENANT)

    assert "event 3 of " in str(refusal.value)
    assert left_beside(shop) == {"shop.db", "saved.db"}


def test_the_database_of_another_program_is_no_backup(shop: Path) -> None:
    other = shop.with_name("other.db")
    changed(other, "CREATE TABLE notes (text)")

    with pytest.raises(NotOurDatabase) as refusal:
        restore(url_of(shop), other, tenant=TENANT, replace=True)

    assert refusal.value.store == str(other)
    assert len(rows_of(shop)) > 0


@pytest.mark.parametrize(
    "url", ["postgresql://u:secret@host/shop", "sqlite://", "sqlite:///:memory:", "nonsense"]
)
def test_only_a_file_of_sqlite_is_backed_up_and_restored(saved: Path, url: str) -> None:
    for copy in (back_up, restore):
        with pytest.raises(StorageUnavailable) as refusal:
            copy(url, saved, tenant=TENANT)
        assert "secret" not in str(refusal.value)


def test_the_database_of_another_program_is_not_replaced(saved: Path) -> None:
    other = saved.with_name("other.db")
    with closing(sqlite3.connect(other)) as theirs:
        theirs.execute("CREATE TABLE tabs (tab TEXT)")
    before = other.read_bytes()

    with pytest.raises(NotOurDatabase, match="another program"):
        restore(url_of(other), saved, tenant=TENANT, replace=True)

    assert other.read_bytes() == before
