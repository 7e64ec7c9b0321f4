"""After an erasure the bytes of the keys are in no file of an SQLite database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from regulars.adapters.database import Database
from regulars.adapters.keys import SqlKeyStore
from regulars.adapters.storage import SqlStorage
from regulars.application.catalogue import VIEWS
from regulars.application.keys import KeyName
from regulars.domain.customer import RegisterCustomer, UpdateCustomerDetails
from regulars.domain.evidence import Traces
from regulars.domain.personal import Contact, DataClass
from regulars.domain.values import CustomerId
from tests.adapters.vaults import RING
from tests.application.memory_crm import TENANT, Parts, core
from tests.domain.story import NOON
from tests.postgres_server import new_database

_PIECE = 8
"""Bytes of a stored key that are looked for alone: others may be written over by chance."""

NAME = "Žofie Kanárkovičová"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'shop.db'}", busy_seconds=0.2)) as database:
        yield database


def town_of(database: Database) -> Parts:
    storage = SqlStorage(database, VIEWS, tenant=TENANT)
    town = core(storage, SqlKeyStore(database), scrub=database.scrub)
    for customer in ("ada", "bob", "zofie"):
        town.execute(
            RegisterCustomer(
                customer=CustomerId(customer), at=NOON, contact=Contact(name=f"{NAME} {customer}")
            )
        )
    return town


def secrets(town: Parts, customer: str) -> list[bytes]:
    """What must be nowhere: the key as it is stored, the key itself, and what it seals."""
    name = KeyName(TENANT, f"customer/{customer}", DataClass.CONTACT)
    (key,) = town.keys.get_many([name])[name]
    assert key.wrapped
    assert key.kek
    secret = RING.unwrap(key.wrapped, name, 1, kek_id=key.kek)
    assert isinstance(secret, bytes)
    return [key.wrapped, secret, NAME.encode()]


def found(folder: Path, needles: list[bytes]) -> list[tuple[str, int]]:
    return [
        (path.name, place)
        for path in sorted(folder.iterdir())
        for place, needle in enumerate(needles)
        if needle in path.read_bytes()
    ]


def erased(town: Parts, customer: str) -> Traces:
    certificate = town.crm.erasures.erase(customer, by="officer:1", basis="asked")
    return certificate.completions[0].traces


def test_a_destroyed_key_is_in_neither_the_file_nor_its_write_ahead_log(
    database: Database, tmp_path: Path
) -> None:
    town = town_of(database)
    gone, kept = secrets(town, "ada"), secrets(town, "bob")
    assert found(tmp_path, gone) == [("shop.db-wal", 0)]
    database.scrub()
    assert found(tmp_path, gone) == [("shop.db", 0)]

    assert erased(town, "ada") is Traces.GONE

    assert found(tmp_path, gone) == []
    assert found(tmp_path, kept) == [("shop.db", 0)]


def test_a_token_of_the_erased_is_in_neither_file_while_the_database_is_open(
    database: Database, tmp_path: Path
) -> None:
    town = town_of(database)
    town.crm.lookup.keep(unique=True, region="CN")
    town.execute(
        UpdateCustomerDetails(
            customer=CustomerId("ada"), at=NOON, contact=Contact(phone="13812345678")
        )
    )
    town.crm.lookup.fill()
    (token,) = database.connection.scalars(text("SELECT token FROM contact_tokens")).all()
    assert found(tmp_path, [token])

    erased(town, "ada")

    assert found(tmp_path, [token]) == []


def test_it_is_secure_delete_that_leaves_no_piece_of_a_key(
    database: Database, tmp_path: Path
) -> None:
    town = town_of(database)
    pieces: dict[str, list[bytes]] = {}
    for customer, setting in (("ada", "ON"), ("bob", "OFF")):
        database.driver.execute(f"PRAGMA secure_delete = {setting}")
        key, *_ = secrets(town, customer)
        pieces[setting] = [key[start : start + _PIECE] for start in range(0, len(key), _PIECE)]
        town.keys.destroy([KeyName(TENANT, f"customer/{customer}", DataClass.CONTACT)], at=1)
        database.scrub()

    assert found(tmp_path, pieces["ON"]) == []
    assert found(tmp_path, pieces["OFF"]) != []


def test_who_reads_meanwhile_keeps_traces_until_they_have_read(
    database: Database, tmp_path: Path
) -> None:
    town = town_of(database)
    gone = secrets(town, "ada")
    with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()

        assert erased(town, "ada") is Traces.HELD

        assert found(tmp_path, gone) != []
        reader.execute("ROLLBACK")
    assert database.scrub() is Traces.GONE
    assert found(tmp_path, gone) == []


def test_a_database_in_memory_leaves_no_traces() -> None:
    with closing(Database("sqlite://")) as database:
        assert erased(town_of(database), "ada") is Traces.GONE


def test_what_a_server_keeps_is_said_to_be_beyond_reach() -> None:
    with closing(Database(new_database())) as database:
        assert erased(town_of(database), "ada") is Traces.BEYOND
