"""Files that appear whole or not at all: through links, after a kill, and where no room is left."""

import re
import resource
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

import regulars
from regulars.adapters.new_file import new_file
from tests.domain.examples import PLACE

LEFT = ".saved.db.0123456789abcdef.part"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with regulars.connect(f"sqlite:///{path}", environment={}) as crm:
        crm.execute(PLACE, by="checkout")
    return path


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def linked(path: Path) -> Path:
    """A symbolic link to a file, in another folder."""
    link = path.parent / "links" / "link.db"
    link.parent.mkdir()
    link.symlink_to(path)
    return link


@contextmanager
def no_file_larger_than(size: int) -> Generator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_restore_through_a_link_replaces_the_database_and_not_the_link(shop: Path) -> None:
    saved, link = shop.with_name("saved.db"), linked(shop)
    regulars.back_up(url_of(shop), saved)
    before = regulars.check_log(url_of(shop)).hash
    with regulars.connect(url_of(shop), environment={}) as crm:
        crm.execute(regulars.AcceptOrder(order=PLACE.order, at=PLACE.at), by="checkout")

    regulars.restore(url_of(link), saved, replace=True)

    assert link.is_symlink()
    assert regulars.check_log(url_of(shop)).hash == before
    assert [file.name for file in link.parent.iterdir()] == ["link.db"]


@pytest.mark.parametrize("copy", [regulars.export_log, regulars.back_up])
def test_a_copy_through_a_link_replaces_what_it_leads_to(
    shop: Path, copy: Callable[..., object]
) -> None:
    saved = shop.with_name("saved")
    saved.write_text("of yesterday")
    link = linked(saved)

    copy(url_of(shop), link, replace=True)

    assert link.is_symlink()
    assert saved.stat().st_size > len("of yesterday")


@pytest.mark.parametrize("end", ["", ".keys"])
def test_what_belongs_to_a_database_is_known_through_a_link_too(shop: Path, end: str) -> None:
    own = Path(f"{shop}{end}")
    before = own.read_bytes()

    with pytest.raises(regulars.FileInTheWay, match="belongs to the database"):
        regulars.export_log(url_of(linked(shop)), own, replace=True)

    assert own.read_bytes() == before


def test_a_database_opened_by_a_link_has_the_keys_that_lie_beside_it(shop: Path) -> None:
    link = linked(shop)

    with regulars.connect(url_of(link), environment={}) as crm:
        assert crm.keys.status().active

    assert [file.name for file in link.parent.iterdir()] == ["link.db"]


def test_keys_that_lie_beside_a_link_are_taken_first(shop: Path) -> None:
    link = linked(shop)
    keys = Path(f"{shop}.keys").rename(f"{link}.keys")

    with regulars.connect(url_of(link), environment={}) as crm:
        assert crm.keys.status().active

    assert keys.exists()
    assert not Path(f"{shop}.keys").exists()


def test_what_a_killed_process_left_is_deleted_by_the_next_that_writes_there(shop: Path) -> None:
    for end in ("", "-wal", "-shm"):
        shop.with_name(f"{LEFT}{end}").touch()
    shop.with_name(f".saved.db.{'f' * 16}.part-journal").touch()  # its draft is gone

    regulars.back_up(url_of(shop), shop.with_name("saved.db"))

    assert {file.name for file in shop.parent.iterdir()} == {"shop.db", "shop.db.keys", "saved.db"}


@pytest.mark.parametrize(
    "other", [".saved.db.0123.part", ".other.db.0123456789abcdef.part", "saved.db.part", f"{LEFT}s"]
)
def test_what_may_be_somebody_elses_is_left_alone(shop: Path, other: str) -> None:
    shop.with_name(other).touch()

    regulars.back_up(url_of(shop), shop.with_name("saved.db"))

    assert shop.with_name(other).exists()


def test_what_is_being_written_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "file"

    with new_file(file, replace=True) as first:
        first.write_text("first")
        with new_file(file, replace=True) as second:
            second.write_text("second")
        assert (first.read_text(), file.read_text()) == ("first", "second")

    assert file.read_text() == "first"
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_a_link_is_none_of_ours(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("kept")
    link = tmp_path / LEFT
    link.symlink_to(other)

    with new_file(tmp_path / "saved.db", replace=False) as draft:
        draft.write_text("new")

    assert (link.is_symlink(), other.read_text()) == (True, "kept")


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_nothing_stays_beside_a_file_that_could_not_be_written(tmp_path: Path, end: str) -> None:
    def written() -> None:
        with new_file(tmp_path / "saved.db", replace=False) as draft:
            Path(f"{draft}{end}").touch()
            raise regulars.UnusableBackup(file="saved.db", why="database or disk is full")

    with pytest.raises(regulars.UnusableBackup):
        written()

    assert list(tmp_path.iterdir()) == []


def test_where_no_room_is_left_the_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"

    with (
        no_file_larger_than(1_000),
        pytest.raises(OSError, match=f"too large: '{re.escape(str(file))}'"),
        new_file(file, replace=False) as draft,
    ):
        draft.write_bytes(bytes(2_000))

    assert list(tmp_path.iterdir()) == []


def test_a_database_that_finds_no_room_to_be_opened_says_so(shop: Path) -> None:
    with (
        no_file_larger_than(1),
        pytest.raises(regulars.StorageUnavailable, match=r"disk I/O error|is full"),
    ):
        regulars.check_log(url_of(shop))


def test_where_one_may_be_replaced_it_is_told_how(shop: Path) -> None:
    saved = shop.with_name("saved.db")
    regulars.back_up(url_of(shop), saved)

    with pytest.raises(regulars.FileInTheWay, match=r"name another file, or replace it \(--repl"):
        regulars.back_up(url_of(shop), saved)
    with pytest.raises(regulars.FileInTheWay, match=r": replace it \(--replace\), once nobody"):
        regulars.restore(url_of(shop), saved)
