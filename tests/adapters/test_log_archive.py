import gzip
import json
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.log_archive import UnusableArchive
from regulars.adapters.log_export import export_log, write_archive
from regulars.adapters.log_import import LogNotEmpty, import_log
from regulars.adapters.log_lines import heading_in, line_of, stored_in
from regulars.adapters.memory import MemoryLog
from regulars.adapters.memory_stored_events import MemoryStoredEvents
from regulars.adapters.new_file import FileInTheWay
from regulars.adapters.snapshots import SqlSnapshots
from regulars.adapters.stored_events import SqlStoredEvents
from regulars.application.errors import NotOurDatabase, StorageUnavailable
from regulars.application.log_check import check
from regulars.application.stored import Stored
from regulars.testing.pending_events import append, run
from regulars.testing.snapshots import keep
from tests.adapters.log_files import changed, hash_of, recorded_in, rows_of, url_of, views_of
from tests.application.histories import towns
from tests.application.memory_crm import TENANT, Parts
from tests.application.shop_week import WEEK, shop_week

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**63) + 1, 2**63 - 1)
stored_events = st.builds(
    Stored,
    position=st.integers(1, 2**63 - 1),
    stream=texts,
    version=st.integers(1, 2**31 - 1),
    type=texts,
    schema=st.integers(1, 2**31 - 1),
    event_id=st.binary(min_size=16, max_size=16),
    occurred_at=numbers,
    recorded_at=numbers,
    actor=texts,
    correlation=texts,
    causation=st.none() | texts,
    fingerprint=st.none() | st.binary(max_size=16),
    body=st.binary(max_size=40) | texts.map(str.encode),
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return recorded_in(tmp_path / "shop.db", WEEK)


@contextmanager
def archived(town: Parts, name: str = "log.jsonl") -> Generator[Path]:
    """The log of a town in memory, exported to a folder of its own."""
    log = town.storage.log
    assert isinstance(log, MemoryLog)
    with TemporaryDirectory() as folder:
        file = Path(folder, name)
        write_archive(MemoryStoredEvents(log, tenant=TENANT), file)
        yield file


def brought_back(file: Path) -> Path:
    copy = file.with_name("copy.db")
    import_log(url_of(copy), file, tenant=TENANT)
    return copy


def refused(file: Path, content: bytes) -> UnusableArchive:
    """Why an import of `content` is refused; nothing is left of it."""
    file.write_bytes(content)
    with pytest.raises(UnusableArchive) as refusal:
        brought_back(file)
    assert {path.name for path in file.parent.iterdir()} <= {file.name, "shop.db"}
    return refusal.value


def sealed(lines: list[bytes]) -> bytes:
    """The lines with the checksum that they ask for."""
    whole = b"".join(lines)
    return whole + b'{"sha256":"%s"}\n' % sha256(whole).hexdigest().encode()


@given(stored_events)
def test_the_line_of_an_event_gives_the_event_back_to_the_last_byte(stored: Stored) -> None:
    line = line_of(stored)

    assert stored_in(line) == stored
    assert (line.count(b"\n"), line[-1:]) == (1, b"\n")


@settings(max_examples=settings().max_examples // 6)  # each has files and two databases
@given(towns)
def test_whatever_was_recorded_comes_back_with_its_views(town: Parts) -> None:
    log = town.storage.log
    assert isinstance(log, MemoryLog)
    before = list(MemoryStoredEvents(log, tenant=TENANT).read())

    with archived(town, "log.jsonl.gz") as file:
        copy = brought_back(file)
        with closing(Database(url_of(copy))) as database:
            events = SqlStoredEvents(database, tenant=TENANT)
            assert list(events.read()) == before
            assert check(events, line=line_of).sound
            assert events.head() == log.head()
        assert {name: rows for name, (_, rows) in views_of(copy).items()} == town.rows()


def test_an_export_and_its_import_are_equal_to_the_last_byte(shop: Path) -> None:
    file = shop.with_name("log.jsonl.gz")

    told = export_log(url_of(shop), file, tenant=TENANT)
    copy = brought_back(file)

    assert rows_of(copy) == rows_of(shop)
    assert views_of(copy) == views_of(shop)
    assert hash_of(copy) == hash_of(shop) == told.hash
    assert (told.events, told.head) == (len(rows_of(shop)), len(rows_of(shop)))


def test_the_hash_of_a_log_can_be_computed_from_an_export_by_anybody(shop: Path) -> None:
    file = shop.with_name("log.jsonl")
    export_log(url_of(shop), file, tenant=TENANT)

    lines = file.read_bytes().splitlines(keepends=True)

    assert sha256(b"".join(lines[1:-1])).hexdigest() == hash_of(shop)
    assert lines[-1] == b'{"sha256":"%s"}\n' % sha256(b"".join(lines[:-1])).hexdigest().encode()


def test_a_log_makes_the_same_file_every_time(shop: Path) -> None:
    first, second = shop.with_name("1.jsonl.gz"), shop.with_name("2.jsonl.gz")

    export_log(url_of(shop), first, tenant=TENANT)
    export_log(url_of(shop), second, tenant=TENANT)

    assert first.read_bytes() == second.read_bytes()


def test_an_event_that_cannot_be_read_is_exported_and_not_imported(shop: Path) -> None:
    changed(shop, "UPDATE events SET body = x'00ff' WHERE position = 3")
    file = shop.with_name("log.jsonl")
    export_log(url_of(shop), file, tenant=TENANT)

    with pytest.raises(
        UnusableArchive, match=r"line 4 holds no \w+ of schema version 1 that"
    ) as told:
        brought_back(file)

    assert told.value.line == 4
    assert b'"base64":"AP8="' in file.read_bytes()
    assert rows_of(shop.with_name("copy.db")) == []


def test_positions_stay_as_they_were_and_none_is_given_again(tmp_path: Path) -> None:
    both = tmp_path / "both.db"
    with closing(Database(url_of(both))) as database:
        append(SqlLog(database, tenant="other"), *run("a", 1, 2))
        append(SqlLog(database, tenant=TENANT), *run("b", 1))
        append(SqlLog(database, tenant="other"), *run("a", 3))
    export_log(url_of(both), tmp_path / "log.jsonl", tenant=TENANT)

    copy = brought_back(tmp_path / "log.jsonl")

    with closing(Database(url_of(copy))) as database:
        log = SqlLog(database, tenant=TENANT)
        assert ([one.position for one in log.read()], log.head()) == ([3], 4)
        assert append(log, *run("b", 2)) == 5


def test_the_logs_of_two_tenants_are_brought_back_one_after_the_other(tmp_path: Path) -> None:
    both, copy = tmp_path / "both.db", tmp_path / "copy.db"
    with closing(Database(url_of(both))) as database:
        append(SqlLog(database, tenant="one"), *run("a", 1))
        append(SqlLog(database, tenant="two"), *run("a", 1))
        append(SqlLog(database, tenant="one"), *run("a", 2))

    for tenant in ("one", "two"):
        export_log(url_of(both), tmp_path / tenant, tenant=tenant)
        import_log(url_of(copy), tmp_path / tenant, tenant=tenant)

    assert rows_of(copy) == rows_of(both)


def test_no_snapshot_of_a_log_that_was_there_before_outlives_an_import(shop: Path) -> None:
    file = shop.with_name("log.jsonl")
    export_log(url_of(shop), file, tenant=TENANT)
    with closing(Database(url_of(shop))) as database:
        for tenant in (TENANT, "other"):
            keep(SqlSnapshots(database, tenant=tenant), "account-default/anna", 1, 1_000)
    changed(shop, "DELETE FROM events")

    import_log(url_of(shop), file, tenant=TENANT)

    with closing(Database(url_of(shop))) as database:
        assert SqlSnapshots(database, tenant=TENANT).streams() == []
        assert SqlSnapshots(database, tenant="other").streams() == ["account-default/anna"]


def test_a_log_without_events_comes_back_empty(tmp_path: Path) -> None:
    with closing(Database(url_of(tmp_path / "new.db"))):
        pass

    export_log(url_of(tmp_path / "new.db"), tmp_path / "log.jsonl", tenant=TENANT)

    assert rows_of(brought_back(tmp_path / "log.jsonl")) == []


def test_a_log_with_events_takes_no_other_in(shop: Path) -> None:
    file = shop.with_name("log.jsonl")
    export_log(url_of(shop), file, tenant=TENANT)
    before = rows_of(shop)

    with pytest.raises(LogNotEmpty) as refusal:
        import_log(url_of(shop), file, tenant=TENANT)

    assert refusal.value.events == len(before)
    assert rows_of(shop) == before


def test_an_event_that_another_tenant_has_is_refused_with_its_line(shop: Path) -> None:
    file = shop.with_name("log.jsonl")
    export_log(url_of(shop), file, tenant=TENANT)
    heading, *events = file.read_bytes().splitlines(keepends=True)[:-1]
    file.write_bytes(sealed([heading.replace(b'"shop"', b'"other"'), *events]))

    with pytest.raises(UnusableArchive) as refusal:
        import_log(url_of(shop), file, tenant="other")

    assert refusal.value.line == 2
    assert {row[1] for row in rows_of(shop)} == {TENANT}


def test_another_tenants_position_is_refused_with_its_line(tmp_path: Path) -> None:
    with closing(Database(url_of(tmp_path / "one.db"))) as one:
        append(SqlLog(one, tenant=TENANT), *run("a", 1, 2))
    with closing(Database(url_of(tmp_path / "copy.db"))) as two:
        append(SqlLog(two, tenant="other"), *run("a", 1))
    export_log(url_of(tmp_path / "one.db"), tmp_path / "log.jsonl", tenant=TENANT)

    with pytest.raises(UnusableArchive) as refusal:
        brought_back(tmp_path / "log.jsonl")

    assert refusal.value.line == 2
    assert len(rows_of(tmp_path / "copy.db")) == 1


def test_nothing_but_a_whole_export_takes_the_name_of_one(shop: Path) -> None:
    file = shop.with_name("log.jsonl")
    file.write_bytes(b"mine")
    with pytest.raises(FileInTheWay):
        export_log(url_of(shop), file, tenant=TENANT)
    damaged = shop.with_name("damaged.db")
    damaged.write_bytes(shop.read_bytes()[:20_000])

    with pytest.raises(StorageUnavailable):
        export_log(url_of(damaged), file, tenant=TENANT, replace=True)

    assert file.read_bytes() == b"mine"
    assert not list(shop.parent.glob(".*"))
    export_log(url_of(shop), file, tenant=TENANT, replace=True)
    assert rows_of(brought_back(file)) == rows_of(shop)


class Unkept(MemoryStoredEvents):
    """Events that a power cut may still take back."""

    def settle(self) -> None:
        raise StorageUnavailable(store="memory", why="is gone")


def test_nothing_that_a_crash_may_take_back_becomes_an_export(tmp_path: Path) -> None:
    log = MemoryLog(tenant=TENANT)
    append(log, *run("a", 1))

    with pytest.raises(StorageUnavailable):
        write_archive(Unkept(log, tenant=TENANT), tmp_path / "log.jsonl")

    assert list(tmp_path.iterdir()) == []


def test_an_event_that_is_missing_is_named_by_its_version_or_by_their_number(shop: Path) -> None:
    file = shop.with_name("log.jsonl")
    export_log(url_of(shop), file, tenant=TENANT)
    lines = file.read_bytes().splitlines(keepends=True)
    streams = [json.loads(line)["stream"] for line in lines[1:-1]]
    twice = next(name for name in streams if streams.count(name) > 1)
    first = streams.index(twice) + 1
    second = streams.index(twice, first) + 1

    inside = refused(file, b"".join([*lines[:first], *lines[first + 1 :]]))
    at_the_end = refused(file, b"".join([*lines[:-3], lines[-1]]))

    assert (inside.line, inside.why) == (
        second,
        f"holds version 2 of {twice}, and version 1 is missing before it",
    )
    assert at_the_end.line == len(lines) - 2
    assert at_the_end.why == "ends the log, and of its events 2 are missing"


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("occurred_at", 2**63 - 1, "its occurred_at lies outside of the years 1900 to 9998"),
        ("recorded_at", 1 - 2**63, "its recorded_at lies outside of the years 1900 to 9998"),
        ("actor", "a\0", "its actor holds a NUL"),
    ],
)
def test_what_nobody_could_have_recorded_is_refused_with_its_line(
    whole: bytes,
    tmp_path: Path,
    field: str,
    value: Any,  # noqa: ANN401 - of any field
    why: str,
) -> None:
    lines = whole.splitlines(keepends=True)[:-1]
    event = stored_in(lines[3])._replace(**{field: value})

    refusal = refused(tmp_path / "log.jsonl", sealed([*lines[:3], line_of(event), *lines[4:]]))

    assert (refusal.line, refusal.why) == (4, f"holds what was never recorded: {why}")


