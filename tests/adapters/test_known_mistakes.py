"""Mistakes that other products made with keys and erasures; the vault makes none of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from attrs import evolve
from sqlalchemy import update

from regulars.adapters.database import Database
from regulars.adapters.keys import KEYS, SqlKeyStore
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.vault import EnvelopeVault
from regulars.application.errors import SubjectErased
from regulars.application.ports import Erased, KeyUnavailable, Opened, Revealed, Tampered
from regulars.domain.personal import DataClass, Sealed
from tests.adapters.vaults import ANNA, CONTACT, SPOT, vault

NEEDED = [("anna", DataClass.CONTACT)]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'shop.db'}")) as database:
        yield database


def erase(keys: MemoryKeyStore | SqlKeyStore) -> None:
    keys.fence([ANNA], at=1)
    keys.destroy([ANNA], at=1)


def test_a_key_that_is_put_back_brings_nobody_back() -> None:
    keys = MemoryKeyStore()
    box = vault(keys).seal(CONTACT, SPOT)
    copy = keys.get_many([ANNA])[ANNA]
    erase(keys)

    keys.provision_many(copy)
    for key in copy:
        keys.provision(key)

    assert vault(keys).open(box, SPOT) == Erased()


def test_who_was_erased_is_not_given_a_new_key_by_the_next_write() -> None:
    keys = MemoryKeyStore()
    vault(keys).seal(CONTACT, SPOT)
    erase(keys)

    for again in (vault(keys), vault(keys)):
        again.prepare(NEEDED)
        with pytest.raises(SubjectErased):
            again.seal(CONTACT, SPOT)
        with pytest.raises(SubjectErased):
            again.digest(CONTACT, "anna")
    assert len(keys.get_many([ANNA])[ANNA]) == 2


def test_two_who_prepare_at_once_seal_under_one_key(database: Database, tmp_path: Path) -> None:
    start = Barrier(2)
    spots = [evolve(SPOT, subject=str(number)) for number in range(30)]

    def seal_all(connection: Database) -> list[Sealed]:
        safe = vault(SqlKeyStore(connection), capacity=100)
        start.wait()
        safe.prepare([(spot.subject, DataClass.CONTACT) for spot in spots])
        return [safe.seal(CONTACT, spot) for spot in spots]

    with (
        closing(Database(f"sqlite:///{tmp_path / 'shop.db'}")) as other,
        ThreadPoolExecutor() as threads,
    ):
        boxes = list(threads.map(seal_all, (database, other)))

    reader = vault(SqlKeyStore(database))
    opened = [
        reader.open(box, spot) for sealed in boxes for box, spot in zip(sealed, spots, strict=True)
    ]
    assert opened == [Revealed(CONTACT)] * 60


def test_a_batch_takes_no_key_away_from_what_was_sealed_before() -> None:
    keys = MemoryKeyStore()
    late = vault(keys)
    box = vault(keys).seal(CONTACT, SPOT)

    keys.provision_many([late._new(ANNA, 1)])  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the key that a late batch would make

    assert vault(keys).open(box, SPOT) == Revealed(CONTACT)


def opened_with(database: Database, damage: dict[str, object], box: Sealed) -> Opened:
    database.connection.execute(update(KEYS).values(damage))
    return vault(SqlKeyStore(database)).open(box, SPOT)


def test_what_was_tampered_with_is_never_shown_as_erased(database: Database) -> None:
    safe = vault(SqlKeyStore(database))
    box = safe.seal(CONTACT, SPOT)
    last = box.envelope[-1] ^ 1
    broken = Sealed(box.envelope[:-1] + bytes([last]))

    assert isinstance(safe.open(broken, SPOT), Tampered)
    assert isinstance(safe.open(box, evolve(SPOT, box="profile")), Tampered)
    assert isinstance(opened_with(database, {"wrapped": bytes(56)}, box), Tampered)
    assert isinstance(opened_with(database, {"kek": "another"}, box), KeyUnavailable)


def test_an_erased_key_leaves_the_memory_of_who_hears_of_it() -> None:
    keys = MemoryKeyStore()
    safe = vault(keys)
    box = safe.seal(CONTACT, SPOT)
    erase(keys)

    safe.heed_erasures()

    assert safe.open(box, SPOT) == Erased()


def test_who_hears_that_nothing_was_erased_keeps_what_is_in_memory() -> None:
    keys = MemoryKeyStore()
    safe = vault(keys)
    safe.heed_erasures()
    box = safe.seal(CONTACT, SPOT)

    safe.heed_erasures()

    assert keys.destroy([ANNA], at=1)
    assert safe.open(box, SPOT) == Revealed(CONTACT)


def test_an_empty_key_store_is_no_erasure_and_no_blank() -> None:
    box = vault(MemoryKeyStore()).seal(CONTACT, SPOT)

    opened = vault(MemoryKeyStore()).open(box, SPOT)

    assert isinstance(opened, KeyUnavailable)
    assert not hasattr(opened, "value")


def test_an_erasure_in_one_tenant_is_none_in_another() -> None:
    keys = MemoryKeyStore()
    other: EnvelopeVault = vault(keys, "other")
    box = other.seal(CONTACT, SPOT)

    erase(keys)

    assert other.open(box, SPOT) == Revealed(CONTACT)
