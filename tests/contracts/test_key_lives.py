"""The life of keys: fenced, held, destroyed and never back, in every key store."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import psycopg
import pytest
from attrs import evolve
from sqlalchemy import create_engine, make_url, text

from regulars.adapters.database import Database
from regulars.adapters.host_transaction import HostTransaction
from regulars.adapters.keys import SqlKeyStore
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.application.errors import StorageUnavailable
from regulars.application.keys import KeyName, KeyState, KeyStore, StoredKey
from regulars.domain.personal import DataClass
from tests.contracts.test_keys import ANNA, Doors, erased, key
from tests.postgres_server import new_database

AT = 1_700_000_000_000_009
BOB = ANNA._replace(subject="bob")


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
def doors(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Doors]:
    if request.param == "memory":
        keys = MemoryKeyStore()
        yield Doors(keys, keys)
        return
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'keys.db'}" if sqlite else new_database()
    with closing(Database(url)) as one, closing(Database(url)) as other:
        yield Doors(SqlKeyStore(one), SqlKeyStore(other))


def tip(keys: KeyStore, name: KeyName = ANNA) -> StoredKey:
    return keys.get_many([name])[name][-1]


def check_that_a_fence_takes_the_next_version_and_leaves_the_others(keys: KeyStore) -> None:
    first = keys.provision(key())

    keys.fence([ANNA], at=AT)

    fence = tip(keys)
    assert keys.get_many([ANNA]) == {ANNA: [first, fence]}
    assert (fence.version, fence.state, fence.wrapped) == (2, KeyState.ERASED, None)
    assert keys.provision(key(version=2)) == fence


def check_that_who_never_had_a_key_can_be_fenced(keys: KeyStore) -> None:
    keys.fence([ANNA], at=AT)

    fence = keys.provision(key())
    assert fence.state is KeyState.ERASED
    keys.provision_many([key(), key(BOB)])
    assert keys.get_many([ANNA, BOB]) == {ANNA: [fence], BOB: [key(BOB)]}


def check_that_a_fence_stands_once(keys: KeyStore) -> None:
    for at in (AT, AT + 1):
        keys.fence([ANNA, ANNA], at=at)

    assert [stored.erased_at for stored in keys.get_many([ANNA])[ANNA]] == [AT]


def check_that_every_version_is_destroyed_and_told_of(keys: KeyStore) -> None:
    for stored in (key(), key(version=2), key(BOB)):
        keys.provision(stored)
    keys.fence([ANNA], at=AT)

    told = keys.destroy([ANNA], at=AT)

    assert told == [evolve(erased(key(version=one)), erased_at=AT) for one in (1, 2)]
    assert keys.get_many([ANNA, BOB]) == {ANNA: [*told, tip(keys)], BOB: [key(BOB)]}
    assert tip(keys).version == 3


def check_that_who_destroys_again_is_told_the_same(keys: KeyStore) -> None:
    keys.provision(key())
    first = keys.destroy([ANNA, BOB], at=AT)

    assert keys.destroy([ANNA, BOB], at=AT + 1) == first


def check_that_what_is_held_is_neither_fenced_nor_destroyed(keys: KeyStore) -> None:
    keys.provision(key())
    keys.provision(key(BOB))
    keys.hold([ANNA])
    keys.provision(key(version=2))

    keys.fence([ANNA, BOB], at=AT)
    told = keys.destroy([ANNA, BOB], at=AT)

    assert [stored.name for stored in told] == [BOB]
    assert keys.get_many([ANNA]) == {ANNA: [evolve(key(), held=True), key(version=2)]}
    keys.release([ANNA])
    assert [stored.version for stored in keys.destroy([ANNA], at=AT)] == [1, 2]


def check_that_a_new_life_begins_past_the_fence(keys: KeyStore) -> None:
    keys.provision(key())
    keys.fence([ANNA], at=AT)
    keys.destroy([ANNA], at=AT)

    assert keys.provision(key(version=3)) == key(version=3)
    keys.fence([ANNA], at=AT + 1)
    assert tip(keys).version == 4


def check_that_the_generation_tells_of_every_change_in_the_tenant_alone(keys: KeyStore) -> None:
    generations = [keys.generation("shop")]
    keys.provision(key())
    generations.append(keys.generation("shop"))
    keys.fence([ANNA, BOB], at=AT)
    generations.append(keys.generation("shop"))
    keys.destroy([ANNA], at=AT)
    generations.append(keys.generation("shop"))

    assert generations[0] == generations[1] == keys.generation("other") == 0
    assert len({*generations}) == 3


def check_that_the_generation_is_raised_in_a_tenant_alone(keys: KeyStore) -> None:
    keys.raise_generation("shop")
    first = keys.generation("shop")
    keys.raise_generation("shop")

    assert len({0, first, keys.generation("shop")}) == 3
    assert keys.generation("other") == 0


def check_that_subjects_with_a_key_are_found_by_how_they_begin(keys: KeyStore) -> None:
    for subject in ("order/1", "order/2", "order0", "orde", "orderly", "customer/order/"):
        keys.provision(key(ANNA._replace(subject=subject)))
    keys.provision(key(ANNA._replace(subject="order/1", data_class=DataClass.ADDRESS)))
    keys.provision(key(ANNA._replace(tenant="other", subject="order/3")))
    keys.destroy([ANNA._replace(subject="order/2")], at=AT)

    assert list(keys.subjects("shop", prefix="order/")) == ["order/1"]


CONTRACT = [
    check_that_a_fence_takes_the_next_version_and_leaves_the_others,
    check_that_who_never_had_a_key_can_be_fenced,
    check_that_a_fence_stands_once,
    check_that_every_version_is_destroyed_and_told_of,
    check_that_who_destroys_again_is_told_the_same,
    check_that_what_is_held_is_neither_fenced_nor_destroyed,
    check_that_a_new_life_begins_past_the_fence,
    check_that_the_generation_tells_of_every_change_in_the_tenant_alone,
    check_that_the_generation_is_raised_in_a_tenant_alone,
    check_that_subjects_with_a_key_are_found_by_how_they_begin,
]


@pytest.mark.parametrize("check", CONTRACT)
def test_a_key_store_keeps_its_promise(check: Callable[[KeyStore], None], doors: Doors) -> None:
    check(doors.one)


class Absent(MemoryKeyStore):
    """An erased key leaves nothing behind."""

    def destroy(self, names: Collection[KeyName], *, at: int) -> list[StoredKey]:
        told = super().destroy(names, at=at)
        for name in names:
            self._keys.pop(name, None)
        return told


class Unfenced(MemoryKeyStore):
    """Whoever has no key needs no fence."""

    def fence(self, names: Collection[KeyName], *, at: int) -> None:
        super().fence(self.get_many(names), at=at)


class Overwritten(MemoryKeyStore):
    """A batch replaces what is there."""

    def provision_many(self, keys: Collection[StoredKey]) -> None:
        self._put(keys)


class Unheld(MemoryKeyStore):
    """Nothing keeps a key from being destroyed."""

    def hold(self, names: Collection[KeyName]) -> None:
        """Does nothing."""


class NewestOnly(MemoryKeyStore):
    """The key that seals is destroyed, and the older ones stay."""

    def destroy(self, names: Collection[KeyName], *, at: int) -> list[StoredKey]:
        kept = {name: keys[:-1] for name, keys in self.get_many(names).items()}
        told = super().destroy(names, at=at)
        for keys in kept.values():
            self._put(keys)
        return told


class Silent(MemoryKeyStore):
    """No other process hears of an erasure."""

    def generation(self, tenant: str) -> int:  # noqa: ARG002 - the port's
        return 0


class Unraised(MemoryKeyStore):
    """Nobody is made to load a key anew that did not change."""

    def raise_generation(self, tenant: str) -> None:
        """Does nothing."""

    def generation(self, tenant: str) -> int:
        return hash(tuple(self._all())) if tenant == "shop" and self._keys else 0


@pytest.mark.parametrize(
    "broken", [Absent, Unfenced, Overwritten, Unheld, NewestOnly, Silent, Unraised]
)
def test_the_contract_finds_broken_key_stores(broken: type[MemoryKeyStore]) -> None:
    failed = 0
    for check in CONTRACT:
        try:
            check(broken())
        except (AssertionError, KeyError):
            failed += 1

    assert failed


def test_of_one_who_seals_and_one_who_fences_at_once_either_is_first(doors: Doors) -> None:
    start = Barrier(2)
    names = [ANNA._replace(subject=str(number)) for number in range(40)]

    def seal() -> list[StoredKey]:
        start.wait()
        return [doors.one.provision(key(name)) for name in names]

    def fence() -> None:
        start.wait()
        for name in names:
            doors.other.fence([name], at=AT)

    with ThreadPoolExecutor() as threads:
        sealing, fencing = threads.submit(seal), threads.submit(fence)
        won = {stored.name: stored for stored in sealing.result()}
        fencing.result()

    for name in names:
        assert tip(doors.one, name).state is KeyState.ERASED
        assert won[name] == doors.one.get_many([name])[name][0]


def test_a_fence_is_lost_with_its_transaction(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'keys.db'}")) as database:
        keys = SqlKeyStore(database)

        def fail() -> None:
            with database.transaction():
                keys.fence([ANNA], at=AT)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()

        assert keys.get_many([ANNA]) == {}
        assert keys.generation("shop") == 0


def test_a_host_that_reads_as_of_before_the_fence_cannot_seal_after_it() -> None:
    url = new_database()
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with closing(Database(url)) as ours, engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            assert connection.execute(text("SELECT count(*) FROM keys")).scalar() == 0
            SqlKeyStore(ours).fence([ANNA], at=AT)
            host = HostTransaction(ours, connection)

            with pytest.raises(StorageUnavailable):
                SqlKeyStore(host).provision(key())
            connection.rollback()
    engine.dispose()
    with closing(psycopg.connect(url)) as other:
        assert other.execute("SELECT count(*), max(version) FROM keys").fetchone() == (1, 1)
