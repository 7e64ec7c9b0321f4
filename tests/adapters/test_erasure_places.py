"""No place that a person's data may be in is forgotten by an erasure."""

from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from sqlalchemy import create_engine, inspect, make_url, text

from regulars import Crm, connect
from regulars.adapters.database import Database
from regulars.adapters.erasure_places import FREE, KEYED, PURGED
from regulars.adapters.key_ring import create_key_file
from regulars.adapters.recorder_tables import make_recorder_tables
from regulars.application.catalogue import VIEWS
from regulars.application.ports import Storage
from regulars.domain.personal import Sealed
from tests.postgres_server import new_database

PORTS = {
    "log": "events",
    "views": "views",
    "snapshots": "snapshots",
    "findings": "import_findings",
    "contacts": "contact_tokens",
    "checkpoints": "follower_checkpoints",
    "optimistic": None,
    "incarnation": None,
}
"""What a storage has, and which table of the lists it keeps; None if it keeps nothing."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    sqlite = request.param == "sqlite"
    return f"sqlite:///{tmp_path / 'shop.db'}" if sqlite else new_database()


@pytest.fixture
def crm(url: str, tmp_path: Path) -> Iterator[Crm]:
    create_key_file(tmp_path / "shop.keys")
    with connect(url, keys=tmp_path / "shop.keys", environment={}) as crm:
        yield crm


def tables(url: str) -> set[str]:
    made = make_url(url)
    if made.get_backend_name() == "postgresql":
        made = made.set(drivername="postgresql+psycopg")
    engine = create_engine(made)
    found = {*inspect(engine).get_table_names()}
    engine.dispose()
    return found


def unreached(found: Collection[str], sinks: Collection[str]) -> list[str]:
    """Tables that are on no list, or on the list of a sink that is not there."""
    known = {*KEYED, *FREE, *(table for table, sink in PURGED.items() if sink in sinks)}
    return sorted({*found} - known)


def test_every_table_is_free_of_personal_data_or_reached_by_an_erasure(url: str, crm: Crm) -> None:
    with closing(Database(url)) as database:
        make_recorder_tables(database)
    found = tables(url)

    assert unreached(found, [sink.name for sink in crm.erasures.sinks]) == []
    assert {*KEYED, *PURGED} <= found
    on_the_lists = {*KEYED, *FREE, *PURGED} - found
    assert on_the_lists <= {"regulars_log"}


@pytest.mark.usefixtures("crm")
def test_a_table_that_is_on_no_list_and_a_sink_that_is_not_there_are_noticed(
    tmp_path: Path, url: str
) -> None:
    if url.startswith("sqlite"):
        engine = create_engine(url)
        with closing(engine.connect()) as connection:
            connection.execute(text("CREATE TABLE phones (phone TEXT)"))
        engine.dispose()
        found = tables(f"sqlite:///{tmp_path / 'shop.db'}")
        assert unreached(found, ["contact_index", "snapshots"]) == ["phones"]

    assert unreached(tables(url) - {"phones"}, []) == ["contact_tokens", "snapshots"]


def test_all_that_a_storage_keeps_is_on_the_lists() -> None:
    kept = {name for name, one in vars(Storage).items() if isinstance(one, property)}

    assert kept == PORTS.keys()
    assert {*PORTS.values()} - {None, "views"} <= {*KEYED, *FREE, *PURGED}
    assert {f"view_{view.name}_{view.version}" for view in VIEWS} <= FREE.keys()


def boxes_in(hint: Any) -> bool:  # noqa: ANN401 - any type there is
    return hint in (Sealed, bytes) or any(map(boxes_in, get_args(hint)))


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_no_view_keeps_a_box(view: Any) -> None:  # noqa: ANN401 - views of any rows
    assert not [name for name, hint in get_type_hints(view.row).items() if boxes_in(hint)]
    assert boxes_in(dict[str, Sealed | None])