def test_a_head_that_no_log_has_reached_is_refused(whole: bytes, tmp_path: Path) -> None:
    heading, *events = whole.splitlines(keepends=True)[:-1]
    head = heading_in(heading).head
    pushed = heading.replace(b'"head":%d' % head, b'"head":%d' % (2**53 + 1))

    refusal = refused(tmp_path / "log.jsonl", sealed([pushed, *events]))

    assert refusal.line == 1
    assert "head that no log has reached" in refusal.why


def test_an_empty_file_is_no_database_to_import_into(shop: Path) -> None:
    file = shop.with_name("log.jsonl")
    export_log(url_of(shop), file, tenant=TENANT)
    shop.with_name("copy.db").touch()

    with pytest.raises(NotOurDatabase, match="is an empty file"):
        brought_back(file)

    assert shop.with_name("copy.db").read_bytes() == b""


@pytest.fixture(scope="module")
def whole() -> bytes:
    with archived(shop_week()) as file:
        return file.read_bytes()


@pytest.fixture(scope="module")
def packed() -> bytes:
    with archived(shop_week(), "log.jsonl.gz") as file:
        return file.read_bytes()


@given(st.data())
def test_an_export_that_is_cut_short_is_refused(whole: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(whole) - 1))

    with TemporaryDirectory() as folder:
        refusal = refused(Path(folder, "log.jsonl"), whole[:cut])

    assert refusal.line == whole[:cut].count(b"\n") + 1


