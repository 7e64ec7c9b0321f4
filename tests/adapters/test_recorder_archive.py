"""The log of an application of the `eventsourcing` library is checked, copied and brought back."""

from contextlib import closing
from pathlib import Path

import pytest
from eventsourcing.persistence import StoredEvent

from regulars import connect
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.log_backup import back_up, restore
from regulars.adapters.log_export import export_log
from regulars.adapters.log_import import import_log
from regulars.adapters.log_status import check_log
from regulars.adapters.recorder import Recorder
from regulars.application.stored import FOREIGN_ACTOR
from regulars.testing.pending_events import append, run
from tests.adapters.cli_shop import Shop
from tests.domain.examples import PLACE

POURED = [StoredEvent("table 4", version, "cafe:Table.Poured", b"\xff tea") for version in range(3)]
SEATED = [StoredEvent("table 5", version, "cafe:Table.Seated", b"{}") for version in (1, 2)]


@pytest.fixture
def cafe(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'cafe.db'}"
    with closing(Database(url, synchronous="NORMAL")) as database:
        recorder = Recorder(database, tenant="cafe", id_type=str)
        recorder.insert_events([*POURED, *SEATED])
    return url


def told(url: str) -> list[list[StoredEvent]]:
    with closing(Database(url)) as database:
        recorder = Recorder(database, tenant="cafe", id_type=str)
        return [list(recorder.select_events(stream)) for stream in ("table 4", "table 5")]


def test_what_another_model_recorded_is_counted_and_sound(cafe: str) -> None:
    found = check_log(cafe, tenant="cafe")

    assert (found.sound, found.events, found.foreign) == (True, 5, 5)


def test_the_command_says_what_it_could_not_check(cafe: str, tmp_path: Path) -> None:
    shop = Shop(tmp_path)

    said = shop.run("log", "check", "--database", cafe, "--tenant", "cafe").stdout
    document = shop.json("log", "check", "--database", cafe, "--tenant", "cafe")

    assert "5 of them are of an application of eventsourcing" in said
    assert "can be read" not in said
    assert (document["sound"], document["foreign"]) == (True, 5)


def test_places_and_ids_of_what_another_model_recorded_are_checked(cafe: str) -> None:
    with closing(Database(cafe)) as database:
        database.driver.execute("DELETE FROM events WHERE position = 2")

    (fault,) = check_log(cafe, tenant="cafe").faults

    assert (fault.position, fault.stream) == (3, "table 4")


def test_a_tenant_of_two_models_is_not_sound(cafe: str) -> None:
    with closing(Database(cafe)) as database:
        append(SqlLog(database, tenant="cafe"), *run("a", 1, 2))
        append(SqlLog(database, tenant="shop"), *run("a", 1))
        Recorder(database, tenant="shop", id_type=str).insert_events(SEATED)

    assert [one.position for one in check_log(cafe, tenant="cafe").faults] == [6, 7]
    assert [one.position for one in check_log(cafe, tenant="shop").faults] == [9, 10]


def test_it_is_backed_up_and_restored(cafe: str, tmp_path: Path) -> None:
    back_up(cafe, tmp_path / "backup.db", tenant="cafe")
    restored = restore(f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "backup.db", tenant="cafe")

    assert restored.hash == check_log(cafe, tenant="cafe").hash
    assert told(f"sqlite:///{tmp_path / 'new.db'}") == [POURED, SEATED]


def test_it_is_exported_and_imported_with_what_counts_from_zero(cafe: str, tmp_path: Path) -> None:
    copy = f"sqlite:///{tmp_path / 'copy.db'}"
    export_log(cafe, tmp_path / "cafe.jsonl", tenant="cafe")
    assert import_log(copy, tmp_path / "cafe.jsonl", tenant="cafe") == 5

    assert told(copy) == [POURED, SEATED]
    assert check_log(copy, tenant="cafe").hash == check_log(cafe, tenant="cafe").hash
    export_log(copy, tmp_path / "again.jsonl", tenant="cafe")
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "cafe.jsonl").read_bytes()


def test_a_log_that_is_brought_back_counts_as_its_export_does(cafe: str, tmp_path: Path) -> None:
    with closing(Database(cafe)) as database:
        database.driver.execute("DELETE FROM events")
        Recorder(database, tenant="cafe", id_type=str)
    other = f"sqlite:///{tmp_path / 'other.db'}"
    from_one = [StoredEvent("table 4", version, "cafe:Table.Poured", b"") for version in (1, 2)]
    with closing(Database(other)) as database:
        Recorder(database, tenant="cafe", id_type=str).insert_events(from_one)
    export_log(other, tmp_path / "other.jsonl", tenant="cafe")

    import_log(cafe, tmp_path / "other.jsonl", tenant="cafe")

    assert told(cafe)[0] == from_one


def test_the_core_records_nothing_that_looks_like_another_model(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with connect(url) as crm:
        crm.execute(PLACE, by=FOREIGN_ACTOR)

    found = check_log(url)

    assert found.events > 0
    assert (found.sound, found.foreign) == (True, 0)