@given(st.data())
def test_an_export_with_another_byte_is_refused(whole: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(whole) - 1))
    other = bytes([whole[place] ^ data.draw(st.integers(1, 255))])

    with TemporaryDirectory() as folder:
        refusal = refused(Path(folder, "log.jsonl"), whole[:place] + other + whole[place + 1 :])

    assert 1 + whole[:place].count(b"\n") <= refusal.line <= whole.count(b"\n") + 1


@given(st.data())
def test_a_compressed_export_that_is_cut_short_is_refused(
    packed: bytes, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(packed) - 1))

    with TemporaryDirectory() as folder:
        refused(Path(folder, "log.jsonl.gz"), packed[:cut])


@given(st.data())
def test_a_compressed_export_with_another_byte_is_refused_or_the_same(
    packed: bytes, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(packed) - 1))
    other = bytes([packed[place] ^ data.draw(st.integers(1, 255))])

    with TemporaryDirectory() as folder:
        file = Path(folder, "log.jsonl.gz")
        file.write_bytes(packed[:place] + other + packed[place + 1 :])
        try:
            copy = brought_back(file)
        except UnusableArchive:
            assert {path.name for path in file.parent.iterdir()} == {file.name}
        else:
            lines = gzip.decompress(packed).splitlines(keepends=True)
            assert hash_of(copy) == sha256(b"".join(lines[1:-1])).hexdigest()


Edit: TypeAlias = Callable[[list[bytes]], list[bytes]]


def put(number: int, old: bytes, new: bytes) -> Edit:
    """Puts `new` in the place of the first `old` of a line."""

    def edit(lines: list[bytes]) -> list[bytes]:
        assert old in lines[number - 1]
        return [*lines[: number - 1], lines[number - 1].replace(old, new, 1), *lines[number:]]

    return edit


EDITS: Final[dict[str, tuple[Edit, int]]] = {
    "an event taken out": (lambda lines: [lines[0], *lines[2:]], 2),
    "an event twice": (lambda lines: [*lines[:4], lines[3], *lines[4:]], 5),
    "events in another order": (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], 2),
    "no heading": (lambda lines: lines[1:], 1),
    "another heading": (lambda lines: [b"{}\n", *lines[1:]], 1),
    "a newer format": (put(1, b'"version":1', b'"version":2'), 1),
    "another tenant": (put(1, b'"tenant":"shop"', b'"tenant":"x"'), 1),
    "a head below zero": (put(1, b'"head":', b'"head":-'), 1),
    "a space": (put(3, b",", b", "), 3),
    "a field more": (put(3, b"{", b'{"new":1,'), 3),
    "a body of another kind": (put(3, b'"body"', b'"base64"'), 3),
    "half a character": (put(3, b'"actor":"', b'"actor":"\\ud800'), 3),
    "brackets without end": (lambda lines: [*lines[:2], b"[" * 9999 + b"\n", *lines[3:]], 3),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_export_is_refused_with_the_line_even_if_its_checksum_is_right(
    tmp_path: Path, whole: bytes, name: str
) -> None:
    edit, line = EDITS[name]
    lines = edit(whole.splitlines(keepends=True)[:-1])

    assert refused(tmp_path / "log.jsonl", sealed(lines)).line == line


def test_events_past_the_count_or_the_head_of_the_heading_are_refused(
    tmp_path: Path, whole: bytes
) -> None:
    first, *lines = whole.splitlines(keepends=True)[:-1]
    count = b"%d" % len(lines)
    less = b"%d" % (len(lines) - 1)
    file = tmp_path / "log.jsonl"

    few = first.replace(b'"count":' + count, b'"count":' + less)
    low = first.replace(b'"head":' + count, b'"head":' + less)

    assert refused(file, sealed([few, *lines])).line == len(lines) + 1
    assert refused(file, sealed([low, *lines])).line == len(lines) + 1
    assert refused(file, whole + b"\n").line == len(lines) + 3


def test_two_events_with_one_id_are_refused_with_the_line(tmp_path: Path) -> None:
    log = MemoryLog(tenant=TENANT)
    append(log, *run("a", 1, 2, 3))
    events = list(MemoryStoredEvents(log).read())
    events[2] = events[2]._replace(event_id=events[0].event_id)
    heading = b'{"format":"regulars log","version":1,"tenant":"shop","count":3,"head":3}\n'
    file = tmp_path / "log.jsonl"
    file.write_bytes(sealed([heading, *map(line_of, events)]))

    with pytest.raises(UnusableArchive) as refusal:
        brought_back(file)

    assert refusal.value.line == 4
    assert rows_of(tmp_path / "copy.db") == []


def test_a_refusal_names_the_line_and_nothing_of_its_content(tmp_path: Path, whole: bytes) -> None:
    lines = whole.splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"actor":"', b'"actor":"Ada Lovelace')

    refusal = refused(tmp_path / "log.jsonl", b"".join(lines))

    assert str(refusal).startswith(f"{tmp_path / 'log.jsonl'}: line ")
    assert "Ada" not in str(refusal)
